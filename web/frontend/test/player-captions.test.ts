// Captions in the player: only those under the seal, timed, and none of what is locked.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { opened, sealed, standing, type CaptionRow } from "../src/player/captions";
import type { LogEntry } from "../src/player/reader";

const row = (seq: number, data: Record<string, unknown>, by = ""): CaptionRow => ({
  entry: JSON.stringify({ data: { lang: "ro", source: "stenographer", ...data }, kind: "caption", seq }), by, written: "stenographer",
});
const line = ({ entry }: CaptionRow): LogEntry => ({
  entry: (JSON.parse(entry) as { seq: number }).seq, t: 0, kind: "caption", who: "clerk", seat: "", sha256: createHash("sha256").update(entry).digest("hex"),
});
const ROWS = [
  row(4, { text: "Am văzut mașina.", timecode_ms: 1_000 }, "Somchai Wongsa"),
  row(5, { text: "I saw the car.", timecode_ms: 1_200, lang: "en", source: "machine" }),
  row(6, { text: "Ce culoare?", timecode_ms: 3_000 }),
  row(7, { text: "Ce culoare avea?", timecode_ms: 3_000, corrects: 6 }),
  row(9, { text: "Roșie.", timecode_ms: 40_000 }),
];
const RO = "ro stenographer";
const all = new Set([RO, "en machine"]);

test("a caption is shown if its entry is the one whose hash is in the journal, and else counted", async () => {
  const { captions, refused } = await sealed(ROWS, ROWS.map(line));
  assert.deepEqual([captions.map(({ n }) => n), refused], [[4, 5, 7, 9], 0]);
  const changed = ROWS.map((each, at) => (at === 0 ? { ...each, entry: each.entry.replace("văzut", "vândut") } : each));
  const found = await sealed(changed, ROWS.map(line));
  assert.deepEqual([found.captions.map(({ n }) => n), found.refused], [[5, 7, 9], 1]);
  assert.equal((await sealed(ROWS, [])).refused, 5);
  const renamed = ROWS.map((each) => ({ ...line(each), kind: "log_note" }));
  assert.equal((await sealed(ROWS, renamed)).refused, 5);
});

test("a caption stands until the next of its language and source, seven seconds at most, and a correction in its place", async () => {
  const { captions } = await sealed(ROWS, ROWS.map(line));
  assert.deepEqual(captions.map(({ n, t0, t1 }) => [n, t0, t1]), [[4, 1_000, 3_000], [5, 1_200, 8_200], [7, 3_000, 10_000], [9, 40_000, 47_000]]);
  const at = (t: number, feeds = all): number[] => standing(captions, feeds, t).map(({ n }) => n);
  assert.deepEqual([at(999), at(1_000), at(2_999), at(3_000), at(9_000), at(47_000)], [[], [4], [4, 5], [5, 7], [7], []]);
  assert.deepEqual([at(3_000, new Set([RO])), at(3_000, new Set())], [[7], []]);
});

test("what was said in a closed session that the key does not open is not shown", async () => {
  const { captions } = await sealed(ROWS, ROWS.map(line));
  const stretch = { t0: 1_200, t1: 3_001, recipients: [] };
  assert.deepEqual(opened(captions, [{ ...stretch, opens: false }]).map(({ n }) => n), [4, 9]);
  assert.deepEqual(opened(captions, [{ ...stretch, opens: true }]).length, 4);
});
