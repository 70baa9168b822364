// One track as its lines tell it: numbers, the tiling of its time, and its index pages (docs/recording-format.md §2, §4).

import { sha256 } from "@noble/hashes/sha2.js";
import { type Gap, LATE, PAUSE, type Segment, partName } from "./journal";
import { hex } from "./tlog";

const PAGE = 512;
const RECORD = 48;
const NONE = 0xffff;

/** Names what is wrong: `first`, a code, the line. */
export type Blame = (first: string, code: string, line: number) => void;

/** A stretch of time that is answered for: by segment `n`, or by a gap (n = 0). */
interface Item {
  t0: number;
  t1: number;
  line: number;
  n: number;
  cause: string;
}

/** A pause of the recording by order, with its line; no end as long as none is known. */
export interface Pause {
  line: number;
  begin: number;
  end: number | null;
  /** Role of who ordered it; "" where the journal does not say. */
  by: string;
}

/** A change of the key by the line that tells it: from `t` on segments are encrypted to another. */
export interface Rekey {
  line: number;
  t: number;
  key: number;
  recipient: string;
  recipients: string[];
}

/** What was recorded to keys of its own, each until the next change, or `end`. */
export function closedStretches(rekeys: readonly Rekey[], end: number): (Rekey & { until: number })[] {
  return rekeys.flatMap((each, index) => (each.key ? [{ ...each, until: rekeys[index + 1]?.t ?? end }] : []));
}

function meets(pause: Pause, t0: number, t1: number): boolean {
  return Math.max(t0, pause.begin) < Math.min(t1, pause.end ?? Infinity);
}

/** Where on its page the record of a number begins. */
const offset = (n: number): number => ((n - 1) % PAGE) * RECORD;

export interface IndexPage {
  file: string;
  size: number;
  sha256: string;
  t0: number;
}

export class TrackLines {
  init = "";
  mime = "";
  /** Highest number used. */
  used = 0;
  readonly segments: Segment[] = [];
  readonly gaps: Gap[] = [];
  readonly items: Item[] = [];
  readonly startsWithKey = new Set<number>();
  /** (number, line) of recovered segments whose gap has not followed yet. */
  recovered: [number, number][] = [];
  recoveredCount = 0;
  /** Bytes of the index pages, each of `PAGE` records, and how many records there are. */
  private readonly index: DataView<ArrayBuffer>[] = [];
  private recordCount = 0;
  private lastT0 = -1;

  constructor(
    readonly name: string,
    readonly line: number,
    readonly t: number,
    readonly role: string,
    readonly kind: string,
    readonly lang: string,
    readonly required: boolean,
  ) {}

  /** Cause of the gap that its latest item is; "" when that is a segment, or nothing. */
  get lastCause(): string {
    return this.recovered.length ? "" : (this.items.at(-1)?.cause ?? "");
  }

  /** Numbers run 1, 2, 3 … */
  takeNumber(n: number, line: number, blame: Blame): void {
    if (n > this.used + 1) blame(partName(this.name, this.used + 1), "number", line);
    else if (n <= this.used) blame(partName(this.name, n), "number_again", line);
    this.used = Math.max(this.used, n);
  }

  addSegment(segment: Segment, line: number, blame: Blame): void {
    if (segment.t0 <= this.lastT0) blame(partName(this.name, segment.n), "overlap", line);
    this.lastT0 = Math.max(this.lastT0, segment.t0);
    this.items.push({ t0: segment.t0, t1: segment.t1, line, n: segment.n, cause: "" });
    this.segments.push(segment);
  }

  addGap(gap: Gap, line: number): void {
    this.gaps.push(gap);
    if (gap.cause === LATE) return;
    this.items.push({ ...gap, line, n: 0 });
    if (gap.cause !== "recovered") return;
    for (const [n] of this.recovered) if (gap.t0 < 2 ** 32) this.record(n)?.setUint32(offset(n), gap.t0);
    this.recovered = [];
  }

  /** The record of a number on its index page; false if a value does not fit into it. */
  addRecord(n: number, times: [number, number, number, number], size: number, hash: string): boolean {
    const [t0, length, key, back] = times;
    const fits = t0 < 2 ** 32 && length >= 0 && length <= 0xffff && key <= 0xffff && back >= 0 && back <= 0xffff && size < 2 ** 32;
    if (this.recordCount !== n - 1) return fits;
    this.recordCount = n;
    if (offset(n) === 0) this.index.push(new DataView(new ArrayBuffer(PAGE * RECORD)));
    const page = this.record(n);
    if (fits && hash && page) {
      const at = offset(n);
      page.setUint32(at, t0);
      page.setUint16(at + 4, length);
      page.setUint16(at + 6, key);
      page.setUint16(at + 8, back);
      page.setUint32(at + 12, size);
      for (let word = 0; word < 8; word += 1) page.setUint32(at + 16 + 4 * word, parseInt(hash.slice(8 * word, 8 * word + 8), 16));
    }
    return fits;
  }

  /** The page with the record of a number, if there is one. */
  private record(n: number): DataView<ArrayBuffer> | undefined {
    return n <= this.recordCount ? this.index[Math.floor((n - 1) / PAGE)] : undefined;
  }

  recordOf(segment: Segment): boolean {
    const times: [number, number, number, number] = [
      segment.t0, segment.t1 - segment.t0, segment.k[0] ?? NONE, segment.n - segment.rap,
    ];
    return this.addRecord(segment.n, times, segment.size, segment.sha256);
  }

  recordOfRecovered(n: number, size: number, hash: string): void {
    this.addRecord(n, [0, 0, NONE, 0], size, hash);
  }

  pages(): IndexPage[] {
    return this.index.map((page, number) => {
      const bytes = new Uint8Array(page.buffer, 0, Math.min(PAGE, this.recordCount - number * PAGE) * RECORD);
      const file = `index/${this.name}-${String(number).padStart(4, "0")}.idx`;
      return { file, size: bytes.length, sha256: hex(sha256(bytes)), t0: page.getUint32(0) };
    });
  }

  /** Segments and gaps tile [t, end) exactly: tolerance 0. Without an end, there is no hole and no overlap so far. */
  tile(end: number | null, endLine: number, blame: Blame): void {
    const ordered = [...this.items].sort((a, b) => a.t0 - b.t0 || a.t1 - b.t1 || a.line - b.line);
    let at = this.t;
    let before: Item | null = null;
    ordered.forEach((item, position) => {
      if (item.t0 > at) this.blame(ordered.slice(position).find((each) => each.n > 0) ?? item, "hole", blame);
      else if (item.t0 < at) this.blame(before && before.line > item.line ? before : item, "overlap", blame);
      if (item.t1 >= at) {
        at = item.t1;
        before = item;
      }
    });
    if (end !== null && at !== end) blame(`line ${endLine}`, "hole_at_end", endLine);
  }

  /** Nothing was kept in a pause, gaps of cause pause lie in one, and one of them meets each pause there is a part of. */
  pauses(pauses: Pause[], end: number | null, blame: Blame): void {
    const gaps = this.items.filter((item) => item.cause === PAUSE);
    for (const item of this.items) {
      if (item.cause === PAUSE) {
        const inside = pauses.some((pause) => pause.begin <= item.t0 && item.t1 <= (pause.end ?? Infinity));
        if (!inside) blame(`line ${item.line}`, "pause_nowhere", item.line);
      } else if ((item.n > 0 || item.cause === "recovered") && pauses.some((pause) => meets(pause, item.t0, item.t1))) {
        this.blame(item, "kept_in_pause", blame);
      }
    }
    for (const pause of pauses) {
      if (end === null || !meets(pause, this.t, end) || gaps.some((gap) => meets(pause, gap.t0, gap.t1))) continue;
      blame(`line ${pause.line}`, "pause_gap", pause.line);
    }
  }

  /** A segment ends before a change of the key that a later line tells, and begins behind one told before it. */
  rekeys(rekeys: Rekey[], blame: Blame): void {
    if (!rekeys.length) return;
    for (const item of this.items) {
      const over = rekeys.some(({ line, t }) => (line < item.line ? t > item.t0 : t < item.t1));
      if (item.n > 0 && over) this.blame(item, "over_rekey", blame);
    }
  }

  private blame(item: Item, code: string, blame: Blame): void {
    blame(item.n ? partName(this.name, item.n) : `line ${item.line}`, code, item.line);
  }

  /** Up to where the journal answers for it. */
  known(): number {
    return this.items.reduce((end, item) => Math.max(end, item.t1), this.t);
  }
}
