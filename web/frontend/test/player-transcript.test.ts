// Transcripts: what programs write is read with its voices and languages, and what is malformed is refused with its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Index, type Findable, type Source } from "../src/player/search";
import { MOST_BYTES, TranscriptError, readKept, readTranscript } from "../src/player/transcript";

const OF = { id: "0193c0de-0000-7000-8000-000000000001", head: `51:${"2f".repeat(32)}` };
const read = (text: string) => readTranscript(new TextEncoder().encode(text), OF);
const VTT = `WEBVTT Hearing of 4 December
Kind: subtitles
Language: ro

NOTE made by a machine
--> is no time here

STYLE
::cue { color: red }

7
00:01.500 --> 00:03.000 align:start
<v Ana Popa>Unde erați <i>atunci</i> &amp; cu cine?

01:00:00.000 --> 01:00:02.250
<v.loud Somchai Wongsa><lang th>ที่บ้าน</lang>
<v Interpret>Acasă.
`;

test("a WebVTT transcript is read with times, voices and languages, and without tags, notes and styles", () => {
  assert.deepEqual(read(VTT), [
    { t0: 1_500, t1: 3_000, who: "Ana Popa", text: "Unde erați atunci & cu cine?", lang: "ro" },
    { t0: 3_600_000, t1: 3_602_250, who: "Somchai Wongsa", text: "ที่บ้าน", lang: "th" },
    { t0: 3_600_000, t1: 3_602_250, who: "Interpret", text: "Acasă.", lang: "ro" },
  ]);
  assert.deepEqual(read(`\ufeff${VTT.replaceAll("\n", "\r\n")}`), read(VTT));
});

test("a JSON transcript is read in order of time, with the language of the whole where a segment names none", () => {
  const segments = [{ start: 4, end: 5.25, text: " two " }, { start: 1.5, text: "one", speaker: "A", language: "th" }, { start: 9, end: 10, text: " " }];
  const expected = (lang: string) => [
    { t0: 1_500, t1: 1_500, who: "A", text: "one", lang: "th" },
    { t0: 4_000, t1: 5_250, who: "", text: "two", lang },
  ];
  assert.deepEqual(read(JSON.stringify({ language: "en", segments })), expected("en"));
  assert.deepEqual(read(JSON.stringify(segments)), expected(""));
});

test("a transcript of vivavoce transcribe is read as it stands", () => {
  const of = (n: number, t0: number, text: string) => ({ n, track: "a", language: "th", name: "Somchai Wongsa", t0, t1: t0 + 900, text, status: "draft" });
  const line = (t0: number, text: string) => ({ t0, t1: t0 + 900, who: "Somchai Wongsa", text, lang: "th" });
  assert.deepEqual(read(JSON.stringify({ format: 1, segments: [of(0, 4_000, "two"), of(1, 1_500, " one ")] })), [line(1_500, "one"), line(4_000, "two")]);
  assert.throws(() => read('{"segments":[{"t0":2,"t1":1,"text":"a"}]}'), { code: "time", at: 1 });
});

test("a transcript of vivavoce transcribe that names another recording or another head of it is refused, and nobody else's", () => {
  const of = (recording: unknown, format: unknown = 1) => JSON.stringify({ format, recording, segments: [{ t0: 1, t1: 2, text: "a" }] });
  assert.equal(read(of({ ...OF, verdict: "verified" })).length, 1);
  for (const change of [{ id: "0193c0de-0000-7000-8000-000000000002" }, { head: `52:${"2f".repeat(32)}` }, { id: null }]) {
    assert.throws(() => read(of({ ...OF, ...change })), { code: "other_recording", at: 0 }, JSON.stringify(change));
  }
  for (const other of [of({ id: "7" }, "1.0"), of("interview.wav"), of(null)]) assert.equal(read(other).length, 1, other);
});

test("a transcript kept with the recording is put together of its parts, and one that names another recording is refused", () => {
  const part = (recording: object, ...said: [number, string][]) => JSON.stringify({ format: 1, recording, segments: said.map(([t0, text]) => ({ t0, t1: t0 + 1, text, name: "A", language: "th" })) });
  const read = (...texts: string[]) => readKept(texts, OF).map(({ t0, text }) => [t0, text]);
  assert.deepEqual(read(part(OF, [9, "three"], [1, "one"]), part(OF), part(OF, [5, "of a closed session"])), [[1, "one"], [5, "of a closed session"], [9, "three"]]);
  assert.throws(() => read(part(OF, [1, "one"]), part({ ...OF, id: "" }, [5, "two"])), { code: "other_recording" });
  assert.throws(() => read(part(OF)), { code: "empty" });
  assert.throws(() => read("not JSON"), { code: "form" });
});

// text -> what is wrong, and where
const WRONG: [string, string, number][] = [
  ["", "form", 1],
  ["WEBVTTX\n\n00:01.000 --> 00:02.000\na", "form", 1],
  ["WEBVTT\n", "empty", 0],
  ["WEBVTT\n\n00:01.000 -> 00:02.000\na", "form", 4],
  ["WEBVTT\n\n00:01.000 --> 00:02,000\na", "form", 3],
  ["WEBVTT\n\n00:61.000 --> 00:62.000\na", "form", 3],
  ["WEBVTT\n\n1\n00:03.000 --> 00:02.000\na", "time", 4],
  ["{", "form", 0],
  ["{}", "form", 0],
  ["[]", "empty", 0],
  ["[1]", "form", 1],
  ['[{"start":1,"text":"a"},{"start":1}]', "form", 2],
  ['[{"start":-1,"text":"a"}]', "time", 1],
  ['[{"start":2,"end":1,"text":"a"}]', "time", 1],
  ['[{"start":"1","text":"a"}]', "time", 1],
];

test("a file that is no transcript is refused, with the line or the segment at fault", () => {
  for (const [text, code, at] of WRONG) {
    assert.throws(() => read(text), (error: unknown) => error instanceof TranscriptError && error.code === code && error.at === at, text);
  }
  assert.throws(() => readTranscript(Uint8Array.of(0xff), OF), { code: "not_text" });
  assert.throws(() => readTranscript(new Uint8Array(MOST_BYTES + 1), OF), { code: "too_long" });
});

const item = (source: Source, n: number, t: number, text: string, who = ""): Findable => ({ source, n, t, who, text, lang: "" });
const ITEMS = [
  item("caption", 9, 5_000, "Am văzut mașina.", "Somchai Wongsa"), item("log", 3, 2_000, "Exhibit shown: photograph of the car"),
  item("transcript", 1, 9_000, "I saw the CAR."), item("log", 4, 2_000, "Objection"),
];

test("a search finds all its words in any order, in any case and without marks, of the speaker too, in order of time", () => {
  const index = new Index(ITEMS);
  const found = (search: string, ...sources: Source[]): number[] => index.find(search, new Set(sources.length ? sources : (["log", "caption", "transcript"] as const))).map(({ n }) => n);
  assert.equal(index.size, 4);
  assert.deepEqual([found("car"), found("MASINA vazut"), found("wongsa"), found("car photograph"), found("o")], [[3, 1], [9], [9], [3], [3, 4, 9]]);
  assert.deepEqual([found("car", "transcript"), found("car", "caption"), found("nothing"), found("  ")], [[1], [], [], []]);
});

test("marks may be left out where people leave them out, and tell words apart where they are vowels and tones", () => {
  const texts = ["ฉันเห็นเสือ", "เสื้อสีแดง", "ม้าของเขา", "Το αυτοκίνητο είναι εδώ", "Йод", "مُحَمَّد", "שָׁלוֹם", "がき", "की", "Nguyễn"];
  const index = new Index(texts.map((text, n) => item("transcript", n, n, text)));
  const found = (search: string): number[] => index.find(search, new Set(["transcript"] as const)).map(({ n }) => n);
  // Tiger and shirt, to come and horse.
  assert.deepEqual(["เสือ", "เสื้อ", "มา", "ม้า", "かき", "का"].map(found), [[0], [1], [], [2], [], []]);
  assert.deepEqual(["ειναι", "ΕΊΝΑΙ", "иод", "محمد", "שלום", "がき", "की", "nguyen"].map(found), [[3], [3], [4], [5], [6], [7], [8], [9]]);
});
