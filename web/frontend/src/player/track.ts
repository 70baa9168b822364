// One recorded track in one media element: its own MediaSource, one SourceBuffer, one chain of appends. It keeps 20 s
// ahead and 30 s behind, and follows the master clock. A seek bumps the generation and clears the cursor together, so
// that nothing of the old place can arrive at the new one. What stands on the screen is never taken for granted: `late`
// says that it is not the picture of the clock.

import { JUMP, rateFor } from "./clock";
import { Cursor, LATE } from "./cursor";
import { type Gap, LATE as CAME_LATE, type Played } from "./journal";
import type { TrackView } from "./wire";

const AHEAD = 20_000;
const BEHIND = 30_000;
/** Cluster times may differ from t0 and t1 by less than this. */
const SLACK = 100;
/** An element at rest stands this near to the clock. */
const NEAR = 30;
/** What is to be played next must have been appended so far ahead. */
const SOON = 200;
/** An element that has what it needs and does not settle holds up the others no longer than this. */
const PATIENCE = 1_500;
/** An element that stands is believed to show where it stands after this long, also if no picture was seen to come. */
const UNSEEN = 500;
/** No picture lasts longer: from 2 s without one it is a gap. */
const LONGEST = 2_500;

/** `rest` of a bad part: the picture that was kept back of the part before. */
export type PartResult = { bytes: ArrayBuffer } | { bad: string; rest?: ArrayBuffer } | { unreachable: number };
export type GetPart = (track: string, n: number, generation: number) => Promise<PartResult>;

/** What a track shows at a moment. */
export type Showing =
  | { what: "media" }
  | { what: "gap"; gap: Gap }
  | { what: "bad"; segment: Played }
  | { what: "broken" }
  | { what: "outside" }
  /** The picture on the screen is that of another time. */
  | { what: "loading" }
  /** There is media at this time, but no picture can be made of it. */
  | { what: "lost" };

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
  /** Why what stands on the screen is not what belongs at the clock's time, at the last look; "" when it is. */
  late: "" | "loading" | "lost" = "loading";

  private readonly source = new MediaSource();
  private readonly opened: Promise<void>;
  private buffer: SourceBuffer | null = null;
  private chain: Promise<void> = Promise.resolve();
  private generation = 0;
  private readonly cursor: Cursor;
  /** What is wanted: the clock at the last look. */
  private aim = 0;
  private asking = false;
  /** Where what is on the screen is from, and where the element is going, in ms. */
  private pictured = -Infinity;
  private going = -Infinity;
  /** Whether the picture of where the element is has come to the screen. */
  private arrived: boolean;
  /** The picture that came last, the last before the jump, whether the former came after the jump, and when that ended. */
  private frame = -Infinity;
  private left = -Infinity;
  private fresh = false;
  private stood = Infinity;
  /** When the element was last where it belongs, and when it was last without something to settle on. */
  private near = 0;
  private unfit = 0;
  private jumped = 0;
  private started = false;

  constructor(
    readonly view: TrackView,
    private readonly getPart: GetPart,
    private readonly onBad: (track: TrackPlayer, n: number, code: string) => void,
    /** Something has come that was waited for. */
    private readonly onChange: () => void,
  ) {
    this.video = view.mime.startsWith("video/");
    this.cursor = new Cursor(view.segments, this.video);
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
    this.arrived = !this.video;
    this.attend(element);
    this.broken = !MediaSource.isTypeSupported(view.mime);
    this.opened = new Promise((resolve) => {
      this.source.addEventListener("sourceopen", () => resolve(), { once: true });
    });
    if (!this.broken) element.src = URL.createObjectURL(this.source);
  }

  /** Notes what comes to the screen, which is later than an element says that its jump has ended. */
  private attend(element: HTMLMediaElement): void {
    element.addEventListener("seeking", () => this.leave());
    element.addEventListener("seeked", () => {
      this.stood = performance.now();
      this.onChange();
    });
    if (!(element instanceof HTMLVideoElement) || !("requestVideoFrameCallback" in element)) return;
    const shown = (_now: number, { mediaTime }: VideoFrameCallbackMetadata): void => {
      this.frame = mediaTime * 1000;
      this.fresh = !element.seeking && this.frame !== this.left;
      if (!this.arrived) this.onChange();
      element.requestVideoFrameCallback(shown);
    };
    element.requestVideoFrameCallback(shown);
  }

  private leave(): void {
    this.arrived = !this.video;
    this.fresh = false;
    this.left = this.frame;
    this.stood = Infinity;
  }

  /** Whether the picture that came last is that of where the element stands: how long it lasts is not known here. */
  private fits(): boolean {
    const since = this.element.currentTime * 1000 - this.frame;
    return (since >= -SLACK && since < (this.fresh ? LONGEST : JUMP)) || performance.now() - this.stood > UNSEEN;
  }

  close(): void {
    this.generation += 1;
    this.element.pause();
    URL.revokeObjectURL(this.element.src);
    this.element.removeAttribute("src");
    this.element.load();
  }

  /** What the journal, and what was found out about its parts, say of `t`. */
  showing(t: number): Showing {
    const { segments, gaps } = this.view;
    const segment = segments[this.cursor.indexAt(t)];
    if (segment && segment.t0 <= t) {
      if (this.broken) return { what: "broken" };
      if (this.badInit) return { what: "bad", segment };
      const bad = this.bad.size ? this.cursor.broken(t, this.bad) : undefined;
      return bad ? { what: "bad", segment: bad } : { what: "media" };
    }
    const gap = gaps.find((each) => each.cause !== CAME_LATE && each.t0 <= t && t < each.t1);
    return gap ? { what: "gap", gap } : { what: "outside" };
  }

  /** What is to be seen: as `showing`, but where there is media, whether it is also what stands on the screen. */
  seen(t: number): Showing {
    const found = this.showing(t);
    return this.video && found.what === "media" && this.late ? { what: this.late } : found;
  }

  /** The first moment after `t` (or at it) at which this track holds a part that failed; Infinity without one. */
  stopAt(t: number): number {
    const { segments } = this.view;
    if (this.ignored) return Infinity;
    const from = this.cursor.indexAt(t);
    for (let index = from; index < Math.max(this.cursor.next, from + 1) && index < segments.length; index += 1) {
      const segment = segments[index]!;
      if (this.bad.has(segment.n) || this.badInit) return segment.t0;
    }
    return Infinity;
  }

  /** Whether what belongs at `t` is there to be played. */
  ready(t: number, running: boolean): boolean {
    if (this.broken || this.badInit) return true;
    if (!this.cursor.has(t, SOON, this.bad)) return false;
    if (this.showing(t).what !== "media") return true;
    return this.state(t, running ? Infinity : NEAR) !== "loading" || performance.now() - this.unfit > PATIENCE;
  }

  /** Where the element is with regard to `t`. */
  private state(t: number, tolerance: number): "" | "loading" | "lost" {
    const spot = this.spot(t);
    if (!this.cursor.has(t, SOON, this.bad)) return "loading";
    // What belongs at `t` may have come late, and lie in a part behind it.
    if (spot === null) return this.cursor.has(t, LATE, this.bad) ? "lost" : "loading";
    return this.settled && Math.abs(this.element.currentTime * 1000 - spot) <= tolerance ? "" : "loading";
  }

  private get settled(): boolean {
    return !this.element.seeking && this.element.readyState >= 2;
  }

  /** Finds out whether the picture on the screen is that of `t`; after everything else, at every look. */
  watch(t: number, running: boolean): void {
    const now = performance.now();
    const state = this.state(t, running ? JUMP : NEAR);
    this.arrived ||= this.settled && this.fits();
    if (this.settled && this.arrived) this.pictured = this.going = this.element.currentTime * 1000;
    const there = state === "" && this.arrived;
    if (there) this.near = now;
    if (state === "" || this.spot(t) === null || !this.cursor.has(t, SOON, this.bad)) this.unfit = now;
    // The old picture and the new one: while the element moves, either may stand there. A small correction is no other time.
    const off = Math.max(Math.abs(this.pictured - t), Math.abs(this.going - t));
    this.late = !there && (off > JUMP || now - this.near > JUMP) ? state || "loading" : "";
  }

  /** Asks for what is wanted at `t`; called often. */
  feed(t: number): void {
    const { segments } = this.view;
    this.aim = t;
    if (this.broken || segments.length === 0 || this.badInit) return;
    const index = Math.min(this.cursor.indexAt(t), segments.length - 1);
    if (!this.cursor.leadsTo(index)) this.restart(index);
    if (!this.asking && this.wanted()) void this.fetch(this.generation);
  }

  /** The next segment, if it is near enough to be asked for. */
  private wanted(): Played | undefined {
    const segment = this.view.segments[this.cursor.next];
    return segment && segment.t0 <= this.aim + AHEAD ? segment : undefined;
  }

  private restart(index: number): void {
    this.generation += 1;
    const generation = this.generation;
    this.cursor.restart(index);
    this.asking = false;
    this.unreachable = false;
    this.jumped = 0;
    this.chain = this.chain.then(() => this.empty(generation)).catch(() => undefined);
  }

  /** One segment after the other, until nothing more is wanted or the place is another. */
  private async fetch(generation: number): Promise<void> {
    this.asking = true;
    try {
      while (generation === this.generation && this.wanted()) {
        if (!this.buffer && !(await this.start(generation))) return;
        if (generation === this.generation) await this.fetchNext(generation);
      }
    } finally {
      if (generation === this.generation) this.asking = false;
    }
  }

  private async fetchNext(generation: number): Promise<void> {
    const index = this.cursor.next;
    const segment = this.view.segments[index]!;
    const result = await this.getPart(this.view.name, segment.n, generation);
    if (generation !== this.generation) return;
    if ("unreachable" in result) {
      this.unreachable = true;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return;
    }
    this.unreachable = false;
    this.cursor.next = index + 1;
    if ("bad" in result) {
      this.bad.set(segment.n, result.bad);
      this.onBad(this, segment.n, result.bad);
    } else {
      this.bad.delete(segment.n);
    }
    const bytes = "bad" in result ? result.rest : result.bytes;
    this.chain = this.chain.then(async () => {
      if (bytes && bytes.byteLength > 0) await this.append(bytes, generation);
      if (generation === this.generation) this.cursor.done = index + 1;
    });
    await this.chain;
    if (this.late) this.onChange();
  }

  private async start(generation: number): Promise<boolean> {
    await this.opened;
    const result = await this.getPart(this.view.name, 0, generation);
    if (this.buffer) return true;
    if ("bytes" in result) {
      const buffer = this.source.addSourceBuffer(this.view.mime);
      buffer.mode = "segments";
      this.buffer = buffer;
      // Known from the journal, and the same for every track: no track ends the others.
      this.source.duration = Math.max(1, this.view.end) / 1000 + 1;
      // Behind what was begun before: a seek that comes meanwhile would break off the header, and there is no second one.
      this.chain = this.chain.then(() => this.append(result.bytes, this.generation));
      await this.chain;
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
        const keep = generation === this.generation ? this.cursor.cutBefore(this.aim) : -1;
        if (keep >= 0) await this.remove(0, this.cursor.letGo(keep) / 1000, generation);
      }
    }
  }

  /** Leaves nothing of the old place: neither media, nor that what comes would go on from it without a key frame. */
  private async empty(generation: number): Promise<void> {
    await this.remove(0, Infinity, generation);
    if (this.buffer && this.source.readyState === "open" && generation === this.generation) this.buffer.abort();
  }

  private async remove(from: number, to: number, generation: number): Promise<void> {
    const buffer = this.buffer;
    if (!buffer || this.broken || generation !== this.generation || to <= from || buffer.buffered.length === 0) return;
    await settled(buffer, () => buffer.remove(from, to));
  }

  /** Lets go of what lies more than 30 s behind, up to a key frame: a group in use is never cut. */
  evict(t: number): void {
    const oldest = this.view.segments[this.cursor.first];
    if (!oldest || oldest.t1 > t - BEHIND - 10_000) return;
    const keep = this.cursor.cutBefore(t - BEHIND);
    if (keep < 0) return;
    const generation = this.generation;
    const end = this.cursor.letGo(keep) / 1000;
    this.chain = this.chain.then(() => this.remove(0, end, generation));
  }

  /** Brings the element to the clock, which goes at `speed`. `running` is whether it runs. */
  follow(t: number, running: boolean, speed = 1): void {
    const element = this.element;
    const showing = this.showing(t).what === "media";
    if (!showing) {
      if (!element.paused) element.pause();
      this.started = false;
      const coming = this.view.segments[this.cursor.indexAt(t)];
      if (coming && coming.t0 > t && coming.t0 - t < 1500) this.place(coming.t0 + SLACK / 2, 40);
      return;
    }
    this.drift = element.currentTime * 1000 - t;
    if (!running) {
      if (!element.paused) element.pause();
      this.started = false;
      this.place(t, NEAR);
      return;
    }
    if (Math.abs(this.drift) > JUMP) this.place(t + 40 * speed, JUMP);
    if (element.paused) {
      void element.play().catch(() => undefined);
    }
    if (!element.seeking && element.readyState >= 3) this.started = true;
    const rate = speed * (this.started ? rateFor(this.drift, element.playbackRate !== speed) : 1);
    if (Math.abs(rate - element.playbackRate) > 0.004 || (rate === speed && element.playbackRate !== speed)) {
      element.playbackRate = rate;
    }
  }

  /** Moves the element to `t` if it is more than `tolerance` ms away and the media is there. */
  place(t: number, tolerance: number): void {
    const element = this.element;
    const spot = this.spot(t);
    if (spot === null || Math.abs(element.currentTime * 1000 - spot) <= tolerance) return;
    // A jump that does not end (too little media where it went) must not hold the next one up for ever.
    if (performance.now() - this.jumped < (element.seeking ? 1000 : element.paused ? 100 : 250)) return;
    this.jumped = performance.now();
    this.going = spot;
    this.leave();
    element.currentTime = spot / 1000;
  }

  /** Where in the media `t` is: there, or where it begins if that is a little later; null if there is none. */
  private spot(t: number): number | null {
    const ranges = this.element.buffered;
    for (let index = 0; index < ranges.length; index += 1) {
      const from = ranges.start(index) * 1000;
      if (t < ranges.end(index) * 1000 && from < t + SLACK) return Math.max(t, from);
    }
    return null;
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
