// The levels of a sound by frequency, reckoned from its samples as an AnalyserNode does (Web Audio API: Blackman window,
// no smoothing): a processor of the sound graph has no analyser. Pure.
import type { Spectrum } from "../client/howl";

/** Samples of one look: about 21 ms at 48 kHz. */
export const SIZE = 1024;
const HALF = SIZE / 2;
const FLOOR = 1e-24;

/** Nothing is made anew at a look: a processor must not wait for the memory to be tidied. */
export class Looker {
  private readonly window = Float64Array.from({ length: SIZE }, (_, at) => {
    const turn = (2 * Math.PI * at) / SIZE;
    return (0.42 - 0.5 * Math.cos(turn) + 0.08 * Math.cos(2 * turn)) / SIZE;
  });
  private readonly cosine = Float64Array.from({ length: HALF }, (_, at) => Math.cos((2 * Math.PI * at) / SIZE));
  private readonly sine = Float64Array.from({ length: HALF }, (_, at) => Math.sin((2 * Math.PI * at) / SIZE));
  private readonly real = new Float64Array(SIZE);
  private readonly imaginary = new Float64Array(SIZE);
  private readonly found: Spectrum;

  constructor(rate: number) {
    this.found = { levels: new Float32Array(HALF), step: rate / SIZE };
  }

  /** Of `SIZE` samples; the same object each time. */
  look(samples: Float32Array): Spectrum {
    this.turnBits(samples);
    for (let span = 2; span <= SIZE; span *= 2) this.join(span);
    for (let bin = 0; bin < HALF; bin += 1) {
      const power = this.real[bin]! ** 2 + this.imaginary[bin]! ** 2;
      this.found.levels[bin] = 10 * Math.log10(power + FLOOR);
    }
    return this.found;
  }

  /** The samples under the window, in the order in which the transform joins them. */
  private turnBits(samples: Float32Array): void {
    for (let at = 0, turned = 0; at < SIZE; at += 1) {
      this.real[turned] = (samples[at] ?? 0) * this.window[at]!;
      this.imaginary[turned] = 0;
      let bit = HALF;
      while (bit > 0 && turned & bit) {
        turned ^= bit;
        bit >>= 1;
      }
      turned |= bit;
    }
  }

  /** Joins pairs of transforms of half this span (Cooley and Tukey). */
  private join(span: number): void {
    const { real, imaginary } = this;
    const half = span / 2;
    for (let from = 0; from < SIZE; from += span) {
      for (let low = from; low < from + half; low += 1) {
        const high = low + half;
        const turn = ((low - from) * SIZE) / span;
        const x = real[high]! * this.cosine[turn]! + imaginary[high]! * this.sine[turn]!;
        const y = imaginary[high]! * this.cosine[turn]! - real[high]! * this.sine[turn]!;
        real[high] = real[low]! - x;
        imaginary[high] = imaginary[low]! - y;
        real[low] = real[low]! + x;
        imaginary[low] = imaginary[low]! + y;
      }
    }
  }
}
