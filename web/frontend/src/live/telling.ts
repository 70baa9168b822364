// What changed between two views and must be said, also to those who do not look.
import type { PersonView, View } from "../messages";
import { t } from "../i18n";
import { announce } from "./announce";
import { isPresent, isResponsible, me } from "./words";

export function tell(before: View, view: View): void {
  if (view.hold && !before.hold) {
    const why = view.hold.purpose || view.hold.reason;
    announce(view.hold.purpose ? t("Break. The floor is closed. {reason}", { reason: why }) : t("Hold. The floor is closed. {reason}", { reason: why }), "stops");
  }
  if (!view.hold && before.hold && view.phase === "room") announce(t("The hold is lifted. The floor is open."), "matters");
  const known = new Set(before.objections.map((one) => one.entry));
  for (const one of view.objections) {
    if (!known.has(one.entry) && !one.mine) announce(`${one.title}: ${one.by}. ${one.ground || one.text}`, "matters");
  }
  const latest = before.messages[before.messages.length - 1]?.entry ?? 0;
  for (const message of view.messages) {
    if (message.entry > latest && !message.mine) announce(t("Message from {name}: {text}", { name: message.by, text: message.text }), "matters");
  }
  if (view.unrecorded && !view.unrecorded.in_force && !before.unrecorded) announce(t("It is proposed to go on without a recording."), "matters");
  const old = new Map(before.people.map((person) => [person.participant, person]));
  const responsible = isResponsible(me(view));
  for (const person of view.people) {
    const was = old.get(person.participant);
    if (person.you) tellOfMe(was, person);
    else tellOf(was, person, responsible);
  }
}

function tellOfMe(was: PersonView | undefined, person: PersonView): void {
  if (person.help_answered_by && !was?.help_answered_by) announce(t("{name} is coming to help you. Please stay here.", { name: person.help_answered_by }), "matters");
  if (person.microphone === "muted_by_court" && was?.microphone !== "muted_by_court") {
    announce(t("The court has switched off your microphone. Raise your hand to speak."), "matters");
  }
}

function tellOf(was: PersonView | undefined, person: PersonView, responsible: boolean): void {
  const { name } = person;
  const here = isPresent(person);
  const wasHere = was ? isPresent(was) : false;
  if (here && !wasHere) announce(t("{name} is in the room.", { name }));
  if (!here && wasHere) announce(t("{name} is no longer in the room.", { name }));
  if (!responsible) return;
  if (person.hand && !was?.hand) announce(t("{name} raises a hand.", { name }), "matters");
  if (person.fault && !was?.fault) announce(t("{name} cannot be connected: the browser does not protect sound and picture as agreed.", { name }), "matters");
  if (person.wants_break && !was?.wants_break) announce(t("{name} asks for a break.", { name }), "matters");
  if (person.help && !was?.help) announce(t("{name} needs help.", { name }), "matters");
}
