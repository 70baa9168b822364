// The hearing as this page knows it: signals that the components read, and the acts they call. Ties the control line, the
// media line (own-line.ts), what is sent (sending.ts) and what is played (ears.ts) together. The server is the authority.
import { batch, computed, signal } from "@preact/signals";
import type { CaptionLine, Notice, PersonView, Result, View } from "../messages";
import type { PageConfig } from "../config";
import { t } from "../i18n";
import { ServerClock } from "../client/clock";
import { askAsAgreed } from "../client/devices";
import { isRed, RecordingWatch, type Claim } from "../client/recording";
import { Signalling, type CommandType, type Status, type Wanted } from "../client/signalling";
import { announce } from "./announce";
import { merge } from "./caption-lines";
import { Ears } from "./ears";
import { Levels } from "./levels";
import { OwnLine } from "./own-line";
import { Sending } from "./sending";
import { tell } from "./telling";
import { WakeLock } from "./wakelock";
import { inSession, isInterpreter, isResponsible, me, refusalWords, sounds } from "./words";

export interface Happening {
  at: number;
  text: string;
  assertive: boolean;
}

export interface Ending {
  why: string;
  text: string;
}

/** In this tab only: that it had the seat, so that a reload does not ask whether to take its own seat over. */
const SEAT_KEY = "vivavoce-seat";
const LEVEL_MS = 125;
const SECOND_MS = 250;
const REPORT_MS = 5_000;
const LOOK_MS = 1_000;
const LISTENING_MS = 30_000;
const KEPT = 50;
/** Notices of what this page says by itself, from the view. */
const SPOKEN = new Set(["hold", "resumed", "muted", "recording_failing", "recording_back", "objection", "break_ordered"]);

/** Notices that the hearing stops: they interrupt a screen reader, and no others do. */
const STOPS = new Set(["line_lost", "media_lost", "closing", "breaking_off", "closed", "no_recording", "fingerprints_differ", "returned_to_lobby"]);

export class Hearing {
  readonly view = signal<View | null>(null);
  readonly status = signal<Status>("connecting");
  readonly ended = signal<Ending | null>(null);
  readonly claim = signal<Claim | null>(null);
  /** The server's time, ms since 1970 UTC, once a second. */
  readonly now = signal(Date.now());
  readonly levels = new Levels();
  readonly notices = signal<Happening[]>([]);
  readonly captions = signal<CaptionLine[]>([]);
  /** Why the last act was refused; stays until the next act or until it is put away. */
  readonly refusal = signal("");
  readonly wakeLock = new WakeLock();
  /** Seconds for which the control line has been down; 0 when it is up. */
  readonly controlLost = signal(0);
  readonly mediaLost = signal(0);
  /** Number of the newest message to the court that this tab has shown. */
  readonly messagesSeen = signal(0);
  /** HTTP status of the last ticket that was refused. */
  readonly problem = signal(0);

  readonly me = computed<PersonView | undefined>(() => (this.view.value ? me(this.view.value) : undefined));
  readonly red = computed(() => (this.claim.value ? isRed(this.claim.value.status) : false));
  readonly connected = computed(() => this.status.value === "open");

  readonly ears: Ears;
  readonly line: OwnLine;
  readonly sending: Sending;
  private readonly clock = new ServerClock();
  private readonly watch = new RecordingWatch();
  private readonly signalling: Signalling;
  /** When the control line was lost, of the page's own clock; 0 when it is up. */
  private lostAt = 0;

  constructor(readonly config: PageConfig) {
    if (config.agreed) askAsAgreed(config.agreed);
    this.ears = new Ears(config);
    this.line = new OwnLine(config, this.ears, { renewed: () => this.sending.reconnected(), changed: () => this.refresh() });
    this.signalling = this.controlLine(config);
    this.sending = new Sending({
      view: this.view,
      act: (type, fields) => this.act(type, fields),
      ears: this.ears,
      line: this.line.media,
      tell: (troubles) => this.signalling.send({ type: "device_report", troubles }),
    });
  }

  private controlLine({ ref, csrf }: PageConfig): Signalling {
    return new Signalling({
      ref,
      csrf,
      generation: () => this.line.media.generation,
      returning: sessionStorage.getItem(SEAT_KEY) === ref,
      events: {
        status: (status) => this.lineStatus(status),
        view: (view) => this.take(view),
        tick: (tick) => {
          this.clock.set(tick.at);
          this.watch.ticked(tick.at, tick.recording);
          this.refresh();
        },
        slots: ({ slots }) => this.line.assign(slots),
        relays: ({ servers }) => this.line.useRelays(servers),
        reoffer: ({ generation }) => this.line.media.renew(generation),
        notice: (notice) => this.happened(notice),
        captions: ({ lines }) => {
          this.captions.value = merge(this.captions.value, lines);
        },
        bye: ({ why, text }) => this.end(why, text),
        refused: (status, text) => this.end(status === 401 ? "signed_out" : "not_allowed", text),
      },
    });
  }

  start(): void {
    this.signalling.start();
    window.setInterval(() => this.refresh(), SECOND_MS);
    window.setInterval(() => this.meters(), LEVEL_MS);
    window.setInterval(() => void this.report(), REPORT_MS);
    window.setInterval(() => void this.reportListening(), LISTENING_MS);
    window.setInterval(() => this.sending.devices.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.keepAwake());
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.sending.equipment.refresh());
  }

  // --- acts ------------------------------------------------------------------------------------------------------

  /** Asks the server for something; a refusal is shown and said. */
  async act<Type extends CommandType>(type: Type, fields: Wanted<Type>): Promise<Result> {
    this.refusal.value = "";
    const result = await this.signalling.command(type, fields);
    if (!result.ok && result.code !== "ended") {
      this.refusal.value = refusalWords(result.code, result.text);
      announce(this.refusal.value, "matters");
    }
    return result;
  }

  /** "Use this hearing here": the seat moves to this tab. */
  takeOver(): void {
    this.ended.value = null;
    this.line.forget();
    this.signalling.start(true);
  }

  async leave(): Promise<void> {
    await this.act("leave", {});
  }

  // --- what arrives ------------------------------------------------------------------------------------------------

  private take(view: View): void {
    const before = this.view.value;
    this.watch.view(view.recording, inSession(view.status));
    batch(() => {
      this.view.value = view;
      this.refresh();
    });
    if (!before) sessionStorage.setItem(SEAT_KEY, this.config.ref);
    if (before) tell(before, view);
    if (before && view.hold && !before.hold) this.ears.graph?.chime();
    if (view.phase === "room") {
      if (before?.phase !== "room") this.enter(before, view);
      this.line.follow(view);
    } else if (before?.phase === "room") this.leaveRoom();
    if (view.phase === "lobby") {
      this.keepAwake();
      if (me(view)?.presence === "called") this.ears.ring();
    }
    if (view.phase === "ended") this.stopEverything();
    this.sending.follow(view);
  }

  private enter(before: View | null, view: View): void {
    this.line.forget();
    void this.ears.start();
    this.ears.sound.assign(this.line.slots.value);
    void this.ears.protect(isInterpreter(this.me.peek()));
    if (before?.phase === "lobby") this.ears.ring();
    this.ears.entered();
    this.keepAwake();
    this.sending.enter(view, before === null);
  }

  private leaveRoom(): void {
    this.line.leave();
    this.sending.leave();
  }

  private lineStatus(status: Status): void {
    this.status.value = status;
    this.problem.value = this.signalling.problem;
    if (status === "lost") this.lostAt ||= performance.now();
    else if (status === "open") {
      if (this.lostAt) announce(t("You are connected again."), "matters");
      this.sending.devices.repeat();
      this.lostAt = 0;
    }
    if (status === "taken" || status === "ended") this.lostAt = 0;
    this.refresh();
  }

  private happened({ at, code, text, assertive }: Notice): void {
    this.notices.value = [...this.notices.value, { at: at / 1e6, text, assertive }].slice(-KEPT);
    if (!SPOKEN.has(code)) announce(text, STOPS.has(code) ? "stops" : assertive ? "matters" : "detail");
  }

  private end(why: string, text: string): void {
    sessionStorage.removeItem(SEAT_KEY);
    this.ended.value = { why, text };
    this.stopEverything();
    announce(text, "stops");
  }

  private stopEverything(): void {
    this.line.media.stop();
    this.sending.stop();
    this.ears.stop();
    this.sending.equipment.stop();
    this.wakeLock.release();
  }

  // --- clocks ------------------------------------------------------------------------------------------------------

  private refresh(): void {
    const age = (since: number): number => (since ? Math.floor((performance.now() - since) / 1_000) : 0);
    const old = this.claim.peek();
    const next = this.watch.claim();
    // The page's own doubt has no time from the server: it began when the page began to doubt.
    if (next?.own) next.since = old?.own ? old.since : this.clock.now();
    batch(() => {
      this.now.value = Math.floor(this.clock.now() / 1_000) * 1_000;
      this.controlLost.value = age(this.lostAt);
      this.mediaLost.value = age(this.line.lostAt);
      if (JSON.stringify(old) !== JSON.stringify(next)) this.claim.value = next;
    });
    const red = next !== null && isRed(next.status);
    if (red !== (old !== null && isRed(old.status))) this.ears.alarm(red, isResponsible(this.me.peek()) && !this.ended.peek());
    const calls = this.ended.peek() ? [] : (this.view.peek()?.calls ?? []);
    this.ears.call(sounds(calls, this.me.peek(), this.clock.now()));
  }

  private meters(): void {
    this.sending.devices.listen();
    const { graph } = this.ears;
    if (!graph) return;
    const sent = this.sending.microphone.peek() === "on";
    graph.sent = sent;
    const self = this.me.peek();
    this.line.hear(graph, isInterpreter(self));
    this.levels.measure(graph, this.line.slots.peek(), this.view.peek()?.people ?? [], sent ? (self?.participant ?? "") : "", performance.now());
  }

  /** What an interpreter hears and sees, for the minutes. */
  private async reportListening(): Promise<void> {
    if (!isInterpreter(this.me.peek()) || this.view.peek()?.phase !== "room") return;
    const figures = await this.line.heard();
    if (figures) this.signalling.send(figures);
  }

  private async report(): Promise<void> {
    const report = await this.line.media.measure();
    if (report) this.signalling.send(report);
  }

  private keepAwake(): void {
    const phase = this.view.value?.phase;
    if ((phase === "lobby" || phase === "room") && !this.ended.value) void this.wakeLock.keep();
  }
}
