// One bar for who conducts: the next step, whose it is, and the way to where it is done.
import { useHearing } from "./context";
import { nextStep, type Step, type StepKind } from "./next-step";
import { isResponsible } from "./words";
import { list, t, tn } from "../i18n";
import type { View } from "../messages";

/** By step, the part of the page where it is done: the id of its heading. */
const PLACES: Record<StepKind, string> = {
  roll_call: "checks-title",
  identity: "lobby-title",
  admit: "lobby-title",
  wait: "rest-title",
  conditions: "conditions-title",
  compare: "fingerprints-title",
  sound: "checks-title",
  start: "checks-title",
  rule: "objections-title",
  floor: "rest-title",
};

export function NextBar({ view }: { view: View }) {
  const hearing = useHearing();
  const step = isResponsible(hearing.me.value) ? nextStep(view) : null;
  if (step === null) return null;
  return (
    <section class="bar next-bar" aria-labelledby="next-title" data-step={step.kind}>
      <h2 id="next-title">{step.mine ? t("Next step for you") : t("Next step")}</h2>
      <p>{words(step)}</p>
      {step.mine && (
        <button type="button" class="btn small" onClick={() => show(PLACES[step.kind])}>
          {t("Go there")}
        </button>
      )}
    </section>
  );
}

/** Brings the place into view and the focus to the first thing that can be done there. */
function show(id: string): void {
  const section = document.getElementById(id)?.closest("section");
  const panel = section?.closest<HTMLElement>("[role=tabpanel][hidden]");
  if (panel) document.getElementById(panel.getAttribute("aria-labelledby") ?? "")?.click();
  window.requestAnimationFrame(() => {
    const first = section?.querySelector<HTMLElement>(".btn.primary:not([aria-disabled]), .btn:not([aria-disabled])");
    section?.scrollIntoView({ block: "nearest" });
    first?.focus();
  });
}

function words(step: Step): string {
  const names = list(step.people.map((person) => person.name));
  switch (step.kind) {
    case "roll_call":
      return t("Start the roll call.");
    case "identity":
      return step.mine ? t("Confirm the identity of {names}.", { names }) : t("{names}: the requested authority confirms the identity.", { names });
    case "admit":
      return t("In the lobby: {names}. Admit them to the room.", { names });
    case "wait":
      return step.state
        ? t("{state}: nobody is in the room yet. Wait for them, or call them.", { state: step.state })
        : t("Not in the room yet: {names}. Wait for them, or call them.", { names });
    case "conditions":
      return step.mine
        ? tn("Confirm {n} condition of your State.", "Confirm {n} conditions of your State.", step.all)
        : tn("The requested authority confirms {n} condition.", "The requested authority confirms {n} conditions.", step.all);
    case "compare":
      return t("Read the security code to the other court and compare.");
    case "sound":
      return step.all === 0 ? t("Check the sound of everyone who speaks.") : t("Check the sound: {passed} of {all} passed.", { passed: step.done, all: step.all });
    case "start":
      return step.mine ? t("Everything is ready: start the sitting.") : t("Everything is ready: the presiding judge starts the sitting.");
    case "rule":
      return step.mine
        ? tn("{n} objection or claim waits for your ruling.", "{n} objections or claims wait for your ruling.", step.all)
        : tn("{n} objection or claim waits for the ruling of the presiding judge.", "{n} objections or claims wait for the ruling of the presiding judge.", step.all);
    case "floor":
      return t("Ask for the floor: {names}", { names });
  }
}
