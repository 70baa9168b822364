// The key file of an authority: an age identity, and the policy it trusts (docs/recording-format.md §5). Keys that are
// pinned here came to the viewer by another way than the recording; a key found in a recording is never used.

import { COSIGNATURE, LOG, base64Decode, keyId, sameBytes } from "./tlog";

export interface PinnedKey {
  name: string;
  /** Signature type: 0x01 a log's own key, 0x04 a cosigner. */
  kind: number;
  key: Uint8Array<ArrayBuffer>;
  /** The key ID it has in signature lines. */
  id: Uint8Array;
}

/** A quorum is a cosigner or a group of which `threshold` members must hold. */
export type Quorum = { cosigner: string } | { name: string; threshold: number; members: Quorum[] };

export interface Policy {
  logs: PinnedKey[];
  cosigners: Map<string, PinnedKey>;
  /** Null: "quorum none", nobody else has to have signed. */
  quorum: Quorum | null;
}

export interface KeyFile {
  identity: string;
  authority: string;
  /** Made for a demonstration: never for a real hearing. */
  demo: boolean;
  policy: Policy;
}

export type KeyFileFault = "too_long" | "no_identity" | "several_identities" | "no_policy" | "policy";

export class KeyFileError extends Error {
  constructor(
    readonly code: KeyFileFault,
    readonly detail = "",
  ) {
    super(code);
  }
}

/** Characters of a key file; a longer file was chosen by mistake. */
export const MAX_KEY_FILE = 65_536;

/** Reads a key file. Its policy lies in comments, so that `age -d -i FILE` reads the same file. */
export function parseKeyFile(text: string): KeyFile {
  if (text.length > MAX_KEY_FILE) throw new KeyFileError("too_long");
  const identities: string[] = [];
  const policy: string[] = [];
  let authority = "";
  let demo = false;
  let inPolicy = false;
  for (const line of text.split(/\r?\n/)) {
    const comment = /^#\s?(.*)$/.exec(line);
    if (!comment) {
      if (/^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+$/.test(line.trim())) identities.push(line.trim());
      continue;
    }
    const words = comment[1] ?? "";
    if (/^policy:\s*$/.test(words)) inPolicy = true;
    else if (inPolicy && words.startsWith("|")) policy.push(words.slice(1).trim());
    else if (words.startsWith("authority:")) authority = words.slice("authority:".length).trim().slice(0, 200);
    else if (words.includes("THROW-AWAY DEMO KEY")) demo = true;
  }
  const identity = identities[0];
  if (identity === undefined) throw new KeyFileError("no_identity");
  if (identities.length > 1) throw new KeyFileError("several_identities");
  if (!inPolicy) throw new KeyFileError("no_policy");
  return { identity, authority, demo, policy: parsePolicy(policy) };
}

/** Reads the lines of a C2SP tlog-policy. A line that is not understood is an error, never skipped. */
export function parsePolicy(lines: string[]): Policy {
  const logs: PinnedKey[] = [];
  const cosigners = new Map<string, PinnedKey>();
  const names = new Map<string, Quorum>();
  let quorum: Quorum | null | undefined;
  for (const raw of lines) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const [word = "", ...rest] = line.split(/\s+/);
    const fault = new KeyFileError("policy", line.slice(0, 120));
    if (word === "log" && rest[0] !== undefined && rest.length <= 2) {
      const key = parseVkey(rest[0]);
      if (key?.kind !== LOG) throw fault;
      logs.push(key);
    } else if (word === "witness" && rest[0] !== undefined && rest[1] !== undefined && rest.length <= 3) {
      const key = parseVkey(rest[1]);
      if (key?.kind !== COSIGNATURE || names.has(rest[0])) throw fault;
      cosigners.set(rest[0], key);
      names.set(rest[0], { cosigner: rest[0] });
    } else if (word === "group" && rest[0] !== undefined && rest[1] !== undefined && rest.length >= 3) {
      const [name, count, ...members] = rest;
      const found = members.map((member) => names.get(member));
      const threshold = count === "all" ? members.length : count === "any" ? 1 : Number(count);
      const known = found.filter((member) => member !== undefined);
      const whole = Number.isInteger(threshold) && threshold >= 1 && threshold <= members.length;
      if (names.has(name) || name === "none" || known.length !== members.length || !whole) throw fault;
      names.set(name, { name, threshold, members: known });
    } else if (word === "quorum" && rest.length === 1 && rest[0] !== undefined && quorum === undefined) {
      quorum = rest[0] === "none" ? null : names.get(rest[0]);
      if (quorum === undefined) throw fault;
    } else {
      throw fault;
    }
  }
  if (quorum === undefined) throw new KeyFileError("policy", "quorum");
  return { logs, cosigners, quorum };
}

/** A verifier key of C2SP: name, 8 hex digits of its ID, base64 of type and key. Base64 may itself contain "+". */
export function parseVkey(text: string): PinnedKey | null {
  const found = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(text);
  const data = found ? base64Decode(found[3] ?? "") : null;
  if (!found || !data || data.length !== 33) return null;
  const key = data.slice(1);
  const kind = data[0] ?? 0;
  const id = keyId(found[1] ?? "", kind, key);
  const stated = Uint8Array.from((found[2] ?? "").match(/../g) ?? [], (pair) => parseInt(pair, 16));
  return sameBytes(id, stated) ? { name: found[1] ?? "", kind, key, id } : null;
}

/** Whether the quorum holds, given the names of the cosigners whose cosignature verified. */
export function quorumMet(quorum: Quorum | null, signed: ReadonlySet<string>): boolean {
  if (quorum === null) return true;
  if ("cosigner" in quorum) return signed.has(quorum.cosigner);
  return quorum.members.filter((member) => quorumMet(member, signed)).length >= quorum.threshold;
}
