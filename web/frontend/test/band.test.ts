import assert from "node:assert/strict";
import { test } from "node:test";
import { Tones, above } from "../src/line_test/band";

const BIN = 48_000 / 16_384;
const noise = (level = -110): Float32Array => new Float32Array(8_192).fill(level);

test("a tone stands above the noise beside it, and nothing else does", () => {
  const levels = noise();
  levels[Math.round(1_000 / BIN)] = -40;
  assert.equal(above(levels, 1_000, BIN), 70);
  assert.equal(above(levels, 3_000, BIN), 0);
});

test("digital silence beside a tone counts as a very quiet line, not as an endless one", () => {
  const levels = noise(-Infinity);
  levels[Math.round(1_000 / BIN)] = -40;
  assert.equal(above(levels, 1_000, BIN), 100);
  assert.ok(above(noise(-Infinity), 1_000, BIN) <= 0);
});

test("the best level of each tone is kept while the tones change", () => {
  const tones = new Tones([1_000, 15_000], BIN);
  for (const hz of [1_000, 15_000]) {
    const levels = noise();
    levels[Math.round(hz / BIN)] = -60;
    tones.take(levels);
  }
  tones.take(noise());
  assert.deepEqual([...tones.best], [[1_000, 50], [15_000, 50]]);
});

test("the highest tone has neighbours on one side only", () => {
  const levels = noise();
  levels[levels.length - 1] = -50;
  assert.equal(above(levels, 24_000, BIN), 60);
});
