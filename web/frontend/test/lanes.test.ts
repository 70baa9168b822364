// The rows of the timeline: everything that happened has its place in them, and the keys reach every piece.
import assert from "node:assert/strict";
import { test } from "node:test";
import { nextSpeed, MasterClock, SPEEDS } from "../src/player/clock";
import { courseOf } from "../src/player/course";
import { byCause, interruptions } from "../src/player/interruptions";
import { lanesOf, moved } from "../src/player/lanes";
import { detailOf, underSeal } from "../src/player/log-texts";
import type { RecordingView, TrackView } from "../src/player/wire";

const END = 60_000;
const track = (name: string, kind: string, recorded: [number, number][], gaps: [number, number, string][] = []): TrackView => ({
  name, t: 0, end: END, role: "witness 1", kind, lang: "th", mime: "",
  segments: recorded.map(([t0, t1], index) => ({ n: index + 1, file: "", size: 1, sha256: "", t0, t1, k: [], rap: index + 1 })),
  gaps: gaps.map(([t0, t1, cause]) => ({ track: name, t0, t1, cause })),
});
const event = (entry: number, t: number, kind: string) => ({ entry, t, kind, who: "", seat: "", sha256: `${entry}` });
const RECORDING: RecordingView = {
  origin: "", zero: "0", end: END, people: [],
  tracks: [
    track("judge_1_mic", "floor-audio", []),
    track("witness_1_mic", "floor-audio", [[0, 4_000], [9_000, END]], [[4_000, 9_000, "network"]]),
    track("witness_1_cam", "floor-video", [[0, 4_000]], [[4_000, 9_000, "network"], [9_000, 20_000, "server"], [20_000, 21_000, "network"], [30_000, 40_000, "sender_off"]]),
    track("channel_ro", "language", [[2_000, 8_000]], [[8_000, END, "sender_off"]]),
  ],
  events: [event(1, 0, "started"), event(2, 12_000, "hold"), event(3, 15_000, "resumed"), event(4, 24_000, "exhibit_shown"), event(5, 25_000, "muted"), event(6, 26_000, "exhibit_shown")],
  pauses: [{ t0: 30_000, t1: 40_000, by: "presiding_judge" }], ownKeys: [{ t0: 41_000, t1: 42_000, recipients: [], opens: true }], transcripts: 0,
};
const SHAPES = { started: "course", exhibit_shown: "exhibit" } as const;
const KINDS = { started: { text: "Sitting started" }, exhibit_shown: { text: "Exhibit shown" } };
const LANES = lanesOf(RECORDING, courseOf(RECORDING, SHAPES), KINDS);

test("the timeline has speakers, languages, gaps by cause, breaks, closed sessions, holds and exhibits in rows of their own", () => {
  assert.deepEqual(LANES.map(({ label, pieces }) => [label, pieces.map(({ t0 }) => t0)]), [
    ["Witness", []], ["Witness", [0, 4_000, 9_000]], ["Into Thai", [2_000]],
    ["Gap: the line was lost", [4_000, 20_000]], ["Gap: the court's server did not respond", [9_000]],
    ["Break", [30_000]], ["Closed session", [41_000]], ["Hold", [12_000]], ["Exhibits", [24_000, 26_000]], ["Course of the sitting", [0]],
  ]);
  assert.equal(LANES[1]!.pieces[1]!.words, "Witness: not recorded, the line was lost");
  assert.equal(LANES[8]!.pieces[0]!.words, "Exhibit shown");
});

test("the arrow keys lead to every piece, over empty rows, and stop at the ends", () => {
  const seen = new Set<string>();
  const visit = (at: [number, number]): void => {
    if (seen.has(at.join())) return;
    seen.add(at.join());
    for (const key of ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]) visit(moved(LANES, at, key)!);
  };
  visit([1, 0]);
  assert.deepEqual([...seen].sort(), LANES.flatMap(({ pieces }, lane) => pieces.map((_piece, at) => `${lane},${at}`)).sort());
  assert.deepEqual([moved(LANES, [1, 0], "ArrowUp"), moved(LANES, [9, 0], "ArrowDown"), moved(LANES, [1, 2], "ArrowRight")], [[1, 0], [9, 0], [1, 2]]);
  assert.deepEqual(moved(LANES, [1, 2], "ArrowDown"), [2, 0]);
  assert.deepEqual(moved(LANES, [3, 1], "ArrowDown"), [4, 0], "to what is nearest in time");
  assert.equal(moved(LANES, [1, 0], "x"), null);
});

test("gaps are grouped by cause, and the length of a group counts no moment twice", () => {
  const groups = byCause(interruptions({ recording: RECORDING }).filter((gap) => !gap.quiet));
  assert.deepEqual(groups.map(({ cause, gaps, length }) => [cause, gaps.length, length]), [["network", 2, 6_000], ["server", 1, 11_000], ["sender_off", 1, 10_000]]);
  assert.deepEqual(groups[0]!.gaps[0]!.tracks, ["witness_1_mic", "witness_1_cam"]);
  const twice = { t0: 0, t1: 10, cause: "disk", tracks: [], quiet: false };
  assert.equal(byCause([twice, { ...twice, t0: 5, t1: 12 }])[0]!.length, 12);
});

test("a text of the log is shown if the journal has its entry by that hash, and counted if by another", () => {
  const row = (seq: number, sha256: string) => ({ seq, what: "Objection", about: "–", by: "A", detail: "leading", sha256 });
  const { texts, refused } = underSeal([row(1, "1"), row(2, "x"), row(99, "99")], RECORDING.events);
  assert.deepEqual([[...texts.keys()], refused], [[1], 1]);
  assert.equal(detailOf(row(1, "1")), "leading");
  assert.equal(detailOf({ ...row(1, "1"), about: "Ana" }), "Ana: leading");
});

test("the clock goes as fast as it is told, and a change of speed moves it nowhere", () => {
  const real = performance.now.bind(performance);
  let now = 1_000;
  performance.now = () => now;
  try {
    const clock = new MasterClock();
    clock.set(500);
    clock.start();
    now += 100;
    assert.equal(clock.now(), 600);
    clock.speed = 2;
    assert.equal(clock.now(), 600);
    now += 100;
    assert.equal(clock.now(), 800);
    clock.stop();
    now += 100;
    clock.speed = 0.5;
    assert.deepEqual([clock.now(), clock.running, clock.speed], [800, false, 0.5]);
  } finally {
    performance.now = real;
  }
  assert.deepEqual(SPEEDS.map((speed) => nextSpeed(speed, 1)), [...SPEEDS.slice(1), 2]);
  assert.deepEqual(SPEEDS.map((speed) => nextSpeed(speed, -1)), [0.5, ...SPEEDS.slice(0, -1)]);
});
