// The control line against a wire that can be cut: what was under way goes out again with the same id.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Signalling, type SignallingEvents, type Status } from "../src/client/signalling";
import type { Bye, View } from "../src/messages";

/** The server's end of one connection. */
class Wire {
  static all: Wire[] = [];
  static readonly OPEN = 1;
  readyState = 1;
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;

  constructor(readonly url: URL) {
    Wire.all.push(this);
    queueMicrotask(() => this.onopen?.());
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.readyState = 3;
  }
  says(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  cut(): void {
    this.readyState = 3;
    this.onclose?.();
  }
  commands(): Record<string, unknown>[] {
    return this.sent.filter((message) => "id" in message);
  }
}

const view = { type: "view", seq: 1, phase: "room" } as unknown as View;
let statuses: Status[];
let byes: Bye[];
let refusals: number[];
let tickets: number;
let ticketStatus: number;

function made(returning = false): Signalling {
  const events: SignallingEvents = {
    status: (status) => statuses.push(status),
    view: () => undefined,
    tick: () => undefined,
    slots: () => undefined,
    reoffer: () => undefined,
    notice: () => undefined,
    bye: (bye) => byes.push(bye),
    refused: (status) => refusals.push(status),
  };
  return new Signalling({ ref: "R-1", csrf: "token", events, generation: () => 7, returning });
}

const settle = async (): Promise<void> => {
  for (let index = 0; index < 20; index += 1) await Promise.resolve();
};

/** Lets time pass, and what it starts settle. */
async function pass(ms: number): Promise<void> {
  for (let done = 0; done < ms; done += 500) {
    mock.timers.tick(Math.min(500, ms - done));
    await settle();
  }
}

const last = (): Wire => {
  const wire = Wire.all.at(-1);
  assert.ok(wire);
  return wire;
};

beforeEach(() => {
  statuses = [];
  byes = [];
  refusals = [];
  tickets = 0;
  ticketStatus = 201;
  Wire.all = [];
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  mock.method(performance, "now", () => Date.now());
  const scope = globalThis as Record<string, unknown>;
  const timers = { setTimeout, setInterval, clearTimeout, clearInterval };
  const location = { href: "http://court.example/h/R-1/live" };
  scope["window"] = { ...timers, location, addEventListener() {}, removeEventListener() {} };
  scope["WebSocket"] = Wire;
  mock.method(AbortSignal, "timeout", () => new AbortController().signal);
  scope["fetch"] = async (url: string, init: { headers: Record<string, string> }) => {
    assert.equal(url, "/h/R-1/ticket");
    assert.equal(init.headers["x-csrf-token"], "token");
    tickets += 1;
    return new Response(JSON.stringify({ ticket: `ticket-${tickets}` }), { status: ticketStatus });
  };
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test("says hello with a fresh ticket and the generation it holds", async () => {
  made().start();
  await settle();
  assert.equal(String(last().url), "ws://court.example/h/R-1/ws");
  assert.deepEqual(last().sent, [{ type: "hello", ticket: "ticket-1", take_over: false, generation: 7 }]);
  last().says(view);
  assert.deepEqual(statuses, ["open"]);
});

test("a command under way when the line breaks goes out again with the same id, and is answered once", async () => {
  const signalling = made();
  signalling.start();
  await settle();
  last().says(view);
  const answer = signalling.command("hold", { reason: "unwell" });
  const first = last().commands();
  assert.equal(first.length, 1);
  last().cut();
  await pass(1_000);
  assert.equal(Wire.all.length, 2);
  assert.equal(last().sent[0]?.["ticket"], "ticket-2");
  assert.deepEqual(last().commands(), []);
  last().says(view);
  assert.deepEqual(last().commands(), first);
  last().says({ type: "result", re: first[0]?.["id"], ok: true, code: "", text: "" });
  assert.equal((await answer).ok, true);
  last().cut();
  await pass(1_000);
  last().says(view);
  assert.deepEqual(last().commands(), []);
  assert.deepEqual(statuses, ["open", "lost", "open", "lost", "open"]);
});

test("a silent server counts as lost after 5 s", async () => {
  made().start();
  await settle();
  last().says(view);
  await pass(4_500);
  assert.deepEqual(statuses, ["open"]);
  await pass(1_500);
  assert.equal(statuses[1], "lost");
  assert.ok(Wire.all.length >= 2);
});

test("a bye ends the line: no reconnection, and what was under way is answered", async () => {
  const signalling = made();
  signalling.start();
  await settle();
  last().says(view);
  const answer = signalling.command("raise_hand", { up: true });
  last().says({ type: "bye", why: "superseded", text: "Elsewhere." });
  assert.deepEqual([(await answer).ok, byes[0]?.why], [false, "superseded"]);
  await pass(10_000);
  assert.equal(Wire.all.length, 1);
});

test("a new tab asks before it takes the seat over", async () => {
  const signalling = made();
  signalling.start();
  await settle();
  last().says({ type: "seat_taken" });
  assert.deepEqual(statuses, ["taken"]);
  await pass(10_000);
  assert.equal(Wire.all.length, 1);
  signalling.start(true);
  await settle();
  assert.equal(last().sent[0]?.["take_over"], true);
});

test("a tab that had the seat waits for the server to notice, and asks only when somebody else really has it", async () => {
  made(true).start();
  await settle();
  last().says({ type: "seat_taken" });
  assert.deepEqual(statuses, ["lost"]);
  for (let second = 0; second < 12 && !statuses.includes("taken"); second += 1) {
    const before = Wire.all.length;
    await pass(1_000);
    if (Wire.all.length > before) last().says({ type: "seat_taken" });
  }
  assert.ok(statuses.includes("taken"));
  assert.ok(Wire.all.every((wire) => wire.sent[0]?.["take_over"] === false));
});

test("a login that is not good any more ends the page; a server that is away does not", async () => {
  ticketStatus = 503;
  const signalling = made();
  signalling.start();
  await pass(5_000);
  assert.ok(tickets >= 3);
  assert.deepEqual([signalling.status, refusals], ["lost", []]);
  ticketStatus = 401;
  await pass(10_000);
  assert.deepEqual([signalling.status, refusals], ["ended", [401]]);
});
