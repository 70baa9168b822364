// A whole journal: the order of its lines, what they say together, and the files they name (docs/recording-format.md §3,
// §4). Never throws: what is wrong becomes a fault. Signatures are check.ts's.

import {
  CUSTODY_ONLY, type Fault, type Json, type Line, PAUSE, SWITCHED_OFF, type Segment, decodeLine, eachLine, isKnown, isNumber, isObject, isTrack,
  keyFile, namedIn, partFile, partName, readLine, segmentLine, wellTyped,
} from "./journal";
import { type Pause, type Rekey, TrackLines } from "./track-lines";
import { Tree, hex } from "./tlog";

/** A file as a line names it, with the name a fault of it has. */
export interface Named {
  file: string;
  size: number;
  sha256: string;
  first: string;
  line: number;
}

export interface HeadLine {
  line: number;
  type: "head" | "stamp";
  at: bigint;
  note: string;
  /** Base64 of a stamp's token, "" of a head. */
  tsr: string;
}

/** Who had a seat from a time (ms) on, by role and State. */
export interface Seated {
  seat: string;
  t: number;
  role: string;
  state: string;
}

/** An entry of the hearing's log, as the journal has it: its kind, who did it and whom it is about; no text. */
export interface LogEntry {
  entry: number;
  t: number;
  kind: string;
  /** Role; "" is the service. */
  who: string;
  seat: string;
  /** Of the entry as it stands in the log, in its canonical form. */
  sha256: string;
}

export interface Journal {
  origin: string;
  recipient: string;
  /** Who can open the main key: roles, never names. */
  recipients: string[];
  /** Every change of the key, in order; before the first the main key is in force. */
  rekeys: Rekey[];
  /** Nanoseconds since 1970 UTC at time 0. */
  zero: string;
  format: number;
  tracks: TrackLines[];
  people: Seated[];
  events: LogEntry[];
  /** Pauses of the recording by order. */
  pauses: Pause[];
  /** Lines that nobody had signed when a recorder found them. */
  unsigned: number;
  /** The end of the recording in ms, null while no `close` is in force. */
  end: number | null;
  ends: Map<string, number>;
  lines: number;
  root: string;
  /** `at` of each line that has one, for comparison with proven times: [line, ns]. */
  ats: [number, bigint][];
  heads: HeadLine[];
  /** Roots at the sizes that heads name. */
  roots: Map<number, string>;
  /** Files that must be there: parts, the wrapped key, index pages. */
  files: Map<string, Named>;
  /** Files that may have been removed: derived ones; and blobs, of which only the hash is known. */
  removable: Map<string, Named>;
  /** Paths a failed line names: nothing can be compared, but they are no orphans. */
  spoken: Set<string>;
  faults: Fault[];
}

/** Reads a whole journal; `sizes` are further sizes whose root is wanted. */
export function readJournal(bytes: Uint8Array, sizes: Iterable<number> = []): Journal {
  return new Reader(sizes).read(bytes);
}

class Reader {
  private readonly found: Journal = {
    origin: "", recipient: "", recipients: [], rekeys: [], zero: "0", format: 1, tracks: [], people: [], events: [], pauses: [], unsigned: 0, end: null, ends: new Map(), lines: 0, root: "", ats: [],
    heads: [], roots: new Map(), files: new Map(), removable: new Map(), spoken: new Set(), faults: [],
  };
  private readonly tracks = new Map<string, TrackLines>();
  /** The required tracks before each reopening, with the cause of the gap each was in ("" if in none). */
  private readonly reopens: { line: number; t: number; before: [string, string][] }[] = [];
  private readonly pauses: Pause[] = this.found.pauses;
  private close: { line: number; value: Line } | null = null;
  private wrapped = false;
  private readonly keyFiles = new Set<string>();
  private expectsAnchor = false;
  private lastT = 0;
  /** The latest entry of the hearing's log, 0 before the first. */
  private entry = 0;
  private at = 0;

  constructor(private readonly sizes: Iterable<number>) {}

  read(bytes: Uint8Array): Journal {
    const wanted = new Set([...this.sizes, ...headSizes(bytes)]);
    const tree = new Tree();
    eachLine(bytes, (raw, whole) => {
      if (wanted.has(tree.size)) this.found.roots.set(tree.size, hex(tree.root()));
      tree.append(raw);
      if (!whole) this.wrong("journal_end");
      if (this.found.format === 1) this.line(decodeLine(raw), raw.length);
      this.at += 1;
    });
    if (wanted.has(tree.size)) this.found.roots.set(tree.size, hex(tree.root()));
    if (this.found.format === 1) this.finish(tree.size);
    this.found.lines = tree.size;
    this.found.root = hex(tree.root());
    this.found.tracks = [...this.tracks.values()];
    return this.found;
  }

  private readonly blame = (first: string, code: string, line: number): void => {
    this.found.faults.push({ first, code, line });
  };

  private wrong(code: string, line = this.at): void {
    this.blame(`line ${line}`, code, line);
  }

  private line(text: string | null, length: number): void {
    const segment = text === null ? null : segmentLine(text);
    if (segment && this.at) return this.known(segment);
    const { value, code } = readLine(text, length);
    if (this.at === 0 && value?.["type"] === "open" && typeof value["format"] === "number" && value["format"] !== 1) {
      this.found.format = value["format"];
      return;
    }
    if (code) this.wrong(code);
    const type = value?.["type"];
    this.order(type);
    if (!value) return;
    if (text?.includes('"blob"')) this.blobs(value);
    if (wellTyped(value)) return this.heed(value);
    this.wrong("line_fields");
    this.salvage(value);
  }

  /** A line with all its fields, in its one spelling. */
  private known(line: Line): void {
    this.order(line.type);
    this.heed(line);
  }

  private heed(line: Line): void {
    this.found.ats.push([this.at, BigInt(line.at)]);
    this.take(line);
  }

  private order(type: Json | undefined): void {
    if ((this.at === 0) !== (type === "open")) this.wrong("open_first");
    if (this.expectsAnchor && type !== "anchor") this.wrong("anchor_after_reopen");
    this.expectsAnchor = type === "reopen";
    if (typeof type === "string" && CUSTODY_ONLY.has(type)) this.wrong("custody_only");
    else if (this.close && type !== "reopen") this.wrong("after_close");
  }

  private blobs(value: Json): void {
    for (const named of blobsIn(value, `line ${this.at}`, this.at)) {
      if (!this.found.removable.has(named.file)) this.found.removable.set(named.file, named);
    }
  }

  private seated(line: Line): void {
    const t = Number((BigInt(line.at) - BigInt(this.found.zero)) / 1_000_000n);
    this.found.people.push({ seat: String(line["seat"]), t, role: String(line["role"]), state: String(line["state"]) });
  }

  /** A failed line still counts for numbers and file names. */
  private salvage(value: Record<string, Json>): void {
    if (!isKnown(value["type"])) return;
    namedIn(value, new Set(), this.found.spoken);
    const name = value["track"];
    const n = value["n"];
    if (!isTrack(name)) return;
    if (value["type"] === "init") this.found.spoken.add(partFile(String(name), 0));
    if (["segment", "recovered_segment"].includes(value["type"]) && isNumber(n)) {
      this.found.spoken.add(partFile(String(name), Number(n)));
      const track = this.tracks.get(String(name));
      track?.takeNumber(Number(n), this.at, this.blame);
      track?.addRecord(Number(n), [0, 0, 0, 0], 0, "");
    }
  }

  private take(line: Line): void {
    switch (line.type) {
      case "open":
        return this.open(line);
      case "keywrap":
        this.wrapped = true;
        this.keyFiles.add(String(line["file"]));
        this.name(String(line["file"]), line, `line ${this.at}`);
        return;
      case "track":
        return this.track(line);
      case "init":
        return this.init(line);
      case "segment":
        return this.segment(line);
      case "recovered_segment":
        return this.recovered(line);
      case "found":
        this.found.unsigned += 1;
        return;
      case "gap":
        return this.gap(line);
      case "event":
        return this.event(line);
      case "derive":
        this.found.removable.set(String(line["file"]), namedBy(line, String(line["file"]), `line ${this.at}`, this.at));
        return;
      case "head":
      case "stamp":
        this.found.heads.push(headLine(line, line.type, this.at));
        return;
      case "person":
        this.seated(line);
        return;
      case "pause":
      case "resume":
        return this.pause(line);
      case "rekey":
        return this.rekey(line);
      case "reopen": {
        this.point(Number(line["t"]));
        this.close = null;
        const required = [...this.tracks.values()].filter((track) => track.required);
        const before = required.map((track): [string, string] => [track.name, this.paused ? PAUSE : track.lastCause]);
        this.reopens.push({ line: this.at, t: Number(line["t"]), before });
        return;
      }
      case "close":
        this.point(Number(line["t"]));
        this.close ??= { line: this.at, value: line };
    }
  }

  private get paused(): boolean {
    return this.pauses.at(-1)?.end === null;
  }

  private pause(line: Line): void {
    const t = Number(line["t"]);
    this.point(t);
    const begins = line.type === "pause";
    if (begins === this.paused) this.wrong(begins ? "pause_twice" : "resume_first");
    else if (begins) this.pauses.push({ line: this.at, begin: t, end: null, by: typeof line["by"] === "string" ? line["by"] : "" });
    else this.pauses.at(-1)!.end = t;
  }

  private rekey(line: Line): void {
    const { rekeys, recipient, recipients } = this.found;
    const next: Rekey = {
      line: this.at, t: Number(line["t"]), key: Number(line["key"]), recipient: String(line["recipient"]), recipients: line["recipients"] as string[],
    };
    this.point(next.t);
    const sameMain = next.recipient === recipient && next.recipients.join("\n") === recipients.join("\n");
    if (next.key === this.key) this.wrong("rekey_present");
    else if (next.key === 0) {
      if (recipient && !sameMain) this.wrong("rekey_main");
    } else if (next.key <= Math.max(0, ...rekeys.map(({ key }) => key))) this.wrong("rekey_used");
    else if (!this.keyFiles.has(keyFile(next.key))) this.wrong("rekey_unwrapped");
    else if ([recipient, ...rekeys.map((each) => each.recipient)].includes(next.recipient)) this.wrong("rekey_used");
    rekeys.push(next);
  }

  /** The number of the key in force. */
  private get key(): number {
    return this.found.rekeys.at(-1)?.key ?? 0;
  }

  private point(t: number): void {
    if (t < this.lastT) this.wrong("time_back");
    this.lastT = Math.max(this.lastT, t);
  }

  private name(file: string, line: Line, first: string): void {
    this.found.files.set(file, namedBy(line, file, first, this.at));
  }

  private open(line: Line): void {
    if (this.at) return;
    this.found.origin = String(line["origin"]);
    this.found.recipient = String(line["recipient"]);
    this.found.recipients = line["recipients"] as string[];
    this.found.zero = String(line["zero"]);
    const uuid = originUuid(this.found.origin);
    if (uuid === null || uuid !== line["recording"]) this.wrong("open_origin");
  }

  private track(line: Line): void {
    const name = String(line["track"]);
    if (this.tracks.has(name)) return this.wrong("track_twice");
    const { role, kind, lang } = line as Record<string, Json>;
    this.tracks.set(
      name,
      new TrackLines(name, this.at, Number(line["t"]), String(role), String(kind), String(lang), line["required"] === true),
    );
  }

  private declared(line: Line): TrackLines | null {
    const track = this.tracks.get(String(line["track"]));
    if (!track) this.wrong("track_first");
    return track ?? null;
  }

  private init(line: Line): void {
    const track = this.declared(line);
    const name = String(line["track"]);
    this.name(partFile(name, 0), line, partName(name, 0));
    if (line["file"] !== partFile(name, 0)) this.wrong("file_name");
    if (!track) return;
    if (track.init) return this.wrong("init_twice");
    track.init = String(line["sha256"]);
    track.mime = String(line["mime"]);
  }

  /** What segment and recovered_segment have in common: order, file name, number. */
  private numbered(line: Line): TrackLines | null {
    const name = String(line["track"]);
    const n = Number(line["n"]);
    const file = partFile(name, n);
    this.name(file, line, partName(name, n));
    if (line["file"] !== file) this.wrong("file_name");
    if (!this.wrapped) {
      this.wrapped = true;
      this.wrong("keywrap_first");
    }
    const track = this.declared(line);
    if (!track) return null;
    if (!track.init) this.wrong("init_first");
    track.takeNumber(n, this.at, this.blame);
    return track;
  }

  private segment(line: Line): void {
    const track = this.numbered(line);
    if (!track) return;
    const segment: Segment = {
      n: Number(line["n"]), file: String(line["file"]), size: Number(line["size"]), sha256: String(line["sha256"]),
      t0: Number(line["t0"]), t1: Number(line["t1"]), k: line["k"] as number[], rap: Number(line["rap"]),
      packets: line["packets"] as number[], key: this.key,
    };
    const length = segment.t1 - segment.t0;
    if (length < 1 || length > 65_534) this.wrong("segment_length");
    const rising = segment.k.every((at, index) => at < length && (index === 0 || at > segment.k[index - 1]!));
    if (!rising) this.wrong("key_frames");
    if (segment.k.includes(0)) track.startsWithKey.add(segment.n);
    const starts = track.mime.startsWith("audio/")
      ? segment.k.length === 0 && segment.rap === segment.n
      : segment.rap <= segment.n && track.startsWithKey.has(segment.rap);
    if (!starts) this.wrong("rap");
    if (!track.recordOf(segment)) this.wrong("index_record");
    track.addSegment(segment, this.at, this.blame);
  }

  private recovered(line: Line): void {
    const track = this.numbered(line);
    if (!track) return;
    track.recordOfRecovered(Number(line["n"]), Number(line["size"]), String(line["sha256"]));
    track.recovered.push([Number(line["n"]), this.at]);
    track.recoveredCount += 1;
  }

  private gap(line: Line): void {
    const track = this.declared(line);
    const gap = {
      track: String(line["track"]), t0: Number(line["t0"]), t1: Number(line["t1"]), cause: String(line["cause"]),
    };
    if (gap.t0 >= gap.t1) this.wrong("gap_form");
    else track?.addGap(gap, this.at);
  }

  private event(line: Line): void {
    const entry = Number(line["entry"]);
    if (entry !== this.entry + 1) this.wrong("entry_missing");
    this.entry = Math.max(this.entry, entry);
    this.found.events.push({
      entry, t: Number(line["t"]), kind: String(line["kind"]), who: String(line["who"]), seat: String(line["seat"]), sha256: String(line["sha256"]),
    });
  }

  // --- at the end ----------------------------------------------------------------------------------------------------

  private finish(lines: number): void {
    if (!lines) this.wrong("empty", 0);
    for (const track of this.tracks.values()) for (const [, line] of track.recovered) this.wrong("recovered_gap", line);
    for (const reopen of this.reopens) this.reopened(reopen);
    const close = this.close;
    if (!close) {
      for (const track of this.tracks.values()) {
        track.tile(null, 0, this.blame);
        track.pauses(this.pauses, null, this.blame);
        track.rekeys(this.found.rekeys, this.blame);
      }
      return;
    }
    this.found.end = Number(close.value["t"]);
    this.closed(close.line, close.value["tracks"] as Record<string, Record<string, Json>>, this.found.end);
  }

  private reopened(reopen: { line: number; t: number; before: [string, string][] }): void {
    for (const [name, cause] of reopen.before) {
      const causes = ["recorder", "recovered", ...[...SWITCHED_OFF, PAUSE].filter((one) => one === cause)];
      const met = this.tracks.get(name)!.items.some(
        (item) =>
          causes.includes(item.cause) && item.line > reopen.line && item.t0 <= reopen.t && reopen.t <= item.t1,
      );
      if (!met) this.wrong("reopen_gap", reopen.line);
    }
  }

  private closed(line: number, said: Record<string, Record<string, Json>>, end: number): void {
    if (Object.keys(said).sort().join(" ") !== [...this.tracks.keys()].sort().join(" ")) this.wrong("close_tracks", line);
    if (![...this.tracks.values()].some((track) => track.required)) this.wrong("none_required", line);
    for (const [name, item] of Object.entries(said)) {
      this.found.ends.set(name, Number(item["end"]));
      namedIn(item["pages"]!, new Set(), this.found.spoken);
    }
    for (const track of this.tracks.values()) {
      const until = this.found.ends.get(track.name) ?? null;
      track.tile(until, line, this.blame);
      track.pauses(this.pauses.map((pause) => ({ ...pause, end: pause.end ?? end })), until, this.blame);
      track.rekeys(this.found.rekeys, this.blame);
      if (track.required && track.t !== 0) this.wrong("track_late", track.line);
      const item = said[track.name];
      if (item) this.closing(track, item, line, end);
    }
  }

  private closing(track: TrackLines, said: Record<string, Json>, line: number, end: number): void {
    const agrees =
      said["mime"] === track.mime && said["init"] === track.init && said["count"] === track.used &&
      said["gaps"] === track.gaps.length;
    if (!agrees) this.wrong("close_differs", line);
    if (Number(said["end"]) > end || (track.required && said["end"] !== end)) this.wrong("close_end", line);
    const pages = track.pages();
    const told = (said["pages"] as Json[]).filter(isObject);
    const same =
      told.length === pages.length &&
      pages.every((page, index) => {
        const other = told[index]!;
        return other["file"] === page.file && other["size"] === page.size && other["sha256"] === page.sha256 && other["t0"] === page.t0;
      });
    if (!same) this.wrong("index_pages", line);
    for (const page of pages) this.found.files.set(page.file, { ...page, first: `line ${line}`, line });
  }
}

/** The file of a line, as the line says it is. */
export function namedBy(value: Line, file: string, first: string, line: number): Named {
  return { file, size: Number(value["size"]), sha256: String(value["sha256"]), first, line };
}

/** The blobs a line names, at whatever depth. */
export function blobsIn(value: Json, first: string, line: number): Named[] {
  const hashes = new Set<string>();
  namedIn(value, hashes, new Set());
  return [...hashes].map((sha256) => ({ file: `blob/${sha256}.age`, size: -1, sha256, first, line }));
}

export function headLine(value: Line, type: HeadLine["type"], line: number): HeadLine {
  return { line, type, at: BigInt(value.at), note: String(value["note"]), tsr: type === "stamp" ? String(value["tsr"]) : "" };
}

/** Sizes that `head` and `stamp` lines speak of: their roots are wanted on the way. */
export function headSizes(bytes: Uint8Array): number[] {
  const text = new TextDecoder().decode(bytes);
  const sizes: number[] = [];
  for (const found of text.matchAll(/"note":"[^"\\]*\\n([0-9]{1,16})\\n/g)) sizes.push(Number(found[1]));
  return sizes;
}

/** Whether an origin is that of a training record: made in a rehearsal, and no evidence. */
export const isTraining = (origin: string): boolean => origin.startsWith("training.");

/** The recording's id out of `<court>/hearing/<uuid>`, or null if a text is no origin. */
export function originUuid(origin: string): string | null {
  const label = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  const form = new RegExp(`^${label}(?:\\.${label})*/hearing/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$`);
  return (origin.length <= 255 && form.exec(origin)?.[1]) || null;
}
