// The server's time, carried forward by this machine's monotonic clock: the wall clock of a court's PC may be wrong.

export class ServerClock {
  private at: number | null = null;
  private heard = 0;

  /** `at` is nanoseconds since 1970 UTC, from a tick. */
  set(at: number): void {
    this.at = at / 1e6;
    this.heard = performance.now();
  }

  /** Milliseconds since 1970 UTC; this machine's own time until the first tick. */
  now(): number {
    return this.at === null ? Date.now() : this.at + (performance.now() - this.heard);
  }
}

/** Measures how long ago something was, by two clocks, and takes the longer: one may stand still while a machine sleeps. */
export class Age {
  private mono = performance.now();
  private wall = Date.now();

  /** It was `ms` ago. */
  reset(ms = 0): void {
    this.mono = performance.now() - ms;
    this.wall = Date.now() - ms;
  }

  /** Milliseconds. */
  get ms(): number {
    return Math.max(performance.now() - this.mono, Date.now() - this.wall);
  }
}
