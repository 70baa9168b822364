// The control connection: ticket, hello, commands with an id each, and coming back after a loss.
// It knows the messages, not the page. Ordered and idempotent: a command that was under way when the line broke is sent
// again with the same id, and the server answers it as it did before.
import type { BrowserToWeb, Bye, Captions, IceServers, Notice, Reoffer, Result, Slots, Tick, View, WebToBrowser } from "../messages";
import { HttpError, post } from "./http";

type CommandMessage = Extract<BrowserToWeb, { id: string }>;
/** A command without the parts that the connection adds. */
export type Wanted<Type extends CommandMessage["type"]> = Omit<Extract<CommandMessage, { type: Type }>, "type" | "id">;
export type CommandType = CommandMessage["type"];
/** Asks the server for something. */
export type Act = <Type extends CommandType>(type: Type, fields: Wanted<Type>) => Promise<Result>;

export type Status = "connecting" | "open" | "lost" | "taken" | "ended";

export interface SignallingEvents {
  status(status: Status): void;
  view(view: View): void;
  tick(tick: Tick): void;
  slots(slots: Slots): void;
  relays(relays: IceServers): void;
  reoffer(reoffer: Reoffer): void;
  notice(notice: Notice): void;
  captions(captions: Captions): void;
  bye(bye: Bye): void;
  /** The login is not good for this hearing (any more). */
  refused(status: number, text: string): void;
}

export interface SignallingOptions {
  ref: string;
  csrf: string;
  events: SignallingEvents;
  /** Generation of the media connection the page still holds; 0 when it has none. */
  generation(): number;
  /** This tab had the seat before it was loaded again. */
  returning?: boolean;
}

const BEAT_MS = 2_000;
/** The server ticks every second; this long without a word and the line counts as lost. */
const SILENCE_MS = 5_000;
const BACKOFF_MS = [200, 500, 1_000, 2_000, 4_000];
/** The server lets go of a dead line's seat after 6 s; until then the seat that is taken may be this tab's own. */
const SEAT_MS = 8_000;
/** A command that gets no answer this long after it was sent on an open line. */
const ANSWER_MS = 20_000;

interface Pending {
  message: CommandMessage;
  answer(result: Result): void;
  timer: number;
}

export class Signalling {
  status: Status = "connecting";
  /** HTTP status of the last ticket that was not given; 0 when there was no answer at all. */
  problem = 0;
  private seated = false;
  private askedAt = 0;
  private socket: WebSocket | null = null;
  private attempts = 0;
  private takeOver = false;
  private heard = 0;
  private timers: number[] = [];
  private retry = 0;
  private pending = new Map<string, Pending>();
  private running = false;

  constructor(private readonly options: SignallingOptions) {}

  start(takeOver = false): void {
    this.running = true;
    this.takeOver = takeOver;
    this.attempts = 0;
    this.askedAt = 0;
    this.seated ||= this.options.returning ?? false;
    window.addEventListener("online", this.hurry);
    void this.connect();
  }

  /** Ends the connection for good; `start` begins again. */
  stop(status: Status = "ended"): void {
    this.running = false;
    window.removeEventListener("online", this.hurry);
    window.clearTimeout(this.retry);
    this.drop();
    this.set(status);
    for (const [id, pending] of this.pending) {
      window.clearTimeout(pending.timer);
      pending.answer({ type: "result", re: id, ok: false, code: "ended", text: "" });
    }
    this.pending.clear();
  }

  /** Asks for something; resolves with the one answer, also across a reconnection. */
  command<Type extends CommandType>(type: Type, fields: Wanted<Type>): Promise<Result> {
    const id = crypto.randomUUID();
    const message = { type, id, ...fields } as unknown as CommandMessage;
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => {
        this.pending.delete(id);
        resolve({ type: "result", re: id, ok: false, code: "no_answer", text: "" });
      }, ANSWER_MS);
      this.pending.set(id, { message, answer: resolve, timer });
      this.send(message);
    });
  }

  /** Sends a message that nobody answers; dropped when the line is down. */
  send(message: BrowserToWeb): void {
    if (this.status === "open" && this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private hurry = (): void => {
    if (this.status === "lost") {
      window.clearTimeout(this.retry);
      this.attempts = 0;
      void this.connect();
    }
  };

  private set(status: Status): void {
    if (this.status !== status) {
      this.status = status;
      this.options.events.status(status);
    }
  }

  private drop(): void {
    for (const timer of this.timers) window.clearInterval(timer);
    this.timers = [];
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onmessage = socket.onclose = socket.onopen = null;
      socket.close();
    }
  }

  private again(wait?: number): void {
    this.drop();
    if (!this.running) return;
    this.set("lost");
    const base = BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 4_000;
    this.attempts += 1;
    window.clearTimeout(this.retry);
    // Spread, so that a hundred pages do not come back in the same instant.
    this.retry = window.setTimeout(() => void this.connect(), Math.max(wait ?? 0, base * (0.75 + Math.random() / 2)));
  }

  private async connect(): Promise<void> {
    const { ref, csrf, events } = this.options;
    this.drop();
    let ticket: string;
    try {
      const answer = await post(`/h/${encodeURIComponent(ref)}/ticket`, csrf);
      ticket = ((await answer.json()) as { ticket: string }).ticket;
    } catch (error) {
      if (!this.running) return;
      this.problem = error instanceof HttpError ? error.status : 0;
      if (error instanceof HttpError && [401, 403, 404, 410].includes(error.status)) {
        this.stop();
        events.refused(error.status, error.message);
      } else this.again(error instanceof HttpError ? error.retryAfter * 1_000 : 0);
      return;
    }
    if (!this.running) return;
    const address = new URL(`/h/${encodeURIComponent(ref)}/ws`, window.location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    this.heard = performance.now();
    const takeOver = this.takeOver;
    socket.onopen = () => {
      const generation = this.options.generation();
      socket.send(JSON.stringify({ type: "hello", ticket, take_over: takeOver, generation }));
    };
    socket.onmessage = (event) => {
      this.heard = performance.now();
      this.receive(JSON.parse(String(event.data)) as WebToBrowser);
    };
    socket.onclose = () => this.again();
    this.timers = [
      window.setInterval(() => this.send({ type: "heartbeat" }), BEAT_MS),
      window.setInterval(() => {
        if (performance.now() - this.heard > SILENCE_MS) this.again();
      }, 500),
    ];
  }

  private receive(message: WebToBrowser): void {
    const { events } = this.options;
    const handlers: { [Type in WebToBrowser["type"]]: (message: Extract<WebToBrowser, { type: Type }>) => void } = {
      view: (view) => {
        this.opened();
        events.view(view);
      },
      tick: events.tick,
      slots: events.slots,
      ice_servers: events.relays,
      reoffer: events.reoffer,
      notice: events.notice,
      captions: events.captions,
      seat_taken: () => this.taken(),
      result: (result) => this.answered(result),
      bye: (bye) => {
        this.seated = false;
        this.stop();
        events.bye(bye);
      },
    };
    // A newer server may know messages this page does not.
    const handler = handlers[message.type] as ((message: WebToBrowser) => void) | undefined;
    handler?.(message);
  }

  private taken(): void {
    this.askedAt ||= performance.now();
    // The server may not have noticed yet that this tab's own line was lost: that needs no question.
    if (this.seated && performance.now() - this.askedAt < SEAT_MS) this.again(1_000);
    else {
      this.seated = false;
      this.stop("taken");
    }
  }

  /** The first view says that the hello was accepted; what was under way goes out again. */
  private opened(): void {
    if (this.status === "open") return;
    this.attempts = 0;
    this.askedAt = 0;
    this.seated = true;
    // From here on the seat is this tab's; a later reconnection asks nobody.
    this.takeOver = false;
    this.set("open");
    for (const pending of this.pending.values()) this.send(pending.message);
  }

  private answered(result: Result): void {
    const pending = this.pending.get(result.re);
    if (!pending) return;
    window.clearTimeout(pending.timer);
    this.pending.delete(result.re);
    pending.answer(result);
  }
}
