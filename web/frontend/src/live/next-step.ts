// What comes next for those who conduct, as data: what it is, whose it is, and where on the page it is done. Never
// something that cannot be done yet: then the step is to wait for whom it needs.
import type { PersonView, View } from "../messages";

export type StepKind = "roll_call" | "identity" | "admit" | "wait" | "conditions" | "compare" | "sound" | "start" | "rule" | "floor";

export interface Step {
  kind: StepKind;
  /** Whom it is about, and which check of how many. */
  people: PersonView[];
  done: number;
  all: number;
  /** Of a wait: the State of which nobody has been named; empty: `people` are waited for. */
  state: string;
  /** Whether this viewer may do it; else somebody else is waited for. */
  mine: boolean;
}

const HERE = ["present", "reconnecting"];
/** Roles that may say whether the codes read aloud were the same. */
const COMPARING = ["presiding_judge", "clerk", "requested_authority", "technician"];

const here = (person: PersonView): boolean => HERE.includes(person.presence);
/** Able to act now: a line that is being made anew does not count. */
const acts = (person: PersonView): boolean => person.presence === "present";
const allowed = (view: View, action: string): boolean => view.rights[action]?.allowed ?? false;
const NONE = { people: [], done: 0, all: 0, state: "" };

/** The step that everybody who conducts waits for now; null when the hearing simply goes on. */
export function nextStep(view: View): Step | null {
  if (view.status === "lobby_open") return { kind: "roll_call", ...NONE, mine: allowed(view, "roll_call") };
  if (view.status === "roll_call" || view.status === "pre_record") return beforeStart(view);
  if (view.status !== "in_session") return null;
  const open = view.objections.filter((one) => !one.reserved);
  if (open.length > 0) return waitFor(view, "presiding_judge") ?? { kind: "rule", ...NONE, all: open.length, mine: allowed(view, "rule_objection") };
  const asking = view.floor.mode === "open" ? [] : view.people.filter((person) => acts(person) && view.floor.asking.includes(person.participant));
  if (asking.length > 0 && allowed(view, "give_floor")) return { kind: "floor", ...NONE, people: asking, mine: true };
  return null;
}

/** To wait for people who are not in the room; null when nobody is missing. */
function wait(people: PersonView[], state = ""): Step | null {
  return people.length > 0 || state !== "" ? { kind: "wait", ...NONE, people, state, mine: false } : null;
}

/** To wait for somebody of a role, which only one State has; null when one is there. */
function waitFor(view: View, role: "presiding_judge" | "requested_authority"): Step | null {
  const named = view.people.filter((person) => person.role === role);
  if (named.some(acts)) return null;
  return wait(named, named.length > 0 ? "" : view.laws[role === "presiding_judge" ? 0 : 1]?.label);
}

/** To wait for the court with which nobody can compare codes yet; null when both are there. */
function waitForCourt(view: View): Step | null {
  for (const { value, label } of view.laws) {
    const named = view.people.filter((person) => person.state === value && COMPARING.includes(person.role));
    if (!named.some(acts)) return wait(named, named.length > 0 ? "" : label);
  }
  return null;
}

function beforeStart(view: View): Step | null {
  const waiting = view.people.filter((person) => person.presence === "waiting");
  const unknown = view.people.filter((person) => (here(person) || person.presence === "waiting") && person.needs_identity && !person.identity_confirmed);
  if (unknown.length > 0) {
    return waitFor(view, "requested_authority") ?? { kind: "identity", ...NONE, people: unknown, mine: allowed(view, "confirm_identity") };
  }
  if (waiting.length > 0) return { kind: "admit", ...NONE, people: waiting, mine: allowed(view, "admit") };
  const unconfirmed = view.conditions.filter((condition) => condition.confirmed === false);
  if (unconfirmed.length > 0) {
    const mine = unconfirmed.some((condition) => condition.confirmable);
    return waitFor(view, "requested_authority") ?? { kind: "conditions", ...NONE, all: unconfirmed.length, mine };
  }
  if (view.fingerprints?.required && view.fingerprints.status !== "matched") {
    return waitForCourt(view) ?? { kind: "compare", ...NONE, mine: allowed(view, "compare_fingerprints") };
  }
  return wait(view.people.filter((person) => person.essential && !acts(person))) ?? checkOrStart(view);
}

function checkOrStart(view: View): Step | null {
  const required = view.sound_checks.filter((check) => check.required);
  const open = required.filter((check) => check.status !== "passed");
  if (required.length === 0 || open.length > 0) {
    const voices = view.people.filter((person) => open.some((check) => check.participant === person.participant));
    const absent = voices.length > 0 && !voices.some(acts) ? wait(voices) : null;
    return absent ?? { kind: "sound", ...NONE, done: required.length - open.length, all: required.length, mine: allowed(view, "sound_check") };
  }
  // The bar of the hold says who opens the floor first.
  // The bar of the rights says what the start still waits for.
  if (view.hold || view.rights_due.length > 0) return null;
  return waitFor(view, "presiding_judge") ?? { kind: "start", ...NONE, mine: allowed(view, "start") };
}
