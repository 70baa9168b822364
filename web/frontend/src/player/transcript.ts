// A transcript that a person has: WebVTT (W3C), or JSON as programs that recognise speech write it. It is no part of what
// was sealed. Pure, and strict: what cannot be read is refused with its line, never skipped.

export interface TranscriptLine {
  /** Milliseconds on the recording's timeline, half open. */
  t0: number;
  t1: number;
  who: string;
  text: string;
  /** BCP 47, "" where the file does not say. */
  lang: string;
}

export type TranscriptFault = "too_long" | "not_text" | "form" | "time" | "empty" | "other_recording";

/** The recording that is searched: its uuid, and its signed head as a transcript names it, `size:root`. */
export interface Original {
  id: string;
  head: string;
}

export class TranscriptError extends Error {
  constructor(
    readonly code: TranscriptFault,
    /** Line of a WebVTT file, number of a segment of a JSON one; 0 for the whole. */
    readonly at = 0,
  ) {
    super(code);
  }
}

/** Bytes; three hours of speech are less than one million. */
export const MOST_BYTES = 16 * 1024 * 1024;

/** The lines of a file's bytes, in order of time. Throws `TranscriptError`, for one that says it is of another recording too. */
export function readTranscript(bytes: Uint8Array, of: Original): TranscriptLine[] {
  if (bytes.length > MOST_BYTES) throw new TranscriptError("too_long");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new TranscriptError("not_text");
  }
  const lines = /^\s*[[{]/.test(text) ? readJson(text, of) : readVtt(text);
  if (!lines.length) throw new TranscriptError("empty");
  return lines.sort((a, b) => a.t0 - b.t0);
}

/** The lines of a transcript that is kept with the recording, of the texts of its parts. Throws as `readTranscript`. */
export function readKept(texts: readonly string[], of: Original): TranscriptLine[] {
  const lines = texts.flatMap((text) => readJson(text, of));
  if (!lines.length) throw new TranscriptError("empty");
  return lines.sort((a, b) => a.t0 - b.t0);
}

// --- WebVTT ----------------------------------------------------------------------------------------------------------

const TIMING = /^(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})[ \t]+-->[ \t]+(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})(?:[ \t].*)?$/;
/** Blocks that hold nothing that is said. */
const OTHER = /^(?:NOTE|STYLE|REGION)(?:[ \t]|$)/;

function readVtt(text: string): TranscriptLine[] {
  const rows = text.replace(/\r\n?/g, "\n").split("\n");
  if (!/^WEBVTT(?:[ \t]|$)/.test(rows[0] ?? "")) throw new TranscriptError("form", 1);
  const lang = /^Language:[ \t]*(\S+)/im.exec(rows.slice(1, rows.indexOf("")).join("\n"))?.[1] ?? "";
  const found: TranscriptLine[] = [];
  for (let at = rows.indexOf(""); at >= 0 && at < rows.length; at += 1) {
    const begin = at;
    while (at < rows.length && rows[at] !== "") at += 1;
    if (at > begin && !OTHER.test(rows[begin] ?? "")) found.push(...cue(rows.slice(begin, at), begin + 1, lang));
  }
  return found;
}

function cue(rows: string[], line: number, lang: string): TranscriptLine[] {
  const timed = rows[0]?.includes("-->") ? 0 : 1;
  const parts = TIMING.exec(rows[timed] ?? "");
  if (!parts) throw new TranscriptError("form", line + Math.min(timed, rows.length - 1));
  const time = (from: number): number => Number(parts[from] ?? 0) * 3_600_000 + Number(parts[from + 1]) * 60_000 + Number(parts[from + 2]) * 1_000 + Number(parts[from + 3]);
  const [t0, t1] = [time(1), time(5)];
  if (t1 < t0) throw new TranscriptError("time", line + timed);
  // A cue may hold several voices, each from its tag on.
  const [first = "", ...voices] = rows.slice(timed + 1).join(" ").split(/<v(?=[\s.>])/);
  const said = [{ who: "", text: first }, ...voices.map((voice) => ({ who: spoken(/^[^\s>]*\s*([^>]*)>/.exec(voice)?.[1] ?? ""), text: voice.replace(/^[^>]*>/, "") }))];
  return said.map(({ who, text }) => ({ t0, t1, who, text: spoken(text), lang: /<lang[ \t]+([^>\s]+)/.exec(text)?.[1] ?? lang })).filter((each) => each.text);
}

const NAMED: Record<string, string> = { amp: "&", lt: "<", gt: ">", nbsp: " ", lrm: "\u200e", rlm: "\u200f" };

/** Without tags and with its characters. */
function spoken(text: string): string {
  const bare = text.replace(/<[^>]*>/g, "").replace(/&(amp|lt|gt|nbsp|lrm|rlm);/g, (_whole, name: string) => NAMED[name] ?? "");
  return bare.replace(/\s+/g, " ").trim();
}

// --- JSON ------------------------------------------------------------------------------------------------------------

/** As `vivavoce transcribe` and the page of corrections write it; or, as many programs do,
 * `{"language": "th", "segments": [{"start": 1.5, "end": 3, "text": "…", "speaker": "…"}]}`, or the segments alone. */
function readJson(text: string, of: Original): TranscriptLine[] {
  let whole: unknown;
  try {
    whole = JSON.parse(text);
  } catch {
    throw new TranscriptError("form");
  }
  if (namesAnother(whole, of)) throw new TranscriptError("other_recording");
  const segments: unknown = Array.isArray(whole) ? whole : (whole as Record<string, unknown>)["segments"];
  if (!Array.isArray(segments)) throw new TranscriptError("form");
  const lang = Array.isArray(whole) ? "" : word((whole as Record<string, unknown>)["language"]);
  return segments.map((each: unknown, index) => segment(each, index + 1, lang)).filter((each) => each.text);
}

/** Whether it is of our own form and names a recording, or a head of it, that is not this one. Others name none. */
function namesAnother(whole: unknown, of: Original): boolean {
  const { format, recording } = whole as Record<string, unknown>;
  if (format !== 1 || typeof recording !== "object" || recording === null) return false;
  const { id, head } = recording as Record<string, unknown>;
  return id !== of.id || head !== of.head;
}

function segment(value: unknown, at: number, lang: string): TranscriptLine {
  if (typeof value !== "object" || value === null) throw new TranscriptError("form", at);
  const { start, end = start, text, speaker, language, t0, t1, name } = value as Record<string, unknown>;
  if (typeof text !== "string") throw new TranscriptError("form", at);
  if (t0 !== undefined) {
    // As `vivavoce transcribe` writes it (docs/transcript.md).
    if (!isSeconds(t0) || !isSeconds(t1) || t1 < t0) throw new TranscriptError("time", at);
    return { t0, t1, who: word(name), text: text.replace(/\s+/g, " ").trim(), lang: word(language) };
  }
  if (!isSeconds(start) || !isSeconds(end) || end < start) throw new TranscriptError("time", at);
  return { t0: Math.round(start * 1_000), t1: Math.round(end * 1_000), who: word(speaker), text: text.replace(/\s+/g, " ").trim(), lang: word(language) || lang };
}

const isSeconds = (value: unknown): value is number => typeof value === "number" && value >= 0 && value < 1e9;
const word = (value: unknown): string => (typeof value === "string" ? value.trim() : "");
