import assert from "node:assert/strict";
import { test } from "node:test";
import { hex } from "../src/player/tlog";
import { type Json, base64url, canonical } from "../src/sign/canonical";
import { type Copy, checkReceipt, readStatement } from "../src/verify/receipt";

const LIMITS = [{ source: "UNTOC art. 18(19)", text: "Not without prior consent." }];
const COPY: Copy = { origin: "court.example/hearing/1", size: 8, root: "ab".repeat(32), custody: { size: 5, root: "cd".repeat(32) }, bag: "ef".repeat(32) };

async function pair(): Promise<{ sign: (claims: Json) => Promise<string>; key: Uint8Array<ArrayBuffer> }> {
  const made = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", made.publicKey));
  const encode = (value: Json): string => base64url(new TextEncoder().encode(canonical(value)));
  const sign = async (claims: Json): Promise<string> => {
    const signed = `${encode({ alg: "EdDSA", kid: "k", typ: "vivavoce+jws" })}.${encode(claims)}`;
    const signature = await crypto.subtle.sign("Ed25519", made.privateKey, new TextEncoder().encode(signed));
    return `${signed}.${base64url(new Uint8Array(signature))}`;
  };
  return { sign, key };
}

async function story(changes: Record<string, Json> = {}, claims: Record<string, Json> = {}): Promise<{ receipt: string; release: string; key: Uint8Array<ArrayBuffer> }> {
  const ro = await pair();
  const th = await pair();
  const common = { iat: 1_796_191_200, jti: "0123456789abcdef", about: "RO-1" };
  const released: Json = { ...common, iss: "RO", aud: "TH", act: "release_recording", body: { release: "r", limits: LIMITS } };
  const release = JSON.stringify({ statement: released, jws: await ro.sign(released) });
  const digest = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical(released)))));
  const body: Json = {
    release: "r", statement: digest, origin: COPY.origin, size: COPY.size, root: COPY.root, custody: COPY.custody, bag: COPY.bag,
    limits: LIMITS, verdict: "gaps", received_by: "S. Srisai", ...changes,
  };
  return { receipt: await th.sign({ ...common, iss: "TH", aud: "RO", act: "receive_recording", body, ...claims }), release, key: th.key };
}

test("a receipt that names this copy is told with who has it and every limit", async () => {
  const { receipt, release, key } = await story();
  const found = await checkReceipt(`${receipt}\n`, key, release, COPY);
  assert.deepEqual([found.fault, found.signed, found.by, found.state], [null, true, "S. Srisai", "TH"]);
  assert.deepEqual(found.limits, ["UNTOC art. 18(19): Not without prior consent."]);
  assert.equal((await checkReceipt(receipt, null, release, COPY)).signed, false);
});

test("a receipt for anything else is refused, with the reason", async () => {
  const { receipt, release } = await story();
  const other = await pair();
  assert.equal((await checkReceipt(receipt, other.key, release, COPY)).fault, "signature");
  assert.equal((await checkReceipt(receipt, null, null, COPY)).fault, "not_released");
  assert.equal((await checkReceipt(receipt, null, release.replace('"RO-1"', '"RO-2"'), COPY)).fault, "not_released");
  assert.equal((await checkReceipt("a.b.c", null, release, COPY)).fault, "form");
  assert.equal((await checkReceipt(receipt, null, release, { ...COPY, bag: "00".repeat(32) })).fault, "other_copy");
  assert.equal((await checkReceipt(receipt, null, release, { ...COPY, custody: null })).fault, "other_copy");
  const wrong: [Record<string, Json>, Record<string, Json>, string][] = [
    [{ limits: [] }, {}, "limits"], [{ release: "q" }, {}, "other_copy"], [{}, { iss: "FR" }, "other_case"],
    [{}, { act: "sign_minutes" }, "form"],
  ];
  for (const [changes, claims, fault] of wrong) {
    const made = await story(changes, claims);
    assert.equal((await checkReceipt(made.receipt, made.key, made.release, COPY)).fault, fault);
  }
});

test("what is not canonical is no statement", async () => {
  const { receipt } = await story();
  const [header, payload, signature] = receipt.split(".");
  const text = Buffer.from(payload ?? "", "base64url").toString().replace("{", "{ ");
  assert.equal(readStatement(`${header}.${base64url(new TextEncoder().encode(text))}.${signature}`), null);
  assert.notEqual(readStatement(receipt), null);
});
