import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE, DANGEROUS, MOST, MOST_NARROW, arrange, moment, offers, type Control, type Offer } from "../src/live/bar";
import type { PersonView, View } from "../src/messages";

const ROLES = [
  "presiding_judge", "clerk", "requested_authority", "central_authority", "interpreter", "witness", "expert", "defendant",
  "defence", "prosecutor", "civil_party", "support_person", "observer", "technician",
];
const STATUSES = ["lobby_open", "roll_call", "pre_record", "in_session", "held", "paused", "closing", "closed"];
const ALL: Control[] = [
  "microphone", "camera", "hand", "help", "hear", "original", "into", "turn", "cough", "relay", "incoming", "object",
  "ask_break", "order_break", "closed_session", "signal", "note", "devices", "keys", "leave", "close", "break_off", "hold",
];
const everything = (offer: Offer = "allowed") => new Map(ALL.map((control) => [control, offer] as const));

/** Every subset of a few controls that decide what there is room for, beside all the others. */
function* offered(): Generator<Map<Control, Offer>> {
  const varied: Control[] = ["microphone", "camera", "hear", "object", "order_break", "turn", "cough", "hold"];
  for (let bits = 0; bits < 1 << varied.length; bits++) {
    const given = everything();
    varied.forEach((control, at) => bits & (1 << at) && given.delete(control));
    yield given;
  }
}

test("at most seven are always visible, six in a narrow window, in every role at every moment, the hold among them; none is lost", () => {
  for (const role of ROLES) {
    for (const status of STATUSES) {
      for (const most of [MOST, MOST_NARROW]) {
        for (const given of offered()) {
          const { bar, menu } = arrange(role, moment(status), given, most);
          assert.ok(bar.length + 1 <= most, `${role} ${status} ${bar}`);
          assert.deepEqual([...bar, ...menu].sort(), [...given.keys()].sort(), `${role} ${status}`);
          if (given.has("hold")) assert.ok(bar.includes("hold"), `${role} ${status}: ${bar}`);
        }
      }
    }
  }
});

test("what ends the hearing is in the menu until the sitting runs, and its termination always", () => {
  for (const role of ROLES) {
    for (const status of STATUSES) {
      const { bar } = arrange(role, moment(status), everything());
      const seen = bar.filter((control) => DANGEROUS.includes(control));
      assert.deepEqual(seen, role === "presiding_judge" && moment(status) === "running" ? ["close"] : [], `${role} ${status}`);
    }
  }
});

test("what is refused is explained in the menu and takes no place in the bar", () => {
  const given = everything().set("hold", "refused").set("close", "refused");
  const { bar, menu } = arrange("clerk", "running", given);
  assert.ok(!bar.includes("hold") && menu.includes("hold") && menu.includes("close"));
});

const view = (changes: Record<string, unknown>): View =>
  ({ status: "in_session", rights: {}, languages: [], hears: "", raisable: [], purposes: [], hold: null, closed_session: null, ...changes }) as unknown as View;
const who = (role: string): PersonView => ({ role, name: "N. N." }) as PersonView;
const may = (...actions: string[]) => ({ rights: Object.fromEntries(actions.map((action) => [action, { allowed: true, reason: "" }])) });
const names = (changes: Record<string, unknown>, role: string) => [...offers(view(changes), who(role)).keys()];

test("a person is offered what the view allows them", () => {
  assert.deepEqual(names({}, "witness"), ["hand", "help", "devices", "keys", "leave"]);
  assert.deepEqual(names({ rights: { raise_hand: { allowed: false, reason: "Only …" } } }, "observer"), ["help", "devices", "keys", "leave"]);
  const judge = may("speak_floor", "show_picture", "hold", "close", "break_off", "order_break", "close_session", "signal");
  const session = { ...judge, purposes: [{ value: "rest", label: "Rest" }] };
  assert.deepEqual(names(session, "presiding_judge"), [
    "microphone", "camera", "hand", "help", "order_break", "closed_session", "signal", "devices", "keys", "leave", "close", "break_off", "hold",
  ]);
  for (const control of ["order_break", "closed_session"]) assert.ok(!names({ ...session, status: "pre_record" }, "presiding_judge").includes(control as Control));
  for (const control of ["close", "break_off", "hold"]) assert.ok(!names({ ...session, status: "closing" }, "presiding_judge").includes(control as Control));
  assert.ok(!names({ ...session, status: "lobby_open" }, "presiding_judge").includes("hold"));
  assert.ok(!names({ ...session, hold: { by: "N. N." } }, "presiding_judge").includes("hold"));
  assert.ok(names({ ...session, hold: { by: "Somebody else" } }, "presiding_judge").includes("hold"));
  const hears = { languages: [{ lang: "th", hearable: true }], hears: "th" };
  assert.deepEqual(names(hears, "witness").filter((control) => control === "hear" || control === "original"), ["hear", "original"]);
  assert.deepEqual(names(hears, "interpreter"), ["hand", "help", "into", "devices", "keys", "leave"]);
});

test("an interpreter chooses the language, passes the turn, coughs and mutes without a menu, whatever else there is", () => {
  const booth = { live: "N. N.", partners: ["Luis Bran"], into: ["ro", "th"], relay: "" };
  const languages = [{ lang: "ro", hearable: true }, { lang: "th", hearable: true }];
  const rights = may("speak_floor", "show_picture", "hold", "ask_break", "signal").rights;
  const interpreting = (changes: Record<string, unknown>) => offers(view({ languages, booth, rights, ...changes }), who("interpreter"));
  const full = interpreting({});
  for (const control of ["relay", "incoming", "turn", "cough", "note", "signal"] as Control[]) assert.equal(full.get(control), "allowed", control);
  const wide = arrange("interpreter", "running", full);
  assert.deepEqual(wide.bar, ["microphone", "into", "turn", "cough", "relay", "hold"]);
  assert.deepEqual(arrange("interpreter", "running", full, MOST_NARROW).bar, ["microphone", "into", "turn", "cough", "hold"]);
  assert.ok(["incoming", "signal", "note", "help", "camera"].every((control) => wide.menu.includes(control as Control)));
  // Alone in the booth there is room for the signals.
  const alone = arrange("interpreter", "running", interpreting({ booth: { ...booth, partners: [] } }));
  assert.deepEqual(alone.bar, ["microphone", "into", "cough", "relay", "signal", "hold"]);
  // In consecutive interpreting there is no booth; without languages no console, and nothing that would stand in it.
  assert.ok(interpreting({ booth: null }).has("into") && !interpreting({ booth: null }).has("relay"));
  assert.ok(CONSOLE.every((control) => !interpreting({ languages: [] }).has(control)));
  assert.ok(CONSOLE.every((control) => !offers(view({ languages, booth: null, rights }), who("clerk")).has(control)));
});

test("only those who answer for the hearing see what they are refused", () => {
  const refused = { rights: { close: { allowed: false, reason: "Only the presiding judge" } } };
  assert.equal(offers(view(refused), who("clerk")).get("close"), "refused");
  assert.equal(offers(view(refused), who("defence")).get("close"), undefined);
});
