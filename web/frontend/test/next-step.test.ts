import assert from "node:assert/strict";
import { test } from "node:test";
import { nextStep, type Step } from "../src/live/next-step";
import type { PersonView, View } from "../src/messages";

const LAWS = [{ value: "RO", label: "Romania" }, { value: "TH", label: "Thailand" }];
const JUDGE_HERE = { participant: "j", name: "Judge", role: "presiding_judge", state: "RO", presence: "present", essential: true };
const AUTHORITY_HERE = { participant: "a", name: "Authority", role: "requested_authority", state: "TH", presence: "present", essential: true };
const WITNESS = { participant: "w", name: "Witness", role: "witness", state: "TH", presence: "waiting", essential: true, needs_identity: true, identity_confirmed: false };
const COURTS = [JUDGE_HERE, AUTHORITY_HERE];
const can = (...actions: string[]): View["rights"] => Object.fromEntries(actions.map((action) => [action, { allowed: true, reason: "" }]));
const JUDGE = can("roll_call", "admit", "sound_check", "start", "rule_objection", "give_floor", "compare_fingerprints");
const AUTHORITY = can("roll_call", "admit", "sound_check", "confirm_identity", "compare_fingerprints");

const view = (changes: Record<string, unknown>): View =>
  ({
    status: "roll_call", people: COURTS, laws: LAWS, conditions: [], fingerprints: null, sound_checks: [], objections: [], rights: JUDGE,
    rights_due: [],
    floor: { mode: "open", asking: [] }, hold: null, ...changes,
  }) as unknown as View;
const step = (changes: Record<string, unknown>): [string, boolean] | null => {
  const found = nextStep(view(changes));
  return found && [found.kind, found.mine];
};
const waits = (changes: Record<string, unknown>): string[] | string | null => {
  const found = nextStep(view(changes));
  return found?.kind === "wait" ? found.state || found.people.map((person) => person.participant) : null;
};

test("from the lobby to the start one step after the other, each with whose it is", () => {
  assert.deepEqual(step({ status: "lobby_open" }), ["roll_call", true]);
  assert.deepEqual(step({ people: [...COURTS, WITNESS] }), ["identity", false]);
  assert.deepEqual(step({ people: [...COURTS, WITNESS], rights: AUTHORITY }), ["identity", true]);
  const known = { ...WITNESS, identity_confirmed: true };
  assert.deepEqual(step({ people: [...COURTS, known] }), ["admit", true]);
  const people = [...COURTS, { ...known, presence: "present" }];
  assert.deepEqual(step({ people, conditions: [{ confirmed: false, confirmable: false }] }), ["conditions", false]);
  const codes = { required: true, status: "open" };
  assert.deepEqual(step({ people, conditions: [{ confirmed: true }], fingerprints: codes }), ["compare", true]);
  const compared = { people, fingerprints: { ...codes, status: "matched" } };
  assert.deepEqual(step(compared), ["sound", true]);
  const checks = (...statuses: string[]) => ({ sound_checks: statuses.map((status) => ({ participant: "w", required: true, status })) });
  assert.deepEqual(nextStep(view({ ...compared, ...checks("passed", "waiting") })), { kind: "sound", people: [], done: 1, all: 2, state: "", mine: true });
  assert.deepEqual(step({ ...compared, ...checks("passed") }), ["start", true]);
  assert.deepEqual(step({ ...compared, ...checks("passed"), rights: AUTHORITY }), ["start", false]);
  assert.equal(step({ ...compared, ...checks("passed"), hold: { by: "Authority" } }), null);
  assert.equal(step({ ...compared, ...checks("passed"), rights_due: ["Nobody else in the room"] }), null);
});

test("who has to come first is named before what needs them", () => {
  const codes = { fingerprints: { required: true, status: "open" } };
  const away = { ...AUTHORITY_HERE, presence: "invited" };
  assert.deepEqual(waits({ ...codes, people: [JUDGE_HERE, away] }), ["a"]);
  assert.equal(waits({ ...codes, people: [JUDGE_HERE] }), "Thailand");
  assert.equal(waits({ ...codes, people: [AUTHORITY_HERE] }), "Romania");
  assert.deepEqual(waits({ people: [JUDGE_HERE, away, WITNESS] }), ["a"]);
  assert.deepEqual(waits({ people: [JUDGE_HERE, away], conditions: [{ confirmed: false }] }), ["a"]);
  assert.deepEqual(waits({ people: [...COURTS, { ...WITNESS, presence: "identified" }] }), ["w"]);
  assert.deepEqual(waits({ people: [...COURTS, { ...WITNESS, presence: "reconnecting", identity_confirmed: true }] }), ["w"]);
});

test("in session only what waits to be decided", () => {
  const session = { status: "in_session" };
  assert.equal(step(session), null);
  assert.deepEqual(step({ ...session, objections: [{ reserved: false }] }), ["rule", true]);
  assert.deepEqual(waits({ ...session, objections: [{ reserved: false }], people: [{ ...JUDGE_HERE, presence: "reconnecting" }] }), ["j"]);
  assert.equal(step({ ...session, objections: [{ reserved: true }] }), null);
  const asks = { floor: { mode: "by_turn", asking: ["a"] } };
  assert.deepEqual(step({ ...session, ...asks }), ["floor", true]);
  assert.equal(step({ ...session, ...asks, people: [JUDGE_HERE, { ...AUTHORITY_HERE, presence: "left" }] }), null);
  assert.equal(step({ ...session, floor: { mode: "open", asking: ["a"] } }), null);
  assert.equal(step({ ...session, ...asks, rights: AUTHORITY }), null);
  assert.equal(step({ status: "held" }), null);
});

/** Numbers from 0 to below 1 that are the same at every run (mulberry32). */
function numbers(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PRESENCES = ["invited", "identified", "waiting", "present", "present", "present", "present", "reconnecting", "left"];
const PARTS: [string, string][] = [
  ["presiding_judge", "RO"], ["clerk", "RO"], ["requested_authority", "TH"], ["witness", "TH"], ["interpreter", "RO"], ["technician", "TH"],
];

function anyView(next: () => number): View {
  const one = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const people = PARTS.filter(() => next() < 0.85).map(([role, state], at) => ({
    participant: `p${at}`, name: role, role, state, presence: one(PRESENCES), essential: next() < 0.6,
    needs_identity: role === "witness", identity_confirmed: next() < 0.7,
  }));
  const status = one(["lobby_open", "roll_call", "roll_call", "pre_record", "pre_record", "in_session", "held", "closing"]);
  return view({
    status, people,
    rights: can(...["roll_call", "admit", "confirm_identity", "compare_fingerprints", "sound_check", "start", "rule_objection", "give_floor"].filter(() => next() < 0.5)),
    conditions: one([[], [{ confirmed: true, confirmable: false }], [{ confirmed: false, confirmable: next() < 0.5 }]]),
    fingerprints: one([null, { required: true, status: "open" }, { required: true, status: "matched" }, { required: false, status: "open" }]),
    sound_checks: status === "pre_record" ? people.map(({ participant }) => ({ participant, required: next() < 0.8, status: one(["passed", "passed", "passed", "waiting"]) })) : [],
    objections: one([[], [{ reserved: true }], [{ reserved: false }]]),
    floor: { mode: one(["open", "by_turn"]), asking: people.filter(() => next() < 0.2).map(({ participant }) => participant) },
    hold: next() < 0.1 ? { by: "somebody" } : null,
    rights_due: next() < 0.1 ? ["Identity"] : [],
  });
}

const RIGHTS: Partial<Record<Step["kind"], string>> = {
  roll_call: "roll_call", identity: "confirm_identity", admit: "admit", compare: "compare_fingerprints",
  sound: "sound_check", start: "start", rule: "rule_objection", floor: "give_floor",
};

/** Whether the service could do it now: its own rules (`hearings.sitting`), written once more. */
function possible(state: View, found: Step): boolean {
  const present = state.people.filter((person) => person.presence === "present");
  const is = (role: string) => present.some((person) => person.role === role);
  const complete = state.people.every((person) => !person.essential || person.presence === "present");
  const compares = (code: string) => present.some((person) => person.state === code && ["presiding_judge", "clerk", "requested_authority", "technician"].includes(person.role));
  const open = state.sound_checks.filter((check) => check.required && check.status !== "passed");
  const known = (person: PersonView) => !person.needs_identity || person.identity_confirmed;
  const tests: Record<Step["kind"], () => boolean> = {
    roll_call: () => state.status === "lobby_open",
    identity: () => is("requested_authority") && found.people.length > 0 && !found.people.some(known),
    admit: () => found.people.length > 0 && found.people.every((person) => person.presence === "waiting" && known(person)),
    wait: () => (found.state !== "") !== (found.people.length > 0) && !found.people.some((person) => person.presence === "present"),
    conditions: () => is("requested_authority") && found.all > 0,
    compare: () => compares("RO") && compares("TH"),
    sound: () => complete && (open.length === 0 || open.some((check) => present.some((person) => person.participant === check.participant))),
    start: () => complete && is("presiding_judge") && state.hold === null && state.rights_due.length === 0 && state.status === "pre_record" && open.length === 0,
    rule: () => is("presiding_judge"),
    floor: () => found.people.length > 0 && found.people.every((person) => present.includes(person)),
  };
  return tests[found.kind]();
}

test("no step ever asks for what cannot be done, nor anybody for what they may not do", () => {
  const next = numbers(20261128);
  const met = new Map<string, number>();
  for (let round = 0; round < 20_000; round++) {
    const state = anyView(next);
    const found = nextStep(state);
    if (!found) continue;
    met.set(found.kind, (met.get(found.kind) ?? 0) + 1);
    assert.ok(possible(state, found), JSON.stringify({ found, state }));
    const wanted = RIGHTS[found.kind];
    if (wanted) assert.equal(found.mine, state.rights[wanted]?.allowed ?? false, found.kind);
  }
  assert.equal(met.size, 10, [...met].join(" "));
  for (const [kind, times] of met) assert.ok(times > 20, `${kind} ${times}`);
});
