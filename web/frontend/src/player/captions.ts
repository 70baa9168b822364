// Captions of the log beside the recording. The journal has the hash of each entry of the log: a caption is shown only if
// it is the one under the seal. Pure but for the digest of the browser.

import type { LogEntry } from "./reader";
import { hex } from "./tlog";
import type { OwnKey } from "./wire";

/** A caption as the server sends it: the canonical form of its entry, who spoke, and who has written it, in words. */
export interface CaptionRow {
  entry: string;
  by: string;
  written: string;
}

export interface Caption {
  n: number;
  /** Milliseconds on the recording's timeline, half open. */
  t0: number;
  t1: number;
  /** Language and source: what is switched on and off together. */
  feed: string;
  lang: string;
  text: string;
  by: string;
  written: string;
}

/** How long a caption stands if none of its feed follows. */
const STAYS_MS = 7_000;

interface Entry {
  seq: number;
  kind: string;
  data: { lang: string; source: string; text: string; timecode_ms: number; corrects?: number };
}

/** The captions that are under the seal, in order of time; one that was corrected gives its place to the correction. */
export async function sealed(rows: readonly CaptionRow[], journal: readonly LogEntry[]): Promise<{ captions: Caption[]; refused: number }> {
  const hashes = new Map(journal.filter(({ kind }) => kind === "caption").map(({ entry, sha256 }) => [entry, sha256]));
  const found: (Caption & { corrects: number })[] = [];
  let refused = 0;
  for (const row of rows) {
    const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(row.entry))));
    const { seq, data } = JSON.parse(row.entry) as Entry;
    if (hashes.get(seq) !== digest) {
      refused += 1;
      continue;
    }
    found.push({
      n: seq, t0: data.timecode_ms, t1: data.timecode_ms + STAYS_MS, feed: `${data.lang} ${data.source}`, lang: data.lang, text: data.text,
      by: row.by, written: row.written, corrects: data.corrects ?? 0,
    });
  }
  const gone = new Set(found.map(({ corrects }) => corrects));
  const captions = found.filter(({ n }) => !gone.has(n)).sort((a, b) => a.t0 - b.t0 || a.n - b.n);
  return { captions: timed(captions.map(({ corrects: _corrects, ...caption }) => caption)), refused };
}

/** Each until the next of its feed begins. */
function timed(captions: Caption[]): Caption[] {
  const next = new Map<string, number>();
  for (const caption of captions.toReversed()) {
    caption.t1 = Math.max(caption.t0 + 1, Math.min(caption.t1, next.get(caption.feed) ?? Infinity));
    next.set(caption.feed, caption.t0);
  }
  return captions;
}

/** What the key file does not open has no captions either. */
export function opened(captions: readonly Caption[], ownKeys: readonly OwnKey[]): Caption[] {
  const locked = ownKeys.filter(({ opens }) => !opens);
  return captions.filter(({ t0 }) => !locked.some((each) => each.t0 <= t0 && t0 < each.t1));
}

/** The captions of these feeds that stand at a time, in order of the feeds. */
export function standing(captions: readonly Caption[], feeds: ReadonlySet<string>, t: number): Caption[] {
  return captions.filter((each) => feeds.has(each.feed) && each.t0 <= t && t < each.t1);
}
