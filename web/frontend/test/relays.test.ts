import assert from "node:assert/strict";
import { test } from "node:test";
import { routeOf } from "../src/client/relays";

const pair = (localCandidateId: string, bytesSent: number, nominated = true) => ({ type: "candidate-pair", localCandidateId, bytesSent, nominated });
const candidate = (id: string, candidateType: string, relayProtocol?: string) => ({ type: "local-candidate", id, candidateType, relayProtocol });

test("the way of a line is that of the pair in use", () => {
  const all = [candidate("h", "host"), candidate("p", "prflx"), candidate("u", "relay", "udp"), candidate("t", "relay", "tcp"), candidate("s", "relay", "tls")];
  const of = (...pairs: Record<string, unknown>[]) => routeOf([...pairs, ...all]);
  assert.equal(of(), "");
  assert.equal(of(pair("s", 9_000, false)), "");
  assert.equal(of(pair("h", 10)), "direct");
  assert.equal(of(pair("p", 10), pair("u", 9)), "direct");
  assert.equal(of(pair("p", 10), pair("u", 11)), "udp");
  assert.equal(of(pair("t", 1)), "tcp");
  assert.equal(of(pair("s", 1), pair("t", 900, false)), "tls");
});
