// The page's side of the player's worker: the key file goes there, the reason and the use of the key into the custody log.

import { signal } from "@preact/signals";
import { HttpError, post } from "../client/http";
import { t } from "../i18n";
import type { KeyState } from "../player/key-form";
import type { FromWorker, RecordingView, Seal, ToWorker, Verdict } from "../player/wire";
import { refusalText } from "../player/words";

export interface SessionConfig {
  base: string;
  csrf: string;
  worker: string;
  origin: string;
}

export class Session {
  readonly why = signal("");
  readonly chosen = signal<KeyState | null>(null);
  readonly busy = signal("");
  readonly problem = signal("");
  readonly verdict = signal<Verdict | null>(null);
  readonly seal = signal<Seal | null>(null);
  readonly recording = signal<RecordingView | null>(null);
  readonly shut = signal(false);
  /** The ticket of the viewing. */
  ticket = "";
  /** What is not the session's own. */
  onMessage: (message: FromWorker) => void = () => undefined;
  private worker: Worker | null = null;
  private choosing = "";
  private openAfter = false;
  private renewing = false;
  private policy: { createScriptURL(url: string): string } | undefined;

  constructor(private readonly config: SessionConfig) {}

  readonly send = (message: ToWorker): void => this.worker?.postMessage(message);

  choose(file: File): void {
    this.choosing = file.name;
    this.problem.value = "";
    this.openAfter = false;
    this.chosen.value = { name: file.name, authority: "", demo: false, refusal: "", reading: true };
    this.start();
    this.send({ type: "key", file });
  }

  async open(): Promise<void> {
    this.openAfter = this.chosen.peek()?.reading === true;
    if (this.busy.peek() || this.openAfter) return;
    this.problem.value = "";
    this.busy.value = t("Recording your access in the custody log…");
    try {
      await this.askTicket(false);
      this.send({ type: "open", base: this.config.base, ticket: this.ticket, origin: this.config.origin });
    } catch (error) {
      this.failed(error);
    }
  }

  private start(): void {
    this.worker?.terminate();
    type Policies = { createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string } };
    const { trustedTypes } = window as { trustedTypes?: Policies };
    // The only script this page may start besides its own: the worker the server named.
    this.policy ??= trustedTypes?.createPolicy("player", {
      createScriptURL: (url) => {
        if (url !== this.config.worker || !url.startsWith("/static/")) throw new TypeError("not our worker");
        return url;
      },
    });
    const address = this.policy ? this.policy.createScriptURL(this.config.worker) : this.config.worker;
    this.worker = new Worker(address, { type: "module" });
    this.worker.addEventListener("message", (event: MessageEvent<FromWorker>) => this.take(event.data));
    this.worker.addEventListener("error", () => this.refuse(refusalText("no_decryption", "")));
  }

  private take(message: FromWorker): void {
    switch (message.type) {
      case "key":
        this.chosen.value = { name: this.choosing, authority: message.authority, demo: message.demo, refusal: "", reading: false };
        if (this.openAfter) void this.open();
        return;
      case "refused": {
        // Of an open recording nothing else is refused than what is kept with it.
        if (this.recording.peek()) {
          if (message.code === "ticket") void this.renew();
          break;
        }
        const text = refusalText(message.code, message.detail);
        if (this.busy.peek()) return this.refuse(text);
        this.chosen.value = { name: this.choosing, authority: "", demo: false, refusal: text, reading: false };
        return;
      }
      case "step":
        this.busy.value = { checkpoint: t("Checking the seal…"), journal: t("Checking the journal…"), key: t("Opening with your key…") }[message.step];
        return;
      case "keys":
        void this.noteUse(message.keys);
        return;
      case "verdict":
        this.verdict.value = message.verdict;
        return;
      case "opened":
        this.busy.value = "";
        this.seal.value = message.seal;
        this.recording.value = message.recording;
        this.shut.value = message.recording === null;
        break;
      case "expired":
        void this.renew();
        return;
      case "unreachable":
        if (message.status === 401 || message.status === 403) void this.renew();
    }
    this.onMessage(message);
  }

  private refuse(text: string): void {
    this.busy.value = "";
    this.problem.value = text;
  }

  private failed(error: unknown): void {
    if (!(error instanceof HttpError)) throw error;
    this.refuse(error.status === 0 ? refusalText("network", "") : error.message || refusalText("ticket", ""));
  }

  private async askTicket(continued: boolean): Promise<string> {
    const body = JSON.stringify({ why: this.why.peek(), continued });
    const answer = await post(`${this.config.base}/viewing`, this.config.csrf, body, "application/json");
    this.ticket = ((await answer.json()) as { ticket: string }).ticket;
    return this.ticket;
  }

  /** Has the use of the keys written into the custody log; the worker fetches nothing before. */
  private async noteUse(keys: number[]): Promise<void> {
    try {
      const body = JSON.stringify({ keys, why: this.why.peek(), ticket: this.ticket });
      await post(`${this.config.base}/key-use`, this.config.csrf, body, "application/json");
      this.send({ type: "noted" });
    } catch (error) {
      this.failed(error);
      this.worker?.terminate();
      this.worker = null;
      this.chosen.value = null;
    }
  }

  /** A new ticket of the same viewing, when the old one is too old. */
  async renew(): Promise<void> {
    if (this.renewing) return;
    this.renewing = true;
    try {
      this.send({ type: "ticket", ticket: await this.askTicket(true) });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
    } finally {
      setTimeout(() => (this.renewing = false), 10_000);
    }
  }
}
