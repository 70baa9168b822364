import assert from "node:assert/strict";
import { test } from "node:test";
import { type Frame, onItsOwn, soundLength, withoutHoles } from "../src/player/webm";

function element(id: number[], body: number[]): number[] {
  return [...id, 0x40 | (body.length >> 8), body.length & 0xff, ...body];
}

function block(offset: number, key: boolean, ...data: number[]): number[] {
  return element([0xa3], [0x81, offset >> 8, offset & 0xff, key ? 0x80 : 0, ...data]);
}

function cluster(t: number, ...blocks: number[][]): number[] {
  return element([0x1f, 0x43, 0xb6, 0x75], [...element([0xe7], [t >> 8, t & 0xff]), ...blocks.flat()]);
}

/** What an element would be given: [time, duration, key, first byte] of each frame. */
function frames(bytes: Uint8Array): [number, number, boolean, number][] {
  const found: [number, number, boolean, number][] = [];
  const read = (at: number, end: number, visit: (id: number, from: number, to: number) => void): void => {
    while (at < end) {
      const width = Math.clz32(bytes[at]!) - 23;
      let id = 0;
      for (let index = 0; index < width; index += 1) id = id * 256 + bytes[at + index]!;
      const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + width) & 0x0fffffff;
      visit(id, at + width + 4, at + width + 4 + size);
      at += width + 4 + size;
    }
  };
  const number = (from: number, to: number): number => bytes.subarray(from, to).reduce((sum, byte) => sum * 256 + byte, 0);
  read(0, bytes.length, (id, from, to) => {
    assert.equal(id, 0x1f43b675);
    let base = 0;
    read(from, to, (inner, start, stop) => {
      if (inner === 0xe7) base = number(start, stop);
      if (inner !== 0xa0) return;
      const one: [number, number, boolean, number] = [0, 0, true, 0];
      read(start, stop, (part, a, b) => {
        if (part === 0xa1) {
          one[0] = base + new DataView(bytes.buffer, bytes.byteOffset).getInt16(a + 1);
          one[3] = bytes[a + 4]!;
        }
        if (part === 0x9b) one[1] = number(a, b);
        if (part === 0xfb) one[2] = false;
      });
      found.push(one);
    });
  });
  return found;
}

const OPUS = 0xfc;

function sound(bytes: Uint8Array<ArrayBuffer>, t0: number, t1: number): [number, number, boolean, number][] {
  return frames(withoutHoles(bytes, { t0, t1, audio: true, before: null, key: null, hold: false }).bytes);
}

/** The pictures, without the tail behind them, for which the last one waits 350 ms. */
function pictures(bytes: Uint8Array<ArrayBuffer>, t1: number, before: Frame | null = null, hold = false): { shown: [number, number, boolean, number][]; held: Frame | null } {
  const found = withoutHoles(bytes, { t0: 0, t1, audio: false, before, key: null, hold });
  const tail = !hold && found.key !== null;
  const shown = frames(found.bytes).slice(0, tail ? -5 : undefined);
  if (tail) shown.at(-1)![1] -= 350;
  return { shown, held: found.held };
}

test("lost sound becomes silence, and what was there stays where it was", () => {
  const bytes = Uint8Array.from(cluster(1000, block(0, true, OPUS, 1), block(20, true, OPUS, 2), block(100, true, OPUS, 3)));
  const found = sound(bytes, 1000, 1120);
  assert.deepEqual(found.map(([t]) => t), [1000, 1020, 1040, 1060, 1080, 1100]);
  assert.ok(found.every(([, lasts]) => lasts === 20));
});

test("sound that only came a little late is left alone", () => {
  const bytes = Uint8Array.from(cluster(1000, block(8, true, OPUS, 1), block(50, true, OPUS, 2), block(66, true, OPUS, 3)));
  assert.deepEqual(sound(bytes, 1000, 1100).map(([t]) => t), [1008, 1050, 1066]);
});

test("a picture lasts until the next, the last until the cut", () => {
  const bytes = Uint8Array.from([...cluster(1000, block(0, true, 7), block(40, false, 8)), ...cluster(1900, block(0, false, 9))]);
  assert.deepEqual(pictures(bytes, 2000).shown, [[1000, 40, true, 7], [1040, 860, false, 8], [1900, 100, false, 9]]);
});

test("where another segment follows, the last picture waits for it and is said to last until its first", () => {
  const one = Uint8Array.from(cluster(1000, block(0, true, 7), block(980, false, 8)));
  const first = pictures(one, 2000, null, true);
  assert.deepEqual(first.shown, [[1000, 980, true, 7]]);
  const two = Uint8Array.from(cluster(2400, block(0, false, 9), block(100, false, 10)));
  const second = pictures(two, 4000, first.held, false);
  assert.deepEqual(second.shown, [[1980, 420, false, 8], [2400, 100, false, 9], [2500, 1500, false, 10]]);
});

test("the only picture of a segment is held back too: others of its time may come late", () => {
  const found = pictures(Uint8Array.from(cluster(1000, block(0, true, 7))), 2000, null, true);
  assert.deepEqual([found.shown, found.held?.t], [[], 1000]);
});

test("a segment of more than half a minute is written as several Clusters", () => {
  const bytes = Uint8Array.from([...cluster(0, block(0, true, 7)), ...cluster(31_000, block(0, true, 8)), ...cluster(60_000, block(0, true, 9))]);
  assert.deepEqual(pictures(bytes, 65_000).shown.map(([t, lasts]) => [t, lasts]), [[0, 31_000], [31_000, 29_000], [60_000, 5_000]]);
});

test("what cannot be read is given on as it is", () => {
  for (const bad of [[], [1, 2, 3], element([0x1a, 0x45, 0xdf, 0xa3], [1]), cluster(0, block(0, true, 1)).slice(0, -1), [0x1f, 0x43, 0xb6, 0x75, 0xff]]) {
    const bytes = Uint8Array.from(bad);
    assert.equal(withoutHoles(bytes, { t0: 0, t1: 100, audio: false, before: null, key: null, hold: false }).bytes, bytes);
  }
});

test("the length of an Opus packet is read from its first bytes", () => {
  // SILK 20 ms; CELT 20 ms; CELT 2.5 ms twice; SILK 60 ms; three CELT frames of 20 ms.
  assert.deepEqual([[0x08], [0xfc], [0xe1], [0x18], [0xff, 3]].map((packet) => soundLength(Uint8Array.from(packet))), [20, 20, 5, 60, 60]);
});

test("sound that came late stays at its time, and no silence is put beside it", () => {
  const bytes = Uint8Array.from([...cluster(7000, block(0, true, OPUS, 1), block(20, true, OPUS, 2)), ...cluster(10_000, block(0, true, OPUS, 3), block(60, true, OPUS, 4))]);
  assert.deepEqual(sound(bytes, 10_000, 10_080).map(([t]) => t), [7000, 7020, 10_000, 10_020, 10_040, 10_060]);
});

test("sound that was written after later sound is put in order", () => {
  const bytes = Uint8Array.from([...cluster(10_000, block(0, true, OPUS, 1)), ...cluster(9000, block(0, true, OPUS, 2))]);
  assert.deepEqual(sound(bytes, 10_000, 10_020).map(([t, , , data]) => [t, data]), [[9000, OPUS], [10_000, OPUS]]);
});

test("pictures that came late go on from the one held back, however long before the cut", () => {
  const first = pictures(Uint8Array.from(cluster(1000, block(0, true, 7), block(40, false, 8))), 6000, null, true);
  const late = Uint8Array.from([...cluster(1080, block(0, false, 9)), ...cluster(6000, block(0, true, 10))]);
  const second = pictures(late, 8000, first.held);
  assert.deepEqual(second.shown, [[1040, 40, false, 8], [1080, 4920, false, 9], [6000, 2000, true, 10]]);
});

test("a picture whose time goes back is decoded in its turn, right behind the one before", () => {
  const late = Uint8Array.from([...cluster(2000, block(0, false, 8)), ...cluster(1900, block(0, false, 9), block(200, false, 10))]);
  const held = pictures(Uint8Array.from(cluster(1000, block(0, true, 6), block(950, false, 7))), 2000, null, true).held;
  assert.deepEqual(pictures(late, 3000, held).shown.map(([t, , , data]) => [t, data]), [[1950, 7], [2000, 8], [2001, 9], [2100, 10]]);
});

test("a picture held back for a part that failed lasts beyond the cut, up to the tail", () => {
  const [key, frame] = [{ t: 1000, key: true, data: Uint8Array.of(7) }, { t: 1980, key: false, data: Uint8Array.of(8) }];
  assert.deepEqual(frames(onItsOwn(frame, 2000, key)).slice(0, 2), [[1980, 370, false, 8], [2350, 10, true, 7]]);
  assert.deepEqual(frames(onItsOwn(frame, 2000, null)), [[1980, 20, false, 8]]);
});

test("behind the last picture before a gap stands the last key frame a few times, and before another segment nothing", () => {
  const bytes = Uint8Array.from(cluster(1000, block(0, true, 7), block(40, false, 8)));
  const tail = frames(withoutHoles(bytes, { t0: 0, t1: 2000, audio: false, before: null, key: null, hold: false }).bytes).slice(2);
  assert.deepEqual(tail, [2350, 2360, 2370, 2380, 2390].map((t) => [t, 10, true, 7]));
  assert.deepEqual(pictures(bytes, 2000, null, true).shown, [[1000, 40, true, 7]]);
});
