import assert from "node:assert/strict";
import { test } from "node:test";
import { Levels } from "../src/live/levels";

const LOUD = -20;
const SILENT = -90;

/** What is shown when the own microphone gives these levels, [ms, dBFS, on]. */
function unheard(...moments: [number, number, boolean][]): boolean[] {
  const levels = new Levels();
  return moments.map(([now, dbfs, on]) => {
    levels.measure({ ownLevel: () => dbfs, level: () => SILENT }, [], [], on ? "me" : "", now);
    return levels.unheard.value;
  });
}

test("who speaks with the microphone off is told so, until four seconds after the last word", () => {
  const found = unheard([0, SILENT, false], [1000, LOUD, false], [2000, LOUD, false], [5900, SILENT, false], [6000, SILENT, false], [60_000, SILENT, false]);
  assert.deepEqual(found, [false, true, true, true, false, false]);
});

test("who has spoken with the microphone on is not told so when it goes off", () => {
  assert.deepEqual(unheard([0, LOUD, false], [1000, LOUD, true], [1100, SILENT, false]), [true, false, false]);
});
