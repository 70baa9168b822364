// What this page plays: the sound graph, what guards ears in it, and the sounds that it makes by itself.
import { signal } from "@preact/signals";
import type { PageConfig } from "../config";
import { t } from "../i18n";
import { Sound } from "../client/sound";
import { announce } from "./announce";
import { prefer, preferences } from "./preferences";

export class Ears {
  /** The browser waits for a click before it lets the page sound. */
  readonly blocked = signal(false);
  /** This browser has no limiter for an interpreter's ears: nothing is played. */
  readonly unprotected = signal(false);
  readonly alarmAcknowledged = signal(false);
  /** Whether somebody waits for an answer that this page sounds for. */
  readonly called = signal(false);
  /** The sound graph, once there is one. */
  graph: Sound | null = null;
  private rang = false;

  constructor(private readonly config: PageConfig) {}

  /** The sound graph; made late, because a browser wants a click before it lets a page sound. */
  get sound(): Sound {
    if (!this.graph) {
      this.graph = new Sound();
      this.graph.context.onstatechange = () => (this.blocked.value = this.graph?.blocked ?? false);
      this.blocked.value = this.graph.blocked;
      if (this.config.test_hooks) Object.assign(window, { vivavoceSound: this.graph });
    }
    return this.graph;
  }

  async start(): Promise<void> {
    await this.sound.resume();
    this.blocked.value = this.sound.blocked;
  }

  /** Guards the ears of the person, with the limiter those of an interpreter. */
  async protect(interpreter: boolean): Promise<void> {
    const graph = this.sound;
    if (interpreter) graph.volume = preferences.peek().incoming / 100;
    const guarded = await graph.protect(this.config.limiter_url ?? "", interpreter);
    this.unprotected.value = interpreter && !guarded;
  }

  /** Sets how loud an interpreter hears everything, per cent; kept in this browser. */
  setIncoming(percent: number): void {
    prefer({ incoming: percent });
    if (!this.unprotected.peek()) this.sound.volume = percent / 100;
  }

  /** The bell and the vibration before a person comes into the room; once, until `entered`. */
  ring(): void {
    if (this.rang) return;
    this.rang = true;
    this.sound.bell();
    navigator.vibrate?.([300, 150, 300]);
    announce(t("The court is calling you in. You will be in the room in a moment."), "matters");
  }

  entered(): void {
    this.rang = false;
  }

  /** Sounds as long as somebody waits for an answer. */
  call(on: boolean): void {
    if (on === this.called.peek()) return;
    this.called.value = on;
    if (on) this.sound.call(true);
    else this.graph?.call(false);
  }

  /** The recording has failed, or is back: `responsible` people hear the alarm. */
  alarm(red: boolean, responsible: boolean): void {
    this.alarmAcknowledged.value = false;
    if (!red) {
      this.graph?.alarm(false);
      announce(t("The recording is running again."), "matters");
    } else if (responsible) this.sound.alarm(true);
  }

  acknowledgeAlarm(): void {
    this.alarmAcknowledged.value = true;
    this.graph?.alarm(false);
  }

  stop(): void {
    this.graph?.watch(null);
    this.graph?.alarm(false);
    this.graph?.call(false);
  }
}
