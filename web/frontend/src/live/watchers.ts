// What is wrong with the own devices while they seem to work: a microphone from which nothing comes, sound that is cut off,
// a picture that is black or stands still, a program that poses as a camera. Pure but for `CameraEye`.
import type { DeviceReport } from "../messages";

export type Trouble = DeviceReport["troubles"][number];

/** Below this nothing comes from a microphone: the quietest room is louder. dBFS. */
const NOTHING = -85;
const SILENT_MS = 8_000;
/** Peak from which sound may be cut off; share of samples near the peak from which it is, and for how many of the last
 * looks. Measured in Chromium behind its own gain control: speech has 1 % there, speech that was cut off 7 to 16 %. */
const LOUD = 0.95;
const NEAR_PEAK = 0.97;
const FLAT_SHARE = 0.06;
const LOOKS = 40;
const CUT_LOOKS = 8;
const STILL_MS = 6_000;
/** Mean brightness, 0 to 255, below which a picture is black, and how far its points may differ. */
const BLACK = 24;
const EVEN = 12;

const VIRTUAL = /virtual|\bOBS\b|ManyCam|XSplit|Snap Camera|mmhmm|\bNDI\b|v4l2loopback|Dummy video|DroidCam|EpocCam|Iriun|Camo\b|YouCam|SplitCam/i;

/** Whether a camera's name is that of a program. */
export const isVirtual = (label: string): boolean => VIRTUAL.test(label);

/** Whether these samples are cut off: their tops are flat. */
export function isCut(samples: Float32Array): boolean {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  if (peak < LOUD) return false;
  let flat = 0;
  for (const sample of samples) if (Math.abs(sample) >= NEAR_PEAK * peak) flat += 1;
  return flat / samples.length >= FLAT_SHARE;
}

export class SoundWatch {
  private heardAt: number | null = null;
  private cut: boolean[] = [];

  /** A look at the microphone; `null` while it is not open, or nobody is to hear it. */
  take(now: number, samples: Float32Array | null): Trouble | "" {
    if (!samples) {
      this.heardAt = null;
      this.cut = [];
      return "";
    }
    this.heardAt ??= now;
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    if (10 * Math.log10(sum / samples.length + 1e-12) > NOTHING) this.heardAt = now;
    this.cut = [...this.cut, isCut(samples)].slice(-LOOKS);
    if (now - this.heardAt >= SILENT_MS) return "microphone_silent";
    return this.cut.filter(Boolean).length >= CUT_LOOKS ? "microphone_clipped" : "";
  }
}

/** Louder than this somebody speaks, dBFS; so long others may speak before a channel counts as silent (I-D7 of the
 * interpreting measures). */
const SPEECH = -50;
const UNINTERPRETED_MS = 10_000;
/** The longest time between two looks that counts: a page that nobody sees is looked at rarely. */
const LONGEST_LOOK_MS = 1_000;

/** Whether who interprets simultaneously says nothing while others speak. */
export class ChannelWatch {
  private spoken = 0;
  private last: number | null = null;

  /** A look at what is heard and at the own microphone, dBFS; `null` while this page does not interpret. */
  take(now: number, levels: { heard: number; own: number } | null): Trouble | "" {
    const since = this.last === null ? 0 : Math.min(now - this.last, LONGEST_LOOK_MS);
    this.last = levels && now;
    if (!levels || levels.own > SPEECH) this.spoken = 0;
    else if (levels.heard > SPEECH) this.spoken += since;
    return this.spoken >= UNINTERPRETED_MS ? "channel_silent" : "";
  }
}

export class PictureWatch {
  private last: Uint8ClampedArray | null = null;
  private changedAt = 0;
  private brightAt = 0;

  /** A look at the picture: its points as RGBA, small; `null` while there is none. */
  take(now: number, points: Uint8ClampedArray | null): Trouble | "" {
    if (!points) {
      this.last = null;
      return "";
    }
    const first = this.last === null;
    if (first || points.some((value, at) => value !== this.last?.[at])) this.changedAt = now;
    if (first || !isBlack(points)) this.brightAt = now;
    this.last = points;
    if (now - this.brightAt >= STILL_MS) return "camera_black";
    return now - this.changedAt >= STILL_MS ? "camera_frozen" : "";
  }
}

function isBlack(points: Uint8ClampedArray): boolean {
  let sum = 0;
  let least = 255;
  let most = 0;
  for (let at = 0; at < points.length; at += 4) {
    const light = 0.3 * (points[at] ?? 0) + 0.6 * (points[at + 1] ?? 0) + 0.1 * (points[at + 2] ?? 0);
    sum += light;
    least = Math.min(least, light);
    most = Math.max(most, light);
  }
  return sum / (points.length / 4) < BLACK && most - least < EVEN;
}

const WIDTH = 32;
const HEIGHT = 18;

/** Looks at a camera's track, small. */
export class CameraEye {
  private readonly video = document.createElement("video");
  private readonly brush = document.createElement("canvas").getContext("2d", { alpha: false, willReadFrequently: true });
  private track: MediaStreamTrack | null = null;

  look(track: MediaStreamTrack | null): Uint8ClampedArray | null {
    if (track !== this.track) {
      this.track = track;
      this.video.muted = true;
      this.video.playsInline = true;
      this.video.srcObject = track ? new MediaStream([track]) : null;
      if (track) void this.video.play().catch(() => undefined);
    }
    if (!track || !this.brush || this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    this.brush.drawImage(this.video, 0, 0, WIDTH, HEIGHT);
    return this.brush.getImageData(0, 0, WIDTH, HEIGHT).data;
  }
}
