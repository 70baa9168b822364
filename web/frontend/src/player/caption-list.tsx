// Captions in the player: those of this moment under the pictures, and all of them in a list. They are no live region: a
// screen reader's user hears the hearing itself. The search is finder.tsx's.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { languageName, t, tn } from "../i18n";
import { type Caption, type CaptionRow, opened, sealed, standing } from "./captions";
import type { Engine } from "./engine";
import { pages } from "./pages";
import { TimePair, timesText } from "./times";
import type { Place } from "./words";

/** Rows of the list at a time. */
const ROWS = 100;
/** So long before a caption is its place: it is written after the words. */
export const BEFORE = 3_000;

export interface CaptionState {
  captions: Signal<Caption[]>;
  /** How many were not those under the seal, or were not under it yet, and are not shown. */
  refused: Signal<number>;
  feeds: Signal<ReadonlySet<string>>;
}

/** The captions of the recording, once the server has sent them. Of the feeds the first is switched on. */
export function useCaptions(engine: Engine, address: string): CaptionState {
  const captions = useSignal<Caption[]>([]);
  const refused = useSignal(0);
  const feeds = useSignal<ReadonlySet<string>>(new Set());
  useEffect(() => {
    let gone = false;
    void pages<CaptionRow>(address).then(async (rows) => {
      const found = await sealed(rows, engine.recording.events);
      if (gone) return;
      captions.value = opened(found.captions, engine.recording.ownKeys);
      refused.value = found.refused;
      feeds.value = new Set(captions.value.slice(0, 1).map(({ feed }) => feed));
    });
    return () => {
      gone = true;
    };
  }, [engine, address]);
  return { captions, refused, feeds };
}

/** What is said now, in writing. */
export function CaptionsNow({ engine, state }: { engine: Engine; state: CaptionState }) {
  const now = standing(state.captions.value, state.feeds.value, engine.time.value);
  if (!state.captions.value.length) return null;
  return (
    <div class="player-captions-now" data-testid="captions-now">
      {now.map((each) => (
        <p key={each.n} lang={each.lang} dir="auto">{each.by && <strong>{each.by}: </strong>}{each.text}</p>
      ))}
    </div>
  );
}

export function CaptionList({ engine, state, zero, places }: { engine: Engine; state: CaptionState; zero: number; places: Place[] }) {
  const id = useId();
  const { captions, feeds, refused } = state;
  if (!captions.value.length && !refused.value) return null;
  const kinds = new Map(captions.value.map((each) => [each.feed, each]));
  const found = captions.value.filter((each) => feeds.value.has(each.feed));
  // The list is where the player is, so that it stays short.
  const now = engine.time.value;
  const from = Math.max(0, found.findLastIndex((each) => each.t0 <= now) - ROWS / 2);
  const current = found.findLast((each) => each.t0 <= now && now < each.t1)?.n;
  const turn = (feed: string, on: boolean): void => {
    const others = [...feeds.peek()].filter((each) => each !== feed);
    feeds.value = new Set(on ? [...others, feed] : others);
  };
  return (
    <section class="panel player-captions" aria-labelledby={id}>
      <header><h2 id={id}>{t("Captions")}</h2><span class="count">{captions.value.length}</span></header>
      <div class="body">
        <p class="sub small">{t("From the log of the hearing, checked against the seal. They are not the record: that is what you see and hear.")}</p>
        {refused.value > 0 && <p class="inset warn">{tn("{n} caption is not the one that was sealed, and is not shown.", "{n} captions are not those that were sealed, and are not shown.", refused.value)}</p>}
        <div class="player-options" role="group" aria-label={t("Captions that are shown")}>
          {[...kinds].map(([feed, { lang, written }]) => (
            <label key={feed}>
              <input type="checkbox" checked={feeds.value.has(feed)} onChange={(event) => turn(feed, event.currentTarget.checked)} />
              <span><span lang={lang}>{languageName(lang)}</span>, {written}</span>
            </label>
          ))}
        </div>
      </div>
      {found.length > 0 && (
        <ol class="player-entries" tabIndex={0} aria-labelledby={id}>
          {found.slice(from, from + ROWS).map((each) => (
            <li key={each.n} class={each.n === current ? "is-current" : ""} aria-current={each.n === current ? "true" : undefined}>
              <span aria-hidden="true">“</span>
              <div>
                <button type="button" class="link-button" onClick={() => engine.goTo(each.t0 - BEFORE)}
                  aria-label={t("Go to the caption at {time}", { time: timesText(zero + each.t0, places) })}>
                  <TimePair at={zero + each.t0} places={places} />
                </button>
                <p lang={each.lang} dir="auto">{each.by && <strong>{each.by}: </strong>}{each.text}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
