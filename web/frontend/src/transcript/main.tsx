// The page on which a machine's draft is corrected against the sound: opened as in the player, listened to piece by piece,
// and kept with the recording, encrypted here to its keys.

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { HttpError, post } from "../client/http";
import { languageName, load, stateName, t, tn } from "../i18n";
import { Badge } from "../player/badge";
import { Icon } from "../player/icons";
import { KeyForm } from "../player/key-form";
import { originUuid } from "../player/reader";
import { TimePair } from "../player/times";
import { type Place, elapsedText, otherRecordingText, refusalText, roleWord } from "../player/words";
import { hex } from "../player/tlog";
import type { KeptTranscript, SealedPart } from "./derived";
import {
  DocumentError, type Problem, type Segment, type Silence, type Transcript, countCorrected, joined, parse, signedOff, tracksOf, withText,
} from "./document";
import { KeptList } from "./kept-list";
import { Listener } from "./listener";
import { Session, type SessionConfig } from "./session";
import { type Keeping, asKept, meanwhile } from "./keeping";
import "./transcript.css";

interface Config extends SessionConfig {
  person: string;
  places: Place[];
  reasons: { code: string; text: string }[];
  messages_url?: string;
}

/** Pieces that are on the page at a time. */
const PAGE = 50;
/** A quarter of the time after which staff who do nothing are signed out (hearings/people/logins.py). */
const AWAKE_MS = 5 * 60_000;

const root = document.getElementById("transcript") as HTMLElement;
const config = JSON.parse(root.dataset["config"] ?? "{}") as Config;
const session = new Session(config);
const listener = signal<Listener | null>(null);
const kept = signal<KeptTranscript[] | null>(null);
/** Why they could not be fetched. */
const refused = signal("");
/** Those that were kept from this page since it was opened. */
const own = signal<KeptTranscript[]>([]);
const transcript = signal<Transcript | null>(null);
/** SHA-256 of the machine's file. */
const draft = signal("");
const problem = signal("");
const playing = signal(0);
const saving = signal("");
const changed = signal(false);
/** Whether it has been kept: `all`, or without what was `changed` while it was under way. */
const saved = signal<"" | "all" | "changed">("");

session.onMessage = (message) => {
  if (message.type === "opened" && message.recording) {
    listener.value = new Listener(message.recording, session.send);
    session.send({ type: "transcripts" });
  } else if (message.type === "transcripts") kept.value = message.kept;
  else if (message.type === "refused") refused.value = refusalText(message.code, message.detail);
  else if (message.type === "sealed_transcript") void keep(message.parts);
  else listener.peek()?.answer(message);
};

const PROBLEMS: Record<Problem, () => string> = {
  too_long: () => t("This is no transcript: it is far too long. Choose the file that “vivavoce transcribe” has written."),
  form: () => t("This is no transcript. Choose the file that “vivavoce transcribe” has written (.json)."),
  other_recording: otherRecordingText,
};

/** Takes a text for the transcript of this recording; false when it is none. */
function read(text: string): Transcript | null {
  const seal = session.seal.peek();
  try {
    return parse(text, originUuid(config.origin) ?? "", seal ? `${seal.size}:${seal.root}` : "");
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    problem.value = PROBLEMS[error.code]();
    return null;
  }
}

function take(found: Transcript, of: string): void {
  listener.peek()?.pause();
  problem.value = "";
  draft.value = found.corrected?.draft ?? of;
  transcript.value = found;
  changed.value = false;
  saved.value = "";
}

async function takeFile(file: File): Promise<void> {
  const bytes = await file.arrayBuffer();
  const hash = hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const found = read(new TextDecoder().decode(bytes));
  if (found) take(found, hash);
}

function takeKept(one: KeptTranscript): void {
  const parts = one.texts.map(read);
  const whole = parts.every((part) => part !== null) ? joined(parts as Transcript[]) : null;
  if (whole) take(whole, one.draft);
}

function correct(n: number, text: string): void {
  if (!transcript.value) return;
  transcript.value = withText(transcript.value, n, text);
  changed.value = true;
  saved.value = "";
}

function play(segment: Segment): void {
  if (playing.peek() === segment.n) return listener.peek()?.pause();
  listener.peek()?.play(segment.track, segment.t0, segment.t1, () => {
    if (playing.peek() === segment.n) playing.value = 0;
  });
  playing.value = segment.n;
}

/** To another transcript; corrections that are not kept are given up only at the second press. */
function leave(): void {
  const asked = t("Your corrections have not been kept. Keep them first, or press again to give them up.");
  if (changed.peek() && problem.peek() !== asked) {
    problem.value = asked;
    return;
  }
  listener.peek()?.pause();
  transcript.value = null;
  changed.value = false;
  problem.value = "";
}

// --- keeping ---------------------------------------------------------------------------------------------------------

let keeping: Keeping | null = null;

function save(): void {
  const found = transcript.peek();
  if (!found || saving.peek()) return;
  problem.value = "";
  saving.value = t("Encrypting…");
  const made = signedOff(found, draft.peek(), config.person, new Date().toISOString());
  keeping = { of: found, made, draft: draft.peek() };
  session.send({ type: "seal_transcript", transcript: made });
}

async function keep(parts: SealedPart[]): Promise<void> {
  const found = keeping;
  if (!found) return;
  saving.value = t("Keeping it with the recording…");
  try {
    const body = JSON.stringify({ ticket: session.ticket, why: session.why.peek(), draft: found.draft, tracks: tracksOf(found.made), parts });
    await post(`${config.base}/transcript`, config.csrf, body, "application/json");
    done(found);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    if (error.status === 403) void session.renew();
    problem.value = error.status === 0 ? refusalText("network", "") : error.message || t("It was not kept. Try again.");
  } finally {
    saving.value = "";
  }
}

/** It is kept: what has been corrected meanwhile stays, and stays to be kept. */
function done(found: Keeping): void {
  own.value = [...own.peek(), asKept(found)];
  const page = meanwhile(transcript.peek(), found);
  if (page === "left") return;
  saved.value = page === "same" ? "all" : "changed";
  if (page === "changed") return;
  transcript.value = found.made;
  changed.value = false;
}

// --- views -----------------------------------------------------------------------------------------------------------

const SAVED: Record<typeof saved.value, () => string> = {
  "": () => "",
  all: () => t("Kept. The recording's custody log says that you have corrected it."),
  changed: () => t("Kept, without what you have changed since. Keep it once more."),
};

function who(segment: Segment): string {
  if (segment.kind === "interpretation") return t("Interpretation into {language}", { language: languageName(segment.language) });
  const person = segment.name || roleWord(segment.role);
  return segment.state ? t("{person} ({state})", { person, state: stateName(segment.state) }) : person;
}

const SILENCES: Record<string, () => string> = {
  hold: () => t("Hold: the floor was closed"),
  pause: () => t("The recording was paused by order"),
  closed_session: () => t("Closed session"),
  gap: () => t("Gap in the recording"),
};

/** Where the transcripts that are kept will be: that they are coming, or why they did not come. */
function Coming() {
  const again = (): void => {
    refused.value = "";
    document.getElementById("kept-title")?.focus();
    session.send({ type: "transcripts" });
  };
  if (!refused.value) return <p role="status">{t("Loading…")}</p>;
  return (
    <>
      <p class="field-error" role="alert">{refused.value}</p>
      <button type="button" class="button second" onClick={again}>{t("Try again")}</button>
    </>
  );
}

function Choose() {
  const list = kept.value && [...kept.value, ...own.value];
  return (
    <section class="panel" aria-labelledby="choose-title">
      <div class="body">
        <h2 id="choose-title">{t("Choose a transcript")}</h2>
        <div class="field">
          <label for="draft-file">{t("Draft from this computer")}</label>
          <p class="hint" id="draft-hint">{t("The file that “vivavoce transcribe” has written (.json). It is not sent anywhere.")}</p>
          <input id="draft-file" type="file" accept=".json,application/json" aria-describedby="draft-hint"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file) void takeFile(file);
            }} />
        </div>
        <h3 id="kept-title" tabIndex={-1}>{t("Kept with the recording")}</h3>
        {list === null ? <Coming /> : list.length === 0 ? <p>{t("None yet.")}</p> : (
          <KeptList list={list} places={config.places} action={(person) => t("Open the transcript of {person}", { person })} onTake={takeKept} />
        )}
        <p class="field-error" role="alert">{problem.value}</p>
      </div>
    </section>
  );
}

function Piece({ segment, zero }: { segment: Segment; zero: number }) {
  const id = `text-${segment.n}`;
  const now = playing.value === segment.n;
  const sound = listener.value?.has(segment.track, segment.t0, segment.t1) === true;
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const element = area.current;
    if (!element) return;
    element.rows = Math.max(2, Math.ceil(element.value.length / 60));
  }, [segment.text]);
  return (
    <li class="transcript-piece" data-testid="piece">
      <div class="transcript-head">
        <label for={id}><strong><bdi>{who(segment)}</bdi></strong> <bdi class="t" dir="ltr">{elapsedText(segment.t0)}</bdi></label>
        <span class="sub"><TimePair at={zero + segment.t0} places={config.places} /></span>
        <span class="sub">{segment.status === "corrected" ? t("Corrected by a person") : t("Machine, {n} % sure", { n: Math.round(segment.confidence * 100) })}</span>
      </div>
      <textarea ref={area} id={id} lang={segment.language || undefined} dir="auto" value={segment.text} maxLength={10_000}
        onInput={(event) => correct(segment.n, event.currentTarget.value)} />
      <button type="button" class="button second" aria-disabled={!sound} aria-pressed={now} onClick={() => sound && play(segment)}>
        <Icon name={now ? "pause" : "play"} />{now ? t("Stop") : t("Listen to {time}", { time: elapsedText(segment.t0) })}
      </button>
      {segment.machine !== undefined && <p class="sub transcript-machine">{t("The machine had written:")} <bdi lang={segment.language || undefined}>{segment.machine}</bdi></p>}
    </li>
  );
}

function Silent({ silence }: { silence: Silence }) {
  return (
    <li class="transcript-silence" data-testid="silence">
      <bdi class="t" dir="ltr">{elapsedText(silence.t0)}–{elapsedText(silence.t1)}</bdi> {SILENCES[silence.kind]?.() ?? silence.why}{silence.track && <> (<bdi dir="ltr">{silence.track}</bdi>)</>}
    </li>
  );
}

function Work({ found }: { found: Transcript }) {
  const [page, setPage] = useState(0);
  const [only, setOnly] = useState("");
  const languages = [...new Set(found.segments.map((segment) => segment.language))].sort();
  const chosen = found.segments.filter((segment) => only === "" || segment.language === only);
  const pages = Math.max(1, Math.ceil(chosen.length / PAGE));
  const at = Math.min(page, pages - 1);
  const shown = chosen.slice(at * PAGE, (at + 1) * PAGE);
  const from = at === 0 ? 0 : shown[0]?.t0 ?? 0;
  const until = at === pages - 1 ? Infinity : chosen[(at + 1) * PAGE]?.t0 ?? Infinity;
  const rows: { t0: number; segment?: Segment; silence?: Silence }[] = [
    ...shown.map((segment) => ({ t0: segment.t0, segment })),
    ...found.silences.filter((one) => from <= one.t0 && one.t0 < until).map((silence) => ({ t0: silence.t0, silence })),
  ].sort((a, b) => a.t0 - b.t0);
  const zero = Number(BigInt(session.recording.value?.zero ?? "0") / 1_000_000n);
  const corrected = countCorrected(found);
  return (
    <section class="panel" aria-labelledby="work-title">
      <div class="body">
        <h2 id="work-title">{t("Correct the transcript")}</h2>
        <p class="inset warn" data-testid="label"><strong>{t("A machine's draft: not evidence, not an interpretation.")}</strong> {t("Written by {model}. What counts is the recording.", { model: `${found.model.name} (${found.model.engine})` })}</p>
        {languages.length > 1 && (
          <div class="field">
            <label for="only">{t("Language of what is shown")}</label>
            <select id="only" value={only} onChange={(event) => { setOnly(event.currentTarget.value); setPage(0); }}>
              <option value="">{t("All languages")}</option>
              {languages.map((tag) => <option key={tag} value={tag}>{languageName(tag)}</option>)}
            </select>
          </div>
        )}
        <ol class="transcript-pieces">
          {rows.map(({ segment, silence }) => segment
            ? <Piece key={`p${segment.n}`} segment={segment} zero={zero} />
            : silence && <Silent key={`s${silence.kind}${silence.t0}${silence.track}`} silence={silence} />)}
        </ol>
        {pages > 1 && (
          <nav class="actions" aria-label={t("Pages of the transcript")}>
            <button type="button" class="button second" aria-disabled={at === 0} onClick={() => at > 0 && setPage(at - 1)}>{t("Earlier")}</button>
            <span>{t("Page {n} of {all}", { n: at + 1, all: pages })}</span>
            <button type="button" class="button second" aria-disabled={at === pages - 1} onClick={() => at < pages - 1 && setPage(at + 1)}>{t("Later")}</button>
          </nav>
        )}
        <p>{tn("{n} piece was corrected.", "{n} pieces were corrected.", corrected)}</p>
        <p class="field-error" role="alert">{problem.value}</p>
        <div class="actions transcript-save">
          <button type="button" class="button" aria-disabled={saving.value !== ""} onClick={save}>{t("Keep it with the recording")}</button>
          <button type="button" class="button second" onClick={leave}>{t("Choose another transcript")}</button>
          <span role="status">{saving.value || SAVED[saved.value]()}</span>
        </div>
        <p class="sub">{t("It is encrypted in this browser to the keys of the recording. The court's server cannot read it.")}</p>
      </div>
    </section>
  );
}

function App() {
  const verdict = session.verdict.value;
  const open = session.recording.value !== null;
  const found = transcript.value;
  return (
    <div class="player">
      {session.seal.value?.demo && <p class="inset warn">{t("THROW-AWAY DEMO KEY: never use it for a real hearing.")}</p>}
      {verdict && (open || session.shut.value) && <Badge verdict={verdict} seal={session.seal.value} listed={false} onCheck={() => session.send({ type: "check" })} />}
      {session.shut.value && <p class="inset rec">{t("This recording cannot be played: its seal or its journal is not what was signed.")}</p>}
      {open && !found && <Choose />}
      {open && found && <Work found={found} />}
      {!open && !session.shut.value && (
        <section class="panel" aria-label={t("Open the recording")}><div class="body"><KeyForm reasons={config.reasons} why={session.why.value} chosen={session.chosen.value} busy={session.busy.value} problem={session.problem.value}
          onWhy={(code) => (session.why.value = code)} onFile={(file) => session.choose(file)} onOpen={() => void session.open()} /></div></section>
      )}
    </div>
  );
}

// Nobody is signed out while they work, and nobody leaves unsaved work behind without being asked.
window.setInterval(() => void fetch("/session", { headers: { accept: "application/json" } }).catch(() => undefined), AWAKE_MS);
window.addEventListener("beforeunload", (event) => {
  if (changed.peek()) event.preventDefault();
});

await load(config.messages_url);
root.replaceChildren();
render(<App />, root);
