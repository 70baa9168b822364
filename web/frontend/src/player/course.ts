// The course of a sitting as the journal has it: when which microphone and which interpretation was recorded, what is
// missing, when the floor was closed, and the entries of the log. Nothing is heard for this: who spoke is not in a journal.

import { type Gap, LATE, LOCKED, PAUSE, type Played } from "./journal";
import type { LogEntry } from "./reader";
import type { RecordingView, TrackView } from "./wire";

export interface Stretch {
  t0: number;
  t1: number;
  /** Cause of a gap. */
  cause?: string;
}

export interface Row {
  track: TrackView;
  recorded: Stretch[];
  missing: Stretch[];
}

export interface Course {
  /** One a seat: its microphone. */
  seats: Row[];
  /** One a language into which somebody interpreted. */
  languages: Row[];
  holds: Stretch[];
  /** Breaks in which the recording was paused by order. */
  breaks: Stretch[];
  /** What is recorded to a key of its own. */
  closed: Stretch[];
  /** When somebody's line lost more than a little. */
  weak: Stretch[];
  /** What is drawn as a mark, in order. */
  marks: Mark[];
}

export type Shape = "exhibit" | "note" | "course";

export interface Mark extends LogEntry {
  shape: Shape;
}

/** Gaps in which nothing that was said is missing, and what is there, and closed to the key file. */
export const QUIET = ["sender_off", "order", PAUSE, LATE, LOCKED];
/** A hold begins with the first, and is over with one of the others. */
const HOLD = "hold";
const OPEN_AGAIN = ["resumed", "closed", "aborted"];

export function courseOf(recording: RecordingView, shapes: Record<string, Shape>): Course {
  const rows = recording.tracks.filter((track) => track.kind !== "floor-video" && track.kind !== "screen").map(rowOf);
  return {
    seats: rows.filter(({ track }) => track.kind === "floor-audio"),
    languages: rows.filter(({ track }) => track.kind === "language"),
    holds: holdsOf(recording),
    breaks: recording.pauses.map(({ t0, t1 }) => ({ t0, t1 })),
    closed: recording.ownKeys.map(({ t0, t1 }) => ({ t0, t1 })),
    weak: joined(recording.tracks.filter(({ kind }) => kind !== "language").flatMap(({ segments }) => segments.filter(isWeak)).map(({ t0, t1 }) => ({ t0, t1 }))),
    marks: recording.events.flatMap((event) => {
      const shape = shapes[event.kind];
      return shape ? [{ ...event, shape }] : [];
    }),
  };
}

/** Per cent of its packets from which a part's line counts as weak (web/sitting/course.py has the same). */
const WEAK = 5;

function isWeak({ packets }: Played): boolean {
  const [received = 0, lost = 0] = packets ?? [];
  return lost * 100 >= WEAK * (received + lost) && lost > 0;
}

function rowOf(track: TrackView): Row {
  return {
    track,
    recorded: joined(track.segments),
    missing: joined(track.gaps.filter((gap) => !QUIET.includes(gap.cause))),
  };
}

/** Stretches that follow one another, of one cause, as one. */
export function joined(pieces: readonly (Gap | Stretch)[]): Stretch[] {
  const found: Stretch[] = [];
  for (const { t0, t1, cause } of [...pieces].sort((a, b) => a.t0 - b.t0)) {
    const last = found.at(-1);
    if (last && t0 <= last.t1 && last.cause === cause) last.t1 = Math.max(last.t1, t1);
    else found.push(cause === undefined ? { t0, t1 } : { t0, t1, cause });
  }
  return found;
}

/** From a hold to the last resumption before the next one: which of several holds was lifted, a journal does not say. */
function holdsOf({ events, end }: RecordingView): Stretch[] {
  const found: Stretch[] = [];
  let resumed = true;
  for (const { kind, t } of events) {
    const last = found.at(-1);
    if (kind === HOLD && resumed) {
      found.push({ t0: t, t1: end });
      resumed = false;
    } else if (OPEN_AGAIN.includes(kind) && last) {
      if (!resumed || kind === "resumed") last.t1 = t;
      resumed = true;
    }
  }
  return found;
}

/** Times at which the axis has a number: at most `most`, at even steps from the beginning. */
export function ticksOf(zero: number, end: number, most: number): number[] {
  const step = STEPS.find((each) => end / each <= most) ?? 3_600_000 * Math.ceil(end / 3_600_000 / most);
  const first = Math.ceil(zero / step) * step - zero;
  return Array.from({ length: Math.max(0, Math.floor((end - first) / step) + 1) }, (_, index) => first + index * step);
}

const STEPS = [5_000, 10_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_200_000, 1_800_000, 3_600_000];
