// A transcript as `vivavoce transcribe` writes it (docs/transcript.md): reading, correcting, taking apart by the keys of the
// recording and putting together again. Pure: no page, no network, no key.

/** A piece of text with who, in which language and when; of more fields nothing is lost. */
export interface Segment {
  n: number;
  track: string;
  kind: string;
  language: string;
  role: string;
  state: string;
  name: string;
  /** Milliseconds of the recording. */
  t0: number;
  t1: number;
  text: string;
  /** The model's own, 0 to 1. */
  confidence: number;
  status: "draft" | "corrected";
  /** Of a corrected one: what the machine had written. */
  machine?: string;
}

/** Why nothing is written of a time. */
export interface Silence {
  kind: string;
  t0: number;
  t1: number;
  track: string;
  why: string;
}

export interface Transcript {
  what: string;
  format: number;
  status: "draft" | "corrected";
  recording: { id: string; head: string };
  model: { name: string; sha256: string; engine: string };
  silences: Silence[];
  segments: Segment[];
  /** Of a corrected one: the SHA-256 of the machine's file, who corrected it, and when (ISO 8601). */
  corrected?: { draft: string; by: string; at: string };
}

export const CORRECTED = "Machine's draft, corrected by a person \u2014 not evidence, not an interpretation";
/** Characters of a file that are read: some days of speech. */
export const MOST = 20_000_000;
const LONGEST = 10_000;

export type Problem = "too_long" | "form" | "other_recording";

export class DocumentError extends Error {
  constructor(readonly code: Problem) {
    super(code);
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= LONGEST;
const isTime = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

function isSegment(value: unknown): value is Segment {
  if (!isObject(value)) return false;
  const texts = ["track", "kind", "language", "role", "state", "name", "text"].every((name) => isText(value[name]));
  const machine = value["machine"] === undefined || isText(value["machine"]);
  return texts && machine && isTime(value["n"]) && isTime(value["t0"]) && isTime(value["t1"]) && value["t0"] <= value["t1"]
    && typeof value["confidence"] === "number" && ["draft", "corrected"].includes(String(value["status"]));
}

function isSilence(value: unknown): value is Silence {
  return isObject(value) && ["kind", "track", "why"].every((name) => isText(value[name])) && isTime(value["t0"]) && isTime(value["t1"]);
}

/** Reads a file. Throws DocumentError for what is no transcript, or one of another recording. */
export function parse(text: string, recording: string, head: string): Transcript {
  if (text.length > MOST) throw new DocumentError("too_long");
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new DocumentError("form");
  }
  if (!isObject(found) || found["format"] !== 1) throw new DocumentError("form");
  const { recording: of, model, segments, silences, corrected } = found;
  if (!isObject(of) || !isObject(model) || !isText(model["name"]) || !isText(model["sha256"]) || !isText(model["engine"])) throw new DocumentError("form");
  if (!Array.isArray(segments) || !segments.every(isSegment) || !Array.isArray(silences) || !silences.every(isSilence)) throw new DocumentError("form");
  if (corrected !== undefined && !(isObject(corrected) && isText(corrected["draft"]) && isText(corrected["by"]) && isText(corrected["at"]))) throw new DocumentError("form");
  if (of["id"] !== recording || of["head"] !== head) throw new DocumentError("other_recording");
  return found as unknown as Transcript;
}

/** With another text of a segment. The text of the machine again makes it the machine's again. */
export function withText(transcript: Transcript, n: number, text: string): Transcript {
  const change = (segment: Segment): Segment => {
    if (segment.n !== n) return segment;
    const { machine = segment.text, ...rest } = segment;
    return text === machine ? { ...rest, text, status: "draft" } : { ...rest, text, status: "corrected", machine };
  };
  return { ...transcript, segments: transcript.segments.map(change) };
}

/** As it is kept: by whom it was corrected, from which draft. */
export function signedOff(transcript: Transcript, draft: string, by: string, at: string): Transcript {
  return { ...transcript, what: CORRECTED, status: "corrected", corrected: { draft, by, at } };
}

export interface Part {
  key: number;
  transcript: Transcript;
}

/** Taken apart, so that nobody can open words of a closed session who could not open its recording. */
export function split(transcript: Transcript, keyOf: (segment: Segment) => number): Part[] {
  const groups = new Map<number, Segment[]>([[0, []]]);
  for (const segment of transcript.segments) {
    const key = keyOf(segment);
    groups.set(key, [...(groups.get(key) ?? []), segment]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([key, segments]) => ({ key, transcript: { ...transcript, segments } }));
}

/** Put together again, of the parts that could be opened. */
export function joined(parts: Transcript[]): Transcript | null {
  const [first] = parts;
  if (!first) return null;
  const segments = parts.flatMap((part) => part.segments).sort((a, b) => a.t0 - b.t0 || a.n - b.n);
  return { ...first, segments };
}

export function tracksOf(transcript: Transcript): string[] {
  return [...new Set(transcript.segments.map((segment) => segment.track))].sort();
}

export function countCorrected(transcript: Transcript): number {
  return transcript.segments.filter((segment) => segment.status === "corrected").length;
}
