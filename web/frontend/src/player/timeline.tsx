// The timeline under the transport: a row a seat and a language, gaps by their cause, breaks, closed sessions, holds, and
// the entries of the log, over the bar's own axis. A press anywhere goes there. By keyboard it is one stop: up and down
// choose a row, left and right what is in it, Enter goes there. Not mirrored right-to-left, as the bar is not.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { type Course, type Shape, ticksOf } from "./course";
import type { Engine } from "./engine";
import { type Lane, type Piece, SHAPED, lanesOf, moved } from "./lanes";
import { BEFORE, type KindOfEntry } from "./rail";
import { timesText } from "./times";
import { type Place, lengthText, wallTime } from "./words";

const ROW = 22;
const BAR = 14;
const AXIS = 16;
/** Where there is no room for names beside the rows, they stand above them, so high. */
const ABOVE = 16;
/** Pixels an hour of the axis needs. */
const TICK = 76;
/** The least that is drawn of a stretch: one of half a second in three hours is still seen. */
const LEAST = 3;

interface Props {
  engine: Engine;
  course: Course;
  kinds: Record<string, KindOfEntry>;
  places: Place[];
  zero: number;
}

/** Whether the names of the rows stand above them. */
function useNarrow(): boolean {
  const query = useMemo(() => matchMedia("(max-width: 48rem)"), []);
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const change = (): void => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return narrow;
}

export function Timeline({ engine, course, kinds, places, zero }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const narrow = useNarrow();
  const { recording } = engine;
  const lanes = useMemo(() => lanesOf(recording, course, kinds), [recording, course, kinds]);
  const [chosen, setChosen] = useState<[number, number]>(() => [Math.max(0, lanes.findIndex(({ pieces }) => pieces.length)), 0]);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (holder.current) watch.observe(holder.current);
    return () => watch.disconnect();
  }, []);
  const row = narrow ? ROW + ABOVE : ROW;
  const at = (time: number): number => (time / Math.max(1, recording.end)) * width;
  const height = lanes.length * row;
  const press = (event: MouseEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    engine.goTo(((event.clientX - box.left) / Math.max(1, box.width)) * recording.end);
  };
  const go = (piece: Piece): void => engine.goTo(piece.shape ? piece.t0 - BEFORE : piece.t0);
  const keys = (event: KeyboardEvent): void => {
    const [lane, piece] = chosen;
    const here = lanes[lane]?.pieces[piece];
    if (event.key === "Enter" || event.key === " ") {
      if (here) go(here);
    } else {
      const next = moved(lanes, chosen, event.key);
      if (!next) return;
      setChosen(next);
      holder.current?.querySelector<SVGElement>(`[data-at="${next.join()}"]`)?.focus();
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="player-course">
      {!narrow && <div class="player-course-names" aria-hidden="true">{lanes.map((lane) => <span key={lane.key} title={lane.label}>{lane.label}</span>)}</div>}
      <div class="player-course-plot" ref={holder} dir="ltr">
        {width > 0 && (
          <svg width={width} height={height + AXIS * places.length} role="group" onClick={press} onKeyDown={keys}
            aria-label={t("Timeline of the sitting. The arrow keys choose a row and what is in it, Enter goes there.")}>
            <Patterns />
            {ticksOf(zero, recording.end, Math.max(1, Math.floor(width / TICK))).map((time) => <Tick key={time} x={at(time)} height={height} time={zero + time} places={places} width={width} />)}
            {lanes.map((lane, index) => (
              <g key={lane.key} role="group" aria-label={lane.label}>
                {narrow && <text class="name" x={0} y={index * row + ABOVE - 3} aria-hidden="true">{lane.label}</text>}
                {lane.pieces.map((piece, number) => (
                  <g key={`${piece.kind} ${piece.t0} ${number}`} role="button" data-at={`${index},${number}`} tabindex={chosen[0] === index && chosen[1] === number ? 0 : -1}
                    aria-label={pieceText(lane, piece, zero, places)} onFocus={() => setChosen([index, number])}
                    onClick={(event) => { if (piece.shape || event.detail === 0) { event.stopPropagation(); go(piece); } }}>
                    <Drawn piece={piece} y={index * row + (narrow ? ABOVE : 0)} at={at} width={width} />
                  </g>
                ))}
              </g>
            ))}
            <Now engine={engine} at={at} height={height} />
          </svg>
        )}
      </div>
    </div>
  );
}

/** `Hold, 1 min 5 s, from 09:00:13 București and 14:00:13 Bangkok`. */
function pieceText(lane: Lane, piece: Piece, zero: number, places: Place[]): string {
  const time = timesText(zero + piece.t0, places);
  if (piece.shape) return t("{what}, at {time}", { what: piece.words || lane.label, time });
  return t("{what}, {length}, from {time}", { what: piece.words || lane.label, length: lengthText(piece.t1 - piece.t0), time });
}

function Drawn({ piece, y, at, width }: { piece: Piece; y: number; at: (time: number) => number; width: number }) {
  if (piece.shape) return <path class={`mark-${piece.shape}`} d={SHAPES[piece.shape]} transform={`translate(${Math.min(Math.max(6, at(piece.t0)), width - 6)} ${y + ROW / 2})`} />;
  return <rect class={piece.kind} x={at(piece.t0)} y={y + (ROW - BAR) / 2} width={Math.max(LEAST, at(piece.t1) - at(piece.t0))} height={BAR} rx={2} />;
}

function Tick({ x, height, time, places, width }: { x: number; height: number; time: number; places: Place[]; width: number }) {
  const anchor = x < 24 ? "start" : x > width - 24 ? "end" : "middle";
  return (
    <g aria-hidden="true">
      <line class="grid" x1={x} x2={x} y1={0} y2={height} />
      {places.map((place, index) => <text key={place.zone} class={index ? "there" : ""} x={x} y={height + AXIS * index + 12} text-anchor={anchor}>{wallTime(time, place.zone)}</text>)}
    </g>
  );
}

const SHAPES: Record<Shape, string> = {
  note: "M0 -6L6 0L0 6L-6 0z",
  exhibit: "M-5 -5H5V5H-5z",
  course: "M-5 5L0 -5L5 5z",
};

/** The shape of a mark in a list or legend. */
export function MarkIcon({ shape }: { shape: Shape }) {
  return <svg class="player-mark" viewBox="-8 -8 16 16" aria-hidden="true" focusable="false"><path class={`mark-${shape}`} d={SHAPES[shape]} /></svg>;
}

/** Where the clock is; drawn apart, since it moves. */
function Now({ engine, at, height }: { engine: Engine; at: (time: number) => number; height: number }) {
  const x = at(engine.time.value);
  return <line class="now" x1={x} x2={x} y1={0} y2={height} />;
}

function Patterns() {
  return (
    <defs>
      <pattern id="missing" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <rect class="missing-ground" width="6" height="6" /><rect class="missing-line" width="2.5" height="6" />
      </pattern>
    </defs>
  );
}

export function Legend({ course }: { course: Course }) {
  const { breaks, closed, holds, weak, seats, languages, marks } = course;
  const drawn = new Set(marks.map((mark) => mark.shape));
  const missing = [...seats, ...languages].some((row) => row.missing.length > 0);
  return (
    <ul class="legend">
      <li><i class="key" />{t("Microphone on, recorded")}</li>
      {languages.length > 0 && <li><i class="key player-key-language" />{t("Somebody interprets")}</li>}
      {missing && <li><i class="key player-key-missing" />{t("Gap: not recorded")}</li>}
      {weak.length > 0 && <li><i class="key player-key-weak" />{t("Weak line: 5 % or more of somebody's packets were lost")}</li>}
      {breaks.length > 0 && <li><i class="key player-key-pause" />{t("Break: by order, nothing was recorded")}</li>}
      {closed.length > 0 && <li><i class="key player-key-closed" />{t("Closed session: recorded to a key of its own")}</li>}
      {holds.length > 0 && <li><i class="key player-key-hold" />{t("Hold: the floor was closed")}</li>}
      {drawn.has("note") && <li><MarkIcon shape="note" />{t("Note")}</li>}
      {drawn.has("exhibit") && <li><MarkIcon shape="exhibit" />{t("Exhibit shown")}</li>}
      {drawn.has("course") && <li><MarkIcon shape="course" />{SHAPED.course()}</li>}
    </ul>
  );
}
