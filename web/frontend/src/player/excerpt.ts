// An excerpt: a bag without a journal, of which only the lines are known that are proven to lie under the signed head
// (docs/recording-format.md §6). Never throws: what is wrong becomes a fault. Signatures are check.ts's.

import type { Head } from "./heads";
import { CUSTODY_ONLY, type Fault, type Gap, type Json, LATE, type Line, decodeLine, isObject, partFile, partName, readLine, wellTyped } from "./journal";
import { type Journal, type Named, blobsIn, namedBy, originUuid } from "./reader";
import { type Bytes, base64Decode, included, sameBytes } from "./tlog";
import { TrackLines } from "./track-lines";

/** What of one track is in an excerpt. */
export interface Run {
  track: TrackLines;
  first: number;
  last: number;
  /** Numbers that the track has in the whole recording, as its close says; null where that is not proven. */
  of: number | null;
  /** From when to when, ms of the recording: its segments and its gaps; null where only pieces of unknown time are there. */
  t0: number | null;
  t1: number | null;
}

export interface Excerpt {
  runs: Run[];
  /** Codes of what must be proven for a verdict, and is not. */
  missing: string[];
  /** `at` of the latest line, ns. */
  last: bigint | null;
  /** What its proven lines say, as far as it is there. */
  journal: Journal;
}

/** The key files that were wrapped anew after the close, by the lines of the custody log that are proven. */
export interface Anew {
  wrapped: Map<string, Named>;
  removable: Named[];
  faults: Fault[];
  ats: [number, bigint][];
}

interface Proven {
  index: number;
  value: Line;
}

const MAGIC = "c2sp.org/tlog-proof@v1";
const NUMBERED = /^([a-z][a-z0-9_]{0,31})-([0-9]{6})$/;
const GAP = /^gap-([a-z][a-z0-9_]{0,31})-(0|[1-9][0-9]{0,15})$/;
const NAMED = /^(open|close|keywrap(-[1-9][0-9]{0,2})?)$/;
const ANEW = /^custody-keywrap(-[1-9][0-9]{0,2})?$/;
/** The most numbers that `rap` lies before `n`. */
const FURTHEST = 65_535;

/** The name of a proof by its path in the bag's payload, or null for another file. */
export function proofName(path: string): string | null {
  return /^proofs\/([^/]*)\.tlog-proof$/.exec(path)?.[1] ?? null;
}

/** Whether a proof is of a line of the custody log, by its name. */
export function isAnew(name: string): boolean {
  return ANEW.test(name);
}

/** Number and bytes of the line that a proof proves under a head; `bears` is the file of that head. Null when it proves none. */
function proven(proof: Bytes, head: Head, bears: Uint8Array): { index: number; raw: Bytes } | null {
  let cut = proof.indexOf(10);
  while (cut >= 0 && proof[cut + 1] !== 10) cut = proof.indexOf(10, cut + 1);
  const [magic, extra = "", number = "", ...rest] = (decodeLine(proof.subarray(0, Math.max(0, cut))) ?? "").split("\n");
  const index = /^index (0|[1-9][0-9]{0,15})$/.exec(number)?.[1];
  const raw = extra.startsWith("extra ") ? base64Decode(extra.slice(6)) : null;
  const path = rest.map((each) => base64Decode(each));
  if (cut < 0 || magic !== MAGIC || index === undefined || !raw || !path.every((each) => each?.length === 32)) return null;
  if (!sameBytes(proof.subarray(cut + 2), bears)) return null;
  const root = included(raw, Number(index), head.size, path as Bytes[]);
  return root && sameBytes(root, head.root) ? { index: Number(index), raw } : null;
}

function parsed(raw: Bytes): Line | null {
  const { value, code } = readLine(decodeLine(raw), raw.length);
  return value && !code && wellTyped(value) ? value : null;
}

function wrapName(file: Json | undefined): string {
  return String(file).replace("hearing-key", "keywrap").replace(/\.age$/, "");
}

/** Whether a proof may have this name, by the line it proves. */
function fits(name: string, index: number, line: Line): boolean {
  const track = String(line["track"]);
  switch (line.type) {
    case "open":
    case "close":
      return name === line.type;
    case "keywrap":
      return name === wrapName(line["file"]);
    case "track":
    case "init":
      return name === `${line.type}-${track}` && (line.type === "track" || line["file"] === partFile(track, 0));
    case "segment":
    case "recovered_segment":
      return name === partName(track, Number(line["n"])) && line["file"] === partFile(track, Number(line["n"]));
    case "gap":
      return name === `gap-${track}-${index}`;
    default:
      return !CUSTODY_ONLY.has(line.type) && !NUMBERED.test(name) && !GAP.test(name) && !NAMED.test(name);
  }
}

/** Reads the proofs of an excerpt, by their names; `checkpoint` is the file of the head. */
export function readExcerpt(proofs: ReadonlyMap<string, Bytes>, head: Head, checkpoint: Uint8Array): Excerpt {
  return new Reader(head).read(proofs, checkpoint);
}

class Reader {
  private readonly lines = new Map<string, Proven>();
  private readonly broken = new Set<string>();
  private readonly journal: Journal;
  private readonly found: Excerpt;

  constructor(private readonly head: Head) {
    this.journal = {
      origin: "", recipient: "", recipients: [], rekeys: [], zero: "0", format: 1, tracks: [], people: [], events: [], pauses: [], unsigned: 0, end: null, ends: new Map(), lines: 0, root: "", ats: [],
      heads: [], roots: new Map(), files: new Map(), removable: new Map(), spoken: new Set(), faults: [],
    };
    this.found = { runs: [], missing: [], last: null, journal: this.journal };
  }

  private readonly blame = (first: string, code: string, line: number): void => {
    this.journal.faults.push({ first, code, line });
  };

  private cannot(code: string): void {
    if (!this.found.missing.includes(code)) this.found.missing.push(code);
  }

  read(proofs: ReadonlyMap<string, Bytes>, checkpoint: Uint8Array): Excerpt {
    const names = [...proofs.keys()].filter((name) => !isAnew(name)).sort((a, b) => Number(b === "open") - Number(a === "open") || (a < b ? -1 : 1));
    for (const name of names) {
      const held = proven(proofs.get(name)!, this.head, checkpoint);
      const line = held && readLine(decodeLine(held.raw), held.raw.length).value;
      if (name === "open" && typeof line?.["format"] === "number" && line["format"] !== 1) {
        this.journal.format = line["format"];
        return this.found;
      }
      const value = held && parsed(held.raw);
      if (!held || !value || !fits(name, held.index, value)) this.wrong(name);
      else this.take(name, held.index, value);
    }
    this.journal.lines = this.lines.size;
    this.check();
    return this.found;
  }

  private wrong(name: string): void {
    this.broken.add(name);
    const part = NUMBERED.exec(name);
    this.blame(part ? partName(part[1]!, Number(part[2])) : "checkpoint", "proof", part ? 0 : -1);
  }

  private take(name: string, index: number, value: Line): void {
    this.lines.set(name, { index, value });
    const at = BigInt(value.at);
    this.journal.ats.push([index, at]);
    if (this.found.last === null || at > this.found.last) this.found.last = at;
    const back = Number(value["n"]) - Number(value["rap"]);
    if (value.type === "segment" && !(back >= 0 && back <= FURTHEST)) this.blame(`line ${index}`, "rap", index);
    for (const named of blobsIn(value, `line ${index}`, index)) {
      if (!this.journal.removable.has(named.file)) this.journal.removable.set(named.file, named);
    }
  }

  private required(name: string): Proven | undefined {
    if (!this.lines.has(name) && !this.broken.has(name)) this.cannot("proof");
    return this.lines.get(name);
  }

  private name(file: string, { index, value }: Proven, first: string): void {
    this.journal.files.set(file, namedBy(value, file, first, index));
  }

  private check(): void {
    const opened = this.required("open");
    const closed = this.required("close");
    this.required("keywrap");
    if (opened) this.open(opened);
    if (closed) this.journal.end = Number(closed.value["t"]);
    const ordered = [...this.lines.values()].sort((a, b) => a.index - b.index);
    const runs = new Map<string, Map<number, Proven>>();
    for (const each of ordered) {
      const { index, value } = each;
      const track = String(value["track"]);
      if (value.type === "keywrap") this.name(String(value["file"]), each, `line ${index}`);
      if (value.type === "init") this.name(partFile(track, 0), each, partName(track, 0));
      if (value.type === "person") {
        const t = Number((BigInt(value.at) - BigInt(this.journal.zero)) / 1_000_000n);
        this.journal.people.push({ seat: String(value["seat"]), t, role: String(value["role"]), state: String(value["state"]) });
      }
      if (value.type === "rekey") {
        this.journal.rekeys.push({ line: index, t: Number(value["t"]), key: Number(value["key"]), recipient: String(value["recipient"]), recipients: value["recipients"] as string[] });
      }
      if (value.type !== "segment" && value.type !== "recovered_segment") continue;
      if (!runs.has(track)) runs.set(track, new Map());
      runs.get(track)!.set(Number(value["n"]), each);
    }
    for (const [track, numbers] of [...runs].sort(([a], [b]) => (a < b ? -1 : 1))) this.run(track, numbers, closed);
    if (!runs.size) this.cannot("no_segment");
  }

  private open({ index, value }: Proven): void {
    const uuid = originUuid(String(value["origin"]));
    if (index !== 0 || uuid === null || uuid !== value["recording"]) this.blame(`line ${index}`, "open_origin", index);
    if (value["origin"] !== this.head.origin) this.blame("checkpoint", "checkpoint_origin", -1);
    this.journal.origin = String(value["origin"]);
    this.journal.recipient = String(value["recipient"]);
    this.journal.recipients = value["recipients"] as string[];
    this.journal.zero = String(value["zero"]);
  }

  private run(name: string, numbers: Map<number, Proven>, closed: Proven | undefined): void {
    const declared = this.required(`track-${name}`)?.value;
    const init = this.required(`init-${name}`);
    const ordered = [...numbers].sort(([a], [b]) => a - b);
    const gaps = [...this.lines].filter(([proof]) => GAP.exec(proof)?.[1] === name).map(([, each]) => each);
    const times = [...ordered.map(([, each]) => each).filter(({ value }) => value.type === "segment"), ...gaps.filter(({ value }) => value["cause"] !== LATE)];
    const begins = times.length ? Math.min(...times.map(({ value }) => Number(value["t0"]))) : null;
    const track = new TrackLines(
      name, declared ? this.lines.get(`track-${name}`)!.index : -1, begins ?? 0, String(declared?.["role"] ?? ""), String(declared?.["kind"] ?? ""),
      String(declared?.["lang"] ?? ""), declared?.["required"] === true,
    );
    this.journal.tracks.push(track);
    let due = ordered[0]![0];
    for (const [n, each] of ordered) {
      if (n !== due) this.blame(partName(name, due), "number", each.index);
      due = n + 1;
      this.name(partFile(name, n), each, partName(name, n));
      const { t0, t1 } = each.value as Line & { t0: number; t1: number };
      if (each.value.type === "segment") track.items.push({ t0, t1, line: each.index, n, cause: "" });
      else track.recoveredCount += 1;
    }
    for (const { index, value } of gaps) track.addGap(value as unknown as Gap, index);
    track.tile(null, 0, this.blame);
    const said = closed && isObject(closed.value["tracks"]) ? closed.value["tracks"][name] : undefined;
    if (closed && !isObject(said)) this.blame(`line ${closed.index}`, "close_tracks", closed.index);
    else if (closed && isObject(said) && init && (said["init"] !== init.value["sha256"] || said["mime"] !== init.value["mime"])) {
      this.blame(`line ${closed.index}`, "close_differs", closed.index);
    }
    this.found.runs.push({
      track, first: ordered[0]![0], last: due - 1, of: isObject(said) ? Number(said["count"]) : null, t0: begins, t1: begins === null ? null : track.known(),
    });
  }
}

/** Reads the proofs of key files that were wrapped anew, under the head of the custody log, whose file is `checkpoint`. */
export function readAnew(proofs: ReadonlyMap<string, Bytes>, head: Head, checkpoint: Uint8Array): Anew {
  const found: Anew = { wrapped: new Map(), removable: [], faults: [], ats: [] };
  for (const name of [...proofs.keys()].filter(isAnew).sort()) {
    const held = proven(proofs.get(name)!, head, checkpoint);
    const value = held && parsed(held.raw);
    if (!held || value?.type !== "keywrap" || name !== `custody-${wrapName(value["file"])}`) {
      found.faults.push({ first: "custody", code: "proof", line: -1 });
      continue;
    }
    const first = `custody line ${held.index}`;
    found.ats.push([held.index, BigInt(value.at)]);
    found.wrapped.set(String(value["file"]), namedBy(value, String(value["file"]), first, held.index));
    found.removable.push(...blobsIn(value, first, held.index));
  }
  return found;
}
