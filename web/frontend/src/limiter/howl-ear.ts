// Listens for howling in the samples of one sound, and says what is to be done against it. Pure; time is reckoned in
// samples, so that nothing depends on how busy the page is.
import { HowlWatch, pitch, QUIET } from "../client/howl";
import { Looker, SIZE } from "./spectrum";

/** For so long after a howl was last heard it is still cut. */
const HOLD_S = 2;
/** A loudspeaker that feeds a howl is so much quieter meanwhile: −20 dB, as a share of 1 that is taken away. */
const QUIETER = 1 - 10 ** (-20 / 20);
/** How fast the loudspeaker becomes quiet, and loud again: seconds for all of it. */
const DOWN_S = 0.01;
const UP_S = 0.5;

export class HowlEar {
  /** Hz of the tone that is to be cut now; 0 without one. */
  howl = 0;
  private readonly watch = new HowlWatch();
  private readonly looker: Looker;
  private readonly kept = new Float32Array(SIZE);
  private at = 0;
  private loudest = 0;
  /** Samples heard, and up to which the last howl is cut. */
  private heard = 0;
  private until = 0;
  private taken = 0;

  constructor(private readonly rate: number) {
    this.looker = new Looker(rate);
  }

  /** The next samples, in blocks of any size. */
  hear(samples: Float32Array): void {
    for (const sample of samples) {
      const sound = Number.isFinite(sample) ? sample : 0;
      this.kept[this.at] = sound;
      this.loudest = Math.max(this.loudest, Math.abs(sound));
      this.at = (this.at + 1) % SIZE;
      this.heard += 1;
      if (this.at === 0) this.look();
    }
    if (this.heard >= this.until) this.howl = 0;
  }

  /** What is taken from the gain of the loudspeaker, 1 at most, for each of the samples heard last. */
  quieten(taken: Float32Array): void {
    const wanted = this.howl > 0 ? QUIETER : 0;
    const down = QUIETER / (DOWN_S * this.rate);
    const up = QUIETER / (UP_S * this.rate);
    for (let at = 0; at < taken.length; at += 1) {
      this.taken = this.taken < wanted ? Math.min(wanted, this.taken + down) : Math.max(wanted, this.taken - up);
      taken[at] = 0 - this.taken;
    }
  }

  private look(): void {
    // Most lines are quiet most of the time, and cost nothing then.
    const spectrum = this.loudest > QUIET ? this.looker.look(this.kept) : null;
    this.loudest = 0;
    if (!this.watch.take((this.heard * 1_000) / this.rate, spectrum) || !spectrum) return;
    this.howl = pitch(spectrum, this.watch.at);
    this.until = this.heard + HOLD_S * this.rate;
  }
}
