// Merkle tree of RFC 6962 and the signed checkpoints of C2SP (signed-note, tlog-checkpoint, tlog-cosignature), as far as
// a reader needs them. Bytes in, bytes out. docs/recording-format.md §3 and §5.

import { sha256 } from "@noble/hashes/sha2.js";

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export const LOG = 0x01;
export const COSIGNATURE = 0x04;
/** What follows the origin of a recording in that of its custody log. */
export const CUSTODY = "/custody";
const MAX_NOTE = 128 * 1024;
const MAX_SIGNATURES = 64;

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Strict base64 in its one spelling, or null. */
export function base64Decode(text: string): Bytes | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const raw = atob(text);
  return btoa(raw) === text ? Uint8Array.from(raw, (char) => char.charCodeAt(0)) : null;
}

function joined(...parts: Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** First 4 bytes of SHA-256 over name, LF, type and key. */
export function keyId(name: string, kind: number, key: Uint8Array): Bytes {
  return sha256(joined(encoder.encode(`${name}\n`), Uint8Array.of(kind), key)).slice(0, 4);
}

/** The tree's root over its leaves, one at a time; keeps one hash a level. */
export class Tree {
  size = 0;
  private readonly stack: { hash: Uint8Array; height: number }[] = [];

  /** Adds the leaf of one journal line (its bytes without LF). */
  append(line: Uint8Array): void {
    let node = { hash: prefixed(LEAF, line), height: 0 };
    while (this.stack.length && this.stack[this.stack.length - 1]!.height === node.height) {
      const left = this.stack.pop()!;
      node = { hash: nodeHash(left.hash, node.hash), height: node.height + 1 };
    }
    this.stack.push(node);
    this.size += 1;
  }

  root(): Uint8Array {
    const parts = this.stack.map((node) => node.hash);
    let root = parts.pop();
    if (!root) return sha256(new Uint8Array(0));
    for (let left = parts.pop(); left; left = parts.pop()) root = nodeHash(left, root);
    return root;
  }
}

function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return prefixed(NODE, left, right);
}

const LEAF = 0;
const NODE = 1;
// One hash and one buffer for all: a long journal has 130,000 leaves and nodes, and would leave as many behind.
const blank = sha256.create();
const hasher = sha256.create();
const scratch = new Uint8Array(4096);

/** SHA-256 over one byte and what follows it. */
function prefixed(kind: number, first: Uint8Array, second?: Uint8Array): Uint8Array {
  const length = 1 + first.length + (second?.length ?? 0);
  const input = length <= scratch.length ? scratch : new Uint8Array(length);
  input[0] = kind;
  input.set(first, 1);
  if (second) input.set(second, 1 + first.length);
  const found = new Uint8Array(hasher.outputLen);
  blank._cloneInto(hasher).update(input.subarray(0, length)).digestInto(found);
  return found;
}

/** The root that a proof of inclusion leads to (RFC 9162 §2.1.3.2); null when it cannot be one of this size. `line`: the leaf. */
export function included(line: Uint8Array, index: number, size: number, path: Uint8Array[]): Uint8Array | null {
  if (index >= size) return null;
  let [at, last] = [BigInt(index), BigInt(size) - 1n];
  let root: Uint8Array = sha256.create().update(Uint8Array.of(0)).update(line).digest();
  for (const other of path) {
    if (last === 0n) return null;
    if (at & 1n || at === last) {
      root = nodeHash(other, root);
      while (at && !(at & 1n)) [at, last] = [at >> 1n, last >> 1n];
    } else root = nodeHash(root, other);
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? root : null;
}

export interface Signature {
  name: string;
  id: Bytes;
  value: Bytes;
}

export interface Note {
  /** The text that was signed, with its last LF. */
  text: Bytes;
  signatures: Signature[];
}

export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

export class NoteError extends Error {}

/** Takes a signed note apart; NoteError unless it is in the one form of C2SP signed-note. */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > MAX_NOTE) throw new NoteError("longer than 128 KiB");
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NoteError("not UTF-8");
  }
  // eslint-disable-next-line no-control-regex
  if (/[\x00-\x09\x0b-\x1f]/.test(decoded)) throw new NoteError("control character");
  const cut = decoded.lastIndexOf("\n\n");
  if (cut <= 0 || !decoded.endsWith("\n")) throw new NoteError("no signature block");
  const lines = decoded.slice(cut + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) throw new NoteError("more than 64 signatures");
  return { text: encoder.encode(decoded.slice(0, cut + 1)), signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): Signature {
  const found = /^\u2014 ([^\s+]+) (\S+)$/.exec(line);
  const data = found ? base64Decode(found[2] ?? "") : null;
  if (!found || !data || data.length < 5) throw new NoteError("malformed signature line");
  return { name: found[1] ?? "", id: data.slice(0, 4), value: data.slice(4) };
}

/** Reads a checkpoint's text: origin, size, root, and no extension line. */
export function parseCheckpoint(text: Uint8Array): Checkpoint {
  const lines = new TextDecoder().decode(text).split("\n");
  const [origin = "", size = "", encoded = ""] = lines;
  const root = base64Decode(encoded);
  const whole = /^(0|[1-9][0-9]{0,15})$/.test(size) && Number.isSafeInteger(Number(size));
  if (lines.length !== 4 || lines[3] !== "" || !origin || !whole || root?.length !== 32) {
    throw new NoteError("a checkpoint has three lines: origin, size and root");
  }
  return { origin, size: Number(size), root };
}

export async function verifyEd25519(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (signature.length !== 64) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false;
  }
}

/** The time (seconds since 1970) of a valid cosignature/v1, or null. */
export async function verifyCosignature(text: Bytes, signature: Signature, key: Bytes): Promise<number | null> {
  if (signature.value.length !== 72) return null;
  const time = Number(new DataView(signature.value.buffer, signature.value.byteOffset).getBigUint64(0));
  const message = joined(encoder.encode(`cosignature/v1\ntime ${time}\n`), text);
  return (await verifyEd25519(key, message, signature.value.slice(8))) ? time : null;
}
