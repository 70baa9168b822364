// One search over the log, the captions and a transcript from a file. Every result leads to its place.

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useId, useMemo, useRef } from "preact/hooks";
import { t, tn } from "../i18n";
import type { KeptTranscript } from "../transcript/derived";
import { type Kept, KeptList } from "../transcript/kept-list";
import { BEFORE as BEFORE_CAPTION, type CaptionState } from "./caption-list";
import type { Engine } from "./engine";
import { type LogRow, detailOf, underSeal } from "./log-texts";
import { pages } from "./pages";
import { originUuid } from "./reader";
import { BEFORE, type KindOfEntry } from "./rail";
import { type Findable, Index, type Source } from "./search";
import { TimePair, timesText } from "./times";
import { MOST_BYTES, type Original, TranscriptError, type TranscriptFault, type TranscriptLine, readKept, readTranscript } from "./transcript";
import type { RecordingView } from "./wire";
import { type Place, otherRecordingText, roleWord } from "./words";

/** Results that are listed; the words say how many more there are. */
const MOST = 200;

export interface LogState {
  /** The texts of the log that are under the seal, by number of the entry. */
  texts: Signal<ReadonlyMap<number, LogRow>>;
  /** How many were under it with another hash. */
  refused: Signal<number>;
}

/** The texts of the log, once the service has sent them. */
export function useLog(engine: Engine, address: string): LogState {
  const texts = useSignal<ReadonlyMap<number, LogRow>>(new Map());
  const refused = useSignal(0);
  useEffect(() => {
    let gone = false;
    void pages<LogRow>(address).then((rows) => {
      if (gone) return;
      const found = underSeal(rows, engine.recording.events);
      texts.value = found.texts;
      refused.value = found.refused;
    });
    return () => {
      gone = true;
    };
  }, [engine, address]);
  return { texts, refused };
}

/** The transcripts that are kept with the recording. */
export interface KeptState {
  found: Signal<Kept>;
  /** Have the worker open them: they are fetched when somebody wants to see them. */
  ask: () => void;
}

interface Transcript {
  name: string;
  /** Whether it is kept with the recording; else it is a file of the viewer's. */
  kept: boolean;
  lines: TranscriptLine[];
}

interface Props {
  engine: Engine;
  /** The signed head of the recording, `size:root`. */
  head: string;
  kept: KeptState;
  captions: CaptionState;
  log: LogState;
  kinds: Record<string, KindOfEntry>;
  zero: number;
  places: Place[];
  /** The field, for the key that leads to it. */
  field: { current: HTMLInputElement | null };
}

const SOURCES: Record<Source, () => string> = { log: () => t("Log"), caption: () => t("Caption"), transcript: () => t("Transcript") };

export function Finder({ engine, head, kept, captions, log, kinds, zero, places, field }: Props) {
  const id = useId();
  const search = useSignal("");
  const only = useSignal<Source | "">("");
  const transcript = useSignal<Transcript | null>(null);
  const first = useRef<HTMLButtonElement>(null);
  const { events } = engine.recording;
  const index = useMemo(() => {
    const entries = events.filter(({ kind }) => kind !== "caption").map(({ entry, kind, who, t: at }): Findable => {
      const text = log.texts.value.get(entry);
      return { source: "log", n: entry, t: at, who: text?.by ?? (who ? roleWord(who) : ""), text: [text?.what ?? kinds[kind]?.text ?? kind, text ? detailOf(text) : ""].filter(Boolean).join(": "), lang: "" };
    });
    const said = captions.captions.value.map(({ n, t0, by, text, lang }): Findable => ({ source: "caption", n, t: t0, who: by, text, lang }));
    const written = (transcript.value?.lines ?? []).map(({ t0, who, text, lang }, n): Findable => ({ source: "transcript", n, t: t0, who, text, lang }));
    return new Index([...entries, ...said, ...written]);
  }, [events, kinds, log.texts.value, captions.captions.value, transcript.value]);
  const wanted = search.value.trim() !== "";
  const found = useMemo(() => index.find(search.value, new Set(only.value ? [only.value] : (Object.keys(SOURCES) as Source[]))), [index, search.value, only.value]);
  const told = (source: Source): string => (source === "transcript" && transcript.value?.kept ? t("Transcript: a machine's draft, corrected by a person") : SOURCES[source]());
  const go = (item: Findable): void => engine.goTo(item.t - (item.source === "log" ? BEFORE : BEFORE_CAPTION));
  return (
    <section class="panel player-finder" aria-labelledby={id} role="search">
      <header><h2 id={id}>{t("Search")}</h2></header>
      <div class="body">
        <div class="field">
          <label for={`${id}-field`}>{t("Words in the log, the captions or a transcript")}</label>
          <input id={`${id}-field`} ref={field} type="search" dir="auto" autocomplete="off" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && found.length) { event.preventDefault(); first.current?.focus(); } }} />
        </div>
        <div class="player-options" role="radiogroup" aria-label={t("Search in")}>
          {(["", ...(Object.keys(SOURCES) as Source[])] as const).map((source) => (
            <label key={source}><input type="radio" name={`${id}-only`} checked={only.value === source} onChange={() => (only.value = source)} /><span>{source ? SOURCES[source]() : t("Everything")}</span></label>
          ))}
        </div>
        <p role="status" data-testid="found">{wanted && (found.length > MOST ? tn("{n} place found. The first {most} are listed.", "{n} places found. The first {most} are listed.", found.length, { most: MOST }) : tn("{n} place found.", "{n} places found.", found.length))}</p>
        {log.refused.value > 0 && <p class="inset warn">{tn("{n} entry of the log is not the one that was sealed: its text is not shown.", "{n} entries of the log are not those that were sealed: their texts are not shown.", log.refused.value)}</p>}
      </div>
      {found.length > 0 && (
        <ol class="player-entries player-found" tabIndex={0} aria-label={t("Places found")}>
          {found.slice(0, MOST).map((item, at) => (
            <li key={`${item.source} ${item.n}`}>
              <div>
                <button type="button" class="link-button" ref={at === 0 ? first : undefined} onClick={() => go(item)}
                  aria-label={t("Go to {time}: {source}", { time: timesText(zero + item.t, places), source: told(item.source) })}>
                  <TimePair at={zero + item.t} places={places} />
                </button>
                <p lang={item.lang || undefined} dir="auto">{item.who && <strong>{item.who}: </strong>}{item.text}</p>
                <p class="sub">{told(item.source)}</p>
              </div>
            </li>
          ))}
        </ol>
      )}
      <Transcripts chosen={transcript} kept={kept} of={{ id: originUuid(engine.recording.origin) ?? "", head }} recording={engine.recording} places={places} />
    </section>
  );
}

const FAULTS: Record<TranscriptFault, (at: number) => string> = {
  too_long: () => t("This is not a transcript: it is longer than {n} MB.", { n: MOST_BYTES / 1024 / 1024 }),
  not_text: () => t("This is not a transcript: it is not text. Choose a WebVTT or JSON file."),
  form: (at) => (at ? t("Not read: line or segment {n} is neither WebVTT nor JSON with times and texts.", { n: at }) : t("Not read: it is neither WebVTT nor JSON with times and texts.")),
  time: (at) => t("Not read: the times of line or segment {n} are not in order.", { n: at }),
  empty: () => t("There is nothing said in this transcript."),
  other_recording: otherRecordingText,
};

interface TranscriptsProps {
  chosen: Signal<Transcript | null>;
  kept: KeptState;
  of: Original;
  recording: RecordingView;
  places: Place[];
}

/** A transcript that is kept with the recording, or one from the person's disk, which is read in this page and sent nowhere. */
function Transcripts({ chosen, kept, of, recording, places }: TranscriptsProps) {
  const id = useId();
  const fault = useSignal("");
  const keptFault = useSignal("");
  const { list, problem } = kept.found.value;
  /** Reads a transcript; `wrong` says what is wrong with it. */
  const take = (name: string, wrong: Signal<string>, read: () => TranscriptLine[]): void => {
    chosen.value = null;
    fault.value = keptFault.value = "";
    try {
      chosen.value = { name, kept: wrong === keptFault, lines: read() };
    } catch (error) {
      if (!(error instanceof TranscriptError)) throw error;
      wrong.value = FAULTS[error.code](error.at);
    }
  };
  const takeFile = async (file: File): Promise<void> => {
    const bytes = new Uint8Array(await file.slice(0, MOST_BYTES + 1).arrayBuffer());
    take(file.name, fault, () => readTranscript(bytes, of));
  };
  const takeKept = (one: KeptTranscript): void => take(one.person, keptFault, () => readKept(one.texts, of));
  const lines = chosen.value?.lines ?? [];
  const late = lines.filter(({ t0 }) => t0 >= recording.end).length;
  const there = recording.transcripts;
  return (
    <details class="fold" onToggle={(event) => { if (event.currentTarget.open && there > 0 && !list) kept.ask(); }}>
      <summary>
        <span>{t("Search a transcript too")}</span>
        {chosen.value ? <span class="result">{tn("{n} line", "{n} lines", lines.length)}</span> : there > 0 && <span class="result">{tn("{n} kept with the recording", "{n} kept with the recording", there)}</span>}
      </summary>
      <div class="inside">
        {there > 0 && (
          <div data-testid="kept-transcripts">
            <h3>{t("Kept with the recording")}</h3>
            <p class="inset warn">{t("A machine's draft, corrected by a person: not evidence, not an interpretation. What counts is the recording.")}</p>
            {list
              ? <KeptList list={list} places={places} action={(person) => t("Search the transcript of {person}", { person })} onTake={takeKept} />
              : problem ? <p class="field-error" role="alert">{problem}</p> : <p role="status">{t("Loading…")}</p>}
            {keptFault.value && <p class="field-error" role="alert">{keptFault.value}</p>}
          </div>
        )}
        <div class={`field${fault.value ? " field-wrong" : ""}`}>
          <label for={id}>{t("Transcript file")}</label>
          <p class="hint" id={`${id}-hint`}>{t("WebVTT, or JSON with the start, end and text of each part, in seconds from the beginning of the recording. It stays in this browser. It is not part of what was sealed, and not the record.")}</p>
          {fault.value && <p class="field-error" id={`${id}-fault`} role="alert">{fault.value}</p>}
          <input id={id} type="file" accept=".vtt,.json,text/vtt,application/json" aria-describedby={`${id}-hint${fault.value ? ` ${id}-fault` : ""}`} aria-invalid={fault.value !== ""}
            onChange={(event) => { const file = event.currentTarget.files?.[0]; if (file) void takeFile(file); }} />
        </div>
        <p role="status">{chosen.value && <>{chosen.value.kept ? t("Searched too, the transcript corrected by:") : t("Searched too:")} <bdi>{chosen.value.name}</bdi></>}</p>
        {late > 0 && <p class="inset warn">{tn("{n} line is after the end of this recording: it may be the transcript of another one.", "{n} lines are after the end of this recording: it may be the transcript of another one.", late)}</p>}
      </div>
    </details>
  );
}
