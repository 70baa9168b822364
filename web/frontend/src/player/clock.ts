// The one clock every element of the player follows, and how an element is brought back to it.

export class MasterClock {
  private base = 0;
  private since: number | null = null;
  private rate = 1;

  /** Milliseconds on the recording's timeline. */
  now(): number {
    return this.since === null ? this.base : this.base + (performance.now() - this.since) * this.rate;
  }

  /** Milliseconds of the recording that go by in one. */
  get speed(): number {
    return this.rate;
  }

  set speed(rate: number) {
    this.set(this.now());
    this.rate = rate;
  }

  get running(): boolean {
    return this.since !== null;
  }

  start(): void {
    this.since ??= performance.now();
  }

  stop(): void {
    this.base = this.now();
    this.since = null;
  }

  set(t: number): void {
    this.base = t;
    if (this.since !== null) this.since = performance.now();
  }
}

/** From this many milliseconds off the clock an element jumps; below, it goes a little faster or slower. */
export const JUMP = 300;
const MOST = 0.08;
const START_CORRECTING = 22;
const STOP_CORRECTING = 6;

/** What speeds there are, the slowest first. */
export const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

/** The next speed up (`by` 1) or down (-1); the same at either end. */
export function nextSpeed(speed: number, by: 1 | -1): number {
  const at = SPEEDS.findIndex((each) => each === speed);
  return SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))] ?? 1;
}

/** Playback rate, of a clock at speed 1, for an element that is `drift` ms ahead of the clock (negative: behind). */
export function rateFor(drift: number, correcting: boolean): number {
  const limit = correcting ? STOP_CORRECTING : START_CORRECTING;
  if (Math.abs(drift) <= limit) return 1;
  return 1 - Math.max(-MOST, Math.min(MOST, drift * 0.001));
}
