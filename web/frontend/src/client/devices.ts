// Cameras, microphones and loudspeakers of this machine, and what can go wrong with them.

export type DeviceKind = "camera" | "microphone";
export type DeviceProblem = "denied" | "system" | "none" | "busy" | "insecure" | "unknown";

export class DeviceError extends Error {
  constructor(
    readonly problem: DeviceProblem,
    readonly kind: DeviceKind,
  ) {
    super(`${kind}: ${problem}`);
  }
}

function problemOf(error: unknown): DeviceProblem {
  const name = error instanceof DOMException ? error.name : "";
  // Chromium tells the system's refusal from the browser's by its message alone.
  if (name === "NotAllowedError" && /system/i.test((error as DOMException).message)) return "system";
  if (name === "NotAllowedError" || name === "SecurityError") return "denied";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "none";
  if (name === "NotReadableError" || name === "AbortError") return "busy";
  return "unknown";
}

/** What a camera is asked for: by itself, until `askAsAgreed`. */
let wanted = { height: 720, fps: 25 };

/** From now on cameras are asked for the picture of the technical agreement, no more and no less. */
export function askAsAgreed({ height, fps }: { height: number; fps: number }): void {
  wanted = { height, fps };
}

/** Opens a camera or a microphone; `id` empty for the browser's own choice. */
export async function open(kind: DeviceKind, id = ""): Promise<MediaStreamTrack> {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new DeviceError("insecure", kind);
  const device = id ? { deviceId: { exact: id } } : {};
  const constraints: MediaStreamConstraints =
    kind === "camera"
      ? {
          video: {
            ...device,
            width: { ideal: Math.round((wanted.height * 16) / 9) },
            height: { ideal: wanted.height },
            frameRate: { ideal: wanted.fps, max: wanted.fps },
          },
        }
      : { audio: { ...device, echoCancellation: true, noiseSuppression: true, autoGainControl: true } };
  try {
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    const track = stream.getTracks()[0];
    if (!track) throw new DeviceError("none", kind);
    track.contentHint = kind === "camera" ? "motion" : "speech";
    return track;
  } catch (error) {
    // A device that was unplugged since: take any other rather than none.
    if (id && problemOf(error) === "none") return open(kind);
    throw error instanceof DeviceError ? error : new DeviceError(problemOf(error), kind);
  }
}

export interface Devices {
  camera: MediaDeviceInfo[];
  microphone: MediaDeviceInfo[];
  speaker: MediaDeviceInfo[];
}

export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  const of = (kind: MediaDeviceKind): MediaDeviceInfo[] => all.filter((device) => device.kind === kind && device.deviceId);
  return { camera: of("videoinput"), microphone: of("audioinput"), speaker: of("audiooutput") };
}
