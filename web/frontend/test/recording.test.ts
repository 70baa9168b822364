import assert from "node:assert/strict";
import { test } from "node:test";
import { claim, isRed } from "../src/client/recording";
import type { RecordingView } from "../src/messages";

const said = (status: RecordingView["status"]): RecordingView => ({ status, since: 1, sealed: 3, last_sealed_at: 2, text: "" });

// what the server says, in session, ms since the last tick, ms since the last seal -> what the page claims
const ROWS: [RecordingView["status"], boolean, number, number | null, RecordingView["status"], boolean][] = [
  ["recording", true, 900, 1_900, "recording", false],
  ["recording", true, 900, 10_001, "slow", false],
  ["recording", true, 900, 20_000, "slow", false],
  ["recording", true, 900, 20_001, "failing", true],
  ["slow", true, 900, 20_001, "failing", true],
  ["recording", true, 900, null, "failing", true],
  ["recording", true, 20_000, 1_000, "recording", false],
  ["recording", true, 20_001, 1_000, "failing", true],
  ["paused", true, 900, 12_000, "paused", false],
  ["paused", true, 900, 20_001, "failing", true],
  ["paused", true, 20_001, 1_000, "failing", true],
  ["starting", true, 900, null, "starting", false],
  ["starting", false, 20_001, null, "failing", true],
  ["stopping", true, 20_001, 1_000, "failing", true],
  ["stopping", false, 20_001, 30_000, "stopping", false],
  ["not_started", false, 60_000, null, "not_started", false],
  ["not_started", true, 900, null, "failing", true],
  ["failing", true, 900, 1_000, "failing", false],
  ["failed", false, 900, null, "failed", false],
  ["sealed", false, 60_000, 60_000, "sealed", false],
];

for (const [status, inSession, tickAge, sealAge, wanted, own] of ROWS) {
  test(`${status}, in session ${inSession}, tick ${tickAge} ms ago, seal ${sealAge} ms ago: ${wanted}`, () => {
    const found = claim(said(status), { inSession, tickAge, sealAge });
    assert.deepEqual([found.status, found.own], [wanted, own]);
  });
}

test("only failing and failed are red", () => {
  const all: RecordingView["status"][] = ["not_started", "starting", "recording", "slow", "paused", "failing", "stopping", "sealed", "failed"];
  assert.deepEqual(all.filter(isRed), ["failing", "failed"]);
});
