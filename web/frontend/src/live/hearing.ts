// The hearing as this page knows it: signals that the components read, and the acts they call.
// Ties the control line, the media line and the sound graph together. The server is the authority; only the own
// microphone and camera are switched off here first, and never switched on by anyone else.
import { batch, computed, signal } from "@preact/signals";
import type { CaptionLine, IceServer, Notice, PersonView, Result, SlotView, View } from "../messages";
import type { PageConfig } from "../config";
import { t } from "../i18n";
import { ServerClock } from "../client/clock";
import { askAsAgreed } from "../client/devices";
import type { Fingerprints } from "../client/fingerprints";
import { Listening } from "../client/listening";
import { MediaLine, type MediaStatus } from "../client/media";
import { relayOnly, setRelayOnly, type Route } from "../client/relays";
import { isRed, RecordingWatch, type Claim } from "../client/recording";
import { Signalling, type CommandType, type Status, type Wanted } from "../client/signalling";
import { Sound } from "../client/sound";
import { announce } from "./announce";
import { merge } from "./caption-lines";
import { DeviceWatch } from "./device-watch";
import { Equipment } from "./equipment";
import { Levels } from "./levels";
import { prefer, preferences } from "./preferences";
import { tell } from "./telling";
import { WakeLock } from "./wakelock";
import { inSession, isInterpreter, isResponsible, mayShow, me, refusalWords, sounds } from "./words";

export interface Happening {
  at: number;
  text: string;
  assertive: boolean;
}

export interface Ending {
  why: string;
  text: string;
}

/** In this tab only: whether its person had the camera on, so that a reload does not ask again. */
const CAMERA_KEY = "vivavoce-camera";
/** In this tab only: that it had the seat, so that a reload does not ask whether to take its own seat over. */
const SEAT_KEY = "vivavoce-seat";
const LEVEL_MS = 125;
const SECOND_MS = 250;
const REPORT_MS = 5_000;
const LOOK_MS = 1_000;
const LISTENING_MS = 30_000;
/** The server's word on a new line comes a moment after the line: until then the two cannot be held against each other. */
const SETTLED_MS = 2_000;
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
  readonly mediaStatus = signal<MediaStatus>("idle");
  readonly mediaText = signal("");
  /** Of the line in use, as this browser has met it; null while there is none. */
  readonly fingerprints = signal<Fingerprints | null>(null);
  /** The court's relays; empty when it has none. */
  readonly relays = signal<IceServer[]>([]);
  readonly relayOnly = signal(relayOnly());
  readonly slots = signal<SlotView[]>([]);
  /** Video tracks by receiving line. */
  readonly videos = signal<ReadonlyMap<string, MediaStreamTrack>>(new Map());
  readonly levels = new Levels();
  readonly notices = signal<Happening[]>([]);
  readonly captions = signal<CaptionLine[]>([]);
  /** Why the last act was refused; stays until the next act or until it is put away. */
  readonly refusal = signal("");

  readonly microphone = signal<"off" | "asking" | "on">("off");
  readonly camera = signal<"off" | "asking" | "on">("off");
  /** The microphone stays on and the turn stays mine, but nothing of it is sent while I cough. */
  readonly coughing = signal(false);
  /** This browser has no limiter for an interpreter's ears: nothing is played. */
  readonly unprotectedEars = signal(false);
  readonly soundBlocked = signal(false);
  readonly wakeLock = new WakeLock();
  /** Seconds for which the control line has been down; 0 when it is up. */
  readonly controlLost = signal(0);
  readonly mediaLost = signal(0);
  readonly alarmAcknowledged = signal(false);
  /** Whether somebody waits for an answer that this page sounds for. */
  readonly called = signal(false);
  /** Number of the newest message to the court that this tab has shown. */
  readonly messagesSeen = signal(0);
  /** Whether the person wants the camera on when the room opens. */
  readonly joinWithCamera = signal(true);

  readonly me = computed<PersonView | undefined>(() => (this.view.value ? me(this.view.value) : undefined));
  readonly red = computed(() => (this.claim.value ? isRed(this.claim.value.status) : false));
  /** HTTP status of the last ticket that was refused. */
  readonly problem = signal(0);
  readonly connected = computed(() => this.status.value === "open");

  readonly equipment = new Equipment(() => this.sound, {
    opened: async (kind, track) => {
      if (kind === "microphone" && this.microphone.value === "on") await this.media.sendAudio(track);
      if (kind === "camera" && this.camera.value === "on") await this.media.sendVideo(track);
    },
    gone: (kind) => {
      if (kind === "microphone" && this.microphone.value === "on") void this.setMicrophone(false);
      if (kind === "camera" && this.camera.value === "on") void this.setCamera(false);
    },
  });

  private readonly devices = new DeviceWatch({
    equipment: this.equipment,
    sound: () => this.graph,
    heardSoon: () => this.view.peek()?.phase !== "room" || this.microphone.peek() === "on",
    tell: (troubles) => this.signalling.send({ type: "device_report", troubles }),
  });
  /** What is wrong with the own devices, as this page has found. */
  readonly troubles = this.devices.troubles;
  /** The person has pressed for the turn in the booth: once it is theirs, this page opens the microphone. */
  private wantsTurn = false;
  private readonly clock = new ServerClock();
  private readonly watch = new RecordingWatch();
  private readonly signalling: Signalling;
  private readonly media: MediaLine;
  private graph: Sound | null = null;
  private seenOn = { microphone: false, camera: false };
  private connections = 0;
  private lostAt = { control: 0, media: 0 };
  private rang = false;
  private looking = 0;
  private readonly listening = new Listening();

  constructor(readonly config: PageConfig) {
    this.signalling = new Signalling({
      ref: config.ref,
      csrf: config.csrf,
      generation: () => this.media.generation,
      returning: sessionStorage.getItem(SEAT_KEY) === config.ref,
      events: {
        status: (status) => this.lineStatus(status),
        view: (view) => this.take(view),
        tick: (tick) => {
          this.clock.set(tick.at);
          this.watch.ticked(tick.at, tick.recording);
          this.refresh();
        },
        slots: ({ slots }) => {
          this.slots.value = slots;
          this.graph?.assign(slots);
        },
        relays: ({ servers }) => {
          this.media.relays = this.relays.value = servers;
        },
        reoffer: ({ generation }) => this.media.renew(generation),
        notice: (notice) => this.happened(notice),
        captions: ({ lines }) => {
          this.captions.value = merge(this.captions.value, lines);
        },
        bye: ({ why, text }) => this.end(why, text),
        refused: (status, text) => this.end(status === 401 ? "signed_out" : "not_allowed", text),
      },
    });
    if (config.agreed) askAsAgreed(config.agreed);
    this.media = new MediaLine({
      ref: config.ref,
      csrf: config.csrf,
      agreed: config.agreed,
      relayOnly: () => this.relayOnly.value,
      events: {
        status: (status, text) => this.mediaChanged(status, text),
        track: (mid, kind, track) => this.received(mid, kind, track),
        reset: () => {
          this.graph?.clear();
          this.videos.value = new Map();
        },
      },
    });
  }

  start(): void {
    this.signalling.start();
    window.setInterval(() => this.refresh(), SECOND_MS);
    window.setInterval(() => this.meters(), LEVEL_MS);
    window.setInterval(() => void this.report(), REPORT_MS);
    window.setInterval(() => void this.measureListening(), LISTENING_MS);
    window.setInterval(() => this.devices.look(), LOOK_MS);
    document.addEventListener("visibilitychange", () => this.keepAwake());
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.equipment.refresh());
  }

  /** The sound graph; made late, because a browser wants a click before it lets a page sound. */
  get sound(): Sound {
    if (!this.graph) {
      this.graph = new Sound();
      this.graph.context.onstatechange = () => (this.soundBlocked.value = this.graph?.blocked ?? false);
      this.soundBlocked.value = this.graph.blocked;
      if (this.config.test_hooks) Object.assign(window, { vivavoceSound: this.graph });
    }
    return this.graph;
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
    this.connections = 0;
    this.signalling.start(true);
  }

  async leave(): Promise<void> {
    await this.act("leave", {});
  }

  async startSound(): Promise<void> {
    await this.sound.resume();
    this.soundBlocked.value = this.sound.blocked;
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (!on) {
      this.closeMicrophone();
      await this.act("microphone", { on: false });
      return;
    }
    if (this.microphone.value !== "off") return;
    this.microphone.value = "asking";
    void this.startSound();
    if (!this.equipment.microphone.value && !(await this.equipment.open("microphone"))) {
      this.microphone.value = "off";
      return;
    }
    this.seenOn.microphone = this.me.value?.microphone === "on";
    const { ok } = await this.act("microphone", { on: true });
    if (this.microphone.value !== "asking") return;
    if (ok) {
      this.microphone.value = "on";
      await this.media.sendAudio(this.equipment.microphone.value);
      announce(t("Your microphone is on."));
    } else this.microphone.value = "off";
  }

  /** Mutes the own microphone at its source, at once, without giving the turn up. */
  cough(on: boolean): void {
    const track = this.equipment.microphone.peek();
    if (track) track.enabled = !on;
    this.coughing.value = on && track !== null;
  }

  /** Asks for the handover in the booth, agrees to it, or takes that back. */
  async handOver(): Promise<void> {
    const asked = this.view.peek()?.booth?.asked ?? "";
    const { ok } = await this.act("hand_over", {});
    this.wantsTurn = ok && asked !== "me" && asked !== "both";
  }

  /** Takes over from a partner whose line is lost, with the microphone on. */
  async takeTurnOver(): Promise<void> {
    this.wantsTurn = (await this.act("take_over", {})).ok;
    const view = this.view.peek();
    if (view) this.followTurn(view);
  }

  async setCamera(on: boolean): Promise<void> {
    if (!on) {
      this.closeCamera();
      await this.act("camera", { on: false });
      return;
    }
    if (this.camera.value !== "off") return;
    this.camera.value = "asking";
    if (!this.equipment.camera.value && !(await this.equipment.open("camera"))) {
      this.camera.value = "off";
      return;
    }
    this.seenOn.camera = this.me.value?.camera ?? false;
    const { ok } = await this.act("camera", { on: true });
    if (this.camera.value !== "asking") return;
    if (ok) {
      this.camera.value = "on";
      this.remember(true);
      await this.media.sendVideo(this.equipment.camera.value);
    } else this.camera.value = "off";
  }

  /** From now on by the court's relay only, or by whatever way is open; the present line is made anew. */
  setRelayOnly(only: boolean): void {
    setRelayOnly(only);
    this.relayOnly.value = only;
    const view = this.view.value;
    if (view?.phase === "room" && view.media_up) this.media.renew(view.generation);
  }

  route(): Promise<Route> {
    return this.media.route();
  }

  acknowledgeAlarm(): void {
    this.alarmAcknowledged.value = true;
    this.graph?.alarm(false);
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
    if (before && view.hold && !before.hold) this.graph?.chime();
    if (view.phase === "room") {
      if (before?.phase !== "room") this.enter(before);
      if (view.media_up && view.generation) this.media.use(view.generation);
      this.media.fault(Boolean(me(view)?.fault));
    } else if (before?.phase === "room") this.leaveRoom();
    if (view.phase === "lobby") {
      this.keepAwake();
      if (me(view)?.presence === "called") this.ring();
    }
    if (view.phase === "ended") this.stopEverything();
    this.follow(view);
  }

  /** The bell and the vibration before a person comes into the room. */
  private ring(): void {
    if (this.rang) return;
    this.rang = true;
    this.sound.bell();
    navigator.vibrate?.([300, 150, 300]);
    announce(t("The court is calling you in. You will be in the room in a moment."), "matters");
  }

  private enter(before: View | null): void {
    this.connections = 0;
    const graph = this.sound;
    void this.startSound();
    graph.assign(this.slots.value);
    void this.protectEars(graph);
    if (before?.phase === "lobby") this.ring();
    this.rang = false;
    this.keepAwake();
    const view = this.view.value as View;
    const here = me(view);
    if (before) {
      if (this.joinWithCamera.value && mayShow(view) && this.equipment.camera.value) void this.setCamera(true);
      // The devices were checked with the camera; who comes in without a picture says so.
      else if (here?.camera) void this.act("camera", { on: false });
    } else {
      // Reloaded: the same seat, listening. The microphone stays off; the camera comes back if this tab had it on.
      if (here?.microphone === "on") void this.act("microphone", { on: false });
      if (sessionStorage.getItem(CAMERA_KEY) === "on") void this.setCamera(true);
      else if (here?.camera) void this.act("camera", { on: false });
    }
  }

  private async protectEars(graph: Sound): Promise<void> {
    const interpreter = isInterpreter(this.me.peek());
    if (interpreter) graph.volume = preferences.peek().incoming / 100;
    const guarded = await graph.protect(this.config.limiter_url ?? "", interpreter);
    this.unprotectedEars.value = interpreter && !guarded;
  }

  /** Sets how loud an interpreter hears everything, per cent; kept in this browser. */
  setIncoming(percent: number): void {
    prefer({ incoming: percent });
    if (!this.unprotectedEars.peek()) this.sound.volume = percent / 100;
  }

  private leaveRoom(): void {
    this.media.stop();
    this.closeMicrophone();
    this.closeCamera(false);
    this.slots.value = [];
  }

  /** Follows the server in switching off; never in switching on. */
  private follow(view: View): void {
    const here = me(view);
    if (!here) return;
    this.followTurn(view);
    if (this.microphone.value === "on") {
      if (here.microphone === "on") this.seenOn.microphone = true;
      else if (here.microphone === "muted_by_court" || this.seenOn.microphone) this.closeMicrophone();
    }
    if (this.camera.value === "on") {
      if (here.camera) this.seenOn.camera = true;
      else if (this.seenOn.camera) this.closeCamera(false);
    }
  }

  private followTurn(view: View): void {
    if (!this.wantsTurn || !view.booth?.mine || this.microphone.peek() === "on") return;
    this.wantsTurn = false;
    void this.setMicrophone(true);
  }

  private closeMicrophone(): void {
    this.cough(false);
    this.microphone.value = "off";
    this.seenOn.microphone = false;
    void this.media.sendAudio(null);
  }

  private closeCamera(chosen = true): void {
    this.camera.value = "off";
    this.seenOn.camera = false;
    if (chosen) this.remember(false);
    void this.media.sendVideo(null);
  }

  private remember(camera: boolean): void {
    if (camera) sessionStorage.setItem(CAMERA_KEY, "on");
    else sessionStorage.removeItem(CAMERA_KEY);
  }

  private lineStatus(status: Status): void {
    this.status.value = status;
    this.problem.value = this.signalling.problem;
    if (status === "lost") this.lostAt.control ||= performance.now();
    else if (status === "open") {
      if (this.lostAt.control) announce(t("You are connected again."), "matters");
        this.devices.repeat();
      this.lostAt.control = 0;
    }
    if (status === "taken" || status === "ended") this.lostAt.control = 0;
    this.refresh();
  }

  private mediaChanged(status: MediaStatus, text: string): void {
    this.mediaStatus.value = status;
    this.mediaText.value = text;
    this.fingerprints.value = null;
    window.clearTimeout(this.looking);
    if (status === "connected") this.looking = window.setTimeout(() => void this.lookAtCertificates(), SETTLED_MS);
    if (status === "connecting") {
      this.connections += 1;
      // Back on a new line: listening. The person opens the microphone again.
      if (this.connections > 1 && this.microphone.value !== "off") {
        this.closeMicrophone();
        void this.act("microphone", { on: false });
        announce(t("The connection was re-established. Your microphone is off."), "matters");
      }
    }
    if (status === "connected" || status === "idle") this.lostAt.media = 0;
    else this.lostAt.media ||= performance.now();
    this.refresh();
  }

  private async lookAtCertificates(): Promise<void> {
    const found = await this.media.fingerprints();
    if (this.mediaStatus.value === "connected") this.fingerprints.value = found;
  }

  private received(mid: string, kind: "audio" | "video", track: MediaStreamTrack): void {
    if (kind === "audio") {
      this.sound.add(mid, track);
      this.sound.assign(this.slots.value);
      return;
    }
    this.videos.value = new Map(this.videos.value).set(mid, track);
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
    this.media.stop();
    this.closeMicrophone();
    this.closeCamera();
    this.graph?.watch(null);
    this.graph?.alarm(false);
    this.graph?.call(false);
    this.equipment.stop();
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
      this.controlLost.value = age(this.lostAt.control);
      this.mediaLost.value = age(this.lostAt.media);
      if (JSON.stringify(old) !== JSON.stringify(next)) this.claim.value = next;
    });
    const red = next !== null && isRed(next.status);
    if (red !== (old !== null && isRed(old.status))) this.alarm(red);
    this.ringForCalls();
  }

  private ringForCalls(): void {
    const calls = this.ended.peek() ? [] : (this.view.peek()?.calls ?? []);
    const on = sounds(calls, this.me.peek(), this.clock.now());
    if (on === this.called.peek()) return;
    this.called.value = on;
    if (on) this.sound.call(true);
    else this.graph?.call(false);
  }

  private alarm(red: boolean): void {
    this.alarmAcknowledged.value = false;
    if (!red) {
      this.graph?.alarm(false);
      announce(t("The recording is running again."), "matters");
    } else if (isResponsible(this.me.peek()) && !this.ended.peek()) this.sound.alarm(true);
  }

  private meters(): void {
    this.devices.listen();
    if (!this.graph) return;
    const sent = this.microphone.peek() === "on";
    this.graph.sent = sent;
    const me = sent ? (this.me.peek()?.participant ?? "") : "";
    this.listening.heard(this.graph.heardLevel());
    if (isInterpreter(this.me.peek())) this.listening.howling(performance.now(), this.graph.heardSpectra());
    this.levels.measure(this.graph, this.slots.peek(), this.view.peek()?.people ?? [], me, performance.now());
  }

  /** What an interpreter hears and sees, for the minutes. */
  private async measureListening(): Promise<void> {
    if (!isInterpreter(this.me.peek()) || this.view.peek()?.phase !== "room") return;
    const stats = await this.media.stats();
    const figures = stats && this.listening.look(stats, this.graph?.limits ?? 0);
    if (figures) this.signalling.send(figures);
  }

  private async report(): Promise<void> {
    const report = await this.media.measure();
    if (report) this.signalling.send(report);
  }

  private keepAwake(): void {
    const phase = this.view.value?.phase;
    if ((phase === "lobby" || phase === "room") && !this.ended.value) void this.wakeLock.keep();
  }
}
