// The ear for howling, fed with samples: when it cuts, what, and for how long. Time is that of the samples.
import assert from "node:assert/strict";
import { test } from "node:test";
import { HowlEar } from "../src/limiter/howl-ear";
import { Looker, SIZE } from "../src/limiter/spectrum";

const RATE = 48_000;
const BLOCK = 128;
/** A howl is one once it has been steady for so long, and is cut so soon after that (seconds). */
const STEADY = 0.3;
const AT_MOST = 0.2;
const QUIETER = 1 - 10 ** (-20 / 20);

type Sound = (time: number) => number;
let seed = 1;
const chance = (): number => ((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * 2 - 1;
const sine = (hz: number, loud: number): Sound => (time) => loud * Math.sin(2 * Math.PI * hz * time);
const hiss: Sound = () => 0.02 * chance();
const voice: Sound = (time) => {
  const hz = 150 + 30 * Math.sin(2 * Math.PI * 3 * time);
  let sum = 0;
  for (let part = 1; part < 20; part += 1) sum += (0.4 / part) * Math.sin(2 * Math.PI * hz * part * time + part);
  return sum;
};
/** `howl` over `under`, from one second to another. */
const between = (from: number, to: number, howl: Sound, under: Sound): Sound => (time) => under(time) + (time >= from && time < to ? howl(time) : 0);

interface Heard {
  /** When the cutting began and ended, seconds; Infinity: never. */
  from: number;
  to: number;
  hz: number;
  /** What was taken from the loudspeaker's gain, sample by sample. */
  taken: Float32Array;
}

function heard(sound: Sound, seconds: number, rate = RATE): Heard {
  const ear = new HowlEar(rate);
  const found: Heard = { from: Infinity, to: Infinity, hz: 0, taken: new Float32Array(Math.ceil((seconds * rate) / BLOCK) * BLOCK) };
  const block = new Float32Array(BLOCK);
  for (let at = 0; at < found.taken.length; at += BLOCK) {
    for (let index = 0; index < BLOCK; index += 1) block[index] = sound((at + index) / rate);
    ear.hear(block);
    ear.quieten(found.taken.subarray(at, at + BLOCK));
    const now = (at + BLOCK) / rate;
    if (ear.howl > 0 && found.from === Infinity) [found.from, found.hz] = [now, ear.howl];
    if (ear.howl === 0 && found.from < Infinity && found.to === Infinity) found.to = now;
  }
  return found;
}

test("the spectrum is what an AnalyserNode gives for the same samples", () => {
  const samples = Float32Array.from({ length: SIZE }, (_, at) => sine(2_310, 0.5)(at / RATE) + sine(700, 0.1)(at / RATE) + hiss(at));
  const { levels, step } = new Looker(RATE).look(samples);
  assert.equal(step, RATE / SIZE);
  for (let bin = 0; bin < SIZE / 2; bin += 1) {
    let [real, imaginary] = [0, 0];
    samples.forEach((sample, at) => {
      const turn = (2 * Math.PI * at) / SIZE;
      const windowed = sample * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
      real += windowed * Math.cos(turn * bin);
      imaginary += windowed * Math.sin(turn * bin);
    });
    const wanted = 20 * Math.log10(Math.hypot(real, imaginary) / SIZE + 1e-12);
    assert.ok(Math.abs((levels[bin] as number) - wanted) < 0.01, `${bin}: ${levels[bin]} ${wanted}`);
  }
});

test("a howl is cut after 300 ms of it and at most 200 ms later, whenever it begins and at whatever pitch", () => {
  for (const [rate, hz] of [[RATE, 230], [RATE, 1_003], [RATE, 2_310], [RATE, 9_400], [44_100, 3_141]] as const) {
    for (const begin of [0.5, 0.507, 0.5133]) {
      const { from, hz: cut } = heard(between(begin, 9, sine(hz, 0.7), hiss), 1.5, rate);
      assert.ok(from >= begin + STEADY, `${hz} Hz from ${begin}: ${from}`);
      assert.ok(from <= begin + STEADY + AT_MOST, `${hz} Hz from ${begin}: ${from}`);
      assert.ok(Math.abs(cut - hz) < 3, `${cut} for ${hz}`);
    }
  }
});

test("a howl over a voice is cut, a voice, a hiss, a short tone and a quiet one are not", () => {
  assert.ok(heard(between(0.5, 9, sine(2_310, 0.8), (time) => 0.3 * voice(time)), 1.2).from < 1);
  const others: Sound[] = [voice, (time) => 40 * hiss(time), between(0.5, 0.75, sine(2_310, 0.8), hiss), between(0.5, 9, sine(2_310, 0.3), hiss)];
  for (const sound of others) assert.equal(heard(sound, 2).from, Infinity);
});

test("it is cut for two seconds after it has stopped, and the loudspeaker is 20 dB quieter for that time", () => {
  const stop = 1.5;
  const { from, to, taken } = heard(between(0.5, stop, sine(2_310, 0.7), hiss), 5);
  assert.ok(to > stop + 1.9 && to < stop + 2.1, `${to}`);
  const at = (time: number): number => taken[Math.round(time * RATE)] as number;
  assert.equal(at(from - 0.02), 0);
  for (const time of [from + 0.012, stop, to - 0.02]) assert.ok(Math.abs(at(time) + QUIETER) < 1e-6, `${time}: ${at(time)}`);
  assert.ok(at(to + 0.25) < -0.3 && at(to + 0.25) > -0.6, `${at(to + 0.25)}`);
  assert.equal(at(to + 0.6), 0);
});

test("a loop through loudspeaker and microphone dies away once the loudspeaker is quieter", () => {
  // What the microphone hears comes back 40 ms later and a little louder, by 12 dB in a second, until it overloads.
  const delay = Math.round(0.04 * RATE);
  const ear = new HowlEar(RATE);
  const sent = new Float32Array(4 * RATE);
  const [block, taken] = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
  for (let from = 0; from < sent.length; from += BLOCK) {
    for (let index = 0; index < BLOCK && from + index < sent.length; index += 1) {
      const at = from + index;
      const back = at >= delay ? (sent[at - delay] as number) * (1 + (taken[index] as number)) : 0;
      block[index] = sent[at] = Math.max(-0.9, Math.min(0.9, 1.06 * back + (at < delay ? 0.2 * sine(1_000, 1)(at / RATE) : 0)));
    }
    ear.hear(block);
    ear.quieten(taken);
  }
  const loudest = (from: number, to: number): number => sent.subarray(from * RATE, to * RATE).reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  assert.ok(loudest(0.5, 1.2) > 0.5);
  assert.ok(loudest(1.3, 3) < 0.01, `${loudest(1.3, 3)}`);
});
