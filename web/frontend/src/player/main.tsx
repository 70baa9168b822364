// The player's page: asks why and for the key file, then plays what the worker has checked.

import { signal } from "@preact/signals";
import { render } from "preact";
import { load, t } from "../i18n";
import { HttpError, post } from "../client/http";
import type { Kept } from "../transcript/kept-list";
import { Badge } from "./badge";
import { Engine } from "./engine";
import type { KeptState } from "./finder";
import { KeyForm, type KeyState } from "./key-form";
import { type PageConfig, Player } from "./page";
import type { FromWorker, RefusalCode, Seal, ToWorker, Verdict } from "./wire";
import "./player.css";
import { badgeWords, placeIn, refusalText } from "./words";

interface Config extends PageConfig {
  csrf: string;
  worker: string;
  origin: string;
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

const kept: KeptState = { found: signal<Kept>({ list: null, problem: "" }), ask: () => send({ type: "transcripts" }) };

/** The transcripts were asked for again, with a new ticket. */
let keptAgain = false;

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
      if (engine.peek()) return void keptRefused(message.code, text);
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
    case "transcripts":
      keptAgain = false;
      kept.found.value = { list: message.kept, problem: "" };
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

/** Of an open recording nothing else is refused than what is kept with it. A ticket that is too old is renewed, once. */
async function keptRefused(code: RefusalCode, text: string): Promise<void> {
  if (code === "ticket" && !keptAgain) {
    keptAgain = true;
    await renew();
    return kept.ask();
  }
  keptAgain = false;
  kept.found.value = { list: null, problem: text };
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

function App() {
  const found = verdict.value;
  const player = engine.value;
  const head = seal.value ? `${seal.value.size}:${seal.value.root}` : "";
  const failed = found?.word === "failed" ? badgeWords(found) : "";
  return (
    <div class="player">
      <div class="visually-hidden" role="alert" data-testid="live-assertive">{failed}</div>
      {seal.value?.demo && <p class="inset warn">{t("THROW-AWAY DEMO KEY: never use it for a real hearing.")}</p>}
      {found && (player || shut.value) && <Badge verdict={found} seal={seal.value} listed={player !== null} onCheck={() => send({ type: "check" })} />}
      {shut.value && <p class="inset rec">{t("This recording cannot be played: its seal or its journal is not what was signed.")}</p>}
      {player && <Player engine={player} config={config} head={head} kept={kept} fits={found?.word !== "failed"} />}
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
