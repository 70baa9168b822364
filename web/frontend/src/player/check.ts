// The verdict on a recording, as far as it can be come to without its key: head, signatures, journal, files
// (docs/recording-format.md §5, §7). Knows no network and no folder: bytes come in, faults come out.

import type { Fault } from "./journal";
import { type PinnedKey, type Policy, quorumMet } from "./policy";
import { type Journal, type Named, originUuid, readJournal } from "./reader";
import {
  type Bytes, COSIGNATURE, type Checkpoint, LOG, NoteError, type Note, hex, keyId, parseCheckpoint, parseNote, sameBytes,
  verifyCosignature, verifyEd25519,
} from "./tlog";

export type Word = "verified" | "gaps" | "failed" | "cannot";

const SLACK = 60_000_000_000n;
const AHEAD = 300_000_000_000n;
const SECOND = 1_000_000_000n;
const CLASSES = ["part", "orphan", "line", "checkpoint", "token", "bag"];

export interface Wanted {
  policy: Policy;
  /** The recording that is expected. */
  origin?: string;
  /** No time-stamp is asked for. This check can read none, so without this it cannot verify. */
  withoutStamp: boolean;
  /** The checker's own clock, ns since 1970 UTC. */
  now?: bigint;
}

interface Signed {
  seals: number;
  /** Name in the policy → latest time, ns. */
  cosigned: Map<string, bigint>;
  codes: string[];
}

export class Check {
  readonly faults: Fault[] = [];
  readonly missing: string[] = [];
  readonly waived: string[] = [];
  /** Derived files and blobs that are no longer there: reported, never failed. */
  readonly removed: string[] = [];
  head: Checkpoint | null = null;
  journal: Journal | null = null;
  private cosigned = new Map<string, bigint>();
  private readonly firsts = new Map<string, { order: number | string; first: string }>();

  constructor(private readonly wanted: Wanted) {
    if (wanted.withoutStamp) this.waived.push("stamp");
    else this.missing.push("stamp");
  }

  get gaps(): number {
    const unsigned = this.journal?.unsigned ?? 0;
    return (this.journal?.tracks ?? []).reduce((sum, track) => sum + track.gaps.length + track.recoveredCount, unsigned);
  }

  /** The verdict when nothing is left to be looked at. */
  get word(): Word {
    if (this.faults.length) return "failed";
    if (this.missing.length) return "cannot";
    return this.gaps ? "gaps" : "verified";
  }

  /** The first class of §7 that has a failure; in it the lowest line, in the order of the format. */
  get first(): string {
    for (const kind of CLASSES) {
      const found = this.firsts.get(kind);
      if (found) return found.first;
    }
    return "-";
  }

  fail(first: string, code: string, line = -1, file?: string): void {
    const kind = classOf(first);
    const order = kind === "orphan" ? first : line;
    const before = this.firsts.get(kind);
    if (!before || order < before.order || (order === before.order && first < before.first)) {
      this.firsts.set(kind, { order, first });
    }
    const known = this.faults.some((fault) => fault.first === first && fault.code === code && fault.file === file);
    if (!known) this.faults.push({ first, code, line, file });
  }

  cannot(code: string): void {
    if (!this.missing.includes(code)) this.missing.push(code);
  }

  /** Syntax, origin, seal, cosignatures and quorum of `checkpoint`. */
  async readHead(bytes: Uint8Array): Promise<void> {
    const parsed = parseHead(bytes);
    if (!parsed) return this.fail("checkpoint", "checkpoint_form");
    const [note, head] = parsed;
    this.head = head;
    if (originUuid(head.origin) === null) this.fail("checkpoint", "checkpoint_form");
    if (this.wanted.origin !== undefined && head.origin !== this.wanted.origin) this.fail("checkpoint", "checkpoint_origin");
    const signed = await this.signatures(note, head.origin);
    for (const code of signed.codes) this.fail("checkpoint", code);
    if (this.logs(head.origin).length === 0) this.cannot("log_key");
    else if (!signed.seals) this.fail("checkpoint", "seal_signature");
    this.cosigned = signed.cosigned;
    const { quorum } = this.wanted.policy;
    if (quorum === null) this.waived.push("cosigner");
    else if (!quorumMet(quorum, new Set(signed.cosigned.keys()))) this.cannot("quorum");
  }

  /** The whole journal under the head; `kept` are heads that were kept elsewhere. */
  async readJournal(bytes: Uint8Array, kept: Uint8Array[] = []): Promise<void> {
    const keptHeads = kept.map((each) => parseHead(each));
    const journal = readJournal(bytes, keptHeads.flatMap((each) => (each ? [each[1].size] : [])));
    this.journal = journal;
    if (this.head && journal.lines !== this.head.size) this.fail("checkpoint", "journal_lines");
    else if (this.head && journal.root !== hex(this.head.root)) this.fail("checkpoint", "root");
    for (const each of keptHeads) await this.keptHead(each, journal);
    if (journal.format !== 1) return this.cannot("format");
    if (this.head && journal.origin && journal.origin !== this.head.origin) this.fail("checkpoint", "checkpoint_origin");
    for (const fault of journal.faults) this.fail(fault.first, fault.code, fault.line);
    if (journal.end === null) this.cannot("close");
    await this.times(journal);
  }

  /** Compares a file with the line that names it; "" if it is what was sealed. */
  compare(path: string, size: number, sha256: string): string {
    const named = this.journal?.files.get(path) ?? this.journal?.removable.get(path);
    if (!named) return "";
    const code = size !== named.size && named.size >= 0 ? "size" : sha256 !== named.sha256 ? "hash" : "";
    if (code) this.fail(named.first, code, named.line, named.file);
    return code;
  }

  /** A file is not there. */
  absent(named: Named): void {
    this.fail(named.first, "absent", named.line, named.file);
  }

  /** What no line of the journal names; `paths` is everything inside the recording's folder. */
  orphans(paths: Iterable<string>): void {
    const { journal } = this;
    if (!journal || journal.format !== 1) return;
    const there = new Set(paths);
    for (const named of journal.files.values()) if (!there.has(named.file)) this.absent(named);
    for (const named of journal.removable.values()) if (!there.has(named.file)) this.removed.push(named.file);
    for (const path of there) {
      const known = journal.files.has(path) || journal.removable.has(path) || journal.spoken.has(path);
      const always = ["journal.jsonl", "checkpoint", "checkpoint.tsr"].includes(path);
      if (!known && !always && !/^proofs\/[^/]+\.tlog-proof$/.test(path)) this.fail(path, "orphan");
    }
  }

  private logs(origin: string): PinnedKey[] {
    const court = origin.slice(0, Math.max(0, origin.lastIndexOf("/")));
    return this.wanted.policy.logs.filter((pinned) => pinned.name === court);
  }

  /** Every line whose name and ID match a pin must verify; the others are ignored. */
  private async signatures(note: Note, origin: string): Promise<Signed> {
    const found: Signed = { seals: 0, cosigned: new Map(), codes: [] };
    const logs = this.logs(origin);
    for (const signature of note.signatures) {
      for (const log of logs) {
        if (signature.name !== origin || !sameBytes(signature.id, keyId(origin, LOG, log.key))) continue;
        if (await verifyEd25519(log.key, note.text, signature.value)) found.seals += 1;
        else found.codes.push("seal_signature");
      }
      for (const [name, cosigner] of this.wanted.policy.cosigners) {
        const id = keyId(cosigner.name, COSIGNATURE, cosigner.key);
        if (signature.name !== cosigner.name || !sameBytes(signature.id, id)) continue;
        const seconds = await verifyCosignature(note.text, signature, cosigner.key as Bytes);
        if (seconds === null) {
          found.codes.push("cosignature");
          continue;
        }
        const time = BigInt(seconds) * SECOND;
        if (this.isAhead(time)) found.codes.push("ahead");
        const before = found.cosigned.get(name) ?? 0n;
        found.cosigned.set(name, time > before ? time : before);
      }
    }
    return found;
  }

  private isAhead(time: bigint): boolean {
    return this.wanted.now !== undefined && time > this.wanted.now + AHEAD;
  }

  private async keptHead(parsed: [Note, Checkpoint] | null, journal: Journal): Promise<void> {
    if (!parsed) return this.fail("checkpoint", "kept_head");
    const [note, head] = parsed;
    const signed = await this.signatures(note, head.origin);
    const fits =
      this.head !== null && head.origin === this.head.origin && head.size <= this.head.size &&
      journal.roots.get(head.size) === hex(head.root);
    if (signed.codes.length || !fits) this.fail("checkpoint", "kept_head");
  }

  /** `head` and `stamp` lines, and what they and the cosigners say of the times. */
  private async times(journal: Journal): Promise<void> {
    const proven = new Map<number, bigint>();
    for (const line of journal.heads) {
      const parsed = parseHead(new TextEncoder().encode(line.note));
      if (!parsed) {
        this.fail(`line ${line.line}`, "head_form", line.line);
        continue;
      }
      const [note, head] = parsed;
      const fits = head.size <= line.line && journal.roots.get(head.size) === hex(head.root);
      if (!fits || (this.head && head.origin !== this.head.origin)) this.fail(`line ${line.line}`, "head_differs", line.line);
      const signed = await this.signatures(note, head.origin);
      for (const code of signed.codes) this.fail(`line ${line.line}`, code, line.line);
      const times = [...signed.cosigned.values()];
      proven.set(line.line, times.length ? times.reduce((a, b) => (a > b ? a : b)) : line.at);
    }
    let latest = 0n;
    for (const [line, at] of journal.ats) {
      if (at < latest - SLACK) this.fail(`line ${line}`, "time_proven", line);
      if (this.isAhead(at)) this.fail(`line ${line}`, "ahead", line);
      const time = proven.get(line) ?? 0n;
      if (time > latest) latest = time;
    }
    const last = journal.ats.at(-1)?.[1];
    for (const time of this.cosigned.values()) {
      if (last !== undefined && time < last - SLACK) this.fail("checkpoint", "cosigned_early");
    }
  }
}

function parseHead(bytes: Uint8Array): [Note, Checkpoint] | null {
  try {
    const note = parseNote(bytes);
    return [note, parseCheckpoint(note.text)];
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

function classOf(first: string): string {
  if (/^[a-z][a-z0-9_]*-\d{6}$/.test(first)) return "part";
  if (first.startsWith("line ")) return "line";
  return ["checkpoint", "token", "bag"].includes(first) ? first : "orphan";
}
