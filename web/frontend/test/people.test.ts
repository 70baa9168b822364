import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrackView } from "../src/player/wire";
import { personAndState, seatedAt, trackName } from "../src/player/words";

const PEOPLE = [
  { seat: "witness_1", t: 0, role: "witness", state: "TH" },
  { seat: "witness_10", t: 0, role: "expert", state: "RO" },
  { seat: "interpreter_1", t: 1_000, role: "interpreter", state: "RO" },
  { seat: "interpreter_1", t: 90_000, role: "interpreter", state: "FR" },
];

function view(name: string, role: string, kind = "floor-audio"): TrackView {
  return { name, role, kind, t: 0, end: 0, lang: "th", mime: "", segments: [], gaps: [] };
}

test("whose a track is stands with role and State, as the journal says it of that time", () => {
  assert.equal(trackName(view("x", "witness 1"), personAndState(view("witness_1_mic", "witness 1"), PEOPLE, 5)), "Witness (Thailand), microphone");
  assert.equal(personAndState(view("witness_10_cam", "witness 10"), PEOPLE, 5), "Expert 10 (Romania)");
  const states = [0, 1_000, 89_999, 90_000].map((at) => seatedAt("interpreter_1_mic", PEOPLE, at)?.state);
  assert.deepEqual(states, ["RO", "RO", "RO", "FR"]);
});

test("without a line of its seat a person has the role that the track says", () => {
  assert.equal(personAndState(view("judge_1_cam", "judge 1"), PEOPLE, 5), "Judge");
  assert.equal(seatedAt("channel_ro", PEOPLE, 5), undefined);
});
