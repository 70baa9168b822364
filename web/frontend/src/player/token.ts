// Time-stamp tokens, as far as a page without trust anchors can say something of them: whether it is a granted RFC 3161
// TimeStampResp with a token over exactly these bytes (docs/recording-format.md §5). Who signed it is not looked at.

import { sha256 } from "@noble/hashes/sha2.js";
import { sameBytes } from "./tlog";

const INTEGER = 0x02;
const OCTETS = 0x04;
const OID = 0x06;
const TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT = 0xa0;

const SIGNED_DATA = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
const SHA_256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];

class DerError extends Error {}

interface Item {
  tag: number;
  content: Uint8Array;
}

/** The DER items that bytes consist of; tags of one byte and definite lengths only. */
function items(bytes: Uint8Array): Item[] {
  const found: Item[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    let length = bytes[at + 1] ?? 0x80;
    at += 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count < 1 || count > 4) throw new DerError("length");
      length = bytes.subarray(at, at + count).reduce((sum, byte) => sum * 256 + byte, 0);
      at += count;
    }
    if ((tag & 0x1f) === 0x1f || at + length > bytes.length) throw new DerError("item");
    found.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return found;
}

/** The content of an item that must be there and have a tag. */
function content(item: Item | undefined, tag: number): Uint8Array {
  if (item?.tag !== tag) throw new DerError("tag");
  return item.content;
}

/** The first items inside a sequence, which must have these tags. */
function fields(item: Item | undefined, tags: number[]): Uint8Array[] {
  const found = items(content(item, SEQUENCE));
  return tags.map((tag, index) => content(found[index], tag));
}

/** The one item that bytes are. */
function only(bytes: Uint8Array): Item | undefined {
  const found = items(bytes);
  if (found.length !== 1) throw new DerError("not one item");
  return found[0];
}

/** What is wrong with a token over `data`, as a code; "" if nothing is that can be seen here. */
export function tokenFault(token: Uint8Array, data: Uint8Array): string {
  try {
    return faultOf(token, data);
  } catch (error) {
    if (error instanceof DerError) return "token_form";
    throw error;
  }
}

function faultOf(token: Uint8Array, data: Uint8Array): string {
  const [status, signed, ...more] = items(content(only(token), SEQUENCE));
  if (more.length) return "token_form";
  const [code] = fields(status, [INTEGER]);
  if (!same(code, [0])) return "token_refused";
  const [type, wrapped] = fields(signed, [OID, EXPLICIT]);
  if (!same(type, SIGNED_DATA)) return "token_form";
  const parts = items(content(only(wrapped!), SEQUENCE));
  content(parts[0], INTEGER);
  content(parts[1], SET);
  content(parts.at(-1), SET);
  const [kind, held] = fields(parts[2], [OID, EXPLICIT]);
  if (!same(kind, TST_INFO) || parts.length < 4) return "token_form";
  const info = only(content(only(held!), OCTETS));
  const imprint = items(content(info, SEQUENCE))[2];
  fields(info, [INTEGER, OID, SEQUENCE, INTEGER, TIME]);
  const [algorithm, digest] = items(content(imprint, SEQUENCE));
  const [name] = fields(algorithm, [OID]);
  return same(name, SHA_256) && sameBytes(content(digest, OCTETS), sha256(data)) ? "" : "token_other";
}

function same(bytes: Uint8Array | undefined, wanted: number[]): boolean {
  return bytes !== undefined && sameBytes(bytes, Uint8Array.from(wanted));
}
