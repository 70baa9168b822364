// The line test of one site: connects as in a hearing, plays tones and a test picture, measures what comes from the other
// site, and sends the figures. The server judges them.
import { signal } from "@preact/signals";
import { render } from "preact";
import type { Agreed } from "../client/encoding";
import { HttpError, post } from "../client/http";
import { MediaLine } from "../client/media";
import { picture, tones } from "../client/test_signals";
import { load, t, tn } from "../i18n";
import type { IceServer } from "../messages";
import { median, Tones } from "./band";

interface Config {
  ref: string;
  csrf: string;
  messages_url?: string;
  tones: number[];
  seconds: number;
  agreed: Agreed;
}

const root = document.getElementById("line-test") as HTMLElement;
const config = JSON.parse(root.dataset["config"] ?? "{}") as Config;
const base = `/h/${encodeURIComponent(config.ref)}/test`;

type Step = "idle" | "connecting" | "waiting" | "measuring" | "sent" | "done" | "failed";
const step = signal<Step>("idle");
const left = signal(0);
const problem = signal("");
const passed = signal<boolean | null>(null);
/** Whether the line of the other site cannot be made with its browser. */
const otherFaulty = signal(false);

/** How often a browser must have told how far sound is ahead before it counts as measured. */
const ENOUGH = 5;
const WAIT_SECONDS = 300;
/** How often the server is asked whether the lines can be made. */
const ASK_SECONDS = 2;
const sleep = (ms: number): Promise<void> => new Promise((done) => window.setTimeout(done, ms));

interface Figures {
  at: number;
  lost: number;
  received: number;
  bytes: number;
  rtt: number;
  jitter: number;
  available: number;
  sent: number;
  /** How far sound is ahead of the picture, in ms; null where the browser does not tell. */
  ahead: number | null;
}

async function figures(line: MediaLine): Promise<Figures> {
  const found: Figures = { at: performance.now(), lost: 0, received: 0, bytes: 0, rtt: 0, jitter: 0, available: 0, sent: 0, ahead: null };
  const playing: Record<string, number> = {};
  (await line.stats())?.forEach((entry: Record<string, unknown>) => {
    const number = (key: string): number => (typeof entry[key] === "number" ? (entry[key] as number) : 0);
    if (entry["type"] === "candidate-pair" && entry["nominated"]) {
      found.rtt = Math.max(found.rtt, number("currentRoundTripTime"));
      found.available = Math.max(found.available, number("availableOutgoingBitrate"));
    }
    if (entry["type"] === "inbound-rtp") {
      found.lost += number("packetsLost");
      found.received += number("packetsReceived");
      found.bytes += number("bytesReceived");
      // In the sender's clock, what is heard and seen now; of the one site that sends.
      const playout = number("estimatedPlayoutTimestamp");
      if (playout > 0 && number("packetsReceived") > 0) playing[String(entry["kind"])] = playout;
      if (entry["kind"] === "audio") found.jitter = Math.max(found.jitter, number("jitter"));
    }
    if (entry["type"] === "outbound-rtp") found.sent += number("bytesSent");
  });
  const { audio, video } = playing;
  if (audio !== undefined && video !== undefined) found.ahead = audio - video;
  return found;
}

async function run(): Promise<void> {
  problem.value = "";
  passed.value = null;
  otherFaulty.value = false;
  step.value = "connecting";
  const context = new AudioContext({ sampleRate: 48_000 });
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 16_384, smoothingTimeConstant: 0 });
  let line: MediaLine | null = null;
  try {
    const { test, ice_servers } = (await (await post(`${base}/begin`, config.csrf)).json()) as { test: string; ice_servers: IceServer[] };
    line = new MediaLine({
      ref: config.ref,
      csrf: config.csrf,
      agreed: config.agreed,
      address: () => `${base}/${test}/media`,
      events: {
        status: (_status, text) => {
          if (text) problem.value = text;
        },
        track: (_mid, kind, track) => {
          if (kind !== "audio") return;
          const stream = new MediaStream([track]);
          // A remote stream flows into the graph only while an element holds it.
          const holder = new Audio();
          holder.muted = true;
          holder.srcObject = stream;
          void holder.play().catch(() => undefined);
          new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser);
        },
        reset: () => undefined,
      },
    });
    line.relays = ice_servers;
    await line.sendAudio(tones(context, config.tones, WAIT_SECONDS + 4 * config.seconds));
    await line.sendVideo(picture(config.agreed));
    line.use(1);
    step.value = "waiting";
    await other(line, test);
    step.value = "measuring";
    const report = await measure(line, analyser);
    await post(`${base}/${test}/report`, config.csrf, JSON.stringify(report), "application/json");
    step.value = "sent";
    await verdict(test);
    step.value = "done";
  } catch (error) {
    step.value = "failed";
    problem.value = error instanceof HttpError && error.message ? error.message : problem.value || String(error instanceof Error ? error.message : error);
  } finally {
    line?.stop();
    void context.close();
  }
}

interface State {
  judged: boolean;
  passed: boolean | null;
  fault: string;
  other_fault: string;
}

/** How far the test is; null when the server does not say. */
async function state(test: string): Promise<State | null> {
  try {
    const answer = await fetch(`${base}/${test}/state`, { credentials: "same-origin", headers: { accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as State) : null;
  } catch {
    return null;
  }
}

/** Until something comes from the other site, and goes on coming. */
async function other(line: MediaLine, test: string): Promise<void> {
  for (let waited = 1; waited <= WAIT_SECONDS; waited += 1) {
    await sleep(1_000);
    if ((await figures(line)).received > 100) return;
    const found = waited % ASK_SECONDS === 0 ? await state(test) : null;
    if (!found) continue;
    // Before the answer to its own offer, what is said may be of a browser before this one.
    if (found.fault && line.generation) {
      throw new Error(t("This browser supports none of the agreed ways of protecting sound and picture. Use another browser or another device, for this test and for the hearing."));
    }
    otherFaulty.value = found.other_fault !== "";
  }
  throw new Error(t("Nothing arrived from the other site. Start again when both are ready."));
}

async function measure(line: MediaLine, analyser: AnalyserNode): Promise<Record<string, unknown>> {
  const heard = new Tones(config.tones, analyser.context.sampleRate / analyser.fftSize);
  const levels = new Float32Array(analyser.frequencyBinCount);
  const first = await figures(line);
  let last = first;
  let rtt = 0;
  let jitter = 0;
  let available = 0;
  const ahead: number[] = [];
  const end = performance.now() + config.seconds * 1_000;
  for (let next = 0; performance.now() < end; ) {
    analyser.getFloatFrequencyData(levels);
    heard.take(levels);
    if (performance.now() >= next) {
      last = await figures(line);
      rtt = Math.max(rtt, last.rtt);
      jitter = Math.max(jitter, last.jitter);
      available = Math.max(available, last.available);
      if (last.ahead !== null) ahead.push(last.ahead);
      left.value = Math.ceil((end - performance.now()) / 1_000);
      next = performance.now() + 1_000;
    }
    await sleep(100);
  }
  const seconds = (last.at - first.at) / 1_000;
  const lost = Math.max(0, last.lost - first.lost);
  const received = Math.max(1, last.received - first.received);
  const kbps = (bytes: number): number => (bytes * 8) / 1_000 / seconds;
  const round = (value: number): number => Math.round(value * 100) / 100;
  return {
    seconds: round(seconds),
    rtt_ms: round(rtt * 1_000),
    loss_percent: round((100 * lost) / (lost + received)),
    jitter_ms: round(jitter * 1_000),
    sound_ahead_ms: ahead.length >= ENOUGH ? round(median(ahead)) : null,
    up_kbps: round(Math.max(available / 1_000, kbps(last.sent - first.sent))),
    down_kbps: round(kbps(last.bytes - first.bytes)),
    tones: Object.fromEntries([...heard.best].map(([hz, level]) => [String(hz), round(level)])),
  };
}

/** The other site goes on measuring for a moment: keep sending until it has reported too. */
async function verdict(test: string): Promise<void> {
  for (let waited = 0; waited < 120; waited += 2) {
    const found = await state(test);
    if (found?.judged) {
      passed.value = found.passed;
      return;
    }
    await sleep(2_000);
  }
}

function words(): string {
  switch (step.value) {
    case "idle":
      return t("Ready. Nobody is heard or seen in this test; no camera and no microphone is opened.");
    case "connecting":
      return t("Connecting…");
    case "waiting":
      if (otherFaulty.value) return t("The browser of the other site cannot protect sound and picture as agreed and is not connected. Waiting for that site to start in another browser or on another device…");
      return t("Waiting for the other site to start…");
    case "measuring":
      return tn("Measuring: {n} second left", "Measuring: {n} seconds left", left.value);
    case "sent":
      return t("Your results have been sent. Waiting for the other site…");
    case "failed":
      return t("The test was stopped.");
    case "done":
      if (passed.value === null) return t("The other site has not reported yet. Load this page again later.");
      return passed.value ? t("The line test has passed.") : t("The line test has not passed.");
  }
}

function App() {
  const busy = ["connecting", "waiting", "measuring", "sent"].includes(step.value);
  return (
    <div>
      <p role="status" data-step={step.value} data-passed={String(passed.value)}>
        {words()}
      </p>
      {problem.value && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <div class="actions">
        {step.value === "done" ? (
          <a class="button" href={base}>
            {t("Show results")}
          </a>
        ) : (
          <button type="button" class="button" aria-disabled={busy} onClick={() => void (busy ? undefined : run())}>
            {t("Start the line test")}
          </button>
        )}
      </div>
    </div>
  );
}

await load(config.messages_url);
root.replaceChildren();
render(<App />, root);
