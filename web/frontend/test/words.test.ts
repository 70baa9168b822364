import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { pt, stateName, t, tn, use } from "../src/i18n";
import type { CallView, PersonView } from "../src/messages";
import { sounds } from "../src/live/words";
import { clock, date, duration, offset } from "../src/live/time";

const AT = Date.UTC(2026, 11, 3, 7, 5, 9);

const call = (kind: "help" | "break", since: number, answered = ""): CallView => ({
  kind,
  participant: "p",
  name: "W-7",
  role_label: "Witness",
  state: "Thailand",
  since: since * 1e6,
  answered_by: answered,
  reason: "",
});
const page = (role: string): PersonView => ({ role }) as PersonView;

test("a call for help sounds until it is answered, and a wish for a break at the clerk after 30 s", () => {
  for (const role of ["presiding_judge", "clerk", "requested_authority", "technician"]) {
    assert.equal(sounds([call("help", AT)], page(role), AT), true, role);
    assert.equal(sounds([call("help", AT, "A. Clerk")], page(role), AT + 60_000), false, role);
    assert.equal(sounds([call("break", AT)], page(role), AT + 29_999), false, role);
    assert.equal(sounds([call("break", AT)], page(role), AT + 30_000), role === "clerk", role);
  }
  assert.equal(sounds([], page("clerk"), AT), false);
});

afterEach(() => use({ lang: "en", dir: "ltr", messages: {} }));

test("a message without a translation is English, with its blanks filled", () => {
  assert.equal(t("{name} is in the room.", { name: "W-7" }), "W-7 is in the room.");
  assert.equal(t("{name} is in the room."), "{name} is in the room.");
  assert.equal(tn("{n} person listens.", "{n} people listen.", 1), "1 person listens.");
  assert.equal(tn("{n} person listens.", "{n} people listen.", 0), "0 people listen.");
});

test("a message with a context has a translation of its own", () => {
  use({ lang: "fr", dir: "ltr", messages: { Close: "Clore", "dialog\u0004Close": "Fermer" } });
  assert.deepEqual([t("Close"), pt("dialog", "Close"), pt("sitting", "Close")], ["Clore", "Fermer", "Close"]);
});

test("Portuguese names are those of Portugal", () => {
  use({ lang: "pt", dir: "ltr", messages: {} });
  assert.equal(stateName("RO"), "Roménia");
});

test("plural forms go by the category of the language", () => {
  const forms = { one: "{n} persoană", few: "{n} persoane", other: "{n} de persoane" };
  use({ lang: "ro", dir: "ltr", messages: { "{n} person listens.": forms } });
  const found = [1, 2, 19, 20].map((n) => tn("{n} person listens.", "{n} people listen.", n));
  assert.deepEqual(found, ["1 persoană", "2 persoane", "19 persoane", "20 de persoane"]);
});

test("times are of 24 hours, Gregorian and in Latin digits in every language", () => {
  for (const lang of ["en", "fr", "es", "ru", "ar", "zh-Hans", "th", "pt", "ro"]) {
    use({ lang, dir: "ltr", messages: {} });
    assert.equal(clock(AT, "Asia/Bangkok", true), "14:05:09", lang);
    assert.equal(offset(AT, "Asia/Bangkok"), "UTC+07:00", lang);
    assert.match(date(AT, "Europe/Bucharest"), /2026/, lang);
    assert.doesNotMatch(date(AT, "Europe/Bucharest"), /2569|[٠-٩]/, lang);
  }
});

test("an offset follows the clock change, and midnight is 00", () => {
  assert.equal(offset(AT, "Europe/Bucharest"), "UTC+02:00");
  assert.equal(offset(Date.UTC(2027, 2, 28, 12), "Europe/Bucharest"), "UTC+03:00");
  assert.equal(offset(AT, "UTC"), "UTC+00:00");
  assert.equal(offset(AT, "America/St_Johns"), "UTC-03:30");
  assert.equal(clock(Date.UTC(2026, 11, 3), "UTC"), "00:00");
});

test("an English date has the day before the month in words", () => {
  assert.equal(date(AT, "Europe/Bucharest").replace(",", ""), "Thursday 3 December 2026");
});

test("a duration has hours", () => {
  assert.equal(duration(2_537_000), "00:42:17");
  assert.equal(duration(-5), "00:00:00");
  assert.equal(duration(36_000_000), "10:00:00");
});
