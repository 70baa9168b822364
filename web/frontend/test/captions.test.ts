import assert from "node:assert/strict";
import { test } from "node:test";
import { choose, feedOf, merge } from "../src/live/caption-lines";
import type { CaptionLine } from "../src/messages";

const line = (number: number, change: Partial<CaptionLine> = {}): CaptionLine => ({
  number,
  corrects: 0,
  lang: "ro",
  source: "stenographer",
  speaker: "Witness 1",
  text: `line ${number}`,
  at: number * 1e9,
  ...change,
});
const numbers = (lines: CaptionLine[]): number[] => lines.map(({ number }) => number);

test("new lines come after the old ones, each once, and only the latest are kept", () => {
  const first = merge([], [line(4), line(5)]);
  assert.deepEqual(numbers(merge(first, [line(5), line(7)])), [4, 5, 7]);
  const many = merge(first, Array.from({ length: 100 }, (_, n) => line(10 + n)));
  assert.deepEqual([many.length, many[0]?.number, many.at(-1)?.number], [60, 50, 109]);
});

test("a correction takes the place of its line, and stands alone where that is gone", () => {
  const lines = [line(4), line(5), line(6)];
  assert.deepEqual(numbers(merge(lines, [line(9, { corrects: 5 })])), [4, 9, 6]);
  assert.deepEqual(numbers(merge(lines, [line(9, { corrects: 2 })])), [4, 5, 6, 9]);
});

test("the feed chosen is shown; else one in my language, a person's before a machine's", () => {
  const machine = line(1, { source: "machine" });
  const thai = line(2, { lang: "th" });
  const lines = [machine, thai, line(3)];
  assert.equal(choose(feedOf(machine), lines, ["th"]), "ro machine");
  assert.equal(choose("", lines, ["", "ro-MD"]), "ro stenographer");
  assert.equal(choose("", lines, ["th", "ro"]), "th stenographer");
  assert.equal(choose("fr machine", lines, ["fr"]), "th stenographer");
  assert.equal(choose("", [machine], ["fr"]), "ro machine");
  assert.equal(choose("off", lines, ["ro"]), "");
  assert.equal(choose("", [], ["ro"]), "");
});
