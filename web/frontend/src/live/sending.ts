// The own microphone and camera: what is sent of them, and how that follows the server. It is the authority; only here
// both are switched off first, and never switched on by anyone else.
import { signal, type ReadonlySignal } from "@preact/signals";
import type { View } from "../messages";
import { t } from "../i18n";
import type { MediaLine } from "../client/media";
import type { Act } from "../client/signalling";
import { announce } from "./announce";
import { DeviceWatch } from "./device-watch";
import type { Ears } from "./ears";
import { Equipment } from "./equipment";
import { me, mayShow } from "./words";
import type { Trouble } from "./watchers";

/** In this tab only: whether its person had the camera on, so that a reload does not ask again. */
const CAMERA_KEY = "vivavoce-camera";

type Switch = "off" | "asking" | "on";

export interface Sent {
  view: ReadonlySignal<View | null>;
  act: Act;
  ears: Ears;
  /** Where it is sent. */
  line: MediaLine;
  /** Tells the court what is wrong with a device. */
  tell(troubles: Trouble[]): void;
}

export class Sending {
  readonly microphone = signal<Switch>("off");
  readonly camera = signal<Switch>("off");
  /** The microphone stays on and the turn stays mine, but nothing of it is sent while I cough. */
  readonly coughing = signal(false);
  /** Whether the person wants the camera on when the room opens. */
  readonly joinWithCamera = signal(true);

  readonly equipment = new Equipment(() => this.on.ears.sound, {
    opened: async (kind, track) => {
      if (kind === "microphone" && this.microphone.value === "on") await this.on.line.sendAudio(track);
      if (kind === "camera" && this.camera.value === "on") await this.on.line.sendVideo(track);
    },
    gone: (kind) => {
      if (kind === "microphone" && this.microphone.value === "on") void this.setMicrophone(false);
      if (kind === "camera" && this.camera.value === "on") void this.setCamera(false);
    },
  });
  readonly devices = new DeviceWatch({
    equipment: this.equipment,
    sound: () => this.on.ears.graph,
    heardSoon: () => this.on.view.peek()?.phase !== "room" || this.microphone.peek() === "on",
    interprets: () => {
      const view = this.on.view.peek();
      return view?.phase === "room" && view.booth?.mine === true && view.floor.mode !== "consecutive" && !this.coughing.peek();
    },
    tell: (troubles) => this.on.tell(troubles),
  });
  /** The person has pressed for the turn in the booth: once it is theirs, this page opens the microphone. */
  private wantsTurn = false;
  private seenOn = { microphone: false, camera: false };

  constructor(private readonly on: Sent) {}

  async setMicrophone(on: boolean): Promise<void> {
    if (!on) {
      this.closeMicrophone();
      await this.on.act("microphone", { on: false });
      return;
    }
    if (this.microphone.value !== "off") return;
    this.microphone.value = "asking";
    void this.on.ears.start();
    if (!this.equipment.microphone.value && !(await this.equipment.open("microphone"))) {
      this.microphone.value = "off";
      return;
    }
    this.seenOn.microphone = this.here()?.microphone === "on";
    const { ok } = await this.on.act("microphone", { on: true });
    if (this.microphone.value !== "asking") return;
    if (ok) {
      this.microphone.value = "on";
      await this.on.line.sendAudio(this.equipment.microphone.value);
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
    const asked = this.on.view.peek()?.booth?.asked ?? "";
    const { ok } = await this.on.act("hand_over", {});
    this.wantsTurn = ok && asked !== "me" && asked !== "both";
  }

  /** Takes over from a partner whose line is lost, with the microphone on. */
  async takeTurnOver(): Promise<void> {
    this.wantsTurn = (await this.on.act("take_over", {})).ok;
    const view = this.on.view.peek();
    if (view) this.followTurn(view);
  }

  async setCamera(on: boolean): Promise<void> {
    if (!on) {
      this.closeCamera();
      await this.on.act("camera", { on: false });
      return;
    }
    if (this.camera.value !== "off") return;
    this.camera.value = "asking";
    if (!this.equipment.camera.value && !(await this.equipment.open("camera"))) {
      this.camera.value = "off";
      return;
    }
    this.seenOn.camera = this.here()?.camera ?? false;
    const { ok } = await this.on.act("camera", { on: true });
    if (this.camera.value !== "asking") return;
    if (ok) {
      this.camera.value = "on";
      this.remember(true);
      await this.on.line.sendVideo(this.equipment.camera.value);
    } else this.camera.value = "off";
  }

  /** Into the room: from the lobby, or, when `reloaded`, back to the same seat. */
  enter(view: View, reloaded: boolean): void {
    const here = me(view);
    if (!reloaded) {
      if (this.joinWithCamera.value && mayShow(view) && this.equipment.camera.value) void this.setCamera(true);
      // The devices were checked with the camera; who comes in without a picture says so.
      else if (here?.camera) void this.on.act("camera", { on: false });
      return;
    }
    // Listening: the microphone stays off; the camera comes back if this tab had it on.
    if (here?.microphone === "on") void this.on.act("microphone", { on: false });
    if (sessionStorage.getItem(CAMERA_KEY) === "on") void this.setCamera(true);
    else if (here?.camera) void this.on.act("camera", { on: false });
  }

  leave(): void {
    this.closeMicrophone();
    this.closeCamera(false);
  }

  /** Back on a new line: listening. The person opens the microphone again. */
  reconnected(): void {
    if (this.microphone.value === "off") return;
    this.closeMicrophone();
    void this.on.act("microphone", { on: false });
    announce(t("The connection was re-established. Your microphone is off."), "matters");
  }

  /** Follows the server in switching off; never in switching on. */
  follow(view: View): void {
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

  /** Nothing is sent any more, and the devices are let go. */
  stop(): void {
    this.closeMicrophone();
    this.closeCamera();
  }

  private here() {
    const view = this.on.view.value;
    return view ? me(view) : undefined;
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
    void this.on.line.sendAudio(null);
  }

  private closeCamera(chosen = true): void {
    this.camera.value = "off";
    this.seenOn.camera = false;
    if (chosen) this.remember(false);
    void this.on.line.sendVideo(null);
  }

  private remember(camera: boolean): void {
    if (camera) sessionStorage.setItem(CAMERA_KEY, "on");
    else sessionStorage.removeItem(CAMERA_KEY);
  }
}
