// The timeline under the transport: a row a seat and a language, holds, gaps and marks, over the bar's own axis. A press
// goes there; by keyboard the bar and the list of the log do. Not mirrored right-to-left, as the bar is not.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { languageName, t } from "../i18n";
import { type Course, type Row, type Shape, type Stretch, courseOf, ticksOf } from "./course";
import type { Engine } from "./engine";
import type { Place } from "./words";
import { personAndState, wallTime } from "./words";

const ROW = 22;
const BAR = 14;
const AXIS = 16;
/** Pixels an hour of the axis needs. */
const TICK = 76;
/** The least that is drawn of a stretch: one of half a second in three hours is still seen. */
const LEAST = 3;

interface Props {
  engine: Engine;
  places: Place[];
  zero: number;
  shapes: Record<string, Shape>;
}

interface Line {
  key: string;
  label: string;
  kind: string;
  recorded: Stretch[];
  missing: Stretch[];
}

export function Timeline({ engine, places, zero, shapes }: Props) {
  const holder = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const { recording } = engine;
  const course = useMemo(() => courseOf(recording, shapes), [recording, shapes]);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (holder.current) watch.observe(holder.current);
    return () => watch.disconnect();
  }, []);
  const lines = linesOf(course, engine);
  const at = (time: number): number => (time / Math.max(1, recording.end)) * width;
  const height = lines.length * ROW + ROW;
  const go = (event: MouseEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    engine.seek(((event.clientX - box.left) / Math.max(1, box.width)) * recording.end);
  };
  return (
    <div class="player-course">
      <div class="player-course-names" aria-hidden="true">
        {lines.map((line) => <span key={line.key}>{line.label}</span>)}
        <span>{t("Marks")}</span>
      </div>
      <div class="player-course-plot" ref={holder} dir="ltr">
        {width > 0 && (
          <svg width={width} height={height + AXIS * places.length} role="img" aria-label={t("Timeline of the sitting. The list of the log says the same in words.")} onClick={go}>
            <Patterns />
            {ticksOf(zero, recording.end, Math.max(1, Math.floor(width / TICK))).map((time) => <Tick key={time} x={at(time)} height={height} time={zero + time} places={places} width={width} />)}
            {lines.map((line, index) => <Lane key={line.key} line={line} y={index * ROW + (ROW - BAR) / 2} at={at} />)}
            {course.marks.map((mark) => <Mark key={mark.entry} shape={mark.shape} x={Math.min(Math.max(6, at(mark.t)), width - 6)} y={lines.length * ROW + ROW / 2} />)}
            <Now engine={engine} at={at} height={height} />
          </svg>
        )}
      </div>
    </div>
  );
}

function linesOf(course: Course, engine: Engine): Line[] {
  const { people } = engine.recording;
  const row = (each: Row, label: string, kind: string): Line => ({ key: each.track.name, label, kind, recorded: each.recorded, missing: each.missing });
  return [
    ...course.seats.map((each, index) => row(each, personAndState(each.track, people, 0), `c${(index % 5) + 1}`)),
    ...course.languages.map((each) => row(each, t("Into {language}", { language: languageName(each.track.lang) }), "language")),
    ...(course.weak.length ? [{ key: "weak", label: t("Weak line"), kind: "weak", recorded: course.weak, missing: [] }] : []),
    ...(course.breaks.length ? [{ key: "breaks", label: t("Break"), kind: "pause", recorded: course.breaks, missing: [] }] : []),
    ...(course.closed.length ? [{ key: "closed", label: t("Closed session"), kind: "closed", recorded: course.closed, missing: [] }] : []),
    ...(course.holds.length ? [{ key: "holds", label: t("Hold"), kind: "hold", recorded: course.holds, missing: [] }] : []),
  ];
}

function Lane({ line, y, at }: { line: Line; y: number; at: (time: number) => number }) {
  const rect = ({ t0, t1 }: Stretch, kind: string) => <rect key={`${kind} ${t0}`} class={kind} x={at(t0)} y={y} width={Math.max(LEAST, at(t1) - at(t0))} height={BAR} rx={2} />;
  return <g>{line.recorded.map((each) => rect(each, line.kind))}{line.missing.map((each) => rect(each, "missing"))}</g>;
}

function Tick({ x, height, time, places, width }: { x: number; height: number; time: number; places: Place[]; width: number }) {
  const anchor = x < 24 ? "start" : x > width - 24 ? "end" : "middle";
  return (
    <g>
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

function Mark({ shape, x, y }: { shape: Shape; x: number; y: number }) {
  return <path class={`mark-${shape}`} d={SHAPES[shape]} transform={`translate(${x} ${y})`} />;
}

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

export function Legend({ engine, shapes }: { engine: Engine; shapes: Record<string, Shape> }) {
  const { breaks, closed, holds, weak, seats, languages, marks } = useMemo(() => courseOf(engine.recording, shapes), [engine, shapes]);
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
      {drawn.has("course") && <li><MarkIcon shape="course" />{t("Course of the sitting")}</li>}
    </ul>
  );
}
