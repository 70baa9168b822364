// What comes next for those who conduct, as data: what it is, whose it is, and where on the page it is done.
import type { PersonView, View } from "../messages";

export type StepKind = "roll_call" | "identity" | "admit" | "conditions" | "compare" | "sound" | "start" | "rule" | "floor";

export interface Step {
  kind: StepKind;
  /** Whom it is about, and which check of how many. */
  people: PersonView[];
  done: number;
  all: number;
  /** Whether this viewer may do it; else somebody else is waited for. */
  mine: boolean;
}

const HERE = ["present", "reconnecting"];
const here = (person: PersonView): boolean => HERE.includes(person.presence);
const allowed = (view: View, action: string): boolean => view.rights[action]?.allowed ?? false;

/** The step that everybody who conducts waits for now; null when the hearing simply goes on. */
export function nextStep(view: View): Step | null {
  const none = { people: [], done: 0, all: 0 };
  if (view.status === "lobby_open") return { kind: "roll_call", ...none, mine: allowed(view, "roll_call") };
  if (view.status === "roll_call" || view.status === "pre_record") return beforeStart(view);
  if (view.status !== "in_session") return null;
  const open = view.objections.filter((one) => !one.reserved);
  if (open.length > 0) return { kind: "rule", ...none, all: open.length, mine: allowed(view, "rule_objection") };
  const asking = view.floor.mode === "open" ? [] : view.floor.asking;
  if (asking.length > 0 && allowed(view, "give_floor")) {
    return { kind: "floor", ...none, people: view.people.filter((person) => asking.includes(person.participant)), mine: true };
  }
  return null;
}

function beforeStart(view: View): Step {
  const none = { people: [], done: 0, all: 0 };
  const waiting = view.people.filter((person) => person.presence === "waiting");
  const unknown = view.people.filter((person) => (here(person) || person.presence === "waiting") && person.needs_identity && !person.identity_confirmed);
  if (unknown.length > 0) return { kind: "identity", ...none, people: unknown, mine: allowed(view, "confirm_identity") };
  if (waiting.length > 0) return { kind: "admit", ...none, people: waiting, mine: allowed(view, "admit") };
  const unconfirmed = view.conditions.filter((condition) => condition.confirmed === false);
  if (unconfirmed.length > 0) return { kind: "conditions", ...none, all: unconfirmed.length, mine: unconfirmed.some((condition) => condition.confirmable) };
  if (view.fingerprints?.required && view.fingerprints.status !== "matched") return { kind: "compare", ...none, mine: allowed(view, "compare_fingerprints") };
  const required = view.sound_checks.filter((check) => check.required);
  const passed = required.filter((check) => check.status === "passed").length;
  if (required.length === 0 || passed < required.length) return { kind: "sound", ...none, done: passed, all: required.length, mine: allowed(view, "sound_check") };
  return { kind: "start", ...none, mine: allowed(view, "start") };
}
