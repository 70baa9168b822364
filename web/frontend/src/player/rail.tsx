// Beside the pictures: the log of the sitting, what is missing, and where the rest is. Each row goes to its place.

import type { Signal } from "@preact/signals";
import { pt, t, tn } from "../i18n";
import type { Mark, Shape } from "./course";
import type { Engine } from "./engine";
import { byCause, interruptions, type Interruption } from "./interruptions";
import { PAUSE } from "./journal";
import { type LogRow, detailOf } from "./log-texts";
import { MarkIcon } from "./timeline";
import { TimePair, timesText } from "./times";
import { type Place, causeWord, gapWord, lengthText, ownKeyText, personAndState, roleWord, trackName } from "./words";
import type { TrackView } from "./wire";

/** A kind of entry of the log: its words, and the shape of its mark. */
export interface KindOfEntry {
  text: string;
  shape: Shape;
}

interface LogProps {
  engine: Engine;
  marks: Mark[];
  /** What the entries say, by number, as far as it has come. */
  texts: Signal<ReadonlyMap<number, LogRow>>;
  zero: number;
  places: Place[];
  kinds: Record<string, KindOfEntry>;
  log: string;
}

/** So long before an event is its place, so that it is seen to come. */
export const BEFORE = 2_000;

export function Log({ engine, marks, texts, zero, places, kinds, log }: LogProps) {
  const now = engine.time.value;
  const current = marks.findLast((mark) => mark.t <= now)?.entry;
  return (
    <section class="panel player-log" aria-labelledby="player-log">
      <header><h2 id="player-log">{t("Log")}</h2><span class="count">{marks.length}</span><span class="end"><a href={log}>{t("The whole log")}</a></span></header>
      {marks.length === 0 && <div class="body"><p>{t("The journal of this recording has no entry of the log.")}</p></div>}
      {marks.length > 0 && (
        <ol class="player-entries" tabIndex={0} aria-labelledby="player-log">
          {marks.map((mark) => {
            const text = texts.value.get(mark.entry);
            const by = text?.by ?? (mark.who ? roleWord(mark.who) : t("The system"));
            const detail = text ? detailOf(text) : "";
            return (
              <li key={mark.entry} class={mark.entry === current ? "is-current" : ""} aria-current={mark.entry === current ? "true" : undefined}>
                <MarkIcon shape={mark.shape} />
                <div>
                  <button type="button" class="link-button" onClick={() => engine.goTo(mark.t - BEFORE)}
                    aria-label={t("Go to entry {n}, {what}, at {time}", { n: mark.entry, what: kinds[mark.kind]?.text ?? mark.kind, time: timesText(zero + mark.t, places) })}>
                    <TimePair at={zero + mark.t} places={places} />
                  </button>
                  <p>{kinds[mark.kind]?.text ?? mark.kind} <span class="sub">{by}</span></p>
                  {detail && <p class="sub" dir="auto">{detail}</p>}
                </div>
              </li>
            );
          })}
        </ol>
      )}
    </section>
  );
}

/** Interruptions of one cause that are listed without being asked for. */
const UNFOLDED = 5;

export function GapList({ engine, zero, places }: { engine: Engine; zero: number; places: Place[] }) {
  const all = interruptions(engine);
  const paused = all.filter((gap) => gap.cause === PAUSE);
  const missing = all.filter((gap) => !gap.quiet && gap.cause !== PAUSE);
  const quiet = all.filter((gap) => gap.quiet);
  const rows = (gaps: Interruption[]) => <GapRows engine={engine} zero={zero} places={places} gaps={gaps} />;
  return (
    <section class="panel" id="player-gaps" aria-labelledby="player-gaps-heading">
      <header><h2 id="player-gaps-heading">{t("Gaps")}</h2><span class="count">{missing.length}</span></header>
      {engine.recording.ownKeys.length > 0 && <OwnKeyRows engine={engine} zero={zero} places={places} />}
      {missing.length === 0 && <div class="body"><p>{t("No picture or sound of the floor is missing from this recording.")}</p></div>}
      {byCause(missing).map(({ cause, gaps, length }) => (
        <details key={cause} class="fold" open={gaps.length <= UNFOLDED}>
          <summary><span>{gapWord(cause)}</span><span class="result">{tn("{n} interruption, {length} in all", "{n} interruptions, {length} in all", gaps.length, { length: lengthText(length) })}</span></summary>
          {rows(gaps)}
        </details>
      ))}
      {paused.length > 0 && (
        <>
          <div class="body"><p>{tn("In {n} break the recording was paused by order: what was said then was not to be kept.", "In {n} breaks the recording was paused by order: what was said then was not to be kept.", engine.recording.pauses.length)}</p></div>
          {rows(paused)}
        </>
      )}
      {quiet.length > 0 && (
        <details class="fold">
          <summary><span>{tn("{n} period without an interpreter into a language", "{n} periods without an interpreter into a language", quiet.length)}</span></summary>
          {rows(quiet)}
        </details>
      )}
    </section>
  );
}

/** What is recorded to keys of its own: when, for whom, and whether the key file opens it. */
function OwnKeyRows({ engine, zero, places }: { engine: Engine; zero: number; places: Place[] }) {
  return (
    <ul class="player-gap-rows" data-testid="own-keys">
      {engine.recording.ownKeys.map((each) => (
        <li key={each.t0}>
          <p><strong>{ownKeyText(each)}</strong> · <bdi class="t">{lengthText(each.t1 - each.t0)}</bdi></p>
          <p class="sub"><TimePair at={zero + each.t0} places={places} /> <span class="visually-hidden">{pt("time range", "to")}</span> <TimePair at={zero + each.t1} places={places} /></p>
        </li>
      ))}
    </ul>
  );
}

function GapRows({ engine, zero, places, gaps }: { engine: Engine; zero: number; places: Place[]; gaps: Interruption[] }) {
  const views = new Map(engine.recording.tracks.map((view) => [view.name, view]));
  const nameOf = (view: TrackView, at: number): string => trackName(view, personAndState(view, engine.recording.people, at));
  return (
    <ul class="player-gap-rows">
      {gaps.map((gap) => (
        <li key={`${gap.t0} ${gap.t1} ${gap.cause}`}>
          <p><strong>{causeWord(gap.cause, gap.by)}</strong> · <bdi class="t">{lengthText(gap.t1 - gap.t0)}</bdi></p>
          <p class="sub"><TimePair at={zero + gap.t0} places={places} /> <span class="visually-hidden">{pt("time range", "to")}</span> <TimePair at={zero + gap.t1} places={places} /></p>
          <ul class="sub">{gap.tracks.map((name) => <li key={name}>{nameOf(views.get(name)!, gap.t0)}</li>)}</ul>
          <button type="button" class="button second narrow" onClick={() => engine.goTo(gap.t0 - BEFORE)}
            aria-label={gap.cause === PAUSE ? t("Go to the break at {time}", { time: timesText(zero + gap.t0, places) }) : t("Go to the gap at {time}", { time: timesText(zero + gap.t0, places) })}>{t("Go there")}</button>
        </li>
      ))}
    </ul>
  );
}
