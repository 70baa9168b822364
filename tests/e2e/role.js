// Gives a page a voice and a face of its own: getUserMedia answers with a tone and a moving coloured picture.
(() => {
  if (!navigator.mediaDevices) return; // an empty page is no secure context
  const { tone, colour } = window.__role;
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
      canvas.width = 320;
      canvas.height = 180;
      const context = canvas.getContext("2d");
      let step = 0;
      const paint = () => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 320, 180);
        context.fillStyle = "#000";
        context.fillRect((step * 7) % 300, 4, 20, 20);
        step += 1;
      };
      paint();
      setInterval(paint, 100);
      tracks.push(...canvas.captureStream(10).getVideoTracks());
    }
    return new MediaStream(tracks);
  };
})();
