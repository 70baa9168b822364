// The person's own camera, microphone and loudspeaker: what is open, what else there is, what went wrong.
// An open device sends nothing by itself.
import { signal, type Signal } from "@preact/signals";
import { DeviceError, listDevices, open, type DeviceKind, type Devices } from "../client/devices";
import type { Sound } from "../client/sound";
import { t } from "../i18n";
import { announce } from "./announce";

export interface EquipmentEvents {
  /** Another track takes the place of the one before. */
  opened(kind: DeviceKind, track: MediaStreamTrack): Promise<void>;
  /** The device was unplugged, or taken away by the system. */
  gone(kind: DeviceKind): void;
}

export class Equipment {
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly microphone = signal<MediaStreamTrack | null>(null);
  readonly problems = signal<Partial<Record<DeviceKind, DeviceError>>>({});
  readonly devices = signal<Devices>({ camera: [], microphone: [], speaker: [] });
  /** Device ids. */
  readonly chosen = signal({ camera: "", microphone: "", speaker: "" });

  constructor(
    private readonly sound: () => Sound,
    private readonly events: EquipmentEvents,
  ) {}

  private held(kind: DeviceKind): Signal<MediaStreamTrack | null> {
    return kind === "camera" ? this.camera : this.microphone;
  }

  /** Opens a device; false when it cannot be had, and `problems` says why. */
  async open(kind: DeviceKind, id = this.chosen.value[kind]): Promise<boolean> {
    const held = this.held(kind);
    try {
      // Some machines cannot open a second device while the first is open.
      held.value?.stop();
      const track = await open(kind, id);
      held.value = track;
      track.addEventListener("ended", () => this.lost(kind, track));
      this.problems.value = { ...this.problems.value, [kind]: undefined };
      this.chosen.value = { ...this.chosen.value, [kind]: track.getSettings().deviceId ?? id };
      if (kind === "microphone") this.sound().watch(track);
      await this.events.opened(kind, track);
      await this.refresh();
      return true;
    } catch (error) {
      const wasOpen = held.value !== null;
      held.value = null;
      this.fail(kind, error instanceof DeviceError ? error : new DeviceError("unknown", kind));
      if (wasOpen) this.events.gone(kind);
      return false;
    }
  }

  /** Opens what is not open yet. One after the other: a missing device must not hide the other. */
  async openAll(): Promise<void> {
    if (!this.microphone.value) await this.open("microphone");
    if (!this.camera.value) await this.open("camera");
  }

  /** Lets go of camera and microphone. */
  stop(): void {
    for (const held of [this.microphone, this.camera]) {
      held.value?.stop();
      held.value = null;
    }
  }

  async useSpeaker(id: string): Promise<void> {
    this.chosen.value = { ...this.chosen.value, speaker: id };
    await this.sound().useSpeaker(id).catch(() => undefined);
  }

  async refresh(): Promise<void> {
    this.devices.value = await listDevices();
  }

  private fail(kind: DeviceKind, problem: DeviceError): void {
    this.problems.value = { ...this.problems.value, [kind]: problem };
  }

  private lost(kind: DeviceKind, track: MediaStreamTrack): void {
    const held = this.held(kind);
    if (held.value !== track) return;
    held.value = null;
    this.fail(kind, new DeviceError("none", kind));
    this.events.gone(kind);
    announce(kind === "camera" ? t("Your camera has been unplugged.") : t("Your microphone has been unplugged."), "matters");
  }
}
