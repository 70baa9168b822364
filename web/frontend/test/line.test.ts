import assert from "node:assert/strict";
import { test } from "node:test";
import { LineMeter } from "../src/client/line";

const voice = (id: string, packetsReceived: number, jitter: number, packetsLost = 0): Record<string, unknown> => ({
  type: "inbound-rtp", kind: "audio", id, packetsReceived, packetsLost, jitter,
});

test("the jitter of somebody who has fallen silent does not stay on the line", () => {
  const line = new LineMeter();
  assert.equal(line.look([voice("judge", 100, 0.01), voice("witness", 100, 0.08)]).jitter_ms, 80);
  assert.equal(line.look([voice("judge", 200, 0.01), voice("witness", 100, 0.08)]).jitter_ms, 10);
  assert.equal(line.look([voice("judge", 300, 0.01), voice("witness", 110, 0.08)]).jitter_ms, 80);
  assert.equal(line.look([voice("judge", 300, 0.01), voice("witness", 110, 0.08)]).jitter_ms, 0);
});

test("loss is counted from one look to the next, and the longest way back of a connection in use", () => {
  const line = new LineMeter();
  const pair = (currentRoundTripTime: number, nominated: boolean) => ({ type: "candidate-pair", currentRoundTripTime, nominated });
  const first = line.look([voice("judge", 90, 0, 10), pair(0.02, true), pair(5, false)]);
  assert.deepEqual(first, { type: "line_report", rtt_ms: 20, loss_percent: 10, jitter_ms: 0 });
  assert.equal(line.look([voice("judge", 190, 0, 10)]).loss_percent, 0);
  assert.equal(line.look([voice("judge", 290, 0, 10), { type: "remote-inbound-rtp", fractionLost: 0.04 }]).loss_percent, 4);
});
