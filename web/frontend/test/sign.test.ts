// What the signing page signs: canonical JSON, keys out of key files, and JWS others verify.
import assert from "node:assert/strict";
import { test } from "node:test";
import { base64url, canonical, fromBase64url } from "../src/sign/canonical";
import { SignError, readSigningKey, sign } from "../src/sign/signer";

// RFC 8037, appendix A.
const SEED = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const PUBLIC = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const KID = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
const FILE = `# Vivavoce key file\n# authority: Tribunalul București\n# signing-public: ${PUBLIC}\n# signing-key: ${SEED}\n# policy:\n# | quorum none\nAGE-SECRET-KEY-1ABC\n`;

test("canonical JSON is that of RFC 8785, sections 3.2.2 and 3.2.3", () => {
  const value = { "€": "Euro", "\r": "CR", "\ufb33": "Hebrew", "1": "One", "😀": "Smile", "\u0080": "Control", "ö": "Latin" };
  const sorted = '{"\\r":"CR","1":"One","\u0080":"Control","ö":"Latin","€":"Euro","😀":"Smile","\ufb33":"Hebrew"}';
  assert.equal(canonical(value), sorted);
  assert.equal(canonical({ b: [1, true, null, "€$\u000f\nA'B\"\\\\\"/"], a: {} }), '{"a":{},"b":[1,true,null,"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]}');
  assert.throws(() => canonical({ a: 0.5 }), TypeError);
  assert.throws(() => canonical({ a: 2 ** 53 }), TypeError);
});

test("base64url is read in its one form only", () => {
  assert.equal(base64url(new Uint8Array([251, 255])), "-_8");
  assert.deepEqual(fromBase64url("-_8"), new Uint8Array([251, 255]));
  for (const bad of ["-_9", "-_8=", "+/8", "", "A"]) assert.equal(fromBase64url(bad), null);
});

test("the key of a key file signs what its public half verifies", async () => {
  const key = await readSigningKey(FILE);
  assert.deepEqual([key.kid, key.authority, key.demo, key.key.extractable], [KID, "Tribunalul București", false, false]);
  const jws = await sign({ iss: "RO", body: { text: "สวัสดี" } }, key);
  const [header, payload, signature] = jws.split(".") as [string, string, string];
  assert.equal(new TextDecoder().decode(fromBase64url(header)!), `{"alg":"EdDSA","kid":"${KID}","typ":"vivavoce+jws"}`);
  assert.equal(new TextDecoder().decode(fromBase64url(payload)!), '{"body":{"text":"สวัสดี"},"iss":"RO"}');
  const pub = await crypto.subtle.importKey("raw", fromBase64url(PUBLIC)!, "Ed25519", false, ["verify"]);
  const said = new TextEncoder().encode(`${header}.${payload}`);
  assert.equal(await crypto.subtle.verify("Ed25519", pub, fromBase64url(signature)!, said), true);
});

test("a file without one whole signing key is refused", async () => {
  const cases: [string, string][] = [
    ["too_long", `${FILE}${"#".repeat(70_000)}`],
    ["no_key", FILE.replace("# signing-key", "# another-key")],
    ["several_keys", `${FILE}# signing-key: ${SEED}\n`],
    ["damaged", FILE.replace(SEED, SEED.slice(1))],
    ["damaged", FILE.replace(SEED, `${SEED.slice(0, 42)}B`)],
    ["damaged", FILE.replace(SEED, "A".repeat(43))],
  ];
  for (const [code, text] of cases) await assert.rejects(readSigningKey(text), (error) => error instanceof SignError && error.code === code, code);
});
