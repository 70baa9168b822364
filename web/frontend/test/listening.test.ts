// What an interpreter's page reports of what it heard: between two looks, of the line as it is now.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ahead, Listening } from "../src/client/listening";

const audio = (samples: number, concealed: number, delay: number, emitted: number) => ({
  type: "inbound-rtp", kind: "audio", totalSamplesReceived: samples, concealedSamples: concealed, silentConcealedSamples: 0, jitter: 0.012,
  jitterBufferDelay: delay, jitterBufferEmittedCount: emitted,
});
const video = (freezeCount: number, framesPerSecond: number, frameHeight: number) => ({ type: "inbound-rtp", kind: "video", freezeCount, framesPerSecond, frameHeight });
const pair = { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.08 };

test("a report covers the time since the last one", () => {
  const listening = new Listening();
  assert.equal(listening.look([pair, audio(48_000, 4_800, 1, 48_000), video(3, 10, 720)], 2), null);
  listening.heard(-30);
  listening.heard(-12.4);
  listening.heard(-40);
  const found = listening.look([pair, audio(96_000, 5_280, 3.88, 96_000), video(4, 24.6, 720), video(0, 5, 180)], 5);
  assert.deepEqual(found, { type: "listening_figures", concealed: 10, jitter: 12, latency: 40, freezes: 1, fps: 25, level: -12, limits: 3, howls: 0, early: null, late: null });
  assert.equal(listening.look([pair, audio(144_000, 5_280, 3.88, 96_000)], 5), null);
});

test("a line made anew is not reckoned with the one before, and what is not measured is not told", () => {
  const listening = new Listening();
  listening.look([audio(480_000, 0, 0, 0)], 0);
  assert.equal(listening.look([audio(4_800, 0, 0, 0)], 0), null);
  const found = listening.look([audio(4_800, 0, 0, 0)], 0);
  assert.deepEqual([found?.concealed, found?.latency, found?.fps, found?.level], [null, null, null, -120]);
});

test("sound is compared with the picture of the same person only, and only while both come", () => {
  const slot = (mid: string, participant: string, kind: "camera" | "channel" | "floor") => ({ mid, participant, kind, lang: "", gain: 100 });
  const slots = [slot("1", "ana", "floor"), slot("2", "ana", "camera"), slot("3", "luis", "floor"), slot("4", "luis", "camera"), slot("5", "ana", "channel")];
  const before = new Map(["1", "2", "3", "4", "5"].map((mid) => [mid, { at: 1_000, packets: 10 }]));
  const now = new Map([["1", { at: 31_000, packets: 900 }], ["2", { at: 31_130, packets: 700 }], ["3", { at: 31_500, packets: 900 }], ["4", { at: 1_000, packets: 10 }]]);
  assert.deepEqual(ahead(slots, now, before), [-130]);
  assert.deepEqual(ahead(slots, new Map([...now, ["4", { at: 31_400, packets: 11 }]]), before), [-130, 100]);
  const listening = new Listening();
  const stats = (entries: typeof now) => [...entries].map(([mid, one]) => ({ ...audio(one.packets, 0, 0, 0), mid, estimatedPlayoutTimestamp: one.at, packetsReceived: one.packets }));
  listening.look(stats(before), 0, slots);
  const found = listening.look(stats(now), 0, slots);
  assert.deepEqual([found?.early, found?.late], [0, 130]);
});
