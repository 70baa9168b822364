// Which segments of a track are in its buffer: one unbroken run, appended in order. Where decoding must start, and up to
// where may be let go, is decided here; nothing here touches an element.

import type { Played } from "./journal";

/** A segment may hold pictures or sound of up to this many ms before its t0: what came late was written into the next. */
export const LATE = 5_000;

export class Cursor {
  /** Indices of the segments that are, or are being, appended: [first, next). */
  first = -1;
  next = -1;
  /** Index up to which appending has finished. */
  done = -1;

  constructor(
    private readonly segments: readonly Played[],
    private readonly video: boolean,
  ) {}

  /** Index of the segment that answers for `t`, or of the next one. */
  indexAt(t: number): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.segments[middle]!.t1 <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the segment to start decoding from, which may lie several back. */
  startOf(index: number): number {
    const { n, rap } = this.segments[index]!;
    for (let at = Math.max(0, index - (n - rap)); at <= index; at += 1) if (this.segments[at]!.n === rap) return at;
    return index;
  }

  /** Whether going on as before leads to `index`: all it needs is in the run, or follows it. */
  leadsTo(index: number): boolean {
    return this.first >= 0 && index >= this.first && this.startOf(index) <= this.next;
  }

  /** Begins a run that leads to `index`. */
  restart(index: number): void {
    this.first = this.next = this.done = this.startOf(index);
  }

  /** Whether all that answers for [t, t + ahead) has been appended; `passed` are the numbers that never will be. */
  has(t: number, ahead: number, passed: { has(n: number): boolean }): boolean {
    const { segments } = this;
    for (let index = this.indexAt(t); index < segments.length && segments[index]!.t0 < t + ahead; index += 1) {
      if (!passed.has(segments[index]!.n) && (index < this.first || index >= this.done)) return false;
    }
    return true;
  }

  /** The last segment of the run before `t` at which it may be cut: a key frame for pictures. -1 without one. */
  cutBefore(t: number): number {
    for (let index = Math.min(this.done, this.indexAt(t) + 1) - 1; index > this.first; index -= 1) {
      const segment = this.segments[index]!;
      if (segment.t0 <= t && (!this.video || segment.k[0] === 0)) return index;
    }
    return -1;
  }

  /** The end of what may be removed, ms, when the run is to begin at `index`: never a frame it needs. */
  letGo(index: number): number {
    this.first = index;
    return Math.max(0, this.segments[index]!.t0 - LATE);
  }

  /** The segment of `bad` without which nothing of `t` can be shown: the one that answers for it or, back to the key frame
   * before `t`, one of those before it. */
  broken(t: number, bad: { has(n: number): boolean }): Played | undefined {
    for (let index = this.indexAt(t); index >= 0; index -= 1) {
      const segment = this.segments[index]!;
      if (bad.has(segment.n)) return segment;
      if (!this.video || segment.k.some((at) => segment.t0 + at <= t)) return undefined;
    }
    return undefined;
  }
}
