// The rows of the timeline and what is in each: drawn, and reached by keyboard. Pure but for its words.

import { languageName, t } from "../i18n";
import { type Course, QUIET, type Row, type Shape, type Stretch } from "./course";
import { byCause, interruptions } from "./interruptions";
import type { RecordingView } from "./wire";
import { causeWord, gapWord, personAndState } from "./words";

/** A stretch, or a mark at a moment (then it has a shape). */
export interface Piece {
  t0: number;
  t1: number;
  /** Class of what is drawn. */
  kind: string;
  shape?: Shape;
  /** What it is, where the name of the row does not say it. */
  words?: string;
}

export interface Lane {
  key: string;
  label: string;
  pieces: Piece[];
}

export const SHAPED: Record<Shape, () => string> = { exhibit: () => t("Exhibits"), note: () => t("Notes"), course: () => t("Course of the sitting") };

/** Rows from top to bottom; none is empty but those of seats. */
export function lanesOf(recording: RecordingView, course: Course, kinds: Record<string, { text: string }>): Lane[] {
  const { people } = recording;
  const gaps = byCause(interruptions({ recording }).filter((gap) => !QUIET.includes(gap.cause)));
  const plain = (key: string, label: string, kind: string, stretches: readonly Stretch[]): Lane => ({ key, label, pieces: stretches.map(({ t0, t1 }) => ({ t0, t1, kind })) });
  const optional = [
    plain("weak", t("Weak line"), "weak", course.weak),
    ...gaps.map(({ cause, gaps: mine }) => plain(`gap ${cause}`, gapWord(cause), "missing", mine)),
    plain("breaks", t("Break"), "pause", course.breaks),
    plain("closed", t("Closed session"), "closed", course.closed),
    plain("holds", t("Hold"), "hold", course.holds),
    ...(Object.keys(SHAPED) as Shape[]).map((shape): Lane => {
      const marks = course.marks.filter((mark) => mark.shape === shape);
      return { key: shape, label: SHAPED[shape](), pieces: marks.map((mark) => ({ t0: mark.t, t1: mark.t, kind: "mark", shape, words: kinds[mark.kind]?.text ?? mark.kind })) };
    }),
  ];
  return [
    ...course.seats.map((row, index) => rowLane(row, personAndState(row.track, people, 0), `c${(index % 5) + 1}`)),
    ...course.languages.map((row) => rowLane(row, t("Into {language}", { language: languageName(row.track.lang) }), "language")),
    ...optional.filter(({ pieces }) => pieces.length),
  ];
}

function rowLane({ track, recorded, missing }: Row, label: string, kind: string): Lane {
  const pieces: Piece[] = [
    ...recorded.map(({ t0, t1 }) => ({ t0, t1, kind })),
    ...missing.map(({ t0, t1, cause = "" }) => ({ t0, t1, kind: "missing", words: t("{who}: not recorded, {cause}", { who: label, cause: causeWord(cause) }) })),
  ];
  return { key: track.name, label, pieces: pieces.sort((a, b) => a.t0 - b.t0) };
}

/** Where a key leads from a piece, by number of the row and of the piece in it; null if it leads nowhere. */
export function moved(lanes: readonly Lane[], [lane, piece]: readonly [number, number], key: string): [number, number] | null {
  const pieces = lanes[lane]?.pieces ?? [];
  const last = pieces.length - 1;
  switch (key) {
    case "ArrowLeft":
      return [lane, Math.max(0, piece - 1)];
    case "ArrowRight":
      return [lane, Math.max(0, Math.min(last, piece + 1))];
    case "Home":
      return [lane, 0];
    case "End":
      return [lane, Math.max(0, last)];
    case "ArrowUp":
    case "ArrowDown": {
      const by = key === "ArrowUp" ? -1 : 1;
      let to = lane + by;
      while (lanes[to] && !lanes[to]!.pieces.length) to += by;
      return lanes[to] ? [to, nearest(lanes[to]!.pieces, pieces[piece]?.t0 ?? 0)] : [lane, piece];
    }
    default:
      return null;
  }
}

function nearest(pieces: readonly Piece[], t: number): number {
  const far = pieces.map(({ t0 }) => Math.abs(t0 - t));
  return far.indexOf(Math.min(...far));
}
