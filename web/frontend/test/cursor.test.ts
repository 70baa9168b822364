import assert from "node:assert/strict";
import { test } from "node:test";
import { Cursor, LATE } from "../src/player/cursor";
import type { Segment } from "../src/player/journal";

/** Segments of 2 s; `keys` names those that begin with a key frame. */
function segments(count: number, keys: number[]): Segment[] {
  let rap = 1;
  return Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    if (keys.includes(n)) rap = n;
    return { n, file: "", size: 1, sha256: "", t0: 2000 * index, t1: 2000 * index + 2000, k: keys.includes(n) ? [0] : [], rap };
  });
}

const TEN_SECONDS = segments(20, [1, 6, 11, 16]);
const NONE = new Set<number>();

function filled(first: number, done: number, video = true): Cursor {
  const cursor = new Cursor(TEN_SECONDS, video);
  cursor.restart(first);
  cursor.next = cursor.done = done;
  return cursor;
}

test("decoding starts at the random access point, however far back, and leads to the target from there", () => {
  const cursor = new Cursor(TEN_SECONDS, true);
  for (let index = 0; index < TEN_SECONDS.length; index += 1) {
    cursor.restart(index);
    assert.equal(TEN_SECONDS[cursor.first]!.n, TEN_SECONDS[index]!.rap);
    // The player asks before each segment: it must not begin anew, or it never arrives.
    for (; cursor.next <= index; cursor.next += 1) assert.ok(cursor.leadsTo(index));
  }
});

test("a run is gone on with where that is no detour, and begun anew where it is", () => {
  const cursor = filled(5, 8);
  assert.deepEqual([4, 5, 9, 10, 14, 15].map((index) => cursor.leadsTo(index)), [false, true, true, false, false, false]);
  cursor.next = 10;
  assert.ok(cursor.leadsTo(14));
});

test("a random access point that is not among the segments is no reason to begin anew for ever", () => {
  const cursor = new Cursor(TEN_SECONDS.slice(7), true);
  cursor.restart(1);
  assert.ok(cursor.leadsTo(1));
});

test("what is let go ends at a key frame, and leaves what came late for it", () => {
  const cursor = filled(0, 18);
  assert.equal(cursor.cutBefore(29_000), 10);
  assert.equal(cursor.letGo(10), 20_000 - LATE);
  assert.equal(cursor.cutBefore(29_000), -1);
  assert.equal(filled(0, 18, false).cutBefore(29_000), 14);
});

test("what is there counts with what lies behind it, and what never will be is not waited for", () => {
  const cursor = filled(5, 8);
  assert.equal(cursor.has(15_000, 200, NONE), true);
  assert.equal(cursor.has(15_900, 200, NONE), false);
  assert.equal(cursor.has(15_900, 200, new Set([9])), true);
  assert.equal(cursor.has(9_000, 200, NONE), false);
  assert.equal(filled(15, 20).has(39_999, LATE, NONE), true);
});

test("a failed part takes with it what hangs on it, up to the next key frame", () => {
  const cursor = filled(0, 20);
  const bad = new Set([8]);
  assert.deepEqual([13_900, 14_000, 19_900, 20_000].map((t) => cursor.broken(t, bad)?.n), [undefined, 8, 8, undefined]);
  const again = TEN_SECONDS.map((segment) => (segment.n === 9 ? { ...segment, k: [500] } : segment));
  assert.deepEqual([16_400, 16_500].map((t) => new Cursor(again, true).broken(t, bad)?.n), [8, undefined]);
  assert.equal(filled(0, 20, false).broken(19_900, bad), undefined);
});
