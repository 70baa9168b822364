// The receipt of the State that received a released copy, compared with the bag it names (docs/receive.md). Whose key counts is
// for the reader to say, as for the seal.

import { type Bytes, hex, verifyEd25519 } from "../player/tlog";
import { type Json, canonical, fromBase64url } from "../sign/canonical";

/** Characters of a signed statement. */
export const MAX_STATEMENT = 500_000;
export const RELEASE = "release.json";

/** What the bag was found to be. */
export interface Copy {
  origin: string;
  size: number;
  root: string;
  custody: { size: number; root: string } | null;
  /** SHA-256 of tagmanifest-sha256.txt. */
  bag: string;
}

/** Why a receipt does not prove that this copy was received. */
export type ReceiptFault = "form" | "not_released" | "other_case" | "other_copy" | "limits" | "signature";

export interface Receipt {
  fault: ReceiptFault | null;
  /** Whether the signature was checked: false where no key was given. */
  signed: boolean;
  by: string;
  state: string;
  /** When it was signed, in ms since 1970. */
  at: number;
  limits: string[];
}

interface Statement {
  claims: Record<string, Json>;
  body: Record<string, Json>;
  message: Bytes;
  signature: Bytes;
  payload: Bytes;
}

const MEMBERS = ["about", "act", "aud", "body", "iat", "iss", "jti"];

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  return a !== undefined && b !== undefined && canonical(a) === canonical(b);
}

/** A compact JWS over canonical JSON; null for anything else. */
export function readStatement(text: string): Statement | null {
  const parts = text.trim().split(".");
  const [header, payload, signature] = parts.map((part) => fromBase64url(part));
  if (text.length > MAX_STATEMENT || parts.length !== 3 || !header || !payload || !signature) return null;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const claims = JSON.parse(decoder.decode(payload)) as Json;
    const head = JSON.parse(decoder.decode(header)) as Json;
    if (!isObject(claims) || !isObject(head) || canonical(claims) !== decoder.decode(payload)) return null;
    if (canonical({ alg: "EdDSA", kid: head["kid"] ?? "", typ: "vivavoce+jws" }) !== decoder.decode(header)) return null;
    const body = claims["body"];
    if (Object.keys(claims).sort().join() !== MEMBERS.join() || !isObject(body) || typeof claims["iat"] !== "number") return null;
    const message = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
    return { claims, body, message, signature, payload };
  } catch {
    return null;
  }
}

/** The statement by which the copy was released, from release.json of the bag; null when that is not what was signed. */
export function readRelease(text: string): Statement | null {
  try {
    const whole = JSON.parse(text) as Json;
    if (!isObject(whole) || typeof whole["jws"] !== "string") return null;
    const found = readStatement(whole["jws"]);
    return found && same(whole["statement"], found.claims) && found.claims["act"] === "release_recording" ? found : null;
  } catch {
    return null;
  }
}

/** Compares a receipt with a bag. `key` is the public signing key of the State that received it. */
export async function checkReceipt(text: string, key: Bytes | null, release: string | null, copy: Copy): Promise<Receipt> {
  const found: Receipt = { fault: null, signed: false, by: "", state: "", at: 0, limits: [] };
  const receipt = readStatement(text);
  if (!receipt || receipt.claims["act"] !== "receive_recording") return { ...found, fault: "form" };
  const released = release === null ? null : readRelease(release);
  if (!released) return { ...found, fault: "not_released" };
  found.by = String(receipt.body["received_by"] ?? "");
  found.state = String(receipt.claims["iss"]);
  found.at = Number(receipt.claims["iat"]) * 1000;
  const { iss, aud, about } = released.claims;
  if (!same([receipt.claims["iss"] ?? null, receipt.claims["aud"] ?? null, receipt.claims["about"] ?? null], [aud ?? null, iss ?? null, about ?? null])) {
    return { ...found, fault: "other_case" };
  }
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", released.payload)));
  const wanted: Record<string, Json> = {
    release: released.body["release"] ?? null, statement: digest, origin: copy.origin, size: copy.size, root: copy.root,
    custody: copy.custody, bag: copy.bag,
  };
  if (!Object.entries(wanted).every(([name, value]) => same(receipt.body[name], value))) return { ...found, fault: "other_copy" };
  const limits = released.body["limits"];
  if (!Array.isArray(limits) || !same(receipt.body["limits"], limits)) return { ...found, fault: "limits" };
  found.limits = limits.filter(isObject).map((limit) => `${String(limit["source"])}: ${String(limit["text"])}`);
  if (!key) return found;
  if (!(await verifyEd25519(key, receipt.message, receipt.signature))) return { ...found, fault: "signature" };
  return { ...found, signed: true };
}
