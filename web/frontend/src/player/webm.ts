// Makes a segment playable without holes: every frame lasts until the next, and where sound was lost there is silence.
// Loss inside a segment is no gap (docs/recording-format.md §4), but a media element stops at the smallest hole. Works on
// bytes that have been checked and decrypted; what was sealed is never changed. RFC 8794 (EBML), RFC 9559 (Matroska).

/** One encoded frame. */
export interface Frame {
  /** Milliseconds on the recording's timeline. */
  t: number;
  key: boolean;
  data: Uint8Array;
}

const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
/** One Opus frame of 20 ms of silence, two channels (RFC 6716 §3.1: CELT, full band, one frame). */
const SILENCE = Uint8Array.of(0xfc, 0xff, 0xfe);
const SOUND = 20;
/** So many pictures, and so many ms of each, follow where nothing else does. */
const TAIL = 5;
const TAIL_PICTURE = 10;
/** They come this many ms later, so that an element a little ahead of the clock shows none of them. */
const TAIL_AFTER = 350;
/** Holes up to this many ms are left: a packet that came a little late leaves none. */
const PATIENCE = 30;

export interface Whole {
  bytes: Uint8Array<ArrayBuffer>;
  /** The last picture, kept back for the next segment: only then is it known how long it lasts. It may be the only one. */
  held: Frame | null;
  /** The last key frame so far. */
  key: Frame | null;
}

/**
 * The frames of a segment without holes in [t0, t1), or its bytes as they are if they cannot be read.
 *
 * `before` is the picture held back of the segment before, `key` the last key frame there; `hold` asks to hold the last
 * picture back. A decoder drops every
 * picture up to the next key frame when one comes later than twice the length of the one before: lengths must be true.
 * Frames from before t0 came late and belong where they say: they stay, and no silence is put beside them.
 */
export function withoutHoles(
  bytes: Uint8Array<ArrayBuffer>,
  { t0, t1, audio, before, key, hold }: { t0: number; t1: number; audio: boolean; before: Frame | null; key: Frame | null; hold: boolean },
): Whole {
  const read = readFrames(bytes);
  if (!read?.length) return { bytes, held: null, key };
  if (audio) return { bytes: writeFrames(withSilence(read, t0, t1), t1, true), held: null, key };
  const frames = rising(before ? [before, ...read] : read);
  const last = frames.findLast((frame) => frame.key) ?? key;
  if (!hold) return { bytes: writeLast(frames, t1, last), held: null, key: last };
  const held = frames.pop()!;
  return { bytes: writeFrames(frames, held.t, false), held, key: last };
}

/** A picture that was held back, when nothing follows that it could be held for. */
export function onItsOwn(frame: Frame, end: number, key: Frame | null): Uint8Array<ArrayBuffer> {
  return writeLast([frame], end, key);
}

/**
 * Pictures behind which there is a gap. Chromium shows none before it has some more, so that a jump to one of the last
 * would never end: the last key frame follows a few times, at a time when a card stands instead of the picture.
 */
function writeLast(frames: Frame[], end: number, key: Frame | null): Uint8Array<ArrayBuffer> {
  if (!key) return writeFrames(frames, end, false);
  const from = Math.max(end, frames.at(-1)!.t) + TAIL_AFTER;
  const tail = Array.from({ length: TAIL }, (_, index) => ({ ...key, t: from + TAIL_PICTURE * index }));
  return writeFrames([...frames, ...tail], from + TAIL_PICTURE * TAIL, false);
}

/** Pictures are decoded in the order in which they came; a time that goes back is put right behind the one before. */
function rising(frames: Frame[]): Frame[] {
  let last = -Infinity;
  return frames.map((frame) => {
    last = Math.max(frame.t, last + 1);
    return last === frame.t ? frame : { ...frame, t: last };
  });
}

function withSilence(frames: Frame[], t0: number, t1: number): Frame[] {
  const found: Frame[] = [];
  let at = t0;
  const fill = (until: number): void => {
    if (until - at <= PATIENCE) return;
    for (; at + SOUND <= until; at += SOUND) found.push({ t: at, key: true, data: SILENCE });
  };
  for (const frame of [...frames].sort((a, b) => a.t - b.t)) {
    fill(frame.t);
    found.push(frame);
    at = Math.max(t0, frame.t + soundLength(frame.data));
  }
  fill(t1);
  return found;
}

/** How long an Opus packet sounds, in ms (RFC 6716 §3.1, §3.2). */
export function soundLength(packet: Uint8Array): number {
  const toc = packet[0] ?? 0;
  const config = toc >> 3;
  const one = config < 12 ? [10, 20, 40, 60][config & 3]! : config < 16 ? [10, 20][config & 1]! : [2.5, 5, 10, 20][config & 3]!;
  const code = toc & 3;
  const count = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 1) & 63;
  return Math.max(1, Math.round(one * count));
}

// --- reading ---------------------------------------------------------------------------------------------------------

function readFrames(bytes: Uint8Array): Frame[] | null {
  const frames: Frame[] = [];
  for (const cluster of elements(bytes)) {
    if (cluster?.id !== CLUSTER) return null;
    let base = 0;
    for (const element of elements(cluster.body)) {
      if (!element) return null;
      if (element.id === TIMESTAMP) base = element.body.reduce((sum, byte) => sum * 256 + byte, 0);
      if (element.id !== SIMPLE_BLOCK) continue;
      const { body } = element;
      // Track number 1 in one byte, no lacing.
      if (body.length < 5 || body[0] !== 0x81 || (body[3]! & 0x06) !== 0) return null;
      const offset = new DataView(body.buffer, body.byteOffset).getInt16(1);
      frames.push({ t: base + offset, key: (body[3]! & 0x80) !== 0, data: body.subarray(4) });
    }
  }
  return frames;
}

function* elements(bytes: Uint8Array): Generator<{ id: number; body: Uint8Array } | null> {
  let at = 0;
  while (at < bytes.length) {
    const id = vint(bytes, at, 4, false);
    const size = id && vint(bytes, id.end, 8, true);
    if (!id || !size || size.end + size.value > bytes.length) {
      yield null;
      return;
    }
    yield { id: id.value, body: bytes.subarray(size.end, size.end + size.value) };
    at = size.end + size.value;
  }
}

function vint(bytes: Uint8Array, at: number, most: number, isSize: boolean): { value: number; end: number } | null {
  const first = bytes[at] ?? 0;
  const length = Math.clz32(first) - 23;
  if (first === 0 || length > most || at + length > bytes.length) return null;
  let value = isSize ? first & ((1 << (8 - length)) - 1) : first;
  for (let index = 1; index < length; index += 1) value = value * 256 + bytes[at + index]!;
  const unknown = isSize && value === 2 ** (7 * length) - 1;
  return unknown || !Number.isSafeInteger(value) ? null : { value, end: at + length };
}

// --- writing ---------------------------------------------------------------------------------------------------------

function writeFrames(frames: Frame[], end: number, audio: boolean): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let cluster: Uint8Array[] = [];
  let base = -Infinity;
  const flush = (): void => {
    if (cluster.length) parts.push(element(CLUSTER, cluster));
  };
  frames.forEach((frame, index) => {
    if (frame.t - base > 30_000) {
      flush();
      base = frame.t;
      cluster = [element(TIMESTAMP, [unsigned(base)])];
    }
    const next = frames[index + 1]?.t ?? Math.max(end, frame.t + 1);
    const head = new Uint8Array(4);
    head[0] = 0x81;
    new DataView(head.buffer).setInt16(1, frame.t - base);
    const lasts = audio ? soundLength(frame.data) : Math.max(1, next - frame.t);
    const group = [element(0xa1, [head, frame.data]), element(0x9b, [unsigned(lasts)])];
    // A block that refers to none is a key frame.
    if (!frame.key) group.push(element(0xfb, [Uint8Array.of(0xff)]));
    cluster.push(element(0xa0, group));
  });
  flush();
  return joined(parts);
}

function element(id: number, body: Uint8Array[]): Uint8Array {
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, (length | 0x10000000) >>> 0);
  return joined([unsigned(id), size, ...body]);
}

function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes.length ? bytes : [0]);
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
