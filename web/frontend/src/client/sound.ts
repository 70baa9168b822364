// The sound graph: every receiving m-line becomes MediaStreamSource → (howl guard) → (limiter) → Gain → master → speaker,
// whose gain is lowered while the own microphone howls.
// Chromium feeds WebAudio with silence from a remote track unless the track also plays in a media element, so each one
// plays muted in an <audio> as well.
import type { Spectrum } from "./howl";
import { cutHowling, quietenSpeaker, type Guard } from "./howl-guard";
import type { SlotView } from "../messages";

interface Line {
  element: HTMLAudioElement;
  source: MediaStreamAudioSourceNode;
  gain: GainNode;
  analyser: AnalyserNode;
  guard: Guard | null;
  limiter: AudioWorkletNode | null;
}

const RAMP_S = 0.03;

/** Loudness of an analyser's last instants, dBFS. */
function loudness(analyser: AnalyserNode): number {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return 10 * Math.log10(sum / samples.length + 1e-12);
}

/** The levels of an analyser's last instants by frequency. */
function spectrum(analyser: AnalyserNode): Spectrum {
  const levels = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(levels);
  return { levels, step: analyser.context.sampleRate / analyser.fftSize };
}

/** Steps 0–5 of a level meter; −55 dBFS is the first. */
export function steps(dbfs: number): number {
  return Math.max(0, Math.min(5, Math.floor((dbfs + 65) / 10)));
}

export class Sound {
  readonly context: AudioContext;
  readonly master: GainNode;
  private lines = new Map<string, Line>();
  /** What all lines are played through last; an ear lowers it (`protect`). */
  private readonly speaker: GainNode;
  private own: { source: MediaStreamAudioSourceNode; analyser: AnalyserNode } | null = null;
  private ownGuard: Guard | null = null;
  private ownSent = false;
  private alarmTimer = 0;
  private callTimer = 0;
  /** Whether howling is cut, and whether every line goes through a limiter (`protect`). */
  private guarded = false;
  private limited = false;
  /** How often a limiter had to step in. */
  limits = 0;

  constructor() {
    this.context = new AudioContext({ latencyHint: "interactive" });
    this.master = this.context.createGain();
    this.speaker = this.context.createGain();
    this.master.connect(this.speaker).connect(this.context.destination);
  }

  /** True when the browser waits for a click before it lets the page sound. */
  get blocked(): boolean {
    return this.context.state !== "running";
  }

  async resume(): Promise<void> {
    // Without a gesture the promise may never settle.
    await Promise.race([this.context.resume(), new Promise((done) => setTimeout(done, 500))]);
    for (const line of this.lines.values()) void line.element.play().catch(() => undefined);
  }

  /** From now on howling is cut, in every line and at the own loudspeaker, and for `ears` every line goes through the
   * acoustic-shock limiter; `address` is their program. False where the browser cannot do that: what was to be limited
   * does not sound any more then. */
  async protect(address: string, ears: boolean): Promise<boolean> {
    if (this.guarded && (this.limited || !ears)) return true;
    try {
      await this.context.audioWorklet.addModule(address);
    } catch {
      if (ears) this.master.gain.value = 0;
      return false;
    }
    this.guarded = true;
    this.limited ||= ears;
    for (const line of this.lines.values()) this.wire(line);
    this.guardSpeaker();
    return true;
  }

  /** Puts what guards ears between a line and its gain. */
  private wire(line: Line): void {
    this.unwire(line);
    if (this.guarded) line.guard = cutHowling(this.context, line.source);
    let last = line.guard?.out ?? line.source;
    if (this.limited) {
      line.limiter = new AudioWorkletNode(this.context, "limiter", { channelCount: 1, channelCountMode: "explicit", outputChannelCount: [1] });
      line.limiter.port.onmessage = ({ data }) => (this.limits += Number(data) || 0);
      last = last.connect(line.limiter);
    }
    last.connect(line.gain);
    line.source.connect(line.analyser);
  }

  private unwire(line: Line): void {
    line.guard?.end();
    line.limiter?.disconnect();
    line.source.disconnect();
    line.guard = line.limiter = null;
  }

  /** Whether the own microphone is sent: only then can the own loudspeaker feed a howl, and becomes quieter by one. */
  set sent(on: boolean) {
    if (on === this.ownSent) return;
    this.ownSent = on;
    this.guardSpeaker();
  }

  private guardSpeaker(): void {
    this.ownGuard?.end();
    this.ownGuard = this.guarded && this.ownSent && this.own ? quietenSpeaker(this.context, this.own.source, this.speaker) : null;
  }

  /** How loud everything received is, 0 to 1.5; the alarm and the bell do not depend on it. */
  set volume(value: number) {
    this.master.gain.setTargetAtTime(value, this.context.currentTime, RAMP_S);
  }

  /** The track of one receiving m-line; silent until `assign` says what it carries. */
  add(mid: string, track: MediaStreamTrack): void {
    this.remove(mid);
    const stream = new MediaStream([track]);
    const element = new Audio();
    element.muted = true;
    element.autoplay = true;
    element.srcObject = stream;
    void element.play().catch(() => undefined);
    const source = this.context.createMediaStreamSource(stream);
    const gain = this.context.createGain();
    gain.gain.value = 0;
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    analyser.smoothingTimeConstant = 0;
    gain.connect(this.master);
    const line: Line = { element, source, gain, analyser, guard: null, limiter: null };
    this.wire(line);
    this.lines.set(mid, line);
  }

  private remove(mid: string): void {
    const line = this.lines.get(mid);
    if (!line) return;
    this.unwire(line);
    line.gain.disconnect();
    line.element.srcObject = null;
    this.lines.delete(mid);
  }

  clear(): void {
    for (const mid of [...this.lines.keys()]) this.remove(mid);
  }

  /** Sets every m-line's gain; one that is not named stays silent. */
  assign(slots: SlotView[]): void {
    const gains = new Map(slots.filter((slot) => slot.kind !== "camera").map((slot) => [slot.mid, slot.gain / 100]));
    for (const [mid, line] of this.lines) {
      line.gain.gain.setTargetAtTime(gains.get(mid) ?? 0, this.context.currentTime, RAMP_S);
    }
  }

  /** dBFS of one m-line before its gain. */
  level(mid: string): number {
    const line = this.lines.get(mid);
    return line ? loudness(line.analyser) : -120;
  }

  /** dBFS of the loudest line as it is played, before the volume. */
  heardLevel(): number {
    return Math.max(-120, ...[...this.lines.values()].map((line) => loudness(line.analyser) + 20 * Math.log10(line.gain.gain.value + 1e-6)));
  }

  /** Watches the own microphone; the sound goes nowhere. */
  watch(track: MediaStreamTrack | null): void {
    this.ownGuard?.end();
    this.ownGuard = null;
    this.own?.source.disconnect();
    this.own = null;
    if (!track) return;
    const source = this.context.createMediaStreamSource(new MediaStream([track]));
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    analyser.smoothingTimeConstant = 0;
    source.connect(analyser);
    this.own = { source, analyser };
    this.guardSpeaker();
  }

  /** The last instants of the own microphone, −1 to 1; null while it is not open. */
  ownSamples(): Float32Array<ArrayBuffer> | null {
    if (!this.own || this.blocked) return null;
    const samples = new Float32Array(this.own.analyser.fftSize);
    this.own.analyser.getFloatTimeDomainData(samples);
    return samples;
  }

  /** The own microphone by frequency; null while it is not open. */
  ownSpectrum(): Spectrum | null {
    return this.own && !this.blocked ? spectrum(this.own.analyser) : null;
  }

  /** What comes on each line that is played, by frequency. */
  heardSpectra(): ReadonlyMap<string, Spectrum> {
    const heard = [...this.lines].filter(([, line]) => line.gain.gain.value > 0);
    return new Map(heard.map(([mid, line]) => [mid, spectrum(line.analyser)]));
  }

  ownLevel(): number {
    return this.own ? loudness(this.own.analyser) : -120;
  }

  async useSpeaker(id: string): Promise<void> {
    const context = this.context as AudioContext & { setSinkId?(id: string): Promise<void> };
    await context.setSinkId?.(id);
  }

  private tone(frequency: number, start: number, seconds: number, volume: number): void {
    const oscillator = this.context.createOscillator();
    const gain = this.context.createGain();
    const from = this.context.currentTime + start;
    oscillator.frequency.value = frequency;
    gain.gain.setValueAtTime(0, from);
    gain.gain.linearRampToValueAtTime(volume, from + 0.02);
    gain.gain.setValueAtTime(volume, from + seconds - 0.05);
    gain.gain.linearRampToValueAtTime(0, from + seconds);
    // Past the master: its loudness does not depend on that of the room.
    oscillator.connect(gain).connect(this.context.destination);
    oscillator.start(from);
    oscillator.stop(from + seconds);
  }

  /** Three rising tones for the loudspeaker check. */
  test(): void {
    void this.resume();
    [523, 659, 784].forEach((frequency, index) => this.tone(frequency, index * 0.4, 0.35, 0.25));
  }

  /** The bell before a person enters the room. */
  bell(): void {
    void this.resume();
    this.tone(880, 0, 0.6, 0.3);
    this.tone(660, 0.5, 0.9, 0.3);
  }

  /** Two short tones: the hearing is held. */
  chime(): void {
    this.tone(587, 0, 0.25, 0.2);
    this.tone(440, 0.3, 0.35, 0.2);
  }

  /** Three short high tones, again every 6 s, until it is stopped: somebody waits for an answer. */
  call(on: boolean): void {
    if (!on) {
      window.clearInterval(this.callTimer);
      this.callTimer = 0;
      return;
    }
    if (this.callTimer) return;
    const sound = (): void => {
      void this.resume();
      for (let index = 0; index < 3; index += 1) this.tone(1175, index * 0.25, 0.18, 0.3);
    };
    sound();
    this.callTimer = window.setInterval(sound, 6_000);
  }

  /** Two-tone alarm, 3 s, again every 10 s, until it is stopped. */
  alarm(on: boolean): void {
    if (!on) {
      window.clearInterval(this.alarmTimer);
      this.alarmTimer = 0;
      return;
    }
    if (this.alarmTimer) return;
    const sound = (): void => {
      void this.resume();
      for (let index = 0; index < 6; index += 1) this.tone(index % 2 ? 740 : 988, index * 0.5, 0.5, 0.35);
    };
    sound();
    this.alarmTimer = window.setInterval(sound, 10_000);
  }
}
