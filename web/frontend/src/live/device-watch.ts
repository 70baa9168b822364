// Watches the own camera and microphone while they are open, says what is wrong with them, and tells the court.
import { signal } from "@preact/signals";
import { HowlWatch } from "../client/howl";
import type { Sound } from "../client/sound";
import { announce } from "./announce";
import type { Equipment } from "./equipment";
import { CameraEye, ChannelWatch, isVirtual, PictureWatch, SoundWatch, type Trouble } from "./watchers";
import { troubleWords } from "./words";

/** Problems of devices of which the court is told. */
const TOLD_PROBLEMS = new Set<string>(
  (["microphone", "camera"] as const).flatMap((kind) => ["denied", "system", "busy", "none"].map((problem) => `${kind}_${problem}`)),
);

export interface Watched {
  equipment: Equipment;
  /** The sound graph, once there is one. */
  sound(): Sound | null;
  /** Whether somebody is to hear the own microphone, now or as soon as the person is in the room. */
  heardSoon(): boolean;
  /** Whether this page interprets simultaneously now: others hear the own microphone as a channel. */
  interprets(): boolean;
  /** Tells the court. */
  tell(troubles: Trouble[]): void;
}

export class DeviceWatch {
  /** What is wrong with the own devices, as this page has found. */
  readonly troubles = signal<Trouble[]>([]);
  private readonly soundWatch = new SoundWatch();
  private readonly howlWatch = new HowlWatch();
  private readonly channelWatch = new ChannelWatch();
  private readonly pictureWatch = new PictureWatch();
  private readonly eye = new CameraEye();
  private found = { sound: "" as Trouble | "", howl: "" as Trouble | "", channel: "" as Trouble | "", picture: "" as Trouble | "" };

  constructor(private readonly on: Watched) {}

  /** A look at the microphone. */
  listen(): void {
    const open = this.on.heardSoon() && this.on.equipment.microphone.peek() !== null;
    const sound = open ? this.on.sound() : null;
    const now = performance.now();
    this.found.sound = this.soundWatch.take(now, sound?.ownSamples() ?? null);
    this.howlWatch.take(now, sound?.ownSpectrum() ?? null);
    this.found.howl = this.howlWatch.recent(now) ? "microphone_howl" : "";
    const levels = sound && this.on.interprets() ? { heard: sound.heardLevel(), own: sound.ownLevel() } : null;
    this.found.channel = this.channelWatch.take(now, levels);
    this.compare();
  }

  /** A look at the picture. */
  look(): void {
    const track = this.on.equipment.camera.peek();
    // The browser draws no video of a page that nobody sees: nothing can be said of the picture then.
    this.found.picture = this.pictureWatch.take(performance.now(), document.hidden ? null : this.eye.look(track));
    this.compare();
  }

  /** Tells the court again, on a new line. */
  repeat(): void {
    this.on.tell(this.troubles.peek());
  }

  /** Says what is newly wrong, and tells the court. */
  private compare(): void {
    const problems = Object.values(this.on.equipment.problems.peek()).filter((problem) => problem !== undefined);
    const virtual = isVirtual(this.on.equipment.camera.peek()?.label ?? "");
    const found = [
      ...problems.map(({ kind, problem }) => `${kind}_${problem}`).filter((name): name is Trouble => TOLD_PROBLEMS.has(name)),
      ...(virtual ? (["camera_virtual"] as const) : []),
      ...[this.found.sound, this.found.howl, this.found.channel, this.found.picture].filter((trouble): trouble is Trouble => trouble !== ""),
    ];
    const before = this.troubles.peek();
    if (found.join() === before.join()) return;
    for (const trouble of found) {
      const words = before.includes(trouble) ? "" : troubleWords(trouble);
      if (words) announce(words, "matters");
    }
    this.troubles.value = found;
    this.repeat();
  }
}
