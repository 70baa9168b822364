// The acoustic-shock limiter: nothing louder than the ceiling, and no step of level, reaches an ear. Pure.
// A look-ahead of 5 ms lets the gain be down before a peak comes; it comes back within 200 ms. A rise of more than 20 dB
// within 50 ms is brought to the level before it and 6 dB (docs/interpreting.md). One limiter for every receiving line,
// before the volume.

/** Highest sample that leaves the limiter: −9 dBFS, less what the true peak between samples may be higher (ITU-R BS.1770). */
export const CEILING = 10 ** (-9 / 20) * 10 ** (-0.5 / 20);
const LOOK_AHEAD_S = 0.005;
/** The gain goes down along the look-ahead, in its last millisecond at most. */
const ATTACK_S = 0.001;
/** Time constant of the way back: 63 % after it, all but 5 % after three of it. */
const RELEASE_S = 0.06;
/** Time constant of the level that steps are measured against, and of the short one that rises. */
const LEVEL_S = 0.4;
const SHORT_S = 0.005;
const STEP = 10 ** (20 / 20);
const DUCK = 10 ** (6 / 20);
/** Below this a sound is quiet whatever it rises from: no step. −45 dBFS. */
const QUIET = 10 ** (-45 / 20);

/** How a value approaches another: the share kept in each sample for a time constant. */
const keep = (seconds: number, rate: number): number => Math.exp(-1 / (seconds * rate));

export class Limiter {
  /** Times it had to step in since it was last asked: limits begun. */
  events = 0;
  private readonly delay: Float32Array;
  private readonly wanted: Float32Array;
  private readonly attack: number;
  private readonly release: number;
  private readonly slow: number;
  private readonly short: number;
  private at = 0;
  private gain = 1;
  private level = QUIET;
  private power = 0;
  private limiting = false;

  constructor(rate: number) {
    const ahead = Math.max(1, Math.round(LOOK_AHEAD_S * rate));
    this.delay = new Float32Array(ahead);
    this.wanted = new Float32Array(ahead).fill(1);
    this.attack = Math.max(1, Math.round(ATTACK_S * rate));
    this.release = keep(RELEASE_S, rate);
    this.slow = keep(LEVEL_S, rate);
    this.short = keep(SHORT_S, rate);
  }

  /** Samples by which the sound is later. */
  get latency(): number {
    return this.delay.length;
  }

  /** Limits `input` into `output`, of one length; they may be the same. */
  process(input: Float32Array, output: Float32Array): void {
    for (let index = 0; index < input.length; index += 1) output[index] = this.sample(input[index] as number);
  }

  private sample(value: number): number {
    const sound = Number.isFinite(value) ? value : 0;
    const size = this.delay.length;
    const old = this.delay[this.at] as number;
    this.delay[this.at] = sound;
    this.wanted[this.at] = this.allowed(sound);
    this.at = (this.at + 1) % size;
    // The least gain that the sample now leaving and those within the attack after it want: it is reached in time.
    let least = Math.min(1, CEILING / Math.max(Math.abs(old), CEILING));
    for (let ahead = 0; ahead < Math.min(this.attack, size); ahead += 1) {
      least = Math.min(least, this.wanted[(this.at + ahead) % size] as number);
    }
    this.gain = least < this.gain ? least : least + (this.gain - least) * this.release;
    const now = this.gain < 0.98;
    if (now && !this.limiting) this.events += 1;
    this.limiting = now;
    return old * this.gain;
  }

  /** The gain this sample may have: under the ceiling, and no step above the running level. */
  private allowed(sound: number): number {
    const loud = Math.abs(sound);
    this.power = this.power * this.short + sound * sound * (1 - this.short);
    const short = Math.sqrt(this.power);
    const under = loud > CEILING ? CEILING / loud : 1;
    const step = short > QUIET && short > this.level * STEP ? (this.level * DUCK) / short : 1;
    // What is let through counts as heard: a sound that stays loud is let rise, within about a second.
    const heard = Math.max(QUIET, short);
    const toward = heard > this.level ? Math.min(heard, this.level * DUCK) : heard;
    this.level = this.level * this.slow + toward * (1 - this.slow);
    return Math.min(under, step);
  }
}
