// The custody log of a recording: who has had it since it was frozen at its close (docs/recording-format.md §4a). Never
// throws: what is wrong becomes a fault. Signatures and the recording it belongs to are check.ts's.

import { type Fault, type Json, type Line, decodeLine, eachLine, isConcerned, isJournalOnly, isKnown, namedIn, readLine, wellTyped } from "./journal";
import { type HeadLine, type Named, blobsIn, headLine, headSizes, namedBy } from "./reader";
import { Tree, hex } from "./tlog";

/** Types of the first two lines, each only there. */
const FIRST = ["custody", "closed"];

export interface CustodyLog {
  lines: number;
  root: string;
  /** Roots at the sizes that heads name. */
  roots: Map<number, string>;
  /** Which recording it says to be of. */
  of: { origin: string; recording: string } | null;
  /** The head at which it says that the recording was closed. */
  closed: { size: number; root: string } | null;
  ats: [number, bigint][];
  heads: HeadLine[];
  /** The recording's keys as they were wrapped last, by file. */
  wrapped: Map<string, Named>;
  /** Files that may have been removed. */
  removable: Named[];
  /** Key files that were destroyed, by order. */
  destroyed: Set<string>;
  /** Paths a failed line names. */
  spoken: Set<string>;
  faults: Fault[];
}

/** The name a fault of a line has. */
export function custodyLine(line: number): string {
  return `custody line ${line}`;
}

/** Reads a whole custody log; `sizes` are further sizes whose root is wanted. */
export function readCustody(bytes: Uint8Array, sizes: Iterable<number>): CustodyLog {
  const found: CustodyLog = {
    lines: 0, root: "", roots: new Map(), of: null, closed: null, ats: [], heads: [], wrapped: new Map(), removable: [], destroyed: new Set(),
    spoken: new Set(), faults: [],
  };
  const wanted = new Set([...sizes, ...headSizes(bytes)]);
  const tree = new Tree();
  eachLine(bytes, (raw, whole) => {
    if (wanted.has(tree.size)) found.roots.set(tree.size, hex(tree.root()));
    if (!whole) wrong(found, "journal_end", tree.size);
    take(found, tree.size, decodeLine(raw), raw.length);
    tree.append(raw);
  });
  if (!tree.size) wrong(found, "empty", 0);
  found.lines = tree.size;
  found.root = hex(tree.root());
  found.roots.set(tree.size, found.root);
  return found;
}

function wrong(found: CustodyLog, code: string, line: number): void {
  found.faults.push({ first: custodyLine(line), code, line });
}

function take(found: CustodyLog, at: number, text: string | null, length: number): void {
  const { value, code } = readLine(text, length);
  if (code) wrong(found, code, at);
  const type: Json | undefined = value?.["type"];
  FIRST.forEach((first, place) => {
    if ((at === place) !== (type === first)) wrong(found, "custody_first", at);
  });
  if (!value) return;
  if (isJournalOnly(type)) {
    wrong(found, "journal_only", at);
    namedIn(value, new Set(), found.spoken);
  }
  found.removable.push(...blobsIn(value, custodyLine(at), at));
  if (!wellTyped(value)) {
    wrong(found, "line_fields", at);
    if (isKnown(type)) namedIn(value, new Set(), found.spoken);
    return;
  }
  found.ats.push([at, BigInt(value.at)]);
  known(found, at, value);
}

function known(found: CustodyLog, at: number, line: Line): void {
  const name = String(line["file"]);
  if (isConcerned(line.type) && Object.hasOwn(line, "root") && line["root"] !== found.closed?.root) wrong(found, "other_close", at);
  switch (line.type) {
    case "custody":
      if (at === 0) found.of = { origin: String(line["of"]), recording: String(line["recording"]) };
      return;
    case "closed":
      if (at === 1) found.closed = { size: Number(line["size"]), root: String(line["root"]) };
      return;
    case "keywrap":
      found.wrapped.set(name, namedBy(line, name, custodyLine(at), at));
      return;
    case "derive":
      found.removable.push(namedBy(line, name, custodyLine(at), at));
      return;
    case "destroyed":
      for (const file of line["files"] as string[]) found.destroyed.add(file);
      return;
    case "head":
    case "stamp":
      found.heads.push(headLine(line, line.type, at));
  }
}
