// Howling is known from a voice, a hiss and a quiet tone by the spectrum that an AnalyserNode gives (Blackman window).
import assert from "node:assert/strict";
import { test } from "node:test";
import { HowlWatch, tone, type Spectrum } from "../src/client/howl";
import { Listening } from "../src/client/listening";

const RATE = 48_000;
const SIZE = 1024;
const STEP = RATE / SIZE;
const LOOK = 125;

/** The spectrum of a sound, by time in seconds, as the Web Audio API defines it. */
function spectrum(of: (time: number) => number): Spectrum {
  const samples = Float64Array.from({ length: SIZE }, (_, at) => {
    const turn = (2 * Math.PI * at) / SIZE;
    return of(at / RATE) * (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn));
  });
  const levels = Float32Array.from({ length: SIZE / 2 }, (_, bin) => {
    let real = 0;
    let imaginary = 0;
    samples.forEach((sample, at) => {
      real += sample * Math.cos((2 * Math.PI * bin * at) / SIZE);
      imaginary += sample * Math.sin((2 * Math.PI * bin * at) / SIZE);
    });
    return 20 * Math.log10(Math.hypot(real, imaginary) / SIZE + 1e-12);
  });
  return { levels, step: STEP };
}

let seed = 1;
const chance = (): number => ((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647) * 2 - 1;
const sine = (hz: number, loud: number) => (time: number) => loud * Math.sin(2 * Math.PI * hz * time);
/** A vowel: harmonics that fall by 6 dB an octave, at the loudness of somebody who shouts. */
const voice = (hz: number) => (time: number) => {
  let sum = 0;
  for (let part = 1; part < 20; part += 1) sum += (0.6 / part) * Math.sin(2 * Math.PI * hz * part * time + part);
  return sum;
};
const HOWL = spectrum((time) => sine(2_310, 0.8)(time) + 0.02 * chance());
const CLIPPED = spectrum((time) => Math.max(-0.9, Math.min(0.9, sine(1_150, 3)(time))));
const VOICES = [95, 120, 160, 210, 260].map((hz) => spectrum(voice(hz)));
const HISS = spectrum(() => 0.9 * chance());
const QUIET = spectrum(sine(2_310, 0.3));
const SILENCE = spectrum(() => 0);

test("a loud tone far above its neighbours may be a howl, a voice, a hiss, a quiet tone and silence are none", () => {
  assert.equal(tone(HOWL), Math.round(2_310 / STEP));
  assert.equal(tone(CLIPPED), Math.round(1_150 / STEP));
  assert.deepEqual([...VOICES, HISS, QUIET, SILENCE].map(tone), Array(8).fill(-1));
});

/** Looks at these spectra, one after another; how many howls there were. */
function looked(watch: HowlWatch, from: number, spectra: (Spectrum | null)[]): number {
  spectra.forEach((each, at) => watch.take(from + at * LOOK, each));
  return watch.count;
}

test("a tone is a howl once it has stood still for 300 ms, and counts once until it has been away for five seconds", () => {
  const watch = new HowlWatch();
  assert.equal(looked(watch, 0, [HOWL, HOWL, HOWL]), 0);
  assert.equal(watch.recent(2 * LOOK), false);
  assert.equal(looked(watch, 3 * LOOK, [HOWL]), 1);
  assert.equal(watch.recent(3 * LOOK), true);
  assert.equal(looked(watch, 4 * LOOK, [SILENCE, HOWL, HOWL, HOWL, HOWL]), 1);
  assert.equal(watch.recent(8 * LOOK + 4_999), true);
  assert.equal(watch.recent(8 * LOOK + 5_000), false);
  assert.equal(looked(watch, 20_000, [HOWL, HOWL, HOWL, HOWL]), 2);
});

test("a melody is no howl, nor one that is broken off by silence", () => {
  const notes = [1_000, 1_200, 1_400, 1_600].map((hz) => spectrum(sine(hz, 0.8)));
  assert.equal(looked(new HowlWatch(), 0, [...notes, ...notes, ...notes]), 0);
  assert.equal(looked(new HowlWatch(), 0, [HOWL, HOWL, null, HOWL, HOWL, SILENCE, HOWL, HOWL]), 0);
});

test("an interpreter's report has the howls of all lines since the last one", () => {
  const listening = new Listening();
  const audio = (samples: number) => [{ type: "inbound-rtp", kind: "audio", totalSamplesReceived: samples }];
  assert.equal(listening.look(audio(0), 0), null);
  for (let at = 0; at < 8; at += 1) listening.howling(at * LOOK, new Map([["1", HOWL], ["2", at < 4 ? HOWL : SILENCE], ["3", VOICES[0]!]]));
  assert.equal(listening.look(audio(48_000), 0)?.howls, 2);
  for (let at = 8; at < 12; at += 1) listening.howling(at * LOOK, new Map());
  assert.equal(listening.look(audio(96_000), 0)?.howls, 0);
});
