// One track of the player over a media source that behaves as the specification says (Media Source Extensions §5.5):
// what is being appended is lost when somebody aborts it, and media without a header before it is an error.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Segment } from "../src/player/journal";
import { TrackPlayer } from "../src/player/track";
import type { TrackView } from "../src/player/wire";

const HEADER = 1;
const TAKES = 20;

class Buffer extends EventTarget {
  mode = "segments";
  updating = false;
  buffered = { length: 0, start: () => 0, end: () => 0 };
  appended: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  appendBuffer(bytes: ArrayBuffer): void {
    if (this.updating) throw new DOMException("updating", "InvalidStateError");
    this.updating = true;
    const first = new Uint8Array(bytes)[0] ?? 0;
    this.timer = setTimeout(() => {
      this.updating = false;
      if (first !== HEADER && !this.appended.includes(HEADER)) this.dispatchEvent(new Event("error"));
      else this.appended.push(first);
      this.dispatchEvent(new Event("updateend"));
    }, TAKES);
  }

  abort(): void {
    if (!this.updating) return;
    clearTimeout(this.timer);
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
  }

  remove(): void {
    this.updating = true;
    setTimeout(() => {
      this.updating = false;
      this.dispatchEvent(new Event("updateend"));
    }, 1);
  }
}

class Source extends EventTarget {
  static isTypeSupported = (): boolean => true;
  static buffers: Buffer[] = [];
  readyState = "open";
  duration = 0;

  constructor() {
    super();
    setTimeout(() => this.dispatchEvent(new Event("sourceopen")), 0);
  }

  addSourceBuffer(): Buffer {
    const made = new Buffer();
    Source.buffers.push(made);
    return made;
  }
}

class Element extends EventTarget {
  currentTime = 0;
  readyState = 0;
  seeking = false;
  buffered = { length: 0, start: () => 0, end: () => 0 };
  setAttribute(): void {}
  pause(): void {}
}

const SEGMENTS: Segment[] = Array.from({ length: 30 }, (_each, index) => ({
  n: index + 1, t0: 2000 * index, t1: 2000 * (index + 1), rap: index + 1, k: [], size: 1, sha256: "", line: index,
})) as unknown as Segment[];

test("a seek while the header is being appended does not lose it", async () => {
  Object.assign(globalThis, {
    MediaSource: Source, HTMLVideoElement: class {}, document: { createElement: () => new Element() },
  });
  URL.createObjectURL = () => "blob:x";
  const view = { name: "judge_1_mic", mime: "audio/webm", segments: SEGMENTS, gaps: [], end: 60_000 } as unknown as TrackView;
  for (const wait of [0, 5, 10, 15, 25]) {
    const get = (_track: string, n: number): Promise<{ bytes: ArrayBuffer }> =>
      Promise.resolve({ bytes: Uint8Array.of(n === 0 ? HEADER : n + 1).buffer });
    const player = new TrackPlayer(view, get, () => undefined, () => undefined);
    player.feed(0);
    await new Promise((resolve) => setTimeout(resolve, 5 + wait));
    player.feed(40_000);
    await new Promise((resolve) => setTimeout(resolve, 150));
    player.feed(40_000);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { appended } = Source.buffers.at(-1)!;
    assert.equal(player.broken, false, `after ${wait} ms`);
    assert.equal(appended[0], HEADER);
    assert.ok(appended.includes(22), `what belongs at 40 s: ${appended}`);
  }
});
