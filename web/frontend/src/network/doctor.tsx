// The network test: every way in turn, the report to the server, and its verdict in words. On its own page, and in the lobby.
import { signal } from "@preact/signals";
import { HttpError, post } from "../client/http";
import { picture, tones } from "../client/test_signals";
import { t } from "../i18n";
import type { IceServer } from "../messages";
import type { Checked } from "./devices";
import { baseOf, probe, WAYS, type Measured, type Place, type Way } from "./probe";

/** The answer to a report: in the language of the page. */
export interface Verdict {
  verdict: "good" | "weak" | "closed";
  kind: string;
  title: string;
  text: string;
  ways: { way: Way; label: string; kind: string; word: string; figures: string }[];
  steps: string[];
}

const TONES = [300, 1_000, 3_000];
const SECONDS = 60;

export class NetworkTest {
  readonly trying = signal<Way | "">("");
  readonly busy = signal(false);
  readonly problem = signal("");
  readonly verdict = signal<Verdict | null>(null);

  /** `checked`: what a check of the own devices has found, sent with the figures. */
  constructor(
    private readonly place: Place,
    private readonly checked: () => Checked | null = () => null,
  ) {}

  async run(): Promise<void> {
    if (this.busy.value) return;
    this.busy.value = true;
    this.problem.value = "";
    this.verdict.value = null;
    const base = baseOf(this.place);
    const context = new AudioContext({ sampleRate: 48_000 });
    await context.resume();
    const sources = { sound: tones(context, TONES, SECONDS), picture: picture(this.place.agreed ?? { height: 360, fps: 25 }) };
    try {
      const { ice_servers } = (await (await post(`${base}/begin`, this.place.csrf)).json()) as { ice_servers: IceServer[] };
      const found: Partial<Record<Way, Measured>> = {};
      for (const way of WAYS) {
        this.trying.value = way;
        const first = !Object.values(found).some(({ state }) => state === "open");
        found[way] = await probe(way, this.place, ice_servers, sources, first);
      }
      const devices = this.checked();
      const told = JSON.stringify(devices ? { ...found, devices } : found);
      const answer = await post(`${base}/report`, this.place.csrf, told, "application/json");
      this.verdict.value = (await answer.json()) as Verdict;
    } catch (error) {
      const told = error instanceof HttpError && error.message ? error.message : "";
      this.problem.value = told || t("The test could not be carried out. Load the page again, then try again.");
    } finally {
      sources.picture.stop();
      void context.close();
      this.trying.value = "";
      this.busy.value = false;
    }
  }
}

function tryingWords(way: Way | ""): string {
  switch (way) {
    case "direct":
      return t("Trying the direct way, over UDP…");
    case "udp":
      return t("Trying the court’s relay, over UDP…");
    case "tcp":
      return t("Trying the court’s relay, over TCP…");
    case "tls":
      return t("Trying the court’s relay, over TLS…");
    case "":
      return t("Getting ready…");
  }
}

export function Progress({ test, idle }: { test: NetworkTest; idle?: string }) {
  return (
    <>
      <p role="status" data-step={test.busy.value ? "running" : test.verdict.value ? "done" : "idle"}>
        {test.busy.value ? tryingWords(test.trying.value) : test.verdict.value ? t("The test is done.") : (idle ?? t("No camera and no microphone is opened, and nothing is recorded. The test takes half a minute."))}
      </p>
      {test.problem.value && (
        <p class="field-error problem" role="alert">
          {test.problem.value}
        </p>
      )}
    </>
  );
}
