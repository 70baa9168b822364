// The one clock every element of the player follows, and how an element is brought back to it.

export class MasterClock {
  private base = 0;
  private since: number | null = null;

  /** Milliseconds on the recording's timeline. */
  now(): number {
    return this.since === null ? this.base : this.base + (performance.now() - this.since);
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

/** Playback rate for an element that is `drift` ms ahead of the clock (negative: behind). */
export function rateFor(drift: number, correcting: boolean): number {
  const limit = correcting ? STOP_CORRECTING : START_CORRECTING;
  if (Math.abs(drift) <= limit) return 1;
  return 1 - Math.max(-MOST, Math.min(MOST, drift * 0.001));
}
