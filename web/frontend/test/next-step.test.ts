import assert from "node:assert/strict";
import { test } from "node:test";
import { nextStep } from "../src/live/next-step";
import type { View } from "../src/messages";

const WITNESS = { participant: "w", name: "Witness", role: "witness", presence: "waiting", needs_identity: true, identity_confirmed: false };
const can = (...actions: string[]): View["rights"] => Object.fromEntries(actions.map((action) => [action, { allowed: true, reason: "" }]));
const JUDGE = can("roll_call", "admit", "sound_check", "start", "rule_objection", "give_floor", "compare_fingerprints");
const AUTHORITY = can("roll_call", "admit", "sound_check", "confirm_identity", "compare_fingerprints");

const view = (changes: Record<string, unknown>): View =>
  ({
    status: "roll_call", people: [], conditions: [], fingerprints: null, sound_checks: [], objections: [], rights: JUDGE,
    floor: { mode: "open", asking: [] }, ...changes,
  }) as unknown as View;
const step = (changes: Record<string, unknown>): [string, boolean] | null => {
  const found = nextStep(view(changes));
  return found && [found.kind, found.mine];
};

test("from the lobby to the start one step after the other, each with whose it is", () => {
  assert.deepEqual(step({ status: "lobby_open" }), ["roll_call", true]);
  assert.deepEqual(step({ people: [WITNESS] }), ["identity", false]);
  assert.deepEqual(step({ people: [WITNESS], rights: AUTHORITY }), ["identity", true]);
  const known = { ...WITNESS, identity_confirmed: true };
  assert.deepEqual(step({ people: [known] }), ["admit", true]);
  const inside = { ...known, presence: "present" };
  assert.deepEqual(step({ people: [inside], conditions: [{ confirmed: false, confirmable: false }] }), ["conditions", false]);
  const codes = { required: true, status: "open" };
  assert.deepEqual(step({ people: [inside], conditions: [{ confirmed: true }], fingerprints: codes }), ["compare", true]);
  const compared = { fingerprints: { ...codes, status: "matched" } };
  assert.deepEqual(step(compared), ["sound", true]);
  const checks = (...statuses: string[]) => ({ sound_checks: statuses.map((status) => ({ required: true, status })) });
  assert.deepEqual(nextStep(view({ ...compared, ...checks("passed", "waiting") })), { kind: "sound", people: [], done: 1, all: 2, mine: true });
  assert.deepEqual(step({ ...compared, ...checks("passed") }), ["start", true]);
  assert.deepEqual(step({ ...compared, ...checks("passed"), rights: AUTHORITY }), ["start", false]);
});

test("in session only what waits to be decided", () => {
  const session = { status: "in_session" };
  assert.equal(step(session), null);
  assert.deepEqual(step({ ...session, objections: [{ reserved: false }] }), ["rule", true]);
  assert.equal(step({ ...session, objections: [{ reserved: true }] }), null);
  assert.deepEqual(step({ ...session, floor: { mode: "by_turn", asking: ["w"] }, people: [WITNESS] }), ["floor", true]);
  assert.equal(step({ ...session, floor: { mode: "open", asking: ["w"] }, people: [WITNESS] }), null);
  assert.equal(step({ ...session, floor: { mode: "by_turn", asking: ["w"] }, rights: AUTHORITY }), null);
  assert.equal(step({ status: "held" }), null);
});
