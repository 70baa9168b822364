// Which tones are heard: the level of each tone's bin above the noise beside it, the best seen over time.

/** Bins on each side that belong to the tone itself (leakage of the window). */
const OWN = 4;
/** Bins on each side, beyond those, that are taken for the noise. */
const BESIDE = 24;

/** The level of a tone above the median of the bins beside it, in dB. `levels`: dB per bin. */
export function above(levels: Float32Array, hz: number, binHz: number): number {
  const centre = Math.round(hz / binHz);
  let peak = -200;
  for (let bin = Math.max(0, centre - 1); bin <= Math.min(levels.length - 1, centre + 1); bin += 1) {
    peak = Math.max(peak, finite(levels[bin]));
  }
  const beside: number[] = [];
  for (let bin = centre - OWN - BESIDE; bin <= centre + OWN + BESIDE; bin += 1) {
    if (Math.abs(bin - centre) > OWN && bin >= 0 && bin < levels.length) beside.push(finite(levels[bin]));
  }
  beside.sort((one, other) => one - other);
  const noise = beside[Math.floor(beside.length / 2)] ?? -200;
  // Digital silence beside a tone is no better than a very quiet line.
  return Math.min(120, peak - Math.max(noise, -140));
}

const finite = (level: number | undefined): number => (level !== undefined && Number.isFinite(level) ? level : -200);

/** The middle one; of an even number the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Keeps the best level of each tone. */
export class Tones {
  readonly best = new Map<number, number>();

  constructor(
    readonly hz: readonly number[],
    private readonly binHz: number,
  ) {
    for (const one of hz) this.best.set(one, 0);
  }

  take(levels: Float32Array): void {
    for (const one of this.hz) this.best.set(one, Math.max(this.best.get(one) ?? 0, above(levels, one, this.binHz)));
  }
}
