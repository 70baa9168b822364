// What is missing from a recording, of whatever track and cause, as people are told of it. Pure.

import { joined } from "./course";
import { LOCKED } from "./journal";
import type { RecordingView } from "./wire";

/** What is missing from when to when, in which tracks. Parts of a gap that the recorder declared one after the other are one. */
export interface Interruption {
  t0: number;
  t1: number;
  cause: string;
  tracks: string[];
  /** Nobody interpreted then: nothing that was said is missing. */
  quiet: boolean;
  /** Of a pause by order: the role of who ordered it. */
  by?: string;
}

const known = new WeakMap<RecordingView, Interruption[]>();

export function interruptions({ recording }: { recording: RecordingView }): Interruption[] {
  let all = known.get(recording);
  if (!all) known.set(recording, (all = findInterruptions(recording)));
  return all;
}

/** Of one cause, in order of time; `length` is of the time in which something is missing, ms. */
export interface Group {
  cause: string;
  gaps: Interruption[];
  length: number;
}

/** By cause, that of the first gap first. */
export function byCause(gaps: readonly Interruption[]): Group[] {
  const causes = [...new Set(gaps.map(({ cause }) => cause))];
  return causes.map((cause) => {
    const mine = gaps.filter((gap) => gap.cause === cause);
    return { cause, gaps: mine, length: joined(mine.map(({ t0, t1 }) => ({ t0, t1 }))).reduce((sum, { t0, t1 }) => sum + t1 - t0, 0) };
  });
}

function findInterruptions(recording: RecordingView): Interruption[] {
  const found = new Map<string, Interruption>();
  for (const track of recording.tracks) {
    const joined: Pick<Interruption, "t0" | "t1" | "cause" | "by">[] = [];
    for (const gap of track.gaps.filter((each) => each.cause !== LOCKED).sort((a, b) => a.t0 - b.t0)) {
      const last = joined.at(-1);
      if (last && last.t1 === gap.t0 && last.cause === gap.cause && last.by === gap.by) last.t1 = gap.t1;
      else joined.push({ t0: gap.t0, t1: gap.t1, cause: gap.cause, ...(gap.by === undefined ? {} : { by: gap.by }) });
    }
    for (const gap of joined) {
      const quiet = track.kind === "language" && gap.cause === "sender_off";
      const key = `${gap.t0} ${gap.t1} ${gap.cause} ${quiet}`;
      const one = found.get(key) ?? { ...gap, tracks: [], quiet };
      one.tracks.push(track.name);
      found.set(key, one);
    }
  }
  return [...found.values()].sort((a, b) => a.t0 - b.t0 || a.t1 - b.t1);
}
