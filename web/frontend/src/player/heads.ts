// Signed heads against the pins of a policy: which signature lines count, and what they prove (docs/recording-format.md §5).

import { type PinnedKey, type Policy } from "./policy";
import {
  type Bytes, CUSTODY, type Checkpoint, NoteError, type Note, type Signature, parseCheckpoint, parseNote, sameBytes, verifyCosignature,
  verifyEd25519,
} from "./tlog";

const AHEAD = 300_000_000_000n;
const SECOND = 1_000_000_000n;

/** A signed note that is a head, taken apart; nothing is verified. */
export interface Head extends Checkpoint {
  parsed: Note;
}

/** What the signature lines of a head come to. */
export interface Signed {
  seals: number;
  /** Name in the policy → latest time, ns. */
  cosigned: Map<string, bigint>;
  codes: string[];
}

export function parseHead(bytes: Uint8Array): Head | null {
  try {
    const parsed = parseNote(bytes);
    return { ...parseCheckpoint(parsed.text), parsed };
  } catch (error) {
    if (error instanceof NoteError) return null;
    throw error;
  }
}

/** The head that minutes or a mail name as `SIZE:ROOT`, or null if it is none; spaces from a printed page are no part of it. */
export function parseNamedHead(text: string): { size: number; root: string } | null {
  const found = /^(0|[1-9][0-9]{0,15}):([0-9a-f]{64})$/.exec(text.replace(/\s+/g, "").toLowerCase());
  return found ? { size: Number(found[1]), root: found[2] ?? "" } : null;
}

/** The key name under which a court's seal is pinned: `<court>/hearing` for a recording and its custody log. */
function keyName(origin: string): string {
  const recording = origin.endsWith(CUSTODY) ? origin.slice(0, -CUSTODY.length) : origin;
  return recording.slice(0, Math.max(0, recording.lastIndexOf("/")));
}

export class Pins {
  constructor(
    readonly policy: Policy,
    /** The checker's own clock, ns since 1970 UTC. */
    private readonly now: bigint | undefined,
  ) {}

  /** Keys pinned for the court of an origin. */
  logs(origin: string): PinnedKey[] {
    return this.policy.logs.filter((pinned) => pinned.name === keyName(origin));
  }

  isAhead(time: bigint): boolean {
    return this.now !== undefined && time > this.now + AHEAD;
  }

  /** Every line whose name and ID are those of a pin must verify; the others are ignored. */
  async signatures({ origin, parsed }: Head): Promise<Signed> {
    const found: Signed = { seals: 0, cosigned: new Map(), codes: [] };
    const logs = this.logs(origin);
    for (const line of parsed.signatures) {
      for (const log of this.policy.logs) {
        if (!isBy(line, log)) continue;
        if (await verifyEd25519(log.key, parsed.text, line.value)) found.seals += Number(logs.includes(log));
        else found.codes.push("seal_signature");
      }
      for (const [name, cosigner] of this.policy.cosigners) {
        if (isBy(line, cosigner)) await this.cosignature(parsed.text, line, name, cosigner, found);
      }
    }
    return found;
  }

  private async cosignature(text: Bytes, line: Signature, name: string, cosigner: PinnedKey, found: Signed): Promise<void> {
    const seconds = await verifyCosignature(text, line, cosigner.key);
    if (seconds === null) {
      found.codes.push("cosignature");
      return;
    }
    const time = BigInt(seconds) * SECOND;
    if (this.isAhead(time)) found.codes.push("ahead");
    const before = found.cosigned.get(name) ?? 0n;
    found.cosigned.set(name, time > before ? time : before);
  }
}

/** Whether a signature line says to be by a pinned key; nothing is verified. */
function isBy(line: Signature, pinned: PinnedKey): boolean {
  return line.name === pinned.name && sameBytes(line.id, pinned.id);
}
