// Howling, by acoustic feedback from a loudspeaker into a microphone: one loud tone that stands far above its neighbours
// and does not move. A voice has a harmonic within each span of neighbours, a hiss has no peak. Pure.

/** The levels of a sound by frequency, in even steps from 0 Hz, as an AnalyserNode gives them. */
export interface Spectrum {
  /** dBFS of each step; a tone of full scale has about −14. */
  levels: Float32Array;
  /** Hz between two steps. */
  step: number;
}

/** A howl lies between these, Hz. */
const LOWEST = 200;
const HIGHEST = 10_000;
/** So much above its neighbours (I-B4 of the interpreting measures), and so loud, a peak is a howl's: dB, dBFS. */
const ABOVE = 15;
const LOUD = -20;
/** A sound none of whose samples is beyond this has no peak so loud: the window of a spectrum lets 42 % of a tone through. */
export const QUIET = 10 ** (LOUD / 20) / 0.42;
/** The steps on either side that belong to the peak itself (the window's main lobe), and as far as its neighbours go. */
const LOBE = 3;
const SPAN = 12;
const STEADY_MS = 300;
/** A howl comes and goes: it counts as one, and is told, until it has been away for so long. */
const OVER_MS = 5_000;

/** The step of a tone that may be a howl; −1 without one. */
export function tone({ levels, step }: Spectrum): number {
  const last = Math.min(levels.length - 1, Math.floor(HIGHEST / step));
  let peak = Math.ceil(LOWEST / step);
  for (let at = peak; at <= last; at += 1) if (levels[at]! > levels[peak]!) peak = at;
  const height = levels[peak] ?? -Infinity;
  if (!(height >= LOUD)) return -1;
  for (let away = LOBE + 1; away <= SPAN; away += 1) {
    if (height - Math.max(levels[peak - away] ?? -Infinity, levels[peak + away] ?? -Infinity) < ABOVE) return -1;
  }
  return peak;
}

/** Hz of the tone whose peak is at this step: the vertex of the parabola through it and the steps beside it. */
export function pitch({ levels, step }: Spectrum, peak: number): number {
  const [before, height, after] = [levels[peak - 1] ?? -200, levels[peak] ?? -200, levels[peak + 1] ?? -200];
  const bend = before - 2 * height + after;
  return (peak + (bend < 0 ? (before - after) / (2 * bend) : 0)) * step;
}

export class HowlWatch {
  /** How many howls there were. */
  count = 0;
  /** The step of the tone at the last look; −1 without one. */
  at = -1;
  private since = 0;
  private last = -Infinity;

  /** A look, several in `STEADY_MS`; null while there is nothing to hear. Whether it howls at this look. */
  take(now: number, spectrum: Spectrum | null): boolean {
    const found = spectrum ? tone(spectrum) : -1;
    if (found < 0 || this.at < 0 || Math.abs(found - this.at) > 1) this.since = now;
    this.at = found;
    if (found < 0 || now - this.since < STEADY_MS) return false;
    if (!this.recent(now)) this.count += 1;
    this.last = now;
    return true;
  }

  /** Whether it howls, or did a moment ago. */
  recent(now: number): boolean {
    return now - this.last < OVER_MS;
  }
}
