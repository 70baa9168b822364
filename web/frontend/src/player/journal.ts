// The journal of a recording: one JCS object a line (docs/recording-format.md §3), what each known type must hold, and
// whether segments and gaps cover the time they claim (§4). Known types are checked, unknown ones only hashed.

import { Tree, hex } from "./tlog";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Line = { [key: string]: Json } & { type: string; at: string };

export interface Segment {
  n: number;
  file: string;
  size: number;
  sha256: string;
  /** Milliseconds on the recording's timeline, half open. */
  t0: number;
  t1: number;
  /** Offsets of key frames from t0. */
  k: number[];
  /** Number of the segment to start decoding from. */
  rap: number;
}

export interface Gap {
  track: string;
  t0: number;
  t1: number;
  cause: string;
}

export interface File {
  file: string;
  size: number;
  sha256: string;
}

export interface Track {
  name: string;
  t: number;
  end: number;
  role: string;
  kind: string;
  codec: string;
  lang: string;
  required: boolean;
  mime: string;
  init: File | null;
  segments: Segment[];
  /** Parts the recorder found again after a crash: sealed, but of unknown time. */
  recovered: (File & { n: number })[];
  gaps: Gap[];
}

export interface Fault {
  /** What is named to the viewer: a part, "line 7", "checkpoint" … */
  first: string;
  code: string;
  line: number;
}

export interface Journal {
  origin: string;
  recipient: string;
  /** Nanoseconds since 1970 UTC at time 0. */
  zero: string;
  tracks: Track[];
  keywrap: File | null;
  /** The end of the recording in ms, null while no `close` is in force. */
  end: number | null;
  lines: number;
  root: string;
  /** Nanoseconds since 1970 UTC of the last line. */
  last: string;
  format: number;
  faults: Fault[];
}

const MAX_LINE = 65_536;
const MAX_CLOSE = 1_048_576;
const KEY = /^[a-z][a-z0-9_]{0,31}$/;
const HASH = /^[0-9a-f]{64}$/;
const NUMBER_TEXT = /^(0|[1-9][0-9]{0,19})$/;
const CAUSES = ["network", "sender_off", "pause", "recorder", "disk", "recovered", "late", "other"];
const KINDS = ["floor-video", "floor-audio", "language", "screen", "derived"];
const AFTER_CLOSE = ["access", "keywrap", "derive", "archive", "head", "stamp", "sealkey", "notice", "reopen"];

/** Fields each known type must have. */
const FIELDS: Record<string, string> = {
  open: "format recording hearing origin software recipient recipients clock zero",
  keywrap: "file size sha256",
  track: "track t role kind codec lang required pseudonym",
  init: "track file size sha256 mime",
  anchor: "t utc mono",
  sr: "track ssrc ntp rtp t",
  segment: "track n file size sha256 t0 t1 k rap",
  recovered_segment: "track n file size sha256",
  gap: "track t0 t1 cause told",
  loss: "track t0 t1 packets",
  ssrc_change: "track t old new",
  pause: "t by reason",
  resume: "t by",
  mask: "track of",
  derive: "file size sha256 of what",
  access: "who what why",
  soundcheck: "track picture level ok",
  head: "note",
  stamp: "note tsr",
  sealkey: "vkey",
  archive: "file bucket version until",
  notice: "code text",
  reopen: "t reason",
  close: "t tracks",
};
const COUNTS = new Set("format size n t t0 t1 rap ssrc rtp old new packets count end gaps".split(" "));
const FLAGS = new Set(["required", "ok", "picture"]);
const SAID = new Set(["by", "who", "reason", "why"]);

/** The one spelling of a value (RFC 8785) for values without fractions. */
export function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`);
  return `{${pairs.join(",")}}`;
}

function sound(value: Json, depth: number): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "string") return (value as string & { isWellFormed(): boolean }).isWellFormed();
  if (value === null || typeof value !== "object") return true;
  if (depth > 16) return false;
  if (Array.isArray(value)) return value.every((item) => sound(item, depth + 1));
  return Object.entries(value).every(([key, item]) => KEY.test(key) && sound(item, depth + 1));
}

/** Reads one line; null if its bytes are not the one spelling of an object with `type` and `at`. */
export function parseLine(text: string): Line | null {
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value) || !sound(value, 1)) return null;
  // Also excludes duplicate keys, other spellings of numbers, and white space.
  if (canonical(value) !== text) return null;
  if (typeof value["type"] !== "string" || !isTime(value["at"])) return null;
  return value as Line;
}

function isTime(value: Json | undefined): boolean {
  return typeof value === "string" && NUMBER_TEXT.test(value);
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && value >= 0;
}

/** Whether a line of a known type has every field, each of its type. */
export function wellTyped(line: Line): boolean {
  const names = FIELDS[line.type];
  if (names === undefined) return true;
  return names.split(" ").every((name) => {
    const value = line[name];
    if (COUNTS.has(name)) return isCount(value);
    if (name === "level") return typeof value === "number";
    if (FLAGS.has(name)) return typeof value === "boolean";
    if (name === "recipients" || name === "of") return isList(value, "string");
    if (name === "k") return isList(value, "number");
    if (name === "told") return Array.isArray(value);
    if (name === "tracks") return typeof value === "object" && value !== null && !Array.isArray(value);
    if (["utc", "mono", "ntp", "zero"].includes(name)) return isTime(value);
    if (name === "sha256") return typeof value === "string" && HASH.test(value);
    if (SAID.has(name) && typeof value === "object" && value !== null && !Array.isArray(value)) {
      return typeof value["blob"] === "string" && HASH.test(value["blob"]);
    }
    return typeof value === "string";
  });
}

function isList(value: Json | undefined, kind: "string" | "number"): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === kind && (kind === "string" || Number(item) >= 0));
}

export function partName(track: string, n: number): string {
  return `${track}-${String(n).padStart(6, "0")}`;
}

/** The segment of a number, looked for from the newest on: what a segment decodes from is close behind it. */
function lastNumbered(segments: Segment[], n: number): Segment | undefined {
  for (let index = segments.length - 1; index >= 0 && segments[index]!.n >= n; index -= 1) {
    if (segments[index]!.n === n) return segments[index];
  }
  return undefined;
}

/** Reads a whole journal of `size` lines. Never throws: what is wrong becomes a fault. */
export function readJournal(bytes: Uint8Array): Journal {
  return new Reader().read(bytes);
}

class Reader {
  private readonly journal: Journal = {
    origin: "", recipient: "", zero: "0", tracks: [], keywrap: null, end: null, lines: 0, root: "", last: "0", format: 0,
    faults: [],
  };
  private readonly tracks = new Map<string, Track>();
  private readonly used = new Map<string, number>();
  private readonly segmentLine = new Map<Segment, number>();
  private readonly pauses: { t0: number; t1: number; line: number }[] = [];
  private close: { line: number; value: Line } | null = null;
  private paused: { t0: number; line: number } | null = null;
  private at = 0;

  read(bytes: Uint8Array): Journal {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const tree = new Tree();
    if (bytes.length === 0 || bytes[bytes.length - 1] !== 10) this.fault("line 0", "journal_end");
    let from = 0;
    while (from < bytes.length) {
      const found = bytes.indexOf(10, from);
      const raw = bytes.subarray(from, found < 0 ? bytes.length : found);
      from += raw.length + 1;
      tree.append(raw);
      let text: string | null = null;
      try {
        text = decoder.decode(raw);
      } catch {
        text = null;
      }
      this.line(text, raw.length);
      this.at += 1;
    }
    this.finish();
    this.journal.lines = tree.size;
    this.journal.root = hex(tree.root());
    this.journal.tracks = [...this.tracks.values()];
    return this.journal;
  }

  private fault(first: string, code: string, line = this.at): void {
    this.journal.faults.push({ first, code, line });
  }

  private line(text: string | null, length: number): void {
    const name = `line ${this.at}`;
    const line = text === null ? null : parseLine(text);
    if (!line) return this.fault(name, "line_form");
    if (length > (line.type === "close" ? MAX_CLOSE : MAX_LINE)) return this.fault(name, "line_length");
    this.journal.last = line.at;
    if ((this.at === 0) !== (line.type === "open")) this.fault(name, "open_first");
    if (!wellTyped(line)) return this.fault(name, "line_fields");
    if (this.close && line.type in FIELDS && !AFTER_CLOSE.includes(line.type)) this.fault(name, "after_close");
    this.take(line, name);
  }

  private take(line: Line, name: string): void {
    switch (line.type) {
      case "open":
        return this.open(line, name);
      case "keywrap":
        this.journal.keywrap = { file: String(line["file"]), size: Number(line["size"]), sha256: String(line["sha256"]) };
        if (line["file"] !== "hearing-key.age") this.fault(name, "line_fields");
        return;
      case "track":
        return this.track(line, name);
      case "init":
        return this.init(line, name);
      case "segment":
      case "recovered_segment":
        return this.segment(line, name);
      case "gap":
        return this.gap(line, name);
      case "pause":
        if (this.paused) this.fault(name, "pause_order");
        this.paused = { t0: Number(line["t"]), line: this.at };
        return;
      case "resume":
        if (!this.paused) return this.fault(name, "pause_order");
        this.pauses.push({ t0: this.paused.t0, t1: Number(line["t"]), line: this.paused.line });
        this.paused = null;
        return;
      case "reopen":
        this.close = null;
        return;
      case "close":
        this.close = { line: this.at, value: line };
    }
  }

  private open(line: Line, name: string): void {
    this.journal.origin = String(line["origin"]);
    this.journal.recipient = String(line["recipient"]);
    this.journal.zero = String(line["zero"]);
    this.journal.format = Number(line["format"]);
    if (!this.journal.origin.endsWith(`/hearing/${String(line["recording"])}`)) this.fault(name, "open_origin");
  }

  private track(line: Line, name: string): void {
    const track = String(line["track"]);
    if (!KEY.test(track) || this.tracks.has(track) || !KINDS.includes(String(line["kind"]))) {
      return this.fault(name, "track_form");
    }
    this.tracks.set(track, {
      name: track, t: Number(line["t"]), end: Number(line["t"]), role: String(line["role"]), kind: String(line["kind"]),
      codec: String(line["codec"]), lang: String(line["lang"]), required: line["required"] === true, mime: "", init: null,
      segments: [], recovered: [], gaps: [],
    });
    this.used.set(track, 0);
    if (line["required"] === true && line["t"] !== 0) this.fault(name, "track_late");
  }

  private init(line: Line, name: string): void {
    const track = this.tracks.get(String(line["track"]));
    if (!track || track.init) return this.fault(name, "init_order");
    track.mime = String(line["mime"]);
    track.init = { file: String(line["file"]), size: Number(line["size"]), sha256: String(line["sha256"]) };
    if (track.init.file !== `seg/${partName(track.name, 0)}.age`) this.fault(name, "file_name");
  }

  private segment(line: Line, name: string): void {
    const track = this.tracks.get(String(line["track"]));
    if (!track?.init) return this.fault(name, "segment_order");
    if (!this.journal.keywrap) this.fault(name, "keywrap_first");
    const n = Number(line["n"]);
    const part = partName(track.name, n);
    const expected = (this.used.get(track.name) ?? 0) + 1;
    if (n !== expected) this.fault(partName(track.name, expected), "number");
    this.used.set(track.name, n);
    const file = { n, file: String(line["file"]), size: Number(line["size"]), sha256: String(line["sha256"]) };
    if (file.file !== `seg/${part}.age`) this.fault(part, "file_name");
    if (line.type === "recovered_segment") {
      track.recovered.push(file);
      return;
    }
    const segment: Segment = {
      ...file, t0: Number(line["t0"]), t1: Number(line["t1"]), k: line["k"] as number[], rap: Number(line["rap"]),
    };
    const last = segment.t1 - segment.t0;
    const audio = track.mime.startsWith("audio/");
    const rising = segment.k.every((at, index) => at < last && (index === 0 || at > (segment.k[index - 1] ?? 0)));
    const start = segment.rap === n ? segment : lastNumbered(track.segments, segment.rap);
    const starts = audio ? segment.rap === n && segment.k.length === 0 : start?.k[0] === 0;
    if (last < 1 || last > 65_534 || !rising || segment.rap > n || !starts) this.fault(part, "segment_form");
    track.segments.push(segment);
    this.segmentLine.set(segment, this.at);
  }

  private gap(line: Line, name: string): void {
    const track = this.tracks.get(String(line["track"]));
    const gap = {
      track: String(line["track"]), t0: Number(line["t0"]), t1: Number(line["t1"]), cause: String(line["cause"]),
    };
    if (!track || gap.t0 >= gap.t1 || !CAUSES.includes(gap.cause)) return this.fault(name, "gap_form");
    track.gaps.push(gap);
  }

  private finish(): void {
    if (![...this.tracks.values()].some((track) => track.required)) this.fault("line 0", "none_required", 0);
    const close = this.close;
    const tracks = close?.value["tracks"] as Record<string, Record<string, Json>> | undefined;
    if (close) this.journal.end = Number(close.value["t"]);
    if (this.paused) this.pauses.push({ t0: this.paused.t0, t1: this.journal.end ?? Infinity, line: this.paused.line });
    for (const track of this.tracks.values()) {
      const said = tracks?.[track.name];
      const known = [...track.segments, ...track.gaps].reduce((end, item) => Math.max(end, item.t1), track.t);
      track.end = isCount(said?.["end"]) ? Number(said["end"]) : known;
      this.tiles(track);
      if (close) this.compare(track, said, close.line);
    }
    if (close && tracks && Object.keys(tracks).length !== this.tracks.size) {
      this.fault(`line ${close.line}`, "close_tracks", close.line);
    }
    for (const pause of this.pauses) this.pauseMeets(pause);
  }

  /** Segments and gaps must tile the time of the track exactly: no hole, no overlap. */
  private tiles(track: Track): void {
    type Piece = { t0: number; t1: number; segment?: Segment };
    const pieces: Piece[] = [...track.gaps, ...track.segments.map((segment) => ({ ...segment, segment }))];
    pieces.sort((a, b) => a.t0 - b.t0 || a.t1 - b.t1);
    let at = track.t;
    for (const piece of pieces) {
      if (piece.t0 !== at) {
        const behind = piece.segment ?? track.segments.find((segment) => segment.t0 >= piece.t0);
        this.fault(behind ? partName(track.name, behind.n) : `line ${this.at - 1}`, piece.t0 > at ? "hole" : "overlap");
      }
      at = Math.max(at, piece.t1);
    }
    if (at !== track.end) this.fault(`line ${this.close?.line ?? this.at - 1}`, "hole_at_end");
  }

  private compare(track: Track, said: Record<string, Json> | undefined, line: number): void {
    const end = this.journal.end ?? 0;
    const agrees =
      said !== undefined &&
      said["mime"] === track.mime &&
      said["init"] === (track.init?.sha256 ?? "") &&
      said["count"] === (this.used.get(track.name) ?? 0) &&
      said["gaps"] === track.gaps.length &&
      track.end <= end &&
      (!track.required || track.end === end);
    if (!agrees) this.fault(`line ${line}`, "close_differs", line);
  }

  /** A pause is also a gap of cause pause on every track that runs then. */
  private pauseMeets(pause: { t0: number; t1: number; line: number }): void {
    for (const track of this.tracks.values()) {
      const runs = track.t < pause.t1 && track.end > pause.t0;
      const met = track.gaps.some((gap) => gap.cause === "pause" && gap.t0 < pause.t1 && gap.t1 > pause.t0);
      if (runs && pause.t1 > pause.t0 && !met) this.fault(`line ${pause.line}`, "pause_gap", pause.line);
    }
  }
}
