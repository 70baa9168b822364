// What a person in front of the player would see and hear, measured: pixels of each picture, tones of the mix.
"use strict";
window.probe = {
  violations: [],
  context: null,
  joined: new WeakSet(),
  element(track) {
    return document.querySelector(`[data-testid="tile-${track}"] video`);
  },
  time(track) {
    const found = this.element(track);
    return found ? found.currentTime : -1;
  },
  clock() {
    return Number(document.querySelector(".player-range").value);
  },
  elements() {
    return [...document.querySelectorAll(".player video, .player audio")].filter((one) => !one.paused);
  },
  // Seconds a picture is ahead of the middle of the others.
  apart(track) {
    const mine = this.element(track);
    const others = this.elements().filter((one) => one !== mine).map((one) => one.currentTime).sort((a, b) => a - b);
    return mine.currentTime - others[others.length >> 1];
  },
  // How many separate stretches of media each element holds between two seconds.
  stretches(from, to) {
    return [...document.querySelectorAll(".player video, .player audio")].map((one) => {
      let count = 0;
      for (let index = 0; index < one.buffered.length; index += 1) {
        if (one.buffered.end(index) > from && one.buffered.start(index) < to) count += 1;
      }
      return count;
    });
  },
  rates() {
    return this.elements().map((one) => one.playbackRate);
  },
  picture(track) {
    const video = this.element(track);
    if (!video || video.readyState < 2) return null;
    const canvas = document.createElement("canvas");
    canvas.width = 160;
    canvas.height = 96;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(video, 0, 0, 160, 96);
    return context;
  },
  pixel(track) {
    const picture = this.picture(track);
    return picture ? [...picture.getImageData(80, 30, 1, 1).data].slice(0, 3) : [0, 0, 0];
  },
  second(track) {
    const picture = this.picture(track);
    if (!picture) return -1;
    let second = 0;
    for (let bit = 0; bit < 7; bit += 1) if (picture.getImageData(16 * bit + 8, 84, 1, 1).data[1] > 128) second |= 1 << bit;
    return second;
  },
  // The number of the frame that stands on the screen.
  frame(track) {
    const picture = this.picture(track);
    if (!picture) return -1;
    const row = picture.getImageData(0, 60, 160, 1).data;
    let frame = 0;
    for (let bit = 0; bit < 10; bit += 1) if (row[4 * (16 * bit + 8) + 1] > 128) frame |= 1 << bit;
    return frame;
  },
  // The words that stand over or instead of a picture.
  card(track) {
    const card = document.querySelector(`[data-testid="tile-${track}"] .player-absent`);
    return card?.checkVisibility() ? card.textContent : "";
  },
  // Goes to each second in turn. From then on, at every picture the browser draws: a frame of that time, or words.
  async sweep(tracks, seconds, patience) {
    const bar = document.querySelector(".player-range");
    const drawn = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const found = { old: [], never: [] };
    for (const second of seconds) {
      const began = performance.now();
      bar.value = second;
      bar.dispatchEvent(new Event("input", { bubbles: true }));
      let waiting = tracks;
      while (waiting.length && performance.now() - began < patience) {
        await drawn();
        const seen = tracks.map((track) => [track, this.card(track), this.frame(track)]);
        for (const [track, card, frame] of seen) {
          if (!card && Math.abs(frame - 10 * second) > 1) found.old.push([track, second, frame]);
        }
        waiting = seen.filter(([, card]) => card && !card.startsWith("No picture:")).map(([track]) => track);
      }
      for (const track of waiting) found.never.push([track, second, this.card(track)]);
    }
    return found;
  },
  // Looks on until the player says a second: each picture without a card is of the second that the bar says, but for a
  // small drift.
  async play(tracks, until, patience) {
    const found = { old: [], shown: Object.fromEntries(tracks.map((track) => [track, []])) };
    for (const began = performance.now(); this.clock() < until && performance.now() - began < patience; ) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      for (const track of tracks.filter((one) => !this.card(one))) {
        const [second, frame] = [this.clock(), this.frame(track)];
        if (frame < 10 * second - 5 || frame > 10 * second + 15) found.old.push([track, second, frame]);
        found.shown[track].push(frame);
      }
    }
    return found;
  },
  // All elements go through one graph: what comes out is what is heard, after each element's volume.
  async tones(wanted) {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.mix ??= this.context.createGain();
    this.mix.connect(this.context.destination);
    for (const element of document.querySelectorAll(".player audio")) {
      if (this.joined.has(element)) continue;
      this.joined.add(element);
      this.context.createMediaElementSource(element).connect(this.mix);
    }
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 16384;
    analyser.smoothingTimeConstant = 0;
    this.mix.connect(analyser);
    await new Promise((resolve) => setTimeout(resolve, 900));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    this.mix.disconnect(analyser);
    const width = this.context.sampleRate / analyser.fftSize;
    return wanted.map((hertz) => {
      const bin = Math.round(hertz / width);
      return Math.max(-200, ...levels.slice(bin - 4, bin + 5));
    });
  },
};
document.addEventListener("securitypolicyviolation", (event) => window.probe.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
