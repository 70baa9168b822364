// The lines of a journal: one JCS object each (docs/recording-format.md §1, §3), and what each known type must hold.
// Known types are checked, unknown ones only hashed. What the lines say together is in reader.ts.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Line = { [key: string]: Json } & { type: string; at: string };

/** What of a segment is needed to play it. */
export interface Played {
  /** Packets received, and lost on the way; missing where a journal does not say. */
  packets?: number[];
  n: number;
  /** Milliseconds on the recording's timeline, half open. */
  t0: number;
  t1: number;
  /** Offsets of key frames from t0. */
  k: number[];
  /** Number of the segment to start decoding from. */
  rap: number;
}

export interface Segment extends Played {
  file: string;
  size: number;
  sha256: string;
  /** Number of the key it is encrypted to, 0 or none the main one. */
  key?: number;
}

export interface Gap {
  track: string;
  t0: number;
  t1: number;
  cause: string;
  /** As it is shown, of cause `pause`: the role of who ordered that. */
  by?: string;
}

export interface Fault {
  /** What is named to the viewer: a part, "line 7", "checkpoint", a path, "bag". */
  first: string;
  code: string;
  /** Number of the line that is wrong, or that names what is wrong, from 0. */
  line: number;
  /** The file that is meant, where a line names one. */
  file?: string;
}

const MAX_LINE = 65_536;
const MAX_CLOSE = 1_048_576;
const MAX_DEPTH = 16;
const KEY = /^[a-z][a-z0-9_]{0,31}$/;
const HASH = /^[0-9a-f]{64}$/;
const NUMBER_TEXT = /^(0|[1-9][0-9]{0,19})$/;
const LANGUAGE = /^([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?$/;
const DAY = /^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/;
const CAUSES = ["network", "sender_off", "order", "pause", "server", "worker", "recorder", "disk", "recovered", "late", "other"];
/** Cause of the gap that a segment's time may overlap: what came too late to be kept. */
export const LATE = "late";
/** Cause of a gap inside a pause by order, in which nothing was to be kept. */
export const PAUSE = "pause";
/** What the player calls the time of segments whose key it does not have; no cause in a journal. */
export const LOCKED = "locked";
/** Causes that go on while the recorder is away: nothing was to be recorded. */
export const SWITCHED_OFF = ["sender_off", "order"];
const KINDS = ["floor-video", "floor-audio", "language", "screen", "derived"];
/** Types whose only place is the custody log. */
const RELEASES = ["released", "received"];
export const CUSTODY_ONLY = new Set([...["custody", "closed", "access", "archive", "keyuse"], ...["hold", "destroyed"], ...RELEASES]);
/** Known types that have a place in the custody log; all but CUSTODY_ONLY have one in the journal too. */
const IN_CUSTODY = new Set([...CUSTODY_ONLY, "keywrap", "derive", "head", "stamp", "sealkey", "notice"]);

type Check = (value: Json | undefined) => boolean;

const text: Check = (value) => typeof value === "string";
const count: Check = (value) => typeof value === "number" && value >= 0;
const number: Check = (value) => typeof value === "number" && value >= 1 && value <= 999_999;
const level: Check = (value) => typeof value === "number";
const flag: Check = (value) => typeof value === "boolean";
const list = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const counts = (length: number): Check => (value) => list(count)(value) && (value as Json[]).length === length;
const matches = (pattern: RegExp): Check => (value) => typeof value === "string" && pattern.test(value);
const among = (words: string[]): Check => (value) => typeof value === "string" && words.includes(value);
const digits = matches(NUMBER_TEXT);
const digitsOrNone: Check = (value) => value === "" || digits(value);
const signed = matches(/^(0|-?[1-9][0-9]{0,19})?$/);
const entry: Check = (value) => typeof value === "number" && value >= 1;
const hash = matches(HASH);
const track = matches(KEY);
const key: Check = (value) => count(value) && (value as number) <= 999;
const keyFileName = matches(/^hearing-key(-[1-9][0-9]{0,2})?\.age$/);
const textOrBlob: Check = (value) => text(value) || (isObject(value) && Object.keys(value).length === 1 && hash(value["blob"]));

const closing: Check = (value) =>
  isObject(value) &&
  Object.entries(value).every(([name, item]) => KEY.test(name) && isObject(item) && closingTrack(item));

function closingTrack(item: Record<string, Json>): boolean {
  return (
    text(item["mime"]) &&
    (item["init"] === "" || hash(item["init"])) &&
    count(item["count"]) && count(item["end"]) && count(item["gaps"]) &&
    list((page) => isObject(page) && text(page["file"]) && hash(page["sha256"]) && count(page["size"]) && count(page["t0"]))(item["pages"])
  );
}

const FILE = { file: text, size: count, sha256: hash };
const SPAN = { t0: count, t1: count };

/** Fields each known type must have, each with what it must look like. */
const FIELDS: Record<string, Record<string, Check>> = {
  open: {
    format: (value) => value === 1, recording: text, hearing: text, origin: text, software: text, recipient: text,
    recipients: list(text), clock: text, zero: digits,
  },
  keywrap: { ...FILE, file: keyFileName },
  track: {
    track, t: count, role: text, kind: among(KINDS), codec: text, lang: matches(LANGUAGE), required: flag, pseudonym: text,
  },
  init: { track, ...FILE, mime: text },
  anchor: { t: count, utc: digits, mono: digits },
  sr: { track, ssrc: count, ntp: digits, rtp: count, t: count },
  segment: {
    track, n: number, ...FILE, ...SPAN, k: list(count), rap: number, seq: counts(2), rtp: counts(2), packets: counts(3), holes: counts(2),
  },
  recovered_segment: { track, n: number, ...FILE },
  found: { text },
  gap: { track, ...SPAN, cause: among(CAUSES) },
  loss: { track, ...SPAN, packets: count, frames: count },
  ssrc_change: { track, t: count, old: count, new: count },
  mask: { track, of: list(track) },
  derive: { ...FILE, file: matches(/^derived\/[0-9]{6}\.age$/), of: list(track), what: text },
  custody: { format: (value) => value === 1, recording: text, of: text },
  closed: { size: count, root: hash },
  access: { person: text, role: text, state: text, what: text, why: textOrBlob },
  clock: { source: text, synchronised: flag, offset: signed, error: digitsOrNone, stratum: digitsOrNone },
  person: { seat: track, role: text, state: text, sha256: hash },
  event: { entry, kind: text, t: count, who: text, seat: (value) => value === "" || track(value), sha256: hash },
  soundcheck: { track, picture: flag, level, ok: flag },
  head: { note: text },
  stamp: { note: text, tsr: text },
  sealkey: { vkey: text },
  keyuse: { key, person: text, role: text, state: text, why: textOrBlob },
  archive: { file: text, bucket: text, version: text, until: matches(DAY) },
  hold: { hold: text, in_force: flag, person: text, state: text, why: textOrBlob },
  destroyed: { files: list(keyFileName), proposed: text, decided: text, state: text, why: textOrBlob },
  released: {
    release: text, what: text, to: text, state: text, purpose: text, by: (value) => list(text)(value) && (value as Json[]).length === 2,
    limits: list(text), statement: hash,
  },
  received: { release: text, by: text, state: text, verdict: text, receipt: hash },
  notice: { code: text, text },
  pause: { t: count, by: textOrBlob, reason: textOrBlob },
  resume: { t: count, by: textOrBlob },
  rekey: { key, t: count, recipient: text, recipients: list(text) },
  reopen: { t: count, reason: textOrBlob },
  close: { t: count, tracks: closing },
};

const pair: Check = (value) => list(text)(value) && (value as Json[]).length === 2;

/** Fields that older lines lack; where one is there, it must look so. `root` is that of the head of the close. */
const LATER: Record<string, Record<string, Check>> = {
  access: { root: hash },
  derive: { why: textOrBlob, root: hash },
  keyuse: { root: hash },
  hold: { role: text, root: hash },
  destroyed: { roles: pair, hashes: list(hash), root: hash },
  released: { roles: pair, from: text, root: hash },
  received: { role: text, why: textOrBlob, root: hash },
};

/** Whether lines of this type name the head at which the recording was closed, since they do. */
export function isConcerned(type: unknown): boolean {
  return typeof type === "string" && Object.hasOwn(LATER, type);
}

export function isKnown(type: unknown): type is string {
  return typeof type === "string" && Object.hasOwn(FIELDS, type);
}

/** Whether a type is known and has its place in the journal alone. */
export function isJournalOnly(type: unknown): boolean {
  return isKnown(type) && !IN_CUSTODY.has(type);
}

export function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a name a track may have. */
export const isTrack = track;
/** Whether a value is a number a segment may have. */
export const isNumber = number;

/** The one spelling of a value (RFC 8785) for values without fractions. */
function canonical(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const pairs = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`);
  return `{${pairs.join(",")}}`;
}

function sound(value: Json, depth: number): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value === "string") return (value as string & { isWellFormed(): boolean }).isWellFormed();
  if (value === null || typeof value !== "object") return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => sound(item, depth + 1));
  return Object.entries(value).every(([key, item]) => KEY.test(key) && sound(item, depth + 1));
}

/** Calls `take` with each line of a log, without its LF, and whether it had one. */
export function eachLine(bytes: Uint8Array, take: (raw: Uint8Array, whole: boolean) => void): void {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from);
    const raw = bytes.subarray(from, end < 0 ? bytes.length : end);
    from += raw.length + 1;
    take(raw, end >= 0);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The line's text, or null if it is not UTF-8. */
export function decodeLine(raw: Uint8Array): string | null {
  try {
    return utf8.decode(raw);
  } catch {
    return null;
  }
}

export interface Read {
  /** The object of the line, if it is one: a line in another spelling still says which numbers and files it used. */
  value: Record<string, Json> | null;
  /** What is wrong with its form, "" if nothing. */
  code: string;
}

/** Reads one line, given without its LF as text (null: not UTF-8) and as a number of bytes. */
export function readLine(line: string | null, length: number): Read {
  if (line === null) return { value: null, code: "line_form" };
  if (length > MAX_CLOSE) return { value: null, code: "line_length" };
  let value: Json;
  try {
    value = JSON.parse(line) as Json;
  } catch {
    return { value: null, code: "line_form" };
  }
  if (!isObject(value) || !sound(value, 1)) return { value: null, code: "line_form" };
  // The comparison also excludes duplicate keys, other spellings of numbers, and white space.
  if (canonical(value) !== line) return { value, code: "line_form" };
  if (length > MAX_LINE && value["type"] !== "close") return { value, code: "line_length" };
  return { value, code: "" };
}

const I = "(0|[1-9][0-9]{0,14})";
const PART = "([1-9][0-9]{0,5})";
/** The one spelling of a `segment` line without fields of its own. */
const SEGMENT = new RegExp(
  `^\\{"at":"(0|[1-9][0-9]{0,19})","file":"([ !#-\\[\\]-~]*)","holes":\\[${I},${I}\\],"k":\\[((?:${I}(?:,${I})*)?)\\],"n":${PART},` +
  `"packets":\\[${I},${I},${I}\\],"rap":${PART},"rtp":\\[${I},${I}\\],"seq":\\[${I},${I}\\],"sha256":"([0-9a-f]{64})","size":${I},` +
  `"t0":${I},"t1":${I},"track":"([a-z][a-z0-9_]{0,31})","type":"segment"\\}$`,
);

/** A `segment` line as `readLine` and `wellTyped` would let it pass, at a fraction of the time: nearly all lines are one.
 * Null says nothing: the line may be right in a way of its own. */
export function segmentLine(line: string): Line | null {
  const found = line.length <= MAX_LINE ? SEGMENT.exec(line) : null;
  if (!found) return null;
  const number = (at: number): number => Number(found[at]);
  const k = found[5] ? found[5].split(",").map(Number) : [];
  return {
    type: "segment", at: found[1]!, file: found[2]!, holes: [number(3), number(4)], k, n: number(8), packets: [number(9), number(10), number(11)],
    rap: number(12), rtp: [number(13), number(14)], seq: [number(15), number(16)], sha256: found[17]!, size: number(18), t0: number(19), t1: number(20),
    track: found[21]!,
  };
}

/** Whether a line has `type` and `at` and, if its type is known, every field in its form. */
export function wellTyped(value: Record<string, Json>): value is Line {
  if (typeof value["type"] !== "string" || !digits(value["at"])) return false;
  if (!isKnown(value["type"])) return true;
  const later = Object.entries(LATER[value["type"]] ?? {}).every(([name, check]) => !Object.hasOwn(value, name) || check(value[name]));
  return later && Object.entries(FIELDS[value["type"]]!).every(([name, check]) => check(value[name]));
}

/** Hashes of the blobs a value names, and paths in its `file` fields, at whatever depth. */
export function namedIn(value: Json, blobs: Set<string>, files: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) namedIn(item, blobs, files);
  } else if (isObject(value)) {
    if (Object.keys(value).length === 1 && hash(value["blob"])) blobs.add(String(value["blob"]));
    if (typeof value["file"] === "string") files.add(value["file"]);
    for (const item of Object.values(value)) namedIn(item, blobs, files);
  }
}

export function partName(name: string, n: number): string {
  return `${name}-${String(n).padStart(6, "0")}`;
}

/** The file in which a key of the recording is wrapped, 0 the main one. */
export function keyFile(key: number): string {
  return key ? `hearing-key-${key}.age` : "hearing-key.age";
}

export function partFile(name: string, n: number): string {
  return `seg/${partName(name, n)}.age`;
}
