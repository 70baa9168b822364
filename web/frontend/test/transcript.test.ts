// A transcript: read strictly, corrected so that the machine's words stay, taken apart by key and put together again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Journal } from "../src/player/reader";
import { grouped, keyAt, namedIn, sealed } from "../src/transcript/derived";
import { CORRECTED, DocumentError, joined, parse, signedOff, split, withText, type Transcript } from "../src/transcript/document";
import { asKept, meanwhile } from "../src/transcript/keeping";

const SEGMENT = {
  n: 1, track: "witness_1_mic", kind: "floor", language: "ro", role: "witness", state: "RO", name: "", t0: 1_000, t1: 2_000, text: "da", confidence: 0.5, status: "draft" as const,
};
const MADE: Transcript = {
  what: "Machine's draft", format: 1, status: "draft", recording: { id: "0198", head: "8:ab" }, model: { name: "tiny", sha256: "cd", engine: "x" },
  silences: [{ kind: "hold", t0: 0, t1: 5, track: "", why: "hold" }],
  segments: [SEGMENT, { ...SEGMENT, n: 2, t0: 5_000, t1: 6_000, text: "nu" }],
};
const read = (change: object): Transcript => parse(JSON.stringify({ ...MADE, ...change }), "0198", "8:ab");
const refused = (change: object, code: string): void => {
  assert.throws(() => read(change), (error) => error instanceof DocumentError && error.code === code);
};
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a transcript is read with all its fields, and what is none is refused", () => {
  assert.deepEqual(read({ more: [1] }), { ...MADE, more: [1] });
  refused({ format: 2 }, "form");
  refused({ segments: [{ ...SEGMENT, text: 7 }] }, "form");
  refused({ segments: [{ ...SEGMENT, t0: 3_000 }] }, "form");
  refused({ silences: [{}] }, "form");
  refused({ model: null }, "form");
  refused({ corrected: {} }, "form");
  refused({ recording: { id: "0199", head: "8:ab" } }, "other_recording");
  refused({ recording: { id: "0198", head: "9:ab" } }, "other_recording");
  for (const text of ["", "[", "[]", "null", "7"]) assert.throws(() => parse(text, "0198", "8:ab"), DocumentError);
});

test("a correction keeps what the machine had written, and taking it back makes it the machine's again", () => {
  const once = withText(MADE, 1, "Da, domnule.");
  const twice = withText(once, 1, "Da, doamnă.");
  assert.deepEqual(twice.segments[0], { ...SEGMENT, text: "Da, doamnă.", status: "corrected", machine: "da" });
  assert.deepEqual(twice.segments[1], MADE.segments[1]);
  assert.deepEqual(withText(twice, 1, "da"), MADE);
});

test("a corrected transcript says so, by whom, when, and of which draft", () => {
  const found = signedOff(MADE, "ef", "Ana Popa", "2026-11-28T10:00:00Z");
  assert.deepEqual([found.what, found.status, found.corrected], [CORRECTED, "corrected", { draft: "ef", by: "Ana Popa", at: "2026-11-28T10:00:00Z" }]);
  assert.match(found.what, /not evidence, not an interpretation/);
});

test("taken apart by key and put together again nothing is lost, and without a part the rest is there", () => {
  const parts = split(MADE, ({ n }) => n - 1);
  assert.deepEqual(parts.map(({ key, transcript }) => [key, transcript.segments.map(({ n }) => n)]), [[0, [1]], [1, [2]]]);
  assert.deepEqual(joined(parts.reverse().map(({ transcript }) => transcript)), MADE);
  assert.deepEqual(joined([parts[1]!.transcript])?.segments.map(({ n }) => n), [1]);
  assert.equal(joined([]), null);
});

test("words that lie over a change of the key are encrypted to the one that fewer can open", () => {
  const rekeys = [{ line: 1, t: 4_000, key: 1, recipient: "", recipients: [] }, { line: 2, t: 8_000, key: 0, recipient: "", recipients: [] }];
  assert.deepEqual([[0, 4_000], [3_999, 4_001], [4_000, 5_000], [7_000, 9_000], [8_000, 9_000]].map(([t0, t1]) => keyAt(rekeys, t0!, t1!)), [0, 1, 1, 1, 0]);
});

test("each part opens with its own key alone", async () => {
  const [main, own] = await Promise.all([generateX25519Identity(), generateX25519Identity()]);
  const [recipient, other] = await Promise.all([identityToRecipient(main!), identityToRecipient(own!)]);
  const journal = { recipient, rekeys: [{ line: 1, t: 4_000, key: 1, recipient: other, recipients: [] }] } as unknown as Journal;
  const parts = await sealed(MADE, journal);
  assert.deepEqual(parts.map(({ key }) => key), [0, 1]);
  const opened = async (identity: string, content: string): Promise<Transcript> => {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return JSON.parse(await decrypter.decrypt(Buffer.from(content, "base64"), "text")) as Transcript;
  };
  assert.deepEqual((await opened(main!, parts[0]!.content)).segments, [MADE.segments[0]]);
  assert.deepEqual((await opened(own!, parts[1]!.content)).segments, [MADE.segments[1]]);
  await assert.rejects(opened(main!, parts[1]!.content));
});

test("the custody log names transcripts; parts that were kept at one time are one, other derived files are none", () => {
  const line = (file: string, at: string, more: string): string =>
    `{"at":"${at}",${more}"file":"derived/${file}.age","of":["judge_1_mic"],"sha256":"${"ab".repeat(32)}","size":9,"type":"derive","what":"transcript"}\n`;
  const log = `{"at":"1","type":"notice"}\n${line("000001", "20", '"draft":"d",')}${line("000002", "20", '"draft":"d",')}${line("000003", "30", '"draft":"d",').replace("transcript", "waveform")}${line("000004", "40", '"draft":"d",')}`;
  const groups = grouped(namedIn(bytes(log)));
  assert.deepEqual(groups.map((group) => group.map(({ file }) => [file.file, file.line])), [[["derived/000001.age", 1], ["derived/000002.age", 2]], [["derived/000004.age", 4]]]);
});

test("what is corrected while a transcript is being kept is told from what is kept, and from another transcript", () => {
  const of = withText(MADE, 1, "Da.");
  const keeping = { of, made: signedOff(of, "ef", "Ana Popa", "2026-11-28T10:00:00Z"), draft: "ef" };
  assert.equal(meanwhile(of, keeping), "same");
  assert.equal(meanwhile(withText(withText(of, 2, "Nu."), 1, "Da, da."), keeping), "changed");
  assert.deepEqual([null, read({})].map((now) => meanwhile(now, keeping)), ["left", "left"]);
});

test("what was just kept is in the list as it will be read from the recording", () => {
  const made = signedOff(MADE, "ef", "Ana Popa", "2026-11-28T10:00:00.000Z");
  const { texts, ...told } = asKept({ of: MADE, made, draft: "ef" });
  assert.deepEqual(told, { at: Date.UTC(2026, 10, 28, 10), person: "Ana Popa", draft: "ef", closed: 0, lost: 0 });
  assert.deepEqual(joined(texts.map((text) => parse(text, "0198", "8:ab"))), made);
});
