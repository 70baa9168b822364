// What the page and its worker say to each other. The key file goes to the worker and nothing of it comes back but the
// name of the authority; the page never holds the key.

import type { KeptTranscript, SealedPart } from "../transcript/derived";
import type { Transcript } from "../transcript/document";
import type { Word } from "./check";
import type { Fault, Gap, Played } from "./journal";
import type { LogEntry, Seated } from "./reader";

export interface TrackView {
  name: string;
  t: number;
  end: number;
  role: string;
  kind: string;
  lang: string;
  mime: string;
  segments: Played[];
  gaps: Gap[];
}

/** A time that is recorded to a key of its own. */
export interface OwnKey {
  t0: number;
  t1: number;
  /** Who can open it, as the journal calls them. */
  recipients: string[];
  /** Whether the key file opens it. */
  opens: boolean;
}

export interface RecordingView {
  origin: string;
  zero: string;
  /** Milliseconds. */
  end: number;
  tracks: TrackView[];
  people: Seated[];
  events: LogEntry[];
  pauses: OrderedPause[];
  ownKeys: OwnKey[];
  /** How many transcripts the custody log names. */
  transcripts: number;
}

/** A pause of the recording by order of somebody in this role: nothing was to be kept. */
export interface OrderedPause {
  t0: number;
  t1: number;
  by: string;
}

export interface Seal {
  origin: string;
  size: number;
  root: string;
  /** The head of the custody log, if it could be read. */
  custody: { size: number; root: string } | null;
  authority: string;
  demo: boolean;
}

/** What has been found out so far. It can only grow worse, and becomes final when every part has been checked. */
export interface Verdict {
  word: Word;
  /** What failed first, as docs/recording-format.md §7 names it. */
  first: string;
  faults: Fault[];
  /** What could not be checked. */
  missing: string[];
  /** What was not asked for: no time-stamp, no cosigner. */
  waived: string[];
  gaps: number;
  checked: number;
  total: number;
  /** Bytes not yet looked at. */
  left: number;
}

export type RefusalCode =
  | "too_long" | "no_identity" | "several_identities" | "no_policy" | "policy" | "not_text"
  | "wrong_key" | "destroyed" | "identity" | "ticket" | "network" | "no_decryption";

export type ToWorker =
  | { type: "key"; file: File }
  | { type: "open"; base: string; ticket: string; origin: string }
  | { type: "part"; id: number; generation: number; track: string; n: number }
  | { type: "drop"; track: string; generation: number }
  | { type: "ticket"; ticket: string }
  | { type: "noted" }
  | { type: "check" }
  /** The transcripts that are kept with the recording. */
  | { type: "transcripts" }
  /** Encrypt a transcript to the keys of the recording. */
  | { type: "seal_transcript"; transcript: Transcript };

export type FromWorker =
  | { type: "key"; authority: string; demo: boolean }
  | { type: "refused"; code: RefusalCode; detail: string }
  | { type: "step"; step: "checkpoint" | "journal" | "key" }
  /** The key file has opened these keys of the recording, by number: to be noted before anything is fetched. */
  | { type: "keys"; keys: number[] }
  | { type: "opened"; recording: RecordingView | null; seal: Seal | null }
  | { type: "verdict"; verdict: Verdict }
  | { type: "part"; id: number; bytes: ArrayBuffer }
  | { type: "bad"; id: number; track: string; n: number; code: string; rest?: ArrayBuffer }
  | { type: "transcripts"; kept: KeptTranscript[] }
  | { type: "sealed_transcript"; parts: SealedPart[] }
  | { type: "expired" }
  | { type: "unreachable"; id: number; status: number };
