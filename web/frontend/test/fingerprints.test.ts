import assert from "node:assert/strict";
import { test } from "node:test";
import { announced, codeOf } from "../src/client/fingerprints";

const OF_NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("the code is the one of hearings/sitting/fingerprints.py", () => {
  assert.deepEqual(codeOf(OF_NOTHING), ["28312", "71035", "19033", "54212", "51492", "41426"]);
});

test("groups keep their leading zeros", () => {
  assert.deepEqual(codeOf("00".repeat(32)), Array.from({ length: 6 }, () => "00000"));
  assert.equal(codeOf(`00000186a7${"00".repeat(27)}`)[0], "00007");
});

test("the fingerprint of a description is its SHA-256, and nothing else is taken for it", () => {
  const pairs = OF_NOTHING.match(/../g)?.join(":") ?? "";
  assert.equal(announced(`v=0\r\na=setup:active\r\na=fingerprint:sha-256 ${pairs.toUpperCase()}\r\nm=audio\r\n`), OF_NOTHING);
  assert.equal(announced(`a=fingerprint:sha-256 ${pairs}\r\n`), OF_NOTHING);
  assert.equal(announced(`a=fingerprint:sha-512 ${pairs}:${pairs}\r\n`), "");
  assert.equal(announced("a=fingerprint:sha-256 AB:CD\r\n"), "");
  assert.equal(announced(""), "");
});
