// The page of a transcript and the player's worker: what is refused reaches the place where it is waited for.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { FromWorker, RecordingView, ToWorker } from "../src/player/wire";
import { Session } from "../src/transcript/session";

/** The worker's end. */
class Wire extends EventTarget {
  static last: Wire;
  readonly sent: ToWorker[] = [];

  constructor() {
    super();
    Wire.last = this;
  }
  postMessage(message: ToWorker): void {
    this.sent.push(message);
  }
  terminate(): void {}
  says(data: FromWorker): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
}

const there = globalThis as unknown as Record<string, unknown>;
const were = { window: there["window"], Worker: there["Worker"] };
before(() => Object.assign(there, { window: there, Worker: Wire }));
after(() => Object.assign(there, were));

function chosen(): { session: Session; told: FromWorker[] } {
  const session = new Session({ base: "", csrf: "", worker: "/static/worker.js", origin: "" });
  const told: FromWorker[] = [];
  session.onMessage = (message) => told.push(message);
  session.choose(new File(["key"], "ministry.txt"));
  return { session, told };
}

test("a key file that is refused is said beside the field, before a recording is open", () => {
  const { session, told } = chosen();
  Wire.last.says({ type: "refused", code: "not_text", detail: "" });
  assert.match(session.chosen.value?.refusal ?? "", /not text/);
  assert.deepEqual(told, []);
});

test("when the server does not answer for what is kept with an open recording, the page that waits for it is told", () => {
  const { session, told } = chosen();
  Wire.last.says({ type: "key", authority: "Ministry", demo: false });
  Wire.last.says({ type: "opened", recording: {} as RecordingView, seal: null });
  const refusal = { type: "refused", code: "network", detail: "" } as const;
  Wire.last.says(refusal);
  assert.deepEqual(told.slice(1), [refusal]);
  assert.deepEqual([session.chosen.value?.authority, session.problem.value], ["Ministry", ""]);
});
