// The player's page: asks why and for the key file, then plays what the worker has checked.

import { signal } from "@preact/signals";
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { languageName, load, t } from "../i18n";
import { HttpError, post } from "../client/http";
import { Badge } from "./badge";
import { CaptionList, CaptionsNow, useCaptions } from "./caption-list";
import { Engine } from "./engine";
import { partName } from "./journal";
import { KeyForm, type KeyState } from "./key-form";
import { Stage, absentText } from "./stage";
import { Dates, timesText } from "./times";
import { GapList, type KindOfEntry, Log } from "./rail";
import { Legend, Timeline } from "./timeline";
import { STEP, Transport } from "./transport";
import type { FromWorker, Seal, ToWorker, Verdict } from "./wire";
import "./player.css";
import { type Place, badgeWords, elapsedText, heard, personName, placeIn, refusalText } from "./words";

interface Config {
  /** Path of the recording's pages: `/recordings/<id>`. */
  base: string;
  csrf: string;
  worker: string;
  origin: string;
  places: Place[];
  reasons: { code: string; text: string }[];
  /** The entries of the log that are marked on the timeline, by kind. */
  kinds: Record<string, KindOfEntry>;
  /** Path of the log with its texts. */
  log: string;
  /** Path of the captions in the log. */
  captions: string;
  messages_url?: string;
}

const root = document.getElementById("player") as HTMLElement;
const config = JSON.parse(root.dataset["config"] ?? "{}") as Config;

const shapes = Object.fromEntries(Object.entries(config.kinds).map(([kind, { shape }]) => [kind, shape]));

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
/** The ticket of the viewing. */
let viewing = "";
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
  policy ??= trustedTypes?.createPolicy("player", {
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
    case "keys":
      void noteUse(message.keys);
      return;
    case "verdict":
      verdict.value = message.verdict;
      return;
    case "opened":
      busy.value = "";
      seal.value = message.seal;
      if (message.recording) engine.value = begun(new Engine(message.recording, send));
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

/** At the place that the address names, if it names one. */
function begun(player: Engine): Engine {
  const at = placeIn(location.hash);
  if (at !== null) player.seek(at);
  return player;
}

function choose(file: File): void {
  choosing = file.name;
  problem.value = "";
  openAfter = false;
  chosen.value = { name: file.name, authority: "", demo: false, refusal: "", reading: true };
  startWorker();
  send({ type: "key", file });
}

/** Has the use of the keys written into the custody log; the worker fetches nothing before. */
async function noteUse(keys: number[]): Promise<void> {
  try {
    const body = JSON.stringify({ keys, why: why.peek(), ticket: viewing });
    await post(`${config.base}/key-use`, config.csrf, body, "application/json");
    send({ type: "noted" });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    failed(error);
    worker?.terminate();
    worker = null;
    chosen.value = null;
  }
}

async function askTicket(continued: boolean): Promise<string> {
  const body = JSON.stringify({ why: why.peek(), continued });
  const answer = await post(`${config.base}/viewing`, config.csrf, body, "application/json");
  viewing = ((await answer.json()) as { ticket: string }).ticket;
  return viewing;
}

async function open(): Promise<void> {
  openAfter = chosen.peek()?.reading === true;
  if (busy.peek() || openAfter) return;
  problem.value = "";
  busy.value = t("Recording your access in the custody log…");
  try {
    const ticket = await askTicket(false);
    send({ type: "open", base: config.base, ticket, origin: config.origin });
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    failed(error);
  }
}

function failed(error: HttpError): void {
  refuse(error.status === 0 ? refusalText("network", "") : error.message || refusalText("ticket", ""));
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
  const captions = useCaptions(player, config.captions);
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
  const { places } = config;
  return (
    <div class="split player-open-page">
      <div class="column player-frame" ref={frame} tabIndex={-1} role="region" aria-label={t("Player")} onKeyDown={keys}>
        <div>
          <Stopped player={player} />
          <Stage engine={player} large={large} onLarge={setLarge} />
          <CaptionsNow engine={player} state={captions} />
        </div>
        <section class="panel player-controls" aria-label={t("Playing")}>
          <div class="body">
            <p class="player-day"><Dates at={zero} places={places} /></p>
            <Transport engine={player} places={places} zero={zero} />
            <Timeline engine={player} places={places} zero={zero} shapes={shapes} />
            <Legend engine={player} shapes={shapes} />
            <p class="small"><a href={`${config.base}/timeline`}>{t("As a table, with the quality of the lines")}</a> · <span class="sub">{t("Keys while the player has the focus: space plays and pauses, the arrow keys skip 10 seconds back and forward.")}</span></p>
          </div>
        </section>
      </div>
      <div class="column">
        <Languages player={player} />
        <Log engine={player} zero={zero} places={places} kinds={config.kinds} shapes={shapes} log={config.log} />
        <CaptionList engine={player} state={captions} zero={zero} places={places} />
        <GapList engine={player} zero={zero} places={places} />
      </div>
      <Announcer player={player} zero={zero} />
    </div>
  );
}

function Stopped({ player }: { player: Engine }) {
  const failure = player.stopped.value;
  return (
    <div role="alert" class={failure ? "inset rec" : ""} data-testid="stopped">
      {failure && <p><strong>{t("Stopped: part {part} failed the check.", { part: partName(failure.track, failure.n) })}</strong> {t("What follows in this track is not what was sealed. Do not rely on this recording. Playback continues after the failed part, without it.")}</p>}
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
            <span lang={option || undefined}>{option === "" ? t("Original (floor)") : languageName(option)}</span>
          </label>
        ))}
      </div>
      {language !== "" && (
        <div class="player-original">
          <label for="original">{t("Original under the interpretation")}</label>
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
  if (language === "") return t("You hear everyone in the original.");
  const name = languageName(language);
  return player.interpreted.value
    ? t("You hear {language}: those who speak it, and the interpreter.", { language: name })
    : t("No interpreter into {language} at this moment. You hear everyone in the original.", { language: name });
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
      {shut.value && <p class="inset rec">{t("This recording cannot be played: its seal or its journal is not what was signed.")}</p>}
      {player && <Player engine={player} />}
      {!player && !shut.value && (
        <section class="panel" aria-label={t("Open the recording")}><div class="body"><KeyForm reasons={config.reasons} why={why.value} chosen={chosen.value} busy={busy.value} problem={problem.value}
          onWhy={(code) => (why.value = code)} onFile={choose} onOpen={() => void open()} /></div></section>
      )}
    </div>
  );
}

// Nobody is signed out while they watch: the login stays awake as long as this page is open.
window.setInterval(() => void fetch("/session", { headers: { accept: "application/json" } }).catch(() => undefined), AWAKE_MS);

await load(config.messages_url);
root.replaceChildren();
render(<App />, root);
