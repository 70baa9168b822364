// What an interpreter's page measures of what reaches ear and eye, from the browser's statistics between two looks.
// Pure. The server decodes nothing: only here is it known what was heard.
import { HowlWatch, type Spectrum } from "./howl";
import type { ListeningFigures, SlotView } from "../messages";

type Entry = Record<string, unknown>;
const number = (entry: Entry, name: string): number => (typeof entry[name] === "number" ? (entry[name] as number) : 0);

interface Totals {
  samples: number;
  concealed: number;
  delay: number;
  emitted: number;
  freezes: number;
  limits: number;
  howls: number;
}

/** What is heard and seen of a line at this moment, in its sender's clock (ms); packets that have come by it. */
interface Playout {
  at: number;
  packets: number;
}

/** How far the sound of who speaks is ahead of their picture, ms, of each who sent both since the last look: positive
 * when the sound comes first. Channels are left out: an interpreter's lips are not those that are seen. */
export function ahead(slots: readonly SlotView[], now: ReadonlyMap<string, Playout>, before: ReadonlyMap<string, Playout>): number[] {
  const playing = (mid: string | undefined): number | null => {
    const [present, last] = [now.get(mid ?? ""), before.get(mid ?? "")];
    return present && last && present.at > 0 && present.packets > last.packets ? present.at : null;
  };
  const cameras = new Map(slots.filter(({ kind }) => kind === "camera").map(({ participant, mid }) => [participant, mid]));
  return slots.flatMap(({ kind, participant, mid }) => {
    const [sound, picture] = kind === "floor" ? [playing(mid), playing(cameras.get(participant))] : [null, null];
    return sound === null || picture === null ? [] : [sound - picture];
  });
}

export class Listening {
  private before: Totals | null = null;
  private playouts = new Map<string, Playout>();
  private loudest = -120;
  /** By line. */
  private readonly howls = new Map<string, HowlWatch>();

  /** The loudness of what is heard now, dBFS; the loudest until the next report counts. */
  heard(dbfs: number): void {
    this.loudest = Math.max(this.loudest, dbfs);
  }

  /** What comes on each line now, by frequency. */
  howling(now: number, spectra: ReadonlyMap<string, Spectrum>): void {
    for (const mid of spectra.keys()) if (!this.howls.has(mid)) this.howls.set(mid, new HowlWatch());
    for (const [mid, watch] of this.howls) watch.take(now, spectra.get(mid) ?? null);
  }

  /** The report since the last one; null for the first look, from which the next one counts. `limits`: how often the
   * limiter had to step in since the page was opened. */
  look(
    stats: { forEach(each: (entry: Entry) => void): void },
    limits: number,
    slots: readonly SlotView[] = [],
  ): ListeningFigures | null {
    const now: Totals = { samples: 0, concealed: 0, delay: 0, emitted: 0, freezes: 0, limits, howls: 0 };
    for (const watch of this.howls.values()) now.howls += watch.count;
    let jitter = 0;
    let round: number | null = null;
    let fps: number | null = null;
    let largest = -1;
    const playouts = new Map<string, Playout>();
    stats.forEach((entry) => {
      if (entry["type"] === "candidate-pair" && entry["nominated"] && typeof entry["currentRoundTripTime"] === "number") {
        round = entry["currentRoundTripTime"];
      }
      if (entry["type"] !== "inbound-rtp") return;
      const playout = { at: number(entry, "estimatedPlayoutTimestamp"), packets: number(entry, "packetsReceived") };
      if (typeof entry["mid"] === "string") playouts.set(entry["mid"], playout);
      if (entry["kind"] === "audio") {
        now.samples += number(entry, "totalSamplesReceived");
        now.concealed += number(entry, "concealedSamples") - number(entry, "silentConcealedSamples");
        now.delay += number(entry, "jitterBufferDelay");
        now.emitted += number(entry, "jitterBufferEmittedCount");
        jitter = Math.max(jitter, number(entry, "jitter"));
      } else {
        now.freezes += number(entry, "freezeCount");
        // Of the picture that is largest: the others are small for everybody.
        const size = number(entry, "frameHeight");
        if (size > largest && typeof entry["framesPerSecond"] === "number") [largest, fps] = [size, entry["framesPerSecond"]];
      }
    });
    const before = this.before;
    this.before = now;
    const apart = ahead(slots, playouts, this.playouts);
    this.playouts = playouts;
    const level = Math.round(this.loudest);
    this.loudest = -120;
    // Less than before: the lines were made anew.
    if (!before || now.samples < before.samples || now.freezes < before.freezes) return null;
    const samples = now.samples - before.samples;
    const emitted = now.emitted - before.emitted;
    const buffer = emitted > 0 ? (now.delay - before.delay) / emitted : 0;
    const bounded = (value: number, most: number): number => Math.max(0, Math.min(most, Math.round(value)));
    return {
      type: "listening_figures",
      concealed: samples > 0 ? bounded((1_000 * (now.concealed - before.concealed)) / samples, 1_000) : null,
      jitter: bounded(jitter * 1_000, 60_000),
      latency: round === null ? null : bounded((round / 2 + buffer) * 1_000, 60_000),
      freezes: bounded(now.freezes - before.freezes, 10_000),
      fps: fps === null ? null : bounded(fps, 240),
      level: Math.max(-120, Math.min(0, level)),
      limits: bounded(now.limits - before.limits, 10_000),
      howls: bounded(now.howls - before.howls, 10_000),
      early: apart.length ? bounded(Math.max(0, ...apart), 60_000) : null,
      late: apart.length ? bounded(-Math.min(0, ...apart), 60_000) : null,
    };
  }
}
