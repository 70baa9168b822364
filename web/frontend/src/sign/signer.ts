// Signs a statement with an authority's key (docs/signatures.md). The seed is read from the key file's comment, becomes
// a key of the browser and is wiped; nothing here sends or keeps it.

import { type Json, base64url, canonical, fromBase64url } from "./canonical";

/** Characters of a key file; a longer file was chosen by mistake. */
export const MAX_KEY_FILE = 65_536;

export type Fault = "too_long" | "no_key" | "several_keys" | "damaged" | "unsupported";

export class SignError extends Error {
  constructor(readonly code: Fault) {
    super(code);
  }
}

export interface SigningKey {
  authority: string;
  /** Made for a demonstration: never for a real hearing. */
  demo: boolean;
  /** RFC 7638 thumbprint of the public key. */
  kid: string;
  key: CryptoKey;
}

/** PKCS #8 of an Ed25519 seed (RFC 8410 §7), up to the seed. */
const PKCS8 = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/** The signing key in the text of a key file. */
export async function readSigningKey(text: string): Promise<SigningKey> {
  if (text.length > MAX_KEY_FILE) throw new SignError("too_long");
  const comments = text.split(/\r?\n/).flatMap((line) => /^#\s?(.*)$/.exec(line)?.[1] ?? []);
  const named = (name: string): string[] =>
    comments.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trim());
  const seeds = named("signing-key");
  if (seeds.length === 0) throw new SignError("no_key");
  if (seeds.length > 1) throw new SignError("several_keys");
  const seed = fromBase64url(seeds[0] ?? "");
  if (seed?.length !== 32) throw new SignError("damaged");
  const pkcs8 = new Uint8Array([...PKCS8, ...seed]);
  seed.fill(0);
  try {
    const readable = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
    const x = (await crypto.subtle.exportKey("jwk", readable)).x ?? "";
    if (named("signing-public").some((written) => written !== x)) throw new SignError("damaged");
    return {
      authority: (named("authority")[0] ?? "").slice(0, 200),
      demo: comments.some((line) => line.includes("THROW-AWAY DEMO KEY")),
      kid: await thumbprint(x),
      key: await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]),
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") throw new SignError("unsupported");
    throw error;
  } finally {
    pkcs8.fill(0);
  }
}

async function thumbprint(x: string): Promise<string> {
  const text = `{"crv":"Ed25519","kty":"OKP","x":"${x}"}`;
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

/** The compact JWS over the canonical form of a statement. */
export async function sign(statement: Json, key: SigningKey): Promise<string> {
  const encoder = new TextEncoder();
  const header = canonical({ alg: "EdDSA", kid: key.kid, typ: "vivavoce+jws" });
  const signed = `${base64url(encoder.encode(header))}.${base64url(encoder.encode(canonical(statement)))}`;
  const signature = await crypto.subtle.sign("Ed25519", key.key, encoder.encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}
