// Segment lines are nearly all of a journal and are read by a short way: it lets pass what the long way does, and says the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readLine, segmentLine, wellTyped } from "../src/player/journal";

const HASH = "0123456789abcdef".repeat(4);
const LINE =
  `{"at":"1764831602000000000","file":"seg/judge_1_cam-000001.age","holes":[0,0],"k":[0,700],"n":1,"packets":[100,2,0],"rap":1,"rtp":[0,95000],` +
  `"seq":[1,100],"sha256":"${HASH}","size":60000,"t0":0,"t1":2000,"track":"judge_1_cam","type":"segment"}`;

/** What the long way makes of a line: its value if nothing is wrong with it. */
function long(line: string): unknown {
  const { value, code } = readLine(line, new TextEncoder().encode(line).length);
  return !code && value && wellTyped(value) && value["type"] === "segment" ? value : null;
}

test("the short way reads a segment line as the long way does", () => {
  for (const line of [LINE, LINE.replace('"k":[0,700]', '"k":[]'), LINE.replace('"k":[0,700]', '"k":[5]'), LINE.replace('"n":1', '"n":999999')]) {
    assert.deepEqual(segmentLine(line), long(line));
    assert.ok(segmentLine(line));
  }
});

test("whatever is changed in a line, the short way lets nothing pass that the long way refuses, and reads it alike", () => {
  const letters = ['"', "\\", "0", "-", "9", " ", ",", "]", "a", "é", "\u0007", "{"];
  let passed = 0;
  for (let at = 0; at < LINE.length; at += 1) {
    const made = [LINE.slice(0, at) + LINE.slice(at + 1), ...letters.flatMap((letter) => [LINE.slice(0, at) + letter + LINE.slice(at), LINE.slice(0, at) + letter + LINE.slice(at + 1)])];
    for (const line of made) {
      const found = segmentLine(line);
      if (!found) continue;
      passed += 1;
      assert.deepEqual(found, long(line), line);
    }
  }
  assert.ok(passed > 300, "many changes are of a number or a name, and leave a right line");
  assert.equal(segmentLine(LINE.replace('"k":[0,700]', `"k":[${Array(40_000).fill(0).join()}]`)), null, "longer than a line may be");
  assert.equal(segmentLine(LINE.replace('"n":1', '"n":1000000')), null);
  assert.equal(segmentLine(LINE.replace('"size":60000', '"size":9007199254740993')), null);
  assert.equal(segmentLine(LINE.replace('"segment"}', '"segment","why":{"blob":"x"}}')), null);
});
