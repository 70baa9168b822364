// What tests of a line send in place of a person: tones, and a picture that changes everywhere.

const TONE_SECONDS = 1;

/** One tone after the other, for so many seconds. */
export function tones(context: AudioContext, hz: readonly number[], seconds: number): MediaStreamTrack {
  const out = context.createMediaStreamDestination();
  const gain = new GainNode(context, { gain: 0.25 });
  const oscillator = new OscillatorNode(context, { frequency: hz[0] ?? 1000 });
  oscillator.connect(gain).connect(out);
  oscillator.start();
  const begin = context.currentTime;
  const cycles = Math.ceil(seconds / (hz.length * TONE_SECONDS));
  for (let at = 0; at < cycles * hz.length; at += 1) {
    oscillator.frequency.setValueAtTime(hz[at % hz.length] ?? 1000, begin + at * TONE_SECONDS);
  }
  return out.stream.getAudioTracks()[0] as MediaStreamTrack;
}

/** A picture as agreed that changes everywhere, so that the bandwidth of a camera is really asked for. */
export function picture(agreed: { height: number; fps: number }): MediaStreamTrack {
  const canvas = document.createElement("canvas");
  canvas.height = agreed.height;
  canvas.width = Math.round((canvas.height * 16) / 9);
  const brush = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  const paint = (): void => {
    for (let row = 0; row < 12; row += 1) {
      for (let column = 0; column < 20; column += 1) {
        brush.fillStyle = `hsl(${Math.floor(Math.random() * 360)} 60% ${30 + Math.floor(Math.random() * 40)}%)`;
        brush.fillRect((column * canvas.width) / 20, (row * canvas.height) / 12, canvas.width / 20 + 1, canvas.height / 12 + 1);
      }
    }
  };
  const timer = window.setInterval(paint, 1000 / agreed.fps);
  const track = canvas.captureStream(agreed.fps).getVideoTracks()[0] as MediaStreamTrack;
  const stop = track.stop.bind(track);
  track.stop = () => {
    window.clearInterval(timer);
    stop();
  };
  return track;
}
