// The worker of the player: fetches what is sealed, checks it against the journal, and only then decrypts it
// (docs/recording-format.md, docs/player.md). The key lives here and nowhere else; nothing of it is ever sent.

import { bech32 } from "@scure/base";
import { Decrypter, identityToRecipient } from "age-encryption";
import { type KeptTranscript, type NamedPart, grouped, namedIn, sealed } from "../transcript/derived";
import type { Transcript } from "../transcript/document";
import { Check, type Logs } from "./check";
import { type Gap, LOCKED, PAUSE, type Segment, keyFile, partFile } from "./journal";
import { PartCache } from "./part-cache";
import { KeyFileError, type KeyFile, MAX_KEY_FILE, parseKeyFile } from "./policy";
import type { Journal, Named } from "./reader";
import { type TrackLines, closedStretches } from "./track-lines";
import { type Bytes, hex, parseCheckpoint, parseNote } from "./tlog";
import { type Frame, onItsOwn, withoutHoles } from "./webm";
import type { FromWorker, OwnKey, RefusalCode, ToWorker } from "./wire";

/** What browsers have under way to one server over HTTP/1.1. */
const IN_FLIGHT = 6;
const CHECK_IN_FLIGHT = 2;
/** Bytes of a recording that are checked whole without being asked. */
const CHECK_UNASKED = 64 * 1024 * 1024;
class Refused extends Error {
  constructor(
    readonly code: RefusalCode,
    readonly detail = "",
  ) {
    super(code);
  }
}

/** No answer, or one that says nothing about the recording. */
class Unreachable extends Error {
  constructor(readonly status: number) {
    super(`status ${status}`);
  }
}

/** A file that is not what the journal says. */
class Bad extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

interface Wanted {
  id: number;
  generation: number;
  track: string;
  n: number;
}

const say = (message: FromWorker, transfer: Transferable[] = []): void =>
  (self as unknown as { postMessage(m: FromWorker, t: Transferable[]): void }).postMessage(message, transfer);

let key: KeyFile | null = null;
let base = "";
let ticket = "";
let check: Check | null = null;
/** By number of the recording's key, 0 the main one: those that the key file opens. */
const decrypters = new Map<number, Decrypter>();
/** Transcripts that the custody log names, part by part. */
let transcripts: NamedPart[] = [];

// --- fetching --------------------------------------------------------------------------------------------------------

async function fetchFile(path: string): Promise<Bytes> {
  for (let attempt = 0; ; attempt += 1) {
    let status = 0;
    try {
      const answer = await fetch(`${base}/file/${path}`, {
        headers: { "x-viewing-ticket": ticket },
        cache: "no-store",
        credentials: "same-origin",
        signal: AbortSignal.timeout(20_000),
      });
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      status = answer.status;
    } catch {
      status = 0;
    }
    if (status === 404) throw new Bad("absent");
    if (status === 401 || status === 403 || attempt === 3) throw new Unreachable(status);
    await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt));
  }
}

async function sha256(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** Fetches a file and compares it with what the journal says of it; counts for the verdict. */
async function fetchSealed(file: Named): Promise<Bytes> {
  let bytes: Bytes;
  try {
    bytes = await fetchFile(file.file);
  } catch (error) {
    if (error instanceof Bad) {
      check?.absent(file);
      note(file);
      sayVerdict();
    }
    throw error;
  }
  const code = check?.compare(file.file, bytes.length, await sha256(bytes)) ?? "";
  note(file);
  if (!code) return bytes;
  sayVerdict();
  throw new Bad(code);
}

/** What the journal names, fetched and compared once for as long as it is kept. */
const parts = new PartCache((path) => fetchSealed(files.get(path)!));

// --- key -------------------------------------------------------------------------------------------------------------

/** A native X25519 identity becomes a key that cannot be exported; others stay as age writes them. */
async function identityKey(identity: string): Promise<CryptoKey | string> {
  if (!identity.startsWith("AGE-SECRET-KEY-1")) return identity;
  const prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20];
  try {
    const { bytes } = bech32.decodeToBytes(identity.toLowerCase());
    const pkcs8 = Uint8Array.from([...prefix, ...bytes]);
    return await crypto.subtle.importKey("pkcs8", pkcs8, { name: "X25519" }, false, ["deriveBits"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") return identity;
    throw new Refused("identity");
  }
}

async function takeKey(file: File): Promise<void> {
  if (file.size > MAX_KEY_FILE) throw new Refused("too_long");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Refused("not_text");
  }
  key = parseKeyFile(text);
  await identityKey(key.identity);
  say({ type: "key", authority: key.authority, demo: key.demo });
}

// --- opening ---------------------------------------------------------------------------------------------------------

function sayVerdict(): void {
  if (!check) return;
  const { faults, missing, waived, gaps, first } = check;
  const left = checked.size < files.size;
  const word = check.word === "failed" || !left ? check.word : "cannot";
  say({
    type: "verdict",
    verdict: {
      word, first, faults: faults.slice(0, 50), missing, waived, gaps, checked: checked.size, total: files.size, left: bytesLeft,
    },
  });
}

/** A file that may be missing. */
async function fetchMaybe(path: string): Promise<Bytes | null> {
  try {
    return await fetchFile(path);
  } catch (error) {
    if (error instanceof Bad) return null;
    throw error;
  }
}

/** The custody log and its head: two fetches while another viewing may add a line, so it is tried again until they agree. */
async function fetchCustody(): Promise<Omit<Logs, "journal">> {
  for (let attempt = 0; ; attempt += 1) {
    const [custodyHead, custody] = await Promise.all([fetchMaybe("custody-checkpoint"), fetchMaybe("custody.jsonl")]);
    const size = custodyHead && sizeOf(custodyHead);
    const count = custody?.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
    if (size === null || size === count || attempt === 4) return { custody, custodyHead };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function sizeOf(note: Bytes): number | null {
  try {
    return parseCheckpoint(parseNote(note).text).size;
  } catch {
    return null;
  }
}

async function open(origin: string): Promise<void> {
  if (!key) throw new Refused("no_identity");
  check = new Check({ policy: key.policy, origin, withoutStamp: true });
  say({ type: "step", step: "checkpoint" });
  // All at once: on a long line each would take its own time there and back.
  const coming = { journal: fetchFile("journal.jsonl"), token: fetchMaybe("checkpoint.tsr"), custody: fetchCustody() };
  for (const each of Object.values(coming)) each.catch(() => undefined);
  const note = await fetchFile("checkpoint");
  await check.readHead(note);
  say({ type: "step", step: "journal" });
  const token = await coming.token;
  const journalLines = await coming.journal;
  const custodyLog = await coming.custody;
  if (token) check.readToken(token, note);
  await check.readLogs({ journal: journalLines, ...custodyLog });
  transcripts = custodyLog.custody ? namedIn(custodyLog.custody) : [];
  const { journal, head } = check;
  const intact = journal !== null && journal.format === 1 && !check.faults.some((fault) => fault.first === "checkpoint");
  if (journal) for (const named of journal.files.values()) files.set(named.file, named);
  bytesLeft = [...files.values()].reduce((sum, file) => sum + file.size, 0);
  say({ type: "step", step: "key" });
  if (intact) await unwrap(journal, key);
  if (decrypters.size) await useNoted([...decrypters.keys()]);
  const custody = check.custodyHead && { size: check.custodyHead.size, root: hex(check.custodyHead.root) };
  const seal = head && { origin: head.origin, size: head.size, root: hex(head.root), custody, authority: key.authority, demo: key.demo };
  sayVerdict();
  say({ type: "opened", recording: intact ? view(journal) : null, seal });
  if (intact && bytesLeft <= CHECK_UNASKED) checkAll();
}

let onNoted: () => void = () => undefined;

/** Waits until the use of these keys is in the custody log. */
function useNoted(keys: number[]): Promise<void> {
  return new Promise((resolve) => {
    onNoted = resolve;
    say({ type: "keys", keys });
  });
}

/** Opens every key of the recording that the key file opens; the main one it must. */
async function unwrap(journal: Journal, authority: KeyFile): Promise<void> {
  if (check?.custody?.destroyed.has(keyFile(0))) throw new Refused("destroyed");
  const outer = new Decrypter();
  outer.addIdentity(await identityKey(authority.identity));
  if (!(await unwrapOne(journal, 0, journal.recipient, outer))) throw new Refused("wrong_key", authority.authority);
  for (const { key: number, recipient } of journal.rekeys) if (number) await unwrapOne(journal, number, recipient, outer);
}

/** Whether a key is not closed to the key file: false only when its file is as it was sealed, and does not open. */
async function unwrapOne(journal: Journal, number: number, recipient: string, outer: Decrypter): Promise<boolean> {
  const named = journal.files.get(keyFile(number));
  if (!named) {
    check?.cannot("keywrap");
    return true;
  }
  let wrapped: Bytes;
  try {
    wrapped = await fetchSealed(named);
  } catch (error) {
    if (error instanceof Bad) return true;
    throw error;
  }
  let identity: string;
  try {
    identity = (await outer.decrypt(wrapped, "text")).trim();
  } catch {
    return false;
  }
  const inner = await identityKey(identity);
  if ((await identityToRecipient(inner)) !== recipient) check?.fail(named.first, "other_recipient", named.line, named.file);
  const made = new Decrypter();
  made.addIdentity(inner);
  decrypters.set(number, made);
  return true;
}

/** Whether a segment is one of a stretch whose key the key file does not open. */
function isLocked({ key: number = 0 }: Segment): boolean {
  return number > 0 && !decrypters.has(number);
}

/** The segments of a track that can be played. */
function openIn(track: TrackLines): Segment[] {
  return track.segments.filter((segment) => !isLocked(segment));
}

function ownKeys({ rekeys }: Journal, end: number): OwnKey[] {
  return closedStretches(rekeys, end).map(({ key: number, t, until, recipients }) => ({ t0: t, t1: until, recipients, opens: decrypters.has(number) }));
}

function view(journal: Journal): NonNullable<Extract<FromWorker, { type: "opened" }>["recording"]> {
  const ordered = (gap: Gap): Gap => (gap.cause === PAUSE ? { ...gap, by: journal.pauses.findLast(({ begin }) => begin <= gap.t0)?.by ?? "" } : gap);
  const tracks = journal.tracks.map((track) => ({
    name: track.name, t: track.t, end: journal.ends.get(track.name) ?? track.known(), role: track.role, kind: track.kind,
    lang: track.lang, mime: track.mime, segments: openIn(track).map(({ n, t0, t1, k, rap, packets }) => ({ n, t0, t1, k, rap, packets: packets ?? [] })),
    gaps: [...track.gaps.map(ordered), ...track.segments.filter(isLocked).map(({ t0, t1 }) => ({ track: track.name, t0, t1, cause: LOCKED }))],
  }));
  const end = journal.end ?? Math.max(0, ...tracks.map((track) => track.end));
  const pauses = journal.pauses.map(({ begin, end: over, by }) => ({ t0: begin, t1: over ?? end, by }));
  return { origin: journal.origin, zero: journal.zero, end, tracks, people: journal.people, events: journal.events, pauses, ownKeys: ownKeys(journal, end), transcripts: grouped(transcripts).length };
}

// --- parts -----------------------------------------------------------------------------------------------------------

const queue: Wanted[] = [];
const generations = new Map<string, number>();
/** Everything the journal names, by path. */
const files = new Map<string, Named>();
const checked = new Set<string>();
let bytesLeft = 0;
let flying = 0;
let checking: string[] | null = null;
let resting: string[] = [];
let said = 0;

function note(file: Named): void {
  if (checked.has(file.file)) return;
  checked.add(file.file);
  bytesLeft -= file.size;
  if (checked.size === files.size || performance.now() - said > 500) {
    said = performance.now();
    sayVerdict();
  }
}

function lineOf(path: string): number {
  return files.get(path)?.line ?? Infinity;
}

const MAGIC = { init: [0x1a, 0x45, 0xdf, 0xa3], cluster: [0x1f, 0x43, 0xb6, 0x75] };

async function clear(track: string, n: number): Promise<Bytes> {
  const path = partFile(track, n);
  const lines = check?.journal?.tracks.find((each) => each.name === track);
  const decrypter = decrypters.get((n && lines?.segments.find((each) => each.n === n)?.key) || 0);
  const file = files.get(path);
  if (!file) throw new Bad("absent");
  const sealed = await parts.take(path);
  if (!decrypter) throw new Bad("no_key");
  let plain: Bytes | null = null;
  try {
    plain = (await decrypter.decrypt(sealed)) as Bytes;
  } catch {
    plain = null;
  }
  const magic = n === 0 ? MAGIC.init : MAGIC.cluster;
  if (plain && magic.every((byte, index) => plain[index] === byte)) return plain;
  const code = plain ? "content" : "decrypt";
  check?.fail(file.first, code, file.line, file.file);
  sayVerdict();
  throw new Bad(code);
}

/** Media first, in the order of its time; the check of the rest takes what is left of the line. */
function pump(): void {
  while (flying < IN_FLIGHT) {
    const wanted = queue.shift();
    if (!wanted) break;
    if (wanted.generation < (generations.get(wanted.track) ?? 0)) {
      say({ type: "unreachable", id: wanted.id, status: 0 });
      continue;
    }
    fly(serve(wanted));
  }
  while (checking && flying < CHECK_IN_FLIGHT) fly(checkNext());
}

function fly(work: Promise<void>): void {
  flying += 1;
  void work.finally(() => {
    flying -= 1;
    // Not at once: what the page asks for in the meantime goes first.
    setTimeout(pump, 0);
  });
}

/** Of each track, the picture kept back of the part that was served last, and its last key frame. */
const held = new Map<string, { n: number; generation: number; frame: Frame | null; key: Frame | null }>();

function heldFor({ track, n, generation }: Wanted): { frame: Frame | null; key: Frame | null } {
  const last = held.get(track);
  return last?.n === n - 1 && last.generation === generation ? last : { frame: null, key: null };
}

/** What was kept back for a part that failed, as an element can play it: the last good picture. */
function leftOver(wanted: Wanted): Bytes | null {
  const { frame, key } = heldFor(wanted);
  const lines = check?.journal?.tracks.find((each) => each.name === wanted.track);
  const before = lines && openIn(lines).find((each) => each.n === wanted.n - 1);
  return frame && before ? onItsOwn(frame, before.t1, key) : null;
}

/** The clear bytes as an element can play them; what was sealed has been compared before. */
function whole(bytes: Bytes, wanted: Wanted): Bytes {
  const { track, n, generation } = wanted;
  const lines = check?.journal?.tracks.find((each) => each.name === track);
  const playable = lines ? openIn(lines) : [];
  const index = playable.findIndex((each) => each.n === n);
  const segment = playable[index];
  if (!lines || !segment) return bytes;
  const before = heldFor(wanted);
  const audio = lines.mime.startsWith("audio/");
  const hold = playable[index + 1]?.t0 === segment.t1;
  const found = withoutHoles(bytes, { t0: segment.t0, t1: segment.t1, audio, before: before.frame, key: before.key, hold });
  // What was still under way at a seek must not push out what belongs to the new place.
  if (generation >= (generations.get(track) ?? 0)) held.set(track, { n, generation, frame: found.held, key: found.key });
  return found.bytes;
}

async function serve(wanted: Wanted): Promise<void> {
  try {
    const bytes = whole(await clear(wanted.track, wanted.n), wanted);
    say({ type: "part", id: wanted.id, bytes: bytes.buffer }, [bytes.buffer]);
  } catch (error) {
    if (error instanceof Bad) {
      const rest = leftOver(wanted)?.buffer;
      say({ type: "bad", id: wanted.id, track: wanted.track, n: wanted.n, code: error.code, rest }, rest ? [rest] : []);
    } else say({ type: "unreachable", id: wanted.id, status: error instanceof Unreachable ? error.status : 0 });
  }
}

function checkAll(): void {
  checking = [...files.keys()].filter((path) => !checked.has(path));
  checking.sort((a, b) => lineOf(b) - lineOf(a));
  pump();
}

/** The line is gone or the ticket too old: go on later. */
function rest(path: string, status: number): void {
  const left = [...(checking ?? resting), path];
  checking = null;
  resting = left;
  if (status === 401 || status === 403) say({ type: "expired" });
  setTimeout(goOn, 5_000);
}

function goOn(): void {
  if (resting.length) checking = resting;
  resting = [];
  pump();
}

async function checkNext(): Promise<void> {
  const path = checking?.pop();
  if (path === undefined || !files.has(path)) {
    checking = null;
  } else if (!checked.has(path)) {
    try {
      await parts.once(path);
    } catch (error) {
      if (error instanceof Unreachable) rest(path, error.status);
      else if (!(error instanceof Bad)) throw error;
    }
  }
}

// --- transcripts -----------------------------------------------------------------------------------------------------

/** A part of a transcript in the clear; null where the key file does not open it, "" where it is not what the log says. */
async function transcriptPart({ file, key: number }: NamedPart): Promise<string | null> {
  const decrypter = decrypters.get(number);
  if (!decrypter) return null;
  try {
    const bytes = await fetchFile(file.file);
    if (bytes.length !== file.size || (await sha256(bytes)) !== file.sha256) return "";
    return await decrypter.decrypt(bytes, "text");
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    return "";
  }
}

async function openTranscripts(): Promise<void> {
  const kept: KeptTranscript[] = [];
  for (const group of grouped(transcripts)) {
    const texts = await Promise.all(group.map(transcriptPart));
    const { at, person, draft } = group[0]!;
    kept.push({
      at: Number(BigInt(at) / 1_000_000n), person, draft, texts: texts.filter((text): text is string => Boolean(text)),
      closed: texts.filter((text) => text === null).length, lost: texts.filter((text) => text === "").length,
    });
  }
  say({ type: "transcripts", kept });
}

async function sealTranscript(transcript: Transcript): Promise<void> {
  const journal = check?.journal;
  if (journal) say({ type: "sealed_transcript", parts: await sealed(transcript, journal) });
}

// --- messages --------------------------------------------------------------------------------------------------------

async function take(message: ToWorker): Promise<void> {
  switch (message.type) {
    case "key":
      return takeKey(message.file);
    case "open":
      base = message.base;
      ticket = message.ticket;
      return open(message.origin);
    case "part": {
      const { id, generation, track, n } = message;
      const order = (wanted: Wanted): number => lineOf(partFile(wanted.track, wanted.n));
      queue.push({ id, generation, track, n });
      queue.sort((a, b) => order(a) - order(b));
      return pump();
    }
    case "drop":
      generations.set(message.track, message.generation);
      return;
    case "ticket":
      ticket = message.ticket;
      return goOn();
    case "noted":
      return onNoted();
    case "check":
      return checkAll();
    case "transcripts":
      return openTranscripts();
    case "seal_transcript":
      return sealTranscript(message.transcript);
  }
}

self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
  take(event.data).catch((error: unknown) => {
    if (error instanceof Refused || error instanceof KeyFileError) {
      say({ type: "refused", code: error.code, detail: error.detail });
    } else if (error instanceof Unreachable) {
      say({ type: "refused", code: error.status === 401 || error.status === 403 ? "ticket" : "network", detail: "" });
    } else if (error instanceof Bad) {
      check?.fail("checkpoint", error.code);
      say({ type: "opened", recording: null, seal: null });
      sayVerdict();
    } else {
      throw error;
    }
  });
});
