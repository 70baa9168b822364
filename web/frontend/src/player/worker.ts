// The worker of the player: fetches what is sealed, checks it against the journal, and only then decrypts it
// (docs/recording-format.md, docs/player.md). The key lives here and nowhere else; nothing of it is ever sent.

import { bech32 } from "@scure/base";
import { Decrypter, identityToRecipient } from "age-encryption";
import { type File as Sealed, type Journal, type Track, partName, readJournal } from "./journal";
import { KeyFileError, type KeyFile, MAX_KEY_FILE, parseKeyFile, quorumMet } from "./policy";
import {
  type Bytes, COSIGNATURE, type Checkpoint, LOG, NoteError, hex, keyId, parseCheckpoint, parseNote, sameBytes,
  verifyCosignature, verifyEd25519,
} from "./tlog";
import type { FromWorker, RefusalCode, ToWorker, Verdict } from "./wire";

const IN_FLIGHT = 3;
const CHECK_IN_FLIGHT = 2;
/** Bytes of a recording that are checked whole without being asked. */
const CHECK_UNASKED = 64 * 1024 * 1024;
const SEAL_FAULTS = ["checkpoint", "journal"];

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
let journal: Journal | null = null;
let decrypter: Decrypter | null = null;

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

/** Fetches a file and compares it with what the journal says of it. */
async function fetchSealed(file: Sealed): Promise<Bytes> {
  const bytes = await fetchFile(file.file);
  if (bytes.length !== file.size) throw new Bad("size");
  if ((await sha256(bytes)) !== file.sha256) throw new Bad("hash");
  return bytes;
}

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

const verdict: Verdict = {
  word: "cannot", first: "-", faults: [], missing: [], waived: [], gaps: 0, checked: 0, total: 0, left: 0,
};
let lineOf = new Map<string, number>();

function sayVerdict(): void {
  const open = verdict.missing.length > 0 || verdict.checked < verdict.total;
  verdict.word = verdict.faults.length ? "failed" : open ? "cannot" : verdict.gaps ? "gaps" : "verified";
  verdict.first = first();
  say({ type: "verdict", verdict: { ...verdict, faults: verdict.faults.slice(0, 50) } });
}

/** The first class of docs/recording-format.md §7 that has a failure. */
function first(): string {
  const names = verdict.faults.map((fault) => fault.first);
  const parts = names.filter((name) => /^[a-z][a-z0-9_]*-\d{6}$/.test(name));
  parts.sort((a, b) => (lineOf.get(a) ?? Infinity) - (lineOf.get(b) ?? Infinity));
  const lines = names.filter((name) => name.startsWith("line ")).sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)));
  return parts[0] ?? lines[0] ?? names[0] ?? "-";
}

function fail(name: string, code: string): void {
  if (verdict.faults.some((fault) => fault.first === name && fault.code === code)) return;
  verdict.faults.push({ first: name, code });
}

/** Head and journal: two fetches while another viewing may add a line, so it is tried again until they agree. */
async function fetchHead(): Promise<{ note: Bytes; lines: Bytes }> {
  for (let attempt = 0; ; attempt += 1) {
    say({ type: "step", step: "checkpoint" });
    const note = await fetchFile("checkpoint");
    say({ type: "step", step: "journal" });
    const lines = await fetchFile("journal.jsonl");
    const size = sizeOf(note);
    const count = lines.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0);
    if (size === null || size === count || attempt === 4) return { note, lines };
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
  const { note, lines } = await fetchHead();
  const head = await checkHead(note, origin, key);
  journal = readJournal(lines);
  checkJournal(journal, head);
  say({ type: "step", step: "key" });
  await unwrap(journal, key);
  countParts(journal);
  const sealed = !verdict.faults.some((fault) => SEAL_FAULTS.includes(fault.first));
  const seal = head && { origin: head.origin, size: head.size, root: hex(head.root), authority: key.authority, demo: key.demo };
  say({ type: "opened", recording: sealed ? view(journal) : null, seal });
  sayVerdict();
  if (sealed && verdict.left <= CHECK_UNASKED) checkAll();
}

async function checkHead(note: Bytes, origin: string, keyFile: KeyFile): Promise<Checkpoint | null> {
  let head: Checkpoint;
  let parsed;
  try {
    parsed = parseNote(note);
    head = parseCheckpoint(parsed.text);
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    fail("checkpoint", "checkpoint_form");
    return null;
  }
  if (head.origin !== origin) fail("checkpoint", "checkpoint_origin");
  const court = head.origin.slice(0, head.origin.lastIndexOf("/"));
  const logs = keyFile.policy.logs.filter((pinned) => pinned.name === court);
  let signed = 0;
  for (const signature of parsed.signatures.filter((each) => each.name === head.origin)) {
    for (const log of logs.filter((pinned) => sameBytes(signature.id, keyId(head.origin, LOG, pinned.key)))) {
      if (await verifyEd25519(log.key as Bytes, parsed.text, signature.value)) signed += 1;
      else fail("checkpoint", "seal_signature");
    }
  }
  if (logs.length === 0) verdict.missing.push("log_key");
  else if (signed === 0) fail("checkpoint", "seal_signature");
  await checkCosigners(parsed, keyFile);
  verdict.waived.push("stamp");
  return head;
}

async function checkCosigners(note: ReturnType<typeof parseNote>, keyFile: KeyFile): Promise<void> {
  const held = new Set<string>();
  for (const [name, cosigner] of keyFile.policy.cosigners) {
    const id = keyId(cosigner.name, COSIGNATURE, cosigner.key);
    for (const signature of note.signatures) {
      if (signature.name !== cosigner.name || !sameBytes(signature.id, id)) continue;
      const time = await verifyCosignature(note.text, signature, cosigner.key as Bytes);
      if (time === null) fail("checkpoint", "cosignature");
      else held.add(name);
    }
  }
  if (keyFile.policy.quorum === null) verdict.waived.push("cosigner");
  else if (!quorumMet(keyFile.policy.quorum, held)) verdict.missing.push("quorum");
}

function checkJournal(found: Journal, head: Checkpoint | null): void {
  if (head && found.lines !== head.size) fail("checkpoint", "journal_lines");
  else if (head && found.root !== hex(head.root)) fail("checkpoint", "root");
  if (head && found.origin !== head.origin) fail("line 0", "open_origin");
  if (found.format !== 1) {
    verdict.missing.push("format");
    return;
  }
  for (const fault of found.faults) fail(fault.first, fault.code);
  if (found.end === null) verdict.missing.push("close");
  if (!found.keywrap) verdict.missing.push("keywrap");
  verdict.gaps = found.tracks.reduce((sum, track) => sum + track.gaps.length + track.recovered.length, 0);
}

async function unwrap(found: Journal, keyFile: KeyFile): Promise<void> {
  if (!found.keywrap) return;
  let wrapped: Bytes;
  try {
    wrapped = await fetchSealed({ ...found.keywrap, file: "hearing-key.age" });
  } catch (error) {
    if (!(error instanceof Bad)) throw error;
    fail("hearing-key.age", error.code);
    return;
  }
  const outer = new Decrypter();
  outer.addIdentity(await identityKey(keyFile.identity));
  let identity: string;
  try {
    identity = (await outer.decrypt(wrapped, "text")).trim();
  } catch {
    throw new Refused("wrong_key", found.recipient ? keyFile.authority : "");
  }
  const inner = await identityKey(identity);
  if ((await identityToRecipient(inner)) !== found.recipient) fail("hearing-key.age", "other_recipient");
  decrypter = new Decrypter();
  decrypter.addIdentity(inner);
}

function view(found: Journal): NonNullable<Extract<FromWorker, { type: "opened" }>["recording"]> {
  const tracks = found.tracks.map((track) => ({
    name: track.name, t: track.t, end: track.end, role: track.role, kind: track.kind, lang: track.lang,
    mime: track.mime, segments: track.segments, gaps: track.gaps,
  }));
  const end = found.end ?? Math.max(0, ...found.tracks.map((track) => track.end));
  return { origin: found.origin, zero: found.zero, end, tracks };
}

// --- parts -----------------------------------------------------------------------------------------------------------

const queue: Wanted[] = [];
const generations = new Map<string, number>();
const files = new Map<string, Sealed>();
const checked = new Set<string>();
let flying = 0;
let checking: string[] | null = null;
let resting: string[] = [];

function countParts(found: Journal): void {
  const order: [string, number][] = [];
  for (const track of found.tracks) {
    for (const [n, file] of parts(track)) {
      const name = partName(track.name, n);
      files.set(name, file);
      order.push([name, "t0" in file ? (file.t0 as number) : 0]);
    }
  }
  lineOf = new Map(order.sort((a, b) => a[1] - b[1]).map(([name], index) => [name, index]));
  verdict.total = files.size;
  verdict.left = [...files.values()].reduce((sum, file) => sum + file.size, 0);
}

function parts(track: Track): [number, Sealed][] {
  const found: [number, Sealed][] = track.init ? [[0, track.init]] : [];
  for (const segment of [...track.segments, ...track.recovered]) found.push([segment.n, segment]);
  return found;
}

/** A part of the recording as sealed; what it was found to be counts for the verdict. */
async function part(name: string): Promise<Bytes> {
  const file = files.get(name);
  if (!file) throw new Bad("absent");
  try {
    const bytes = await fetchSealed(file);
    note(name, file);
    return bytes;
  } catch (error) {
    if (error instanceof Bad) {
      fail(name, error.code);
      note(name, file);
      sayVerdict();
    }
    throw error;
  }
}

let said = 0;

function note(name: string, file: Sealed): void {
  if (checked.has(name)) return;
  checked.add(name);
  verdict.checked = checked.size;
  verdict.left -= file.size;
  if (verdict.checked === verdict.total || performance.now() - said > 500) {
    said = performance.now();
    sayVerdict();
  }
}

const MAGIC = { init: [0x1a, 0x45, 0xdf, 0xa3], cluster: [0x1f, 0x43, 0xb6, 0x75] };

async function clear(name: string, n: number): Promise<Bytes> {
  const sealed = await part(name);
  if (!decrypter) throw new Bad("no_key");
  let plain: Bytes;
  try {
    plain = (await decrypter.decrypt(sealed)) as Bytes;
  } catch {
    fail(name, "decrypt");
    sayVerdict();
    throw new Bad("decrypt");
  }
  const magic = n === 0 ? MAGIC.init : MAGIC.cluster;
  if (!magic.every((byte, index) => plain[index] === byte)) {
    fail(name, "content");
    sayVerdict();
    throw new Bad("content");
  }
  return plain;
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

async function serve(wanted: Wanted): Promise<void> {
  try {
    const bytes = await clear(partName(wanted.track, wanted.n), wanted.n);
    say({ type: "part", id: wanted.id, bytes: bytes.buffer }, [bytes.buffer]);
  } catch (error) {
    if (error instanceof Bad) say({ type: "bad", id: wanted.id, track: wanted.track, n: wanted.n, code: error.code });
    else say({ type: "unreachable", id: wanted.id, status: error instanceof Unreachable ? error.status : 0 });
  }
}

function checkAll(): void {
  checking = [...files.keys()].filter((name) => !checked.has(name));
  checking.sort((a, b) => (lineOf.get(b) ?? 0) - (lineOf.get(a) ?? 0));
  pump();
}

/** The line is gone or the ticket too old: go on later. */
function rest(name: string, status: number): void {
  const left = [...(checking ?? resting), name];
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
  const name = checking?.pop();
  if (name === undefined) {
    checking = null;
  } else if (!checked.has(name)) {
    try {
      await part(name);
    } catch (error) {
      if (error instanceof Unreachable) rest(name, error.status);
      else if (!(error instanceof Bad)) throw error;
    }
  }
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
      const t0 = (wanted: Wanted): number => lineOf.get(partName(wanted.track, wanted.n)) ?? 0;
      queue.push({ id, generation, track, n });
      queue.sort((a, b) => t0(a) - t0(b));
      return pump();
    }
    case "drop":
      generations.set(message.track, message.generation);
      return;
    case "ticket":
      ticket = message.ticket;
      return goOn();
    case "check":
      return checkAll();
  }
}

self.addEventListener("message", (event: MessageEvent<ToWorker>) => {
  take(event.data).catch((error: unknown) => {
    if (error instanceof Refused || error instanceof KeyFileError) {
      say({ type: "refused", code: error.code, detail: error.detail });
    } else if (error instanceof Unreachable) {
      say({ type: "refused", code: error.status === 401 || error.status === 403 ? "ticket" : "network", detail: "" });
    } else if (error instanceof Bad) {
      fail("checkpoint", error.code);
      say({ type: "opened", recording: null, seal: null });
      sayVerdict();
    } else {
      throw error;
    }
  });
});
