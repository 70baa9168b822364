// The player's page: asks why and for the key file, then plays what the worker has checked.

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { languageName, load, t, tn } from "../i18n";
import { HttpError, post } from "../client/http";
import { Badge } from "./badge";
import { Engine } from "./engine";
import { partName } from "./journal";
import { KeyForm, type KeyState } from "./key-form";
import { Stage, absentText } from "./stage";
import { Dates, TimePair, timesText } from "./times";
import { type Interruption, STEP, Transport, interruptions } from "./transport";
import type { FromWorker, Seal, ToWorker, TrackView, Verdict } from "./wire";
import "./player.css";
import { type Place, badgeWords, causeWord, elapsedText, heard, lengthText, personAndState, personName, refusalText, trackName } from "./words";

interface Config {
  /** Path of the recording's pages: `/recordings/<id>`. */
  base: string;
  csrf: string;
  worker: string;
  origin: string;
  places: Place[];
  reasons: { code: string; text: string }[];
  messages_url?: string;
}

const root = document.getElementById("player") as HTMLElement;
const config = JSON.parse(root.dataset["config"] ?? "{}") as Config;

/** A quarter of the time after which staff who do nothing are signed out (hearings/people/logins.py). */
const AWAKE_MS = 5 * 60_000;

const why = signal("");
const chosen = signal<KeyState | null>(null);
const busy = signal("");
const problem = signal("");
const verdict = signal<Verdict | null>(null);
const seal = signal<Seal | null>(null);
const engine = signal<Engine | null>(null);
const shut = signal(false);

let worker: Worker | null = null;
let choosing = "";
let renewing = false;
/** "Open" was pressed while the key file was still being read. */
let openAfter = false;

function send(message: ToWorker): void {
  worker?.postMessage(message);
}

function startWorker(): void {
  worker?.terminate();
  type Policies = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } };
  const { trustedTypes } = window as { trustedTypes?: Policies };
  // The only script this page may start besides its own: the worker the server named.
  policy ??= trustedTypes?.createPolicy("vivavoce", {
    createScriptURL: (url) => {
      if (url !== config.worker || !url.startsWith("/static/")) throw new TypeError("not our worker");
      return url;
    },
  });
  const address = policy ? policy.createScriptURL(config.worker) : config.worker;
  worker = new Worker(address, { type: "module" });
  worker.addEventListener("message", (event: MessageEvent<FromWorker>) => take(event.data));
  worker.addEventListener("error", () => refuse(refusalText("no_decryption", "")));
}
let policy: { createScriptURL(url: string): string } | undefined;

function refuse(text: string): void {
  busy.value = "";
  problem.value = text;
}

function take(message: FromWorker): void {
  switch (message.type) {
    case "key":
      chosen.value = { name: choosing, authority: message.authority, demo: message.demo, refusal: "", reading: false };
      if (openAfter) void open();
      return;
    case "refused": {
      const text = refusalText(message.code, message.detail);
      if (busy.peek()) return refuse(text);
      chosen.value = { name: choosing, authority: "", demo: false, refusal: text, reading: false };
      return;
    }
    case "step":
      busy.value = { checkpoint: t("Checking the seal…"), journal: t("Checking the journal…"), key: t("Opening with your key…") }[message.step];
      return;
    case "verdict":
      verdict.value = message.verdict;
      return;
    case "opened":
      busy.value = "";
      seal.value = message.seal;
      if (message.recording) engine.value = new Engine(message.recording, send);
      else shut.value = true;
      return;
    case "expired":
      void renew();
      return;
    case "unreachable":
      if (message.status === 401 || message.status === 403) void renew();
      engine.peek()?.answer(message);
      return;
    default:
      engine.peek()?.answer(message);
  }
}

function choose(file: File): void {
  choosing = file.name;
  problem.value = "";
  openAfter = false;
  chosen.value = { name: file.name, authority: "", demo: false, refusal: "", reading: true };
  startWorker();
  send({ type: "key", file });
}

async function askTicket(continued: boolean): Promise<string> {
  const body = JSON.stringify({ why: why.peek(), continued });
  const answer = await post(`${config.base}/viewing`, config.csrf, body, "application/json");
  return ((await answer.json()) as { ticket: string }).ticket;
}

async function open(): Promise<void> {
  openAfter = chosen.peek()?.reading === true;
  if (busy.peek() || openAfter) return;
  problem.value = "";
  busy.value = t("Writing your viewing into the custody log…");
  try {
    const ticket = await askTicket(false);
    send({ type: "open", base: config.base, ticket, origin: config.origin });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    refuse(error.status === 0 ? refusalText("network", "") : error.message || refusalText("ticket", ""));
  }
}

async function renew(): Promise<void> {
  if (renewing) return;
  renewing = true;
  try {
    send({ type: "ticket", ticket: await askTicket(true) });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
  } finally {
    setTimeout(() => (renewing = false), 10_000);
  }
}

// --- views -----------------------------------------------------------------------------------------------------------

function Player({ engine: player }: { engine: Engine }) {
  const first = player.tracks.find((track) => track.video && heard(track.view)) ?? player.tracks.find((track) => track.video);
  const [large, setLarge] = useState(first?.view.name ?? "");
  const zero = Number(BigInt(player.recording.zero) / 1_000_000n);
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => frame.current?.focus(), []);
  const keys = (event: KeyboardEvent): void => {
    const inside = event.target as HTMLElement;
    if (event.altKey || event.ctrlKey || event.metaKey || inside.closest("input, select, summary, a")) return;
    if (event.key === " " && !inside.closest("button")) {
      event.preventDefault();
      if (player.wanted.peek()) player.pause();
      else player.play();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      player.seek(player.clock.now() + (event.key === "ArrowLeft" ? -STEP : STEP));
    }
  };
  return (
    <div class="player-open-page">
      <div class="player-frame" ref={frame} tabIndex={-1} role="region" aria-label={t("Player")} onKeyDown={keys}>
        <p class="player-day"><Dates at={zero} places={config.places} /></p>
        <Stopped player={player} />
        <Stage engine={player} large={large} onLarge={setLarge} />
        <Transport engine={player} places={config.places} zero={zero} />
        <p class="small sub">{t("Keys while the player has the focus: space plays and pauses, the arrow keys go 10 seconds back and on.")}</p>
        <Languages player={player} />
      </div>
      <GapList player={player} zero={zero} />
      <Announcer player={player} zero={zero} />
    </div>
  );
}

function Stopped({ player }: { player: Engine }) {
  const failure = player.stopped.value;
  return (
    <div role="alert" class={failure ? "inset rec" : ""} data-testid="stopped">
      {failure && <p><strong>{t("Stopped: part {part} failed the check.", { part: partName(failure.track, failure.n) })}</strong> {t("What follows in this track is not what was sealed. Do not rely on this recording. Play goes on after the failed part, without it.")}</p>}
    </div>
  );
}

function Languages({ player }: { player: Engine }) {
  const language = player.language.value;
  const original = player.original.value;
  const options = ["", ...player.languages];
  return (
    <fieldset class="player-languages">
      <legend>{t("Language you hear")}</legend>
      <div class="player-options">
        {options.map((option) => (
          <label key={option}>
            <input type="radio" name="language" value={option} checked={language === option} onChange={() => (player.language.value = option)} />
            <span lang={option || undefined}>{option === "" ? t("Floor, as spoken") : languageName(option)}</span>
          </label>
        ))}
      </div>
      {language !== "" && (
        <div class="player-original">
          <label for="original">{t("Original beside the interpretation")}</label>
          <input id="original" type="range" min={0} max={40} step={5} value={original} aria-valuetext={t("{n} percent", { n: original })} dir="ltr"
            onInput={(event) => (player.original.value = Number(event.currentTarget.value))} />
          <output for="original"><bdi dir="ltr">{original} %</bdi></output>
        </div>
      )}
      <p class="player-hears" role="status">{hears(player)}</p>
    </fieldset>
  );
}

function hears(player: Engine): string {
  const language = player.language.value;
  if (language === "") return t("You hear everybody as they spoke.");
  const name = languageName(language);
  return player.interpreted.value
    ? t("You hear {language}: those who speak it, and the interpreter.", { language: name })
    : t("Nobody interprets into {language} at this moment. You hear everybody as they spoke.", { language: name });
}

/** Interruptions that are listed without being asked for. */
const UNFOLDED = 5;

function GapList({ player, zero }: { player: Engine; zero: number }) {
  const all = interruptions(player);
  const found = all.filter((gap) => !gap.quiet);
  const quiet = all.filter((gap) => gap.quiet);
  const words = tn("{n} interruption, declared in the journal", "{n} interruptions, declared in the journal", found.length);
  const table = <GapTable player={player} zero={zero} gaps={found} caption={words} />;
  return (
    <div id="player-gaps">
      {found.length === 0 && <p class="player-gaps-none">{t("No picture and no sound of the floor is missing in this recording.")}</p>}
      {found.length > 0 && (found.length > UNFOLDED ? <details class="player-quiet"><summary>{words}</summary>{table}</details> : table)}
      {quiet.length > 0 && (
        <details class="player-quiet">
          <summary>{tn("{n} time when nobody interpreted into a language", "{n} times when nobody interpreted into a language", quiet.length)}</summary>
          <GapTable player={player} zero={zero} gaps={quiet} caption={t("Nobody interpreted")} />
        </details>
      )}
    </div>
  );
}

function GapTable({ player, zero, gaps, caption }: { player: Engine; zero: number; gaps: Interruption[]; caption: string }) {
  const views = new Map(player.recording.tracks.map((view) => [view.name, view]));
  return (
    <table class="stack player-gap-table">
      <caption>{caption}</caption>
      <thead><tr><th scope="col">{t("Beginning")}</th><th scope="col">{t("End")}</th><th scope="col">{t("Length")}</th><th scope="col">{t("Cause")}</th><th scope="col">{t("What is missing")}</th><th scope="col"><span class="visually-hidden">{t("Action")}</span></th></tr></thead>
      <tbody>
        {gaps.map((gap) => (
          <tr key={`${gap.t0} ${gap.t1} ${gap.cause}`}>
            <td data-label={t("Beginning")}><TimePair at={zero + gap.t0} places={config.places} /></td>
            <td data-label={t("End")}><TimePair at={zero + gap.t1} places={config.places} /></td>
            <td data-label={t("Length")}><bdi class="t">{lengthText(gap.t1 - gap.t0)}</bdi></td>
            <td data-label={t("Cause")}>{causeWord(gap.cause)}</td>
            <td data-label={t("What is missing")}>{gap.tracks.map((name) => <div key={name}>{trackOf(views.get(name)!, player, gap.t0)}</div>)}</td>
            <td><button type="button" class="button second narrow" onClick={() => player.seek(Math.max(0, gap.t0 - 2000))} aria-label={t("Go to the gap at {time}", { time: timesText(zero + gap.t0, config.places) })}>{t("Go there")}</button></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function trackOf(view: TrackView, player: Engine, at: number): string {
  return trackName(view, personAndState(view, player.recording.people, at));
}

/** Says what changes to people who do not see it, at most once in 1.5 s. */
function Announcer({ player, zero }: { player: Engine; zero: number }) {
  const [text, setText] = useState("");
  const wanted = player.wanted.value;
  const absent = player.tracks.filter((track) => track.video).map((track) => [track, absentText(track, player.showing.value.get(track.view.name))] as const);
  const gone = absent.filter(([, words]) => words !== "").map(([track, words]) => `${personName(track.view)}: ${words}`).join(". ");
  const before = useRef({ wanted: false, gone: "" });
  const waiting = useRef("");
  useEffect(() => {
    if (before.current.wanted !== wanted) {
      waiting.current = wanted ? t("Playing") : t("Paused at {time}", { time: `${elapsedText(player.clock.now())}, ${timesText(zero + player.clock.now(), config.places)}` });
    }
    before.current.wanted = wanted;
    // What lasts no longer than this is not worth a word: a picture that comes at once.
    const timer = setTimeout(() => {
      const parts = [waiting.current, before.current.gone === gone ? "" : gone].filter((part) => part !== "");
      waiting.current = "";
      before.current.gone = gone;
      if (parts.length) setText(parts.join(". "));
    }, 300);
    return () => clearTimeout(timer);
  }, [wanted, gone, player, zero]);
  return <p class="visually-hidden" role="status" data-testid="live-polite">{text}</p>;
}

function App() {
  const found = verdict.value;
  const player = engine.value;
  const failed = found?.word === "failed" ? badgeWords(found) : "";
  return (
    <div class="player">
      <div class="visually-hidden" role="alert" data-testid="live-assertive">{failed}</div>
      {seal.value?.demo && <p class="inset warn">{t("THROW-AWAY DEMO KEY: never use it for a real hearing.")}</p>}
      {found && (player || shut.value) && <Badge verdict={found} seal={seal.value} listed={player !== null} onCheck={() => send({ type: "check" })} />}
      {shut.value && <p class="inset rec">{t("This recording is not played: its seal or its journal is not what was signed.")}</p>}
      {player && <Player engine={player} />}
      {!player && !shut.value && (
        <KeyForm reasons={config.reasons} why={why.value} chosen={chosen.value} busy={busy.value} problem={problem.value}
          onWhy={(code) => (why.value = code)} onFile={choose} onOpen={() => void open()} />
      )}
    </div>
  );
}

// Nobody is signed out while they watch: the login stays awake as long as this page is open.
window.setInterval(() => void fetch("/session", { headers: { accept: "application/json" } }).catch(() => undefined), AWAKE_MS);

await load(config.messages_url);
root.replaceChildren();
render(<App />, root);
