// The verdict on a recording, as far as it can be come to without its key: head, signatures, journal, files
// (docs/recording-format.md §5, §7). Knows no network and no folder: bytes come in, faults come out.

import { type CustodyLog, custodyLine, readCustody } from "./custody";
import { type Head, Pins, type Signed, parseHead } from "./heads";
import { type Excerpt, isAnew, readAnew, readExcerpt } from "./excerpt";
import type { Fault } from "./journal";
import { type Policy, quorumMet } from "./policy";
import { type HeadLine, type Journal, type Named, headSizes, originUuid, readJournal } from "./reader";
import { type Bytes, CUSTODY, hex } from "./tlog";
import { tokenFault } from "./token";

export type Word = "verified" | "gaps" | "failed" | "cannot";

const SLACK = 60_000_000_000n;
const ALWAYS = ["journal.jsonl", "checkpoint", "checkpoint.tsr", "custody.jsonl", "custody-checkpoint"];
const ALWAYS_IN_EXCERPT = ["checkpoint", "checkpoint.tsr"];
const CLASSES = ["part", "orphan", "line", "checkpoint", "token", "custody", "bag"];

export interface Wanted {
  policy: Policy;
  /** The recording that is expected. */
  origin?: string;
  /** No time-stamp is asked for. This check knows no trust anchors, so without this it cannot verify. */
  withoutStamp: boolean;
  /** A head of the recording, as minutes or a mail name it; the root in hex. */
  head?: { size: number; root: string };
  /** The checker's own clock, ns since 1970 UTC. */
  now?: bigint;
}

/** The files that are logs; null where one is not there. */
export interface Logs {
  journal: Bytes;
  custody: Bytes | null;
  custodyHead: Bytes | null;
}

/** What an excerpt has in place of logs: its proofs by name, and the heads they lead to; null where one is not there. */
export interface Proofs {
  proofs: ReadonlyMap<string, Bytes>;
  checkpoint: Bytes | null;
  custodyHead: Bytes | null;
}

export class Check {
  readonly faults: Fault[] = [];
  readonly missing: string[] = [];
  readonly waived: string[] = [];
  /** Derived files and blobs that are no longer there: reported, never failed. */
  readonly removed: string[] = [];
  /** Key files that were destroyed by order: nobody can open what was recorded to them. */
  readonly destroyed: string[] = [];
  head: Head | null = null;
  /** Of an excerpt, what its proven lines say. */
  journal: Journal | null = null;
  /** What of the recording is here, when it is not the whole. */
  excerpt: Excerpt | null = null;
  /** Key files of an excerpt that were wrapped anew after the close. */
  anew: string[] = [];
  custody: CustodyLog | null = null;
  /** The newest head of the custody log. */
  custodyHead: Head | null = null;
  /** Whether the head that minutes or a mail name is one of this recording; null while that has not been compared. */
  namedFits: boolean | null = null;
  private readonly pins: Pins;
  private cosigned = new Map<string, bigint>();
  private readonly firsts = new Map<string, { order: number | string; first: string }>();

  constructor(private readonly wanted: Wanted) {
    this.pins = new Pins(wanted.policy, wanted.now);
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
    const kind = classOf(first, code);
    // Of the custody log its lines come first, then what is wrong with all of it.
    const order = kind === "orphan" ? first : first === "custody" ? Infinity : line;
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
    const head = parseHead(bytes);
    if (!head) return this.fail("checkpoint", "checkpoint_form");
    this.head = head;
    if (originUuid(head.origin) === null) this.fail("checkpoint", "checkpoint_form");
    if (this.wanted.origin !== undefined && head.origin !== this.wanted.origin) this.fail("checkpoint", "checkpoint_origin");
    this.cosigned = (await this.sealed(head, "checkpoint")).cosigned;
    const { quorum } = this.wanted.policy;
    if (quorum === null) this.waived.push("cosigner");
    else if (!quorumMet(quorum, new Set(this.cosigned.keys()))) this.cannot("quorum");
  }

  /** `checkpoint.tsr`, as far as it can be read without trust anchors; one that is no token over `checkpoint` is failed. */
  readToken(token: Uint8Array, checkpoint: Uint8Array): void {
    const code = tokenFault(token, checkpoint);
    if (code) this.fail("token", code);
  }

  /** Both logs under their heads, whole; `kept` are heads that were kept elsewhere. */
  async readLogs(logs: Logs, kept: Uint8Array[] = []): Promise<void> {
    const { head: named } = this.wanted;
    const heads = kept.map((each) => parseHead(each));
    const sizes = [...heads.map((each) => each?.size ?? 0), ...(named ? [named.size] : [])];
    const journal = readJournal(logs.journal, [...sizes, ...headSizes(logs.custody ?? new Uint8Array(0))]);
    this.journal = journal;
    if (this.head && journal.lines !== this.head.size) this.fail("checkpoint", "journal_lines");
    else if (this.head && journal.root !== hex(this.head.root)) this.fail("checkpoint", "root");
    await this.readCustody(logs, journal, sizes);
    for (const each of heads) await this.keptHead(each, journal);
    this.compareNamed(journal);
    if (journal.format !== 1) return this.cannot("format");
    if (this.head && journal.origin && journal.origin !== this.head.origin) this.fail("checkpoint", "checkpoint_origin");
    for (const fault of journal.faults) this.fail(fault.first, fault.code, fault.line);
    if (journal.end === null) this.cannot("close");
    await this.times(journal);
  }

  /** The proofs of an excerpt under its head, and of keys that were wrapped anew under that of the custody log. */
  async readProofs({ proofs, checkpoint, custodyHead }: Proofs, kept: Uint8Array[] = []): Promise<void> {
    for (const each of kept) await this.keptHead(parseHead(each), null);
    this.compareNamed(null);
    if (!this.head || !checkpoint) return;
    const excerpt = readExcerpt(proofs, this.head, checkpoint);
    const { journal } = excerpt;
    this.excerpt = excerpt;
    this.journal = journal;
    if (journal.format !== 1) return this.cannot("format");
    for (const code of excerpt.missing) this.cannot(code);
    for (const fault of journal.faults) this.fail(fault.first, fault.code, fault.line);
    for (const [line, at] of journal.ats) if (this.pins.isAhead(at)) this.fail(`line ${line}`, "ahead", line);
    for (const time of this.cosigned.values()) {
      if (excerpt.last !== null && time < excerpt.last - SLACK) this.fail("checkpoint", "cosigned_early");
    }
    if ([...proofs.keys()].some(isAnew)) await this.readAnew(proofs, custodyHead, journal);
  }

  private async readAnew(proofs: ReadonlyMap<string, Bytes>, custodyHead: Bytes | null, journal: Journal): Promise<void> {
    journal.spoken.add("custody-checkpoint");
    const head = custodyHead && parseHead(custodyHead);
    if (!custodyHead || !head) return this.fail("custody", custodyHead ? "checkpoint_form" : "absent");
    if (head.origin !== this.head!.origin + CUSTODY) this.fail("custody", "checkpoint_origin");
    await this.sealed(head, "custody");
    const anew = readAnew(proofs, head, custodyHead);
    for (const fault of anew.faults) this.fail(fault.first, fault.code);
    for (const [line, at] of anew.ats) if (this.pins.isAhead(at)) this.fail(custodyLine(line), "ahead", line);
    for (const [file, named] of anew.wrapped) journal.files.set(file, named);
    for (const named of anew.removable) if (!journal.removable.has(named.file)) journal.removable.set(named.file, named);
    this.anew = [...anew.wrapped.keys()];
  }

  /** A head that minutes or a mail name; without the journal (an excerpt), one of another size says nothing. */
  compareNamed(journal: Journal | null): void {
    const { head: named } = this.wanted;
    if (named) this.namedFits = this.compareHead(named.size, named.root, journal, "named_head");
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
    for (const named of journal.files.values()) {
      if (there.has(named.file)) continue;
      if (this.custody?.destroyed.has(named.file)) this.destroyed.push(named.file);
      else this.absent(named);
    }
    for (const named of journal.removable.values()) if (!there.has(named.file)) this.removed.push(named.file);
    for (const path of there) {
      const known = journal.files.has(path) || journal.removable.has(path) || journal.spoken.has(path);
      const always = (this.excerpt ? ALWAYS_IN_EXCERPT : ALWAYS).includes(path);
      if (!known && !always && !/^proofs\/[^/]+\.tlog-proof$/.test(path)) this.fail(path, "orphan");
    }
  }

  /** Signatures of a head that must be sealed by a pinned key; `first` is what is named when it is not. */
  private async sealed(head: Head, first: string): Promise<Signed> {
    const signed = await this.pins.signatures(head);
    for (const code of signed.codes) this.fail(first, code);
    if (!this.pins.logs(head.origin).length) this.cannot("log_key");
    else if (!signed.seals) this.fail(first, "seal_signature");
    return signed;
  }

  /** The second log: its lines, its head, and whether it is that of this recording (§4a). */
  private async readCustody(logs: Logs, journal: Journal, sizes: number[]): Promise<void> {
    if (!logs.custody || !logs.custodyHead) this.fail("custody", "absent");
    const origin = this.head?.origin ?? journal.origin;
    const log = logs.custody && readCustody(logs.custody, sizes);
    if (log) {
      this.custody = log;
      await this.custodyLines(log, journal, origin);
      if (!log.closed && journal.end !== null) this.cannot("closed");
    }
    const head = logs.custodyHead && parseHead(logs.custodyHead);
    if (!head) {
      if (logs.custodyHead) this.fail("custody", "checkpoint_form");
      return;
    }
    this.custodyHead = head;
    if (origin && head.origin !== origin + CUSTODY) this.fail("custody", "checkpoint_origin");
    await this.sealed(head, "custody");
    if (log && log.lines !== head.size) this.fail("custody", "custody_lines");
    else if (log && log.root !== hex(head.root)) this.fail("custody", "custody_root");
  }

  private async custodyLines(log: CustodyLog, journal: Journal, origin: string): Promise<void> {
    const line = (code: string, at: number): void => this.fail(custodyLine(at), code, at);
    for (const fault of log.faults) line(fault.code, fault.line);
    for (const [at, time] of log.ats) if (this.pins.isAhead(time)) line("ahead", at);
    const { of, closed } = log;
    if (of && origin && (of.origin !== origin || of.recording !== origin.slice(origin.lastIndexOf("/") + 1))) line("custody_other", 0);
    if (closed) {
      const { size, root } = this.head ? { size: this.head.size, root: hex(this.head.root) } : { size: journal.lines, root: journal.root };
      if (closed.size !== size || closed.root !== root) line("closed_differs", 1);
      if (journal.end === null && journal.format === 1) line("closed_open", 1);
    }
    for (const each of log.heads) {
      const roots = { [origin]: journal.roots, [origin + CUSTODY]: log.roots };
      await this.headLine(each, custodyLine(each.line), (head) => {
        const most = head.origin === origin ? journal.lines : each.line;
        return head.size <= most && origin !== "" && Object.hasOwn(roots, head.origin) && roots[head.origin]!.get(head.size) === hex(head.root);
      });
    }
    if (journal.format !== 1) return;
    // The last line that names a file counts, this log's after the journal's; of a blob, the first.
    for (const named of log.wrapped.values()) journal.files.set(named.file, named);
    for (const named of log.removable) {
      if (named.size >= 0 || !journal.removable.has(named.file)) journal.removable.set(named.file, named);
    }
    for (const path of log.spoken) journal.spoken.add(path);
  }

  /** A `head` or `stamp` line; returns the time it proves, ns, or null if it proves none. */
  private async headLine(line: HeadLine, first: string, fits: (head: Head) => boolean): Promise<bigint | null> {
    const note = new TextEncoder().encode(line.note);
    const head = parseHead(note);
    if (!head) {
      this.fail(first, "head_form", line.line);
      return null;
    }
    if (!fits(head)) this.fail(first, "head_differs", line.line);
    const signed = await this.pins.signatures(head);
    for (const code of signed.codes) this.fail(first, code, line.line);
    if (line.type === "stamp") this.stamp(line.tsr, note);
    const times = [...signed.cosigned.values()];
    return times.length ? times.reduce((a, b) => (a > b ? a : b)) : line.at;
  }

  private stamp(tsr: string, note: Uint8Array): void {
    const form = tsr.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(tsr);
    const token = form ? Uint8Array.from(atob(tsr), (char) => char.charCodeAt(0)) : null;
    const code = token ? tokenFault(token, note) : "token_form";
    if (code) this.fail("token", code);
  }

  private async keptHead(head: Head | null, journal: Journal | null): Promise<void> {
    if (!head) return this.fail("checkpoint", "kept_head");
    const signed = await this.pins.signatures(head);
    if (signed.codes.length) this.fail("checkpoint", "kept_head");
    if (!this.head) return this.cannot("checkpoint");
    if (head.origin === this.head.origin + CUSTODY && !journal) return this.cannot("excerpt");
    if (head.origin === this.head.origin + CUSTODY) {
      if (this.custody?.roots.get(head.size) !== hex(head.root)) this.fail("custody", "kept_head");
    } else if (head.origin !== this.head.origin) this.fail("checkpoint", "kept_head");
    else this.compareHead(head.size, hex(head.root), journal, "kept_head");
  }

  /** Size and root of a head of the recording that somebody else had; null when they cannot be compared. */
  private compareHead(size: number, root: string, journal: Journal | null, code: string): boolean | null {
    const missing = !this.head ? "checkpoint" : size < this.head.size && !journal ? "excerpt" : "";
    if (!this.head || missing) {
      this.cannot(missing);
      return null;
    }
    const fits = (size === this.head.size ? hex(this.head.root) : journal?.roots.get(size)) === root;
    if (!fits) this.fail("checkpoint", code);
    return fits;
  }

  /** `head` and `stamp` lines, and what they and the cosigners say of the times. */
  private async times(journal: Journal): Promise<void> {
    const proven = new Map<number, bigint>();
    const origin = this.head?.origin ?? journal.origin;
    for (const line of journal.heads) {
      const time = await this.headLine(line, `line ${line.line}`, (head) =>
        head.origin === origin && head.size <= line.line && journal.roots.get(head.size) === hex(head.root));
      if (time !== null) proven.set(line.line, time);
    }
    let latest = 0n;
    for (const [line, at] of journal.ats) {
      if (at < latest - SLACK) this.fail(`line ${line}`, "time_proven", line);
      if (this.pins.isAhead(at)) this.fail(`line ${line}`, "ahead", line);
      const time = proven.get(line) ?? 0n;
      if (time > latest) latest = time;
    }
    const last = journal.ats.at(-1)?.[1];
    for (const time of this.cosigned.values()) {
      if (last !== undefined && time < last - SLACK) this.fail("checkpoint", "cosigned_early");
    }
  }
}

function classOf(first: string, code: string): string {
  if (code === "orphan") return "orphan";
  if (/^[a-z][a-z0-9_]*-\d{6}$/.test(first)) return "part";
  if (first.startsWith("line ")) return "line";
  return first.startsWith("custody ") ? "custody" : first;
}
