// Plays a recording: one master clock, one element a track, and a mix of volumes for the chosen language. What belongs
// to the page (words, layout) is not here.

import { signal } from "@preact/signals";
import { MasterClock } from "./clock";
import { type PartResult, type Showing, TrackPlayer } from "./track";
import type { FromWorker, RecordingView, ToWorker } from "./wire";

/** "" is the floor as it was spoken. */
export type Choice = string;

export interface Failure {
  track: string;
  n: number;
  code: string;
  t: number;
}

const TICK = 50;

export class Engine {
  readonly time = signal(0);
  readonly wanted = signal(false);
  readonly waiting = signal(false);
  readonly unreachable = signal(false);
  /** The failed part that playing has stopped at. */
  readonly stopped = signal<Failure | null>(null);
  readonly language = signal<Choice>("");
  /** Where somebody has gone last; a new object each time. */
  readonly went = signal<{ at: number } | null>(null);
  /** How fast it plays, 1 as it was. */
  readonly speed = signal(1);
  /** Percent of the original beside an interpretation, 0 to 40. */
  readonly original = signal(15);
  readonly silenced = signal<ReadonlySet<string>>(new Set());
  readonly showing = signal<ReadonlyMap<string, Showing>>(new Map());
  /** Whether somebody interprets into the chosen language at this moment. */
  readonly interpreted = signal(true);

  readonly clock = new MasterClock();
  readonly tracks: TrackPlayer[];
  readonly failures: Failure[] = [];
  private readonly asked = new Map<number, (result: PartResult) => void>();
  private readonly failed = new Map<string, string>();
  private serial = 0;
  private timer = 0;
  private starting = false;

  constructor(
    readonly recording: RecordingView,
    private readonly send: (message: ToWorker) => void,
  ) {
    const get = (track: string, n: number, generation: number): Promise<PartResult> => this.getPart(track, n, generation);
    this.tracks = recording.tracks
      .filter((view) => view.mime !== "")
      .map((view) => new TrackPlayer(view, get, (track, n, code) => this.bad(track, n, code), () => this.tick()));
    this.timer = window.setInterval(() => this.tick(), TICK);
    this.tick();
  }

  close(): void {
    window.clearInterval(this.timer);
    for (const track of this.tracks) track.close();
  }

  get languages(): string[] {
    const found = this.tracks.filter((track) => track.view.kind === "language").map((track) => track.view.lang);
    return [...new Set(found)].sort();
  }

  private getPart(track: string, n: number, generation: number): Promise<PartResult> {
    const id = (this.serial += 1);
    this.send({ type: "drop", track, generation });
    this.send({ type: "part", id, generation, track, n });
    return new Promise((resolve) => this.asked.set(id, resolve));
  }

  /** An answer of the worker. */
  answer(message: FromWorker): void {
    if (message.type !== "part" && message.type !== "bad" && message.type !== "unreachable") return;
    const resolve = this.asked.get(message.id);
    this.asked.delete(message.id);
    if (message.type === "part") resolve?.({ bytes: message.bytes });
    else if (message.type === "bad") resolve?.({ bad: message.code, rest: message.rest });
    else resolve?.({ unreachable: message.status });
  }

  private bad(track: TrackPlayer, n: number, code: string): void {
    const key = `${track.view.name}-${n}`;
    if (this.failed.has(key)) return;
    this.failed.set(key, code);
    const segment = track.view.segments.find((each) => each.n === n) ?? track.view.segments[0];
    this.failures.push({ track: track.view.name, n, code, t: segment?.t0 ?? 0 });
  }

  play(): void {
    if (this.clock.now() >= this.recording.end - 100) this.seek(0);
    const failure = this.stopped.peek();
    if (failure) {
      // Only on: what failed is passed over, and its picture or sound stays away.
      const track = this.tracks.find((each) => each.view.name === failure.track);
      const segment = track?.view.segments.find((each) => each.n === failure.n);
      if (segment && failure.n > 0) this.seek(segment.t1);
      else if (track) track.ignored = true;
      this.stopped.value = null;
    }
    this.wanted.value = true;
    this.tick();
  }

  pause(): void {
    this.wanted.value = false;
    this.clock.stop();
    this.tick();
  }

  seek(t: number): void {
    this.clock.stop();
    this.starting = false;
    this.clock.set(Math.max(0, Math.min(t, this.recording.end)));
    this.stopped.value = null;
    this.tick();
  }

  /** Goes where somebody pointed: in a list, the timeline or a search. The page says where it went. */
  goTo(t: number): void {
    this.seek(t);
    this.went.value = { at: this.clock.now() };
  }

  /** Plays as fast as this from now on, one of `SPEEDS`. */
  setSpeed(speed: number): void {
    this.clock.speed = speed;
    this.speed.value = speed;
    this.tick();
  }

  private tick(): void {
    let t = this.clock.now();
    if (t >= this.recording.end) {
      t = this.recording.end;
      this.clock.stop();
      this.clock.set(t);
      this.wanted.value = false;
    }
    this.passLocked(t);
    this.stopAtFailure(this.clock.now());
    t = this.clock.now();
    for (const track of this.tracks) {
      track.feed(t);
      track.evict(t);
    }
    const ready = this.tracks.every((track) => track.ready(t, this.clock.running));
    if (this.wanted.peek() && !this.clock.running && ready && !this.starting) void this.start();
    if (this.clock.running && !ready) this.clock.stop();
    const running = this.clock.running || this.starting;
    for (const track of this.tracks) {
      track.follow(t, running, this.clock.speed);
      track.watch(t, running);
    }
    this.mix(t);
    this.time.value = t;
    this.waiting.value = this.wanted.peek() && !ready;
    this.unreachable.value = this.tracks.some((track) => track.unreachable);
    this.show(t);
  }

  /** Told only when it changes: the page draws again each time. */
  private show(t: number): void {
    const before = this.showing.peek();
    const now = new Map(this.tracks.map((track) => [track.view.name, track.seen(t)]));
    const same = [...now].every(([name, showing]) => {
      const old = before.get(name);
      if (old?.what !== showing.what) return false;
      if (showing.what === "bad") return old.what === "bad" && old.segment === showing.segment;
      return showing.what !== "gap" || (old.what === "gap" && old.gap === showing.gap);
    });
    if (!same) this.showing.value = now;
  }

  /** Starts the elements, then the clock where they are: none has to catch up. */
  private async start(): Promise<void> {
    this.starting = true;
    const t = this.clock.now();
    const active = this.tracks.filter((track) => track.showing(t).what === "media");
    const begun = active.map((track) => track.element.play().catch(() => undefined));
    await Promise.race([Promise.all(begun), new Promise((resolve) => setTimeout(resolve, 400))]);
    if (!this.starting) return;
    this.starting = false;
    if (!this.wanted.peek() || this.clock.now() !== t) return;
    const ahead = active.map((track) => track.element.currentTime * 1000 - t).filter((each) => each >= 0 && each < 300);
    ahead.sort((a, b) => a - b);
    this.clock.set(t + (ahead[ahead.length >> 1] ?? 0));
    this.clock.start();
  }

  /** Playing jumps over what is recorded to a key that the key file does not open. */
  private passLocked(t: number): void {
    const locked = this.recording.ownKeys.find((each) => !each.opens && each.t0 <= t && t < each.t1);
    if (!locked || !this.wanted.peek()) return;
    this.clock.stop();
    this.starting = false;
    this.clock.set(Math.min(locked.t1, this.recording.end));
  }

  private stopAtFailure(t: number): void {
    if (!this.wanted.peek()) return;
    for (const track of this.tracks) {
      const at = track.stopAt(t);
      if (at > t + TICK) continue;
      const found = this.failures.find((each) => each.track === track.view.name && (each.n === 0 || each.t === at));
      if (!found) continue;
      this.clock.stop();
      this.starting = false;
      this.wanted.value = false;
      this.stopped.value = { ...found, t: at };
      return;
    }
  }

  /** Volumes only: nothing is fetched and nobody's place is lost when the language changes. */
  private mix(t: number): void {
    const language = this.language.peek();
    const channels = this.tracks.filter((track) => track.view.kind === "language" && track.view.lang === language);
    const live = language !== "" && channels.some((track) => track.showing(t).what === "media");
    this.interpreted.value = live;
    const beside = this.original.peek() / 100;
    for (const track of this.tracks) {
      if (track.video) continue;
      const volume = this.silenced.peek().has(track.view.name) ? 0 : this.volume(track, language, live, beside);
      if (Math.abs(track.element.volume - volume) > 0.001) track.element.volume = volume;
    }
  }

  private volume(track: TrackPlayer, language: Choice, live: boolean, beside: number): number {
    const { kind, lang, role } = track.view;
    if (kind === "language") return lang === language ? 1 : 0;
    // An interpreter's own microphone was heard through the channel only, and is recorded there too.
    if (role.startsWith("interpreter")) return 0;
    return !live || lang === language ? 1 : beside;
  }
}
