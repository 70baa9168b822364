import assert from "node:assert/strict";
import { test } from "node:test";
import { courseOf, ticksOf } from "../src/player/course";
import type { LogEntry } from "../src/player/reader";
import { closedStretches } from "../src/player/track-lines";
import type { RecordingView, TrackView } from "../src/player/wire";
import { causeWord, placeIn, readersText } from "../src/player/words";

const END = 60_000;

function track(name: string, kind: string, recorded: [number, number][], gaps: [number, number, string][] = []): TrackView {
  const segments = recorded.map(([t0, t1], index) => ({ n: index + 1, file: "", size: 1, sha256: "", t0, t1, k: [], rap: index + 1 }));
  return { name, t: 0, end: END, role: "witness 1", kind, lang: "th", mime: "", segments, gaps: gaps.map(([t0, t1, cause]) => ({ track: name, t0, t1, cause })) };
}

function recording(tracks: TrackView[], events: [number, string][] = []): RecordingView {
  const entries: LogEntry[] = events.map(([t, kind], index) => ({ entry: index + 1, t, kind, who: "", seat: "", sha256: "" }));
  return { origin: "", zero: "0", end: END, tracks, people: [], events: entries, pauses: [], ownKeys: [], transcripts: 0 };
}

test("a seat's row is when its microphone was recorded, and what is missing with its cause", () => {
  const mic = track("witness_1_mic", "floor-audio", [[0, 2_000], [2_000, 4_000], [9_000, 10_000]], [[4_000, 7_000, "network"], [7_000, 9_000, "network"], [10_000, END, "sender_off"]]);
  const { seats, languages } = courseOf(recording([mic, track("witness_1_cam", "floor-video", [[0, END]]), track("channel_ro", "language", [[0, 1_000]])]), {});
  assert.deepEqual(seats.map(({ recorded, missing }) => ({ recorded, missing })), [
    { recorded: [{ t0: 0, t1: 4_000 }, { t0: 9_000, t1: 10_000 }], missing: [{ t0: 4_000, t1: 9_000, cause: "network" }] },
  ]);
  assert.deepEqual(languages.map((row) => row.track.name), ["channel_ro"]);
});

// entries of the log -> holds that are drawn
const HOLDS: [[number, string][], [number, number][]][] = [
  [[], []],
  [[[5, "hold"], [9, "resumed"]], [[5, 9]]],
  [[[5, "hold"], [7, "hold"], [9, "resumed"], [11, "resumed"]], [[5, 11]]],
  [[[5, "hold"], [9, "resumed"], [20, "hold"]], [[5, 9], [20, END]]],
  [[[5, "hold"], [30, "closed"]], [[5, 30]]],
  [[[5, "hold"], [9, "resumed"], [30, "closed"]], [[5, 9]]],
  [[[9, "resumed"]], []],
];

test("a hold lasts until the floor is resumed, the sitting closed, or the recording ends", () => {
  for (const [events, holds] of HOLDS) {
    assert.deepEqual(courseOf(recording([], events), {}).holds.map(({ t0, t1 }) => [t0, t1]), holds);
  }
});

test("only what has a shape is a mark", () => {
  const { marks } = courseOf(recording([], [[1, "muted"], [2, "exhibit_shown"], [3, "oath"]]), { exhibit_shown: "exhibit", oath: "note" });
  assert.deepEqual(marks.map(({ entry, shape }) => [entry, shape]), [[2, "exhibit"], [3, "note"]]);
});

test("the axis has whole steps of the clock, and no more than are asked for", () => {
  assert.deepEqual(ticksOf(0, 40_000, 8), [0, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 40_000]);
  assert.deepEqual(ticksOf(59_000, 40_000, 8)[0], 1_000);
  for (const end of [1, 1_000, 90_000, 6_000_000, 40 * 3_600_000]) assert.ok(ticksOf(12_345, end, 8).length <= 9, String(end));
});

test("a line is weak where a part lost five per cent or more of its packets, whoever it was", () => {
  const one = track("judge_1_mic", "floor-audio", [[0, 2_000], [2_000, 4_000], [4_000, 6_000]]);
  const two = track("witness_1_cam", "floor-video", [[2_000, 4_000]]);
  const channel = track("channel_ro", "language", [[8_000, 10_000]]);
  one.segments[0]!.packets = [96, 4, 0];
  one.segments[1]!.packets = [95, 5, 0];
  one.segments[2]!.packets = [0, 0, 0];
  two.segments[0]!.packets = [10, 20, 0];
  channel.segments[0]!.packets = [1, 99, 0];
  assert.deepEqual(courseOf(recording([one, two, channel]), {}).weak, [{ t0: 2_000, t1: 4_000 }]);
});

test("an address names a time in seconds, or none", () => {
  assert.deepEqual(["#t=24.5", "#t=0", "#t=24.123", "", "#t=", "#t=-1", "#t=1e3", "#t=5,9", "#player-gaps"].map(placeIn), [24_500, 0, 24_123, null, null, null, null, null, null]);
});

test("a break by order has a row of its own, and is no gap of anybody's row", () => {
  const mic = track("judge_1_mic", "floor-audio", [[0, 2_000], [9_000, 12_000]], [[2_000, 8_000, "pause"], [8_000, 9_000, "network"]]);
  const { breaks, seats, holds } = courseOf({ ...recording([mic]), pauses: [{ t0: 2_000, t1: 8_000, by: "presiding_judge" }] }, {});
  assert.deepEqual([breaks, holds], [[{ t0: 2_000, t1: 8_000 }], []]);
  assert.deepEqual(seats[0]!.missing, [{ t0: 8_000, t1: 9_000, cause: "network" }]);
});

test("a break says who ordered it, as far as the journal does", () => {
  assert.equal(causeWord("pause", "presiding_judge"), "break ordered by the presiding judge");
  assert.equal(causeWord("pause", "clerk"), "break ordered by: Clerk");
  assert.equal(causeWord("pause", ""), "paused by order of the court");
  assert.equal(causeWord("order", "clerk"), "switched off by order of the court");
});

test("a closed session lasts from its key to the next change of it, or to the end", () => {
  const change = (key: number, t: number) => ({ line: 0, t, key, recipient: "", recipients: [] });
  const found = closedStretches([change(1, 2_000), change(0, 5_000), change(2, 8_000), change(3, 9_000)], 10_000);
  assert.deepEqual(found.map(({ key, t, until }) => [key, t, until]), [[1, 2_000, 5_000], [2, 8_000, 9_000], [3, 9_000, 10_000]]);
  assert.deepEqual(closedStretches([], 10_000), []);
});

test("who can open it is said in words, and what a later version calls them as it is", () => {
  assert.equal(readersText(["requesting RO", "requested TH", "requesting RO"]), "authority (Romania) and authority (Thailand)");
  assert.equal(readersText(["escrow TH"]), "key in escrow, Thailand");
  assert.equal(readersText(["of a later version"]), "of a later version");
});
