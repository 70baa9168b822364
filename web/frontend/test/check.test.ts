import assert from "node:assert/strict";
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { test } from "node:test";
import { type Part, checkBag } from "../src/player/bag";
import { Check } from "../src/player/check";
import { parseNamedHead } from "../src/player/heads";
import { readLine, wellTyped } from "../src/player/journal";
import { KeyFileError, parseKeyFile, parsePolicy, parseVkey } from "../src/player/policy";
import { Tree, hex } from "../src/player/tlog";
import { rateFor } from "../src/player/clock";
import { tokenFault } from "../src/player/token";

// The vectors of the format, which every verifier reads: run from the front end's folder.
const VECTORS = join(process.cwd(), "../../tests/vectors");
const NAMES = readdirSync(VECTORS, { withFileTypes: true }).filter((each) => each.isDirectory() && existsSync(join(VECTORS, each.name, "vector.txt")));
/** Who signed a time-stamp is not looked at in the browser: it says so instead of a verdict. */
const TOKENS = ["stamped", "stamped-early"];

function walk(folder: string, from = folder): [string, Part][] {
  return readdirSync(from, { withFileTypes: true }).flatMap((entry): [string, Part][] => {
    const path = join(from, entry.name);
    if (entry.isDirectory()) return walk(folder, path);
    const part = { size: statSync(path).size, stream: () => createReadStream(path) };
    return [[relative(folder, path).split(sep).join("/"), part]];
  });
}

async function run(folder: string): Promise<{ check: Check; expect: string; first: string }> {
  const lines = readFileSync(join(folder, "vector.txt"), "utf8").trimEnd().split("\n");
  const wanted = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  for (const key of wanted.keys()) assert.ok(["expect", "first", "origin", "now", "waive", "head", "reason", "note"].includes(key), key);
  const now = wanted.get("now");
  const check = new Check({
    policy: parsePolicy(readFileSync(join(folder, "policy.txt"), "utf8").split("\n")),
    origin: wanted.get("origin"),
    withoutStamp: wanted.get("waive") === "stamp",
    head: wanted.has("head") ? parseNamedHead(wanted.get("head")!)! : undefined,
    now: now === undefined ? undefined : BigInt(now),
  });
  const kept = join(folder, "kept");
  const heads = existsSync(kept) ? readdirSync(kept).map((name) => new Uint8Array(readFileSync(join(kept, name)))) : [];
  await checkBag(new Map(walk(join(folder, "bag"))), check, heads);
  return { check, expect: wanted.get("expect") ?? "", first: wanted.get("first") ?? "" };
}

for (const { name } of NAMES) {
  test(`the vector ${name} gets its verdict`, async () => {
    const { check, expect, first } = await run(join(VECTORS, name));
    if (TOKENS.includes(name)) assert.deepEqual([check.word, check.missing], ["cannot", ["stamp"]]);
    else assert.deepEqual([check.word, check.first], [expect, first], JSON.stringify(check.faults));
  });
}

test("the vectors ask for every word", async () => {
  const words = await Promise.all(NAMES.map(async ({ name }) => (await run(join(VECTORS, name))).expect));
  assert.deepEqual(new Set(words), new Set(["verified", "gaps", "failed", "cannot"]));
});

test("a token counts only whole, granted and over exactly the signed head", () => {
  const data = new Uint8Array(readFileSync(join(VECTORS, "stamped/bag/data/checkpoint")));
  const token = new Uint8Array(readFileSync(join(VECTORS, "stamped/bag/data/checkpoint.tsr")));
  assert.equal(tokenFault(token, data), "");
  assert.equal(tokenFault(token, data.slice(1)), "token_other");
  assert.equal(tokenFault(token, Uint8Array.of(...data, 10)), "token_other");
  assert.equal(tokenFault(Uint8Array.of(...token, 0), data), "token_form");
  for (let length = 0; length < token.length; length += 1) assert.notEqual(tokenFault(token.slice(0, length), data), "", String(length));
  const refused = Uint8Array.from(token);
  refused[token.indexOf(0x02) + 2] = 2;
  assert.equal(tokenFault(refused, data), "token_refused");
});

test("a head is read as minutes print it, and as nothing else", () => {
  const root = "0123456789abcdef".repeat(4);
  assert.deepEqual(parseNamedHead(`412:${root}`), { size: 412, root });
  assert.deepEqual(parseNamedHead(` 412: ${root.slice(0, 32).toUpperCase()}\n${root.slice(32)} `), { size: 412, root });
  for (const bad of ["", root, `:${root}`, `012:${root}`, `-1:${root}`, `412:${root.slice(1)}`, `412:${root}0`, `412:${root.slice(1)}g`]) {
    assert.equal(parseNamedHead(bad), null, bad);
  }
});

test("a line has one spelling", () => {
  const good = '{"at":"1","type":"unknown_to_us","x":[1,{"a":"é"}]}';
  assert.equal(readLine(good, good.length).code, "");
  for (const bad of [
    '{"type":"x","at":"1"}', '{"at":"1", "type":"x"}', '{"at":"1","at":"1","type":"x"}', '{"at":"1","type":"x","y":1.0}',
    '{"at":"1","type":"x","y":-0}', '{"at":"1","type":"x","y":1e3}', '{"at":"1","type":"x","y":9007199254740993}',
    '{"Y":1,"at":"1","type":"x"}', '{"__proto__":1,"at":"1","type":"x"}', '{"at":"1","type":"x","y":"\\u00e9"}',
    '{"at":"1","type":"x","y":"\\ud800"}', `{"at":"1","type":"x","y":${"[".repeat(16)}${"]".repeat(16)}}`, "[]", "1", "", "{",
  ]) {
    assert.notEqual(readLine(bad, bad.length).code, "", bad);
  }
});

test("a known type with a missing or wrongly typed field is not well formed", () => {
  const gap = { type: "gap", at: "1", track: "a", t0: 0, t1: 1, cause: "network" };
  assert.ok(wellTyped(gap));
  for (const change of [
    { at: 1 }, { at: "01" }, { track: "A" }, { t0: -1 }, { t0: "0" }, { cause: "weather" }, { cause: null },
  ]) {
    assert.ok(!wellTyped({ ...gap, ...change } as never), JSON.stringify(change));
  }
  const segment = {
    type: "segment", at: "1", track: "a", n: 1, file: "seg/a-000001.age", size: 1, sha256: "0".repeat(64), t0: 0, t1: 1, k: [], rap: 1,
    seq: [1, 2], rtp: [1, 2], packets: [2, 0, 0], holes: [0, 0],
  };
  assert.ok(wellTyped(segment));
  for (const change of [{ seq: [1] }, { rtp: [1, -1] }, { packets: [1, 2] }, { holes: null }]) {
    assert.ok(!wellTyped({ ...segment, ...change } as never), JSON.stringify(change));
  }
  const access = { type: "access", at: "1", person: "Ioana Marin", role: "judge", state: "RO", what: "view", why: { blob: "0".repeat(64) } };
  assert.ok(wellTyped(access));
  for (const change of [{ person: { blob: "0".repeat(64) } }, { role: null }, { state: 1 }, { why: {} }]) {
    assert.ok(!wellTyped({ ...access, ...change } as never), JSON.stringify(change));
  }
  const released = {
    type: "released", at: "1", release: "r", what: "whole", to: "S. Srisai", state: "TH", purpose: "trial", by: ["A", "B"], limits: ["UNTOC"],
    statement: "0".repeat(64),
  };
  assert.ok(wellTyped(released));
  for (const change of [{ by: ["A"] }, { by: ["A", 1] }, { limits: "UNTOC" }, { statement: "0" }]) {
    assert.ok(!wellTyped({ ...released, ...change } as never), JSON.stringify(change));
  }
  assert.ok(wellTyped({ type: "something_new", at: "1", t0: "any" }));
  assert.ok(!wellTyped({ type: "constructor" } as never));
});

test("the tree has the roots of RFC 6962", () => {
  const tree = new Tree();
  assert.equal(hex(tree.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  tree.append(new Uint8Array(0));
  assert.equal(hex(tree.root()), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  tree.append(Uint8Array.of(0));
  assert.equal(hex(tree.root()), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
  for (const leaf of [[0x10], [0x20, 0x21], [0x30, 0x31], [0x40, 0x41, 0x42, 0x43]]) tree.append(Uint8Array.from(leaf));
  assert.equal(hex(tree.root()), "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef");
});

const VKEY = readFileSync(join(VECTORS, "good/policy.txt"), "utf8").split("\n").find((line) => line.startsWith("log "))!.slice(4).split(" ")[0]!;

test("a verifier key is read only if its ID is its own", () => {
  assert.equal(parseVkey(VKEY)?.kind, 1);
  assert.equal(parseVkey(VKEY.replace(/\+[0-9a-f]{8}\+/, "+00000000+")), null);
  for (const bad of ["", "a", "a+b", "a+00000000+", `${VKEY}=`, VKEY.slice(0, -4)]) assert.equal(parseVkey(bad), null, bad);
});

test("a key file carries one identity and a policy of which every line is understood", () => {
  const identity = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;
  const text = `# Vivavoce key file\r\n# authority: Ministry\r\n# policy:\r\n# | log ${VKEY}\r\n# | quorum none\r\n${identity}\r\n`;
  const read = parseKeyFile(text);
  assert.deepEqual([read.authority, read.identity, read.policy.logs.length, read.demo], ["Ministry", identity, 1, false]);
  for (const [bad, code] of [
    ["", "no_identity"], [identity, "no_policy"], [text + identity, "several_identities"], ["x".repeat(70_000), "too_long"],
    [text.replace("quorum none", "quorum some"), "policy"], [text.replace("quorum none", "quorun none"), "policy"],
    [text.replace("# | quorum none\r\n", ""), "policy"], [text.replace(VKEY, "x+00000000+AQ=="), "policy"],
  ] as const) {
    assert.throws(() => parseKeyFile(bad), (error) => error instanceof KeyFileError && error.code === code, code);
  }
});

test("an element near the clock is left alone, one off it is brought back by at most 8 %", () => {
  assert.equal(rateFor(20, false), 1);
  assert.equal(rateFor(-20, false), 1);
  assert.ok(rateFor(40, false) < 1 && rateFor(-40, false) > 1);
  assert.ok(rateFor(10, true) < 1, "once correcting, it goes on until it is close");
  assert.equal(rateFor(290, false), 0.92);
  assert.equal(rateFor(-290, false), 1.08);
});
