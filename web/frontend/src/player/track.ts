// One recorded track in one media element: its own MediaSource, one SourceBuffer, one chain of appends. It keeps 20 s
// ahead and 30 s behind, and follows the master clock. A seek bumps the generation and clears the cursor together, so
// that nothing of the old place can arrive at the new one.

import { JUMP, rateFor } from "./clock";
import type { Gap, Segment } from "./journal";
import type { TrackView } from "./wire";

const AHEAD = 20_000;
const BEHIND = 30_000;
/** Cluster times may differ from t0 and t1 by less than this. */
const SLACK = 100;

export type PartResult = { bytes: ArrayBuffer } | { bad: string } | { unreachable: number };
export type GetPart = (track: string, n: number, generation: number) => Promise<PartResult>;

/** What a track shows at a moment. */
export type Showing =
  | { what: "media" }
  | { what: "gap"; gap: Gap }
  | { what: "bad"; segment: Segment }
  | { what: "broken" }
  | { what: "outside" };

export class TrackPlayer {
  readonly element: HTMLMediaElement;
  readonly video: boolean;
  /** Segments found not to be what was sealed, by number. */
  readonly bad = new Map<number, string>();
  /** The init segment was not what was sealed: nothing of the track can be shown. */
  badInit: string | null = null;
  unreachable = false;
  /** The viewer has been told and plays on without this track. */
  ignored = false;
  /** This browser cannot play what was sealed. */
  broken: boolean;
  /** Milliseconds ahead of the clock at the last look. */
  drift = 0;

  private readonly source = new MediaSource();
  private readonly opened: Promise<void>;
  private buffer: SourceBuffer | null = null;
  private chain: Promise<void> = Promise.resolve();
  private generation = 0;
  /** Indices of the segments that are, or are being, appended: [first, next). */
  private first = -1;
  private next = -1;
  /** Index up to which appending has finished. */
  private done = -1;
  private asking = false;
  private jumped = 0;
  private started = false;

  constructor(
    readonly view: TrackView,
    private readonly getPart: GetPart,
    private readonly onBad: (track: TrackPlayer, n: number, code: string) => void,
  ) {
    this.video = view.mime.startsWith("video/");
    const element = document.createElement(this.video ? "video" : "audio");
    element.preload = "auto";
    element.controls = false;
    element.disableRemotePlayback = true;
    element.setAttribute("aria-hidden", "true");
    element.tabIndex = -1;
    if (element instanceof HTMLVideoElement) {
      element.muted = true;
      element.playsInline = true;
      element.disablePictureInPicture = true;
    }
    this.element = element;
    this.broken = !MediaSource.isTypeSupported(view.mime);
    this.opened = new Promise((resolve) => {
      this.source.addEventListener("sourceopen", () => resolve(), { once: true });
    });
    if (!this.broken) element.src = URL.createObjectURL(this.source);
  }

  close(): void {
    this.generation += 1;
    this.element.pause();
    URL.revokeObjectURL(this.element.src);
    this.element.removeAttribute("src");
    this.element.load();
  }

  showing(t: number): Showing {
    const { segments, gaps } = this.view;
    const index = this.indexAt(t);
    const segment = segments[index];
    if (segment && segment.t0 <= t) {
      if (this.broken) return { what: "broken" };
      return this.badInit || this.bad.has(segment.n) ? { what: "bad", segment } : { what: "media" };
    }
    const gap = gaps.find((each) => each.t0 <= t && t < each.t1);
    return gap ? { what: "gap", gap } : { what: "outside" };
  }

  /** The first moment after `t` (or at it) at which this track holds a part that failed; Infinity without one. */
  stopAt(t: number): number {
    const { segments } = this.view;
    if (this.ignored) return Infinity;
    for (let index = this.indexAt(t); index < Math.max(this.next, index + 1) && index < segments.length; index += 1) {
      const segment = segments[index]!;
      if (this.bad.has(segment.n) || this.badInit) return segment.t0;
    }
    return Infinity;
  }

  /** Whether what belongs at `t` is there to be played. */
  ready(t: number): boolean {
    const { segments } = this.view;
    if (this.broken || this.badInit) return true;
    for (let index = this.indexAt(t); index < segments.length && segments[index]!.t0 < t + 200; index += 1) {
      if (this.bad.has(segments[index]!.n)) continue;
      if (index < this.first || index >= this.done) return false;
    }
    const settled = !this.element.seeking && this.element.readyState >= 2;
    return settled || performance.now() - this.jumped > 1500 || !this.holds(t) || this.showing(t).what !== "media";
  }

  /** Asks for what is wanted at `t`; called often. */
  feed(t: number): void {
    const { segments } = this.view;
    if (this.broken || segments.length === 0 || this.badInit) return;
    const index = Math.min(this.indexAt(t), segments.length - 1);
    const inside = this.first >= 0 && index >= this.first && index <= this.next;
    if (!inside) this.restart(index);
    const wanted = segments[this.next];
    if (this.asking || !wanted || wanted.t0 > t + AHEAD) return;
    void this.fetchNext(this.generation);
  }

  private restart(index: number): void {
    const { segments } = this.view;
    this.generation += 1;
    const generation = this.generation;
    const rap = segments[index]!.rap;
    const start = segments.findIndex((segment) => segment.n === rap);
    this.first = this.next = this.done = start < 0 ? index : start;
    this.asking = false;
    this.unreachable = false;
    this.chain = this.chain.then(() => this.remove(0, Infinity, generation)).catch(() => undefined);
  }

  private async fetchNext(generation: number): Promise<void> {
    this.asking = true;
    try {
      if (!this.buffer && !(await this.start(generation))) return;
      const index = this.next;
      const segment = this.view.segments[index];
      if (!segment || generation !== this.generation) return;
      const result = await this.getPart(this.view.name, segment.n, generation);
      if (generation !== this.generation) return;
      if ("unreachable" in result) {
        this.unreachable = true;
        await new Promise((resolve) => setTimeout(resolve, 1000));
        return;
      }
      this.unreachable = false;
      this.next = index + 1;
      if ("bad" in result) {
        this.bad.set(segment.n, result.bad);
        this.onBad(this, segment.n, result.bad);
        this.chain = this.chain.then(() => this.finished(index, generation));
      } else {
        this.bad.delete(segment.n);
        this.chain = this.chain.then(() => this.append(result.bytes, generation)).then(() => this.finished(index, generation));
      }
      await this.chain;
    } finally {
      if (generation === this.generation) this.asking = false;
    }
  }

  private finished(index: number, generation: number): void {
    if (generation === this.generation) this.done = Math.max(this.done, index + 1);
  }

  private async start(generation: number): Promise<boolean> {
    await this.opened;
    const result = await this.getPart(this.view.name, 0, generation);
    if (this.buffer) return true;
    if ("bytes" in result) {
      const buffer = this.source.addSourceBuffer(this.view.mime);
      buffer.mode = "segments";
      this.buffer = buffer;
      await this.append(result.bytes, this.generation);
      // Known from the journal, and the same for every track: no track ends the others.
      if (this.source.readyState === "open") this.source.duration = Math.max(1, this.view.end) / 1000 + 1;
      return true;
    }
    if ("bad" in result) {
      this.badInit = result.bad;
      this.onBad(this, 0, result.bad);
    } else if (generation === this.generation) {
      this.unreachable = true;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    return false;
  }

  private async append(bytes: ArrayBuffer, generation: number): Promise<void> {
    const buffer = this.buffer;
    if (!buffer || this.broken || generation !== this.generation) return;
    for (let attempt = 0; ; attempt += 1) {
      try {
        await settled(buffer, () => buffer.appendBuffer(bytes));
        return;
      } catch (error) {
        if (!(error instanceof DOMException) || error.name !== "QuotaExceededError" || attempt === 2) {
          this.broken = true;
          return;
        }
        await this.remove(0, Math.max(0, this.element.currentTime - 5), generation);
      }
    }
  }

  private async remove(from: number, to: number, generation: number): Promise<void> {
    const buffer = this.buffer;
    if (!buffer || this.broken || generation !== this.generation || to <= from || buffer.buffered.length === 0) return;
    await settled(buffer, () => buffer.remove(from, to));
  }

  /** Lets go of what lies more than 30 s behind, up to a key frame: a group in use is never cut. */
  evict(t: number): void {
    const { segments } = this.view;
    const oldest = segments[this.first];
    if (this.first < 0 || !oldest || oldest.t1 > t - BEHIND - 10_000) return;
    let keep = -1;
    for (let index = this.first + 1; index < this.done; index += 1) {
      const segment = segments[index]!;
      if (segment.t0 > t - BEHIND) break;
      if (!this.video || segment.k[0] === 0) keep = index;
    }
    if (keep < 0) return;
    const generation = this.generation;
    this.first = keep;
    this.chain = this.chain.then(() => this.remove(0, segments[keep]!.t0 / 1000, generation));
  }

  /** Brings the element to the clock. `running` is whether the clock runs. */
  follow(t: number, running: boolean): void {
    const element = this.element;
    const showing = this.showing(t).what === "media";
    if (!showing) {
      if (!element.paused) element.pause();
      this.started = false;
      const coming = this.view.segments[this.indexAt(t)];
      if (coming && coming.t0 > t && coming.t0 - t < 1500) this.place(coming.t0 + SLACK / 2, 40);
      return;
    }
    this.drift = element.currentTime * 1000 - t;
    if (!running) {
      if (!element.paused) element.pause();
      this.started = false;
      this.place(t, 30);
      return;
    }
    if (Math.abs(this.drift) > JUMP) this.place(t + 40, JUMP);
    if (element.paused) {
      void element.play().catch(() => undefined);
    }
    if (!element.seeking && element.readyState >= 3) this.started = true;
    const rate = this.started ? rateFor(this.drift, element.playbackRate !== 1) : 1;
    if (Math.abs(rate - element.playbackRate) > 0.004 || (rate === 1 && element.playbackRate !== 1)) {
      element.playbackRate = rate;
    }
  }

  /** Moves the element to `t` if it is more than `tolerance` ms away and the media is there. */
  place(t: number, tolerance: number): void {
    const element = this.element;
    if (Math.abs(element.currentTime * 1000 - t) <= tolerance || !this.holds(t)) return;
    // A jump that does not end (too little media where it went) must not hold the next one up for ever.
    if (performance.now() - this.jumped < (element.seeking ? 1000 : 250)) return;
    this.jumped = performance.now();
    element.currentTime = t / 1000;
  }

  private holds(t: number): boolean {
    const ranges = this.element.buffered;
    for (let index = 0; index < ranges.length; index += 1) {
      if (ranges.start(index) * 1000 <= t && t < ranges.end(index) * 1000) return true;
    }
    return false;
  }

  /** Index of the segment that answers for `t`, or of the next one. */
  private indexAt(t: number): number {
    const { segments } = this.view;
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (segments[middle]!.t1 <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Runs an operation of a SourceBuffer and waits until it has ended. */
async function settled(buffer: SourceBuffer, begin: () => void): Promise<void> {
  while (buffer.updating) await once(buffer);
  begin();
  await once(buffer);
}

function once(buffer: SourceBuffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      buffer.removeEventListener("updateend", end);
      buffer.removeEventListener("error", fail);
      resolve();
    };
    const fail = (): void => {
      buffer.removeEventListener("updateend", end);
      buffer.removeEventListener("error", fail);
      reject(new Error("append"));
    };
    buffer.addEventListener("updateend", end);
    buffer.addEventListener("error", fail);
  });
}
