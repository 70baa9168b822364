// How microphone and camera are encoded: as the technical agreement says, or as the page does by itself.

/** Lines of the picture, pictures a second, kbit/s. */
export interface Agreed {
  height: number;
  fps: number;
  video_kbps: number;
  audio_kbps: number;
}

const VIDEO_BITRATE = 1_500_000;
const AUDIO_BITRATE = 48_000;

export function voice(agreed?: Agreed): RTCRtpEncodingParameters {
  return { maxBitrate: agreed ? agreed.audio_kbps * 1_000 : AUDIO_BITRATE };
}

/** `height` of what the camera gives, 0 while that is unknown: a camera with more lines than agreed is scaled down. */
export function picture(agreed: Agreed | undefined, height: number): RTCRtpEncodingParameters {
  if (!agreed) return { maxBitrate: VIDEO_BITRATE };
  return {
    maxBitrate: agreed.video_kbps * 1_000,
    maxFramerate: agreed.fps,
    scaleResolutionDownBy: Math.max(1, height / agreed.height),
  };
}
