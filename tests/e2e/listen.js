// Everything that reaches the loudspeaker also passes an analyser, so that a test hears what the person hears; pictures
// and lines can be looked at.
(() => {
  const analysers = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      let tap = analysers.find((one) => one.context === this.context);
      if (!tap) {
        tap = this.context.createAnalyser();
        tap.fftSize = 8192;
        tap.smoothingTimeConstant = 0;
        analysers.push(tap);
      }
      connect.call(this, tap);
    }
    return connect.call(this, target, ...rest);
  };
  // Amplitude (0..1, linear) of each asked frequency in what goes to the loudspeaker now.
  window.__hear = (frequencies) => {
    const sums = frequencies.map(() => 0);
    for (const tap of analysers) {
      const samples = new Float32Array(tap.fftSize);
      tap.getFloatTimeDomainData(samples);
      frequencies.forEach((frequency, index) => {
        // Goertzel over a Hann window: one bin, independent of the FFT's bin width.
        let re = 0, im = 0, total = 0;
        for (let n = 0; n < samples.length; n += 1) {
          const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / (samples.length - 1));
          const phase = (2 * Math.PI * frequency * n) / tap.context.sampleRate;
          re += samples[n] * hann * Math.cos(phase);
          im += samples[n] * hann * Math.sin(phase);
          total += hann;
        }
        sums[index] += (2 * Math.hypot(re, im)) / total;
      });
    }
    return sums;
  };
  // The energy of the sound that has come by each line of this page and was decoded (W3C webrtc-stats).
  window.__energies = async () => {
    const found = {};
    for (const line of window.__lines) {
      (await line.getStats()).forEach((one) => {
        if (one.type === "inbound-rtp" && one.kind === "audio") found[one.mid] = one.totalAudioEnergy ?? 0;
      });
    }
    return found;
  };
  // The mean colour of a video element's middle.
  window.__colour = (video) => {
    if (!video || video.videoWidth === 0) return null;
    const canvas = document.createElement("canvas");
    canvas.width = 8;
    canvas.height = 8;
    const context = canvas.getContext("2d");
    context.drawImage(video, video.videoWidth / 4, video.videoHeight / 4, video.videoWidth / 2, video.videoHeight / 2, 0, 0, 8, 8);
    const data = context.getImageData(0, 0, 8, 8).data;
    const sum = [0, 0, 0];
    for (let i = 0; i < data.length; i += 4) for (let c = 0; c < 3; c += 1) sum[c] += data[i + c] / 64;
    return sum.map(Math.round);
  };
  // This page's media lines, the newest last.
  window.__lines = [];
  const Line = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Line {
    constructor(...options) {
      super(...options);
      window.__lines.push(this);
    }
  };
  // Whether a line made after the first `count` ones sends pictures.
  window.__sends = async (count) => {
    if (window.__lines.length <= count) return false;
    let sends = false;
    (await window.__lines.at(-1).getStats()).forEach((one) => {
      if (one.type === "outbound-rtp" && one.kind === "video" && one.packetsSent > 0) sends = true;
    });
    return sends;
  };
})();
