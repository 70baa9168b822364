// The acoustic-shock limiter against a step of +30 dB, a burst at full scale, a steady voice, and noise.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Limiter } from "../src/limiter/limiter";

const RATE = 48_000;
const CEILING_DB = -9;
const db = (amplitude: number): number => 20 * Math.log10(amplitude + 1e-12);
const tone = (seconds: number, amplitude: number, hertz = 1_000): Float32Array =>
  Float32Array.from({ length: Math.round(seconds * RATE) }, (_, at) => amplitude * Math.sin((2 * Math.PI * hertz * at) / RATE));
const join = (...parts: Float32Array[]): Float32Array => {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};
function limited(sound: Float32Array, block = 128): { out: Float32Array; limiter: Limiter } {
  const limiter = new Limiter(RATE);
  const out = new Float32Array(sound.length);
  for (let at = 0; at < sound.length; at += block) limiter.process(sound.subarray(at, at + block), out.subarray(at, at + block));
  return { out, limiter };
}
const peak = (sound: Float32Array, from = 0, to = sound.length / RATE): number =>
  sound.subarray(Math.round(from * RATE), Math.round(to * RATE)).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);

test("a burst of 1 kHz at full scale never passes the ceiling, from its first sample on", () => {
  const { out, limiter } = limited(join(tone(0.5, 0.05), tone(0.1, 1), tone(0.5, 0.05)));
  assert.ok(db(peak(out)) <= CEILING_DB, `${db(peak(out))}`);
  assert.equal(limiter.events, 1);
});

test("a step of 30 dB is brought to the running level and 6 dB, then let rise", () => {
  const { out } = limited(join(tone(2, 0.01), tone(3, 0.01 * 10 ** (30 / 20))));
  const before = db(peak(out, 1.5, 1.9));
  assert.ok(Math.abs(before - db(0.01)) < 1, `${before}`);
  const step = db(peak(out, 2, 2.06)) - before;
  assert.ok(step <= 21, `${step}`);
  const shortly = db(peak(out, 2.03, 2.06)) - before;
  assert.ok(shortly <= 12, `${shortly}`);
  const late = db(peak(out, 4.5, 4.9)) - before;
  assert.ok(late > 28, `${late}`);
});

test("a voice below the ceiling passes as it is, 5 ms later", () => {
  const voice = tone(1, 0.2, 300);
  const { out, limiter } = limited(join(tone(1, 0.1, 300), voice));
  assert.equal(limiter.latency, 240);
  const [from, late] = [1.5 * RATE, limiter.latency];
  for (let at = 0; at < 1_000; at += 1) assert.ok(Math.abs((out[from + late + at] as number) - (voice[from - RATE + at] as number)) < 0.002);
});

test("the gain is back 200 ms after a burst, and not at once", () => {
  const { out } = limited(join(tone(1, 0.2), tone(0.1, 1), tone(1, 0.2)));
  assert.ok(peak(out, 1.11, 1.12) < 0.19);
  assert.ok(peak(out, 1.31, 1.4) > 0.95 * 0.2);
});

test("whatever comes, nothing above the ceiling leaves, in blocks of any size", () => {
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const noise = Float32Array.from({ length: RATE }, () => (random() < 0.01 ? 20 : 1) * (2 * random() - 1));
  noise[1_000] = Number.NaN;
  noise[2_000] = Number.POSITIVE_INFINITY;
  for (const block of [1, 128, 997]) {
    const { out } = limited(noise, block);
    assert.ok(out.every((sample) => Number.isFinite(sample)));
    assert.ok(db(peak(out)) <= CEILING_DB, `${db(peak(out))}`);
  }
});
