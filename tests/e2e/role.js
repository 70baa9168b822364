// Gives a page a voice and a face of its own: getUserMedia answers with a tone and a moving coloured picture.
(() => {
  if (!navigator.mediaDevices) return; // an empty page is no secure context
  const { tone, colour, width = 320, height = 180, fps = 10, unmeasured = false } = window.__role;
  if (unmeasured) {
    // What is heard is a handful of tones below 4 kHz: at this rate the sound of eleven pages costs a sixth.
    const Sound = window.AudioContext;
    window.AudioContext = class extends Sound {
      constructor(options = {}) {
        super({ ...options, sampleRate: 8000 });
      }
    };
    // Of many pages on one machine, what a page measures says how busy the machine is and nothing about a line.
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
      if (!String(text).includes('"listening_figures"')) send.call(this, text);
    };
  }
  const connect = AudioNode.prototype.connect;
  let audio;
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const tracks = [];
    if (constraints.audio) {
      audio ??= new AudioContext();
      await audio.resume();
      const oscillator = audio.createOscillator();
      const gain = audio.createGain();
      const out = audio.createMediaStreamDestination();
      oscillator.frequency.value = tone;
      gain.gain.value = 0.3;
      connect.call(oscillator, gain);
      connect.call(gain, out);
      oscillator.start();
      tracks.push(...out.stream.getAudioTracks());
    }
    if (constraints.video) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext("2d");
      let step = 0;
      const paint = () => {
        context.fillStyle = colour;
        context.fillRect(0, 0, width, height);
        context.fillStyle = "#000";
        context.fillRect((step * 7) % (width - 20), 4, 20, 20);
        step += 1;
      };
      paint();
      setInterval(paint, 1000 / fps);
      tracks.push(...canvas.captureStream(fps).getVideoTracks());
    }
    return new MediaStream(tracks);
  };
})();
