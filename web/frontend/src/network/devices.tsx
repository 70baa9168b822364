// The check of the own camera, microphone and loudspeaker, days before a hearing. Nothing of it leaves the page but whether
// each of them works, which goes to the court with the network test.
import { signal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { DeviceError, open, type DeviceKind } from "../client/devices";
import { Sound, steps } from "../client/sound";
import { t } from "../i18n";
import { SPEAKING } from "../live/levels";
import { deviceWords } from "../live/words";

/** What the server takes of a check. */
export interface Checked {
  camera: boolean;
  microphone: boolean;
  speaker: boolean;
}

const LOOK_MS = 100;

export class DeviceCheck {
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly microphone = signal<MediaStreamTrack | null>(null);
  readonly problems = signal<Partial<Record<DeviceKind, DeviceError>>>({});
  /** The microphone's level, in steps 0–5. */
  readonly level = signal(0);
  /** The microphone has picked up somebody speaking. */
  readonly spoken = signal(false);
  readonly played = signal(false);
  readonly heard = signal<"" | "yes" | "no">("");
  readonly busy = signal(false);
  private sound: Sound | null = null;

  /** Opens camera and microphone, one after the other: a missing device must not hide the other. */
  async begin(): Promise<void> {
    this.busy.value = true;
    await this.open("microphone", this.microphone);
    await this.open("camera", this.camera);
    this.busy.value = false;
  }

  private async open(kind: DeviceKind, held: Signal<MediaStreamTrack | null>): Promise<void> {
    if (held.value) return;
    try {
      const track = await open(kind);
      held.value = track;
      track.addEventListener("ended", () => this.failed(kind, held, new DeviceError("none", kind)));
      this.problems.value = { ...this.problems.value, [kind]: undefined };
      if (kind === "microphone") this.listen(track);
    } catch (error) {
      this.failed(kind, held, error instanceof DeviceError ? error : new DeviceError("unknown", kind));
    }
  }

  private failed(kind: DeviceKind, held: Signal<MediaStreamTrack | null>, problem: DeviceError): void {
    held.value = null;
    this.problems.value = { ...this.problems.value, [kind]: problem };
  }

  private listen(track: MediaStreamTrack): void {
    const sound = this.ready();
    void sound.resume();
    sound.watch(track);
    const timer = window.setInterval(() => {
      if (this.microphone.value !== track) return window.clearInterval(timer);
      this.level.value = steps(sound.ownLevel());
      if (this.level.value >= SPEAKING) this.spoken.value = true;
    }, LOOK_MS);
  }

  private ready(): Sound {
    return (this.sound ??= new Sound());
  }

  play(): void {
    this.ready().test();
    this.played.value = true;
  }

  /** What the check has found; null while nothing has been tried. */
  report(): Checked | null {
    const tried = this.camera.value ?? this.microphone.value ?? this.problems.value.camera ?? this.problems.value.microphone;
    if (!tried && !this.heard.value) return null;
    return {
      camera: this.camera.value !== null,
      microphone: this.microphone.value !== null && this.spoken.value,
      speaker: this.heard.value === "yes",
    };
  }
}

function OwnPicture({ track }: { track: MediaStreamTrack }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    void video.play().catch(() => undefined);
  }, [track]);
  return <video ref={ref} class="own-picture" muted playsInline autoPlay aria-label={t("Your own picture")} />;
}

export function Devices({ check }: { check: DeviceCheck }) {
  const { camera: noCamera, microphone: noMicrophone } = check.problems.value;
  const both = check.camera.value && check.microphone.value;
  return (
    <section aria-labelledby="own-devices">
      <h2 id="own-devices">{t("Check your equipment")}</h2>
      <p>{t("Only you see and hear this check. A headset gives the best sound.")}</p>
      {!both && (
        <div class="actions">
          <button type="button" class="button" aria-disabled={check.busy.value} onClick={() => void (check.busy.value || check.begin())}>
            {t("Allow camera and microphone")}
          </button>
        </div>
      )}
      {check.camera.value && <OwnPicture track={check.camera.value} />}
      {noCamera && (
        <p class="field-error problem" role="alert">
          {deviceWords(noCamera)}
        </p>
      )}
      {noMicrophone && (
        <p class="field-error problem" role="alert">
          {deviceWords(noMicrophone)}
        </p>
      )}
      {check.microphone.value && (
        <p>
          <meter min={0} max={5} value={check.level.value} aria-label={t("Microphone level")} /> {t("Say “one, two, three”. The bars must move.")}{" "}
          <span role="status" data-spoken={check.spoken.value ? "yes" : "no"}>
            {check.spoken.value ? t("Your microphone works.") : ""}
          </span>
        </p>
      )}
      <div class="actions">
        <button type="button" class="button second" onClick={() => check.play()}>
          {t("Play a sound")}
        </button>
      </div>
      {check.played.value && (
        <div class="actions" role="group" aria-label={t("Did you hear three tones?")}>
          <span>{t("Did you hear three tones?")}</span>
          <button type="button" class="button second" aria-pressed={check.heard.value === "yes"} onClick={() => (check.heard.value = "yes")}>
            {t("Yes, I heard it")}
          </button>
          <button type="button" class="button second" aria-pressed={check.heard.value === "no"} onClick={() => (check.heard.value = "no")}>
            {t("No")}
          </button>
        </div>
      )}
      {check.heard.value === "no" && <p>{t("Turn up the sound of your device, plug the headset in again, or choose another loudspeaker. Then play the sound again.")}</p>}
    </section>
  );
}
