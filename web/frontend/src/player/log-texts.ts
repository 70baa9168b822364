// The texts of the hearing's log beside the recording. The journal has the hash of each entry: a text is shown only where
// the service names the entry by that hash.

import type { LogEntry } from "./reader";

/** A line of the log as the service tells it, in words. */
export interface LogRow {
  seq: number;
  what: string;
  about: string;
  by: string;
  detail: string;
  sha256: string;
}

/** The lines whose entries are in the journal, by number; and how many are in it with another hash. */
export function underSeal(rows: readonly LogRow[], journal: readonly LogEntry[]): { texts: Map<number, LogRow>; refused: number } {
  const hashes = new Map(journal.map(({ entry, sha256 }) => [entry, sha256]));
  const known = rows.filter(({ seq }) => hashes.has(seq));
  const texts = new Map(known.filter(({ seq, sha256 }) => hashes.get(seq) === sha256).map((row) => [row.seq, row]));
  return { texts, refused: known.length - texts.size };
}

/** What stands beside an entry's name: whom it is about and what it says. */
export function detailOf({ about, detail }: LogRow): string {
  return [about, detail].filter((part) => part && part !== "–").join(": ");
}
