// Whose turn it is: who has the floor, who is next, who asks, and what waits to be interpreted; what each may do about it.
import { useEffect, useRef } from "preact/hooks";
import { announce } from "./announce";
import { useHearing } from "./context";
import { Select } from "./fields";
import { Hand, Mic, Tick } from "./icons";
import { isInterpreter, isPresent, nameOf, right } from "./words";
import { list, t } from "../i18n";
import type { PersonView, View } from "../messages";

type FloorMode = View["floor"]["mode"];

const modes = (): { value: FloorMode; label: string }[] => [
  { value: "open", label: t("Everybody may speak") },
  { value: "by_turn", label: t("By turn") },
  { value: "consecutive", label: t("By turn, interpreted after each speaker") },
];

/** Whether somebody can be given the floor: they are here, and speak to it in their own name. */
export const takesTurns = (view: View, person: PersonView): boolean =>
  view.floor.mode !== "open" && isPresent(person) && !isInterpreter(person) && !["support_person", "observer", "technician"].includes(person.role);

export function FloorBar({ view }: { view: View }) {
  const hearing = useHearing();
  const self = hearing.me.value;
  const { floor } = view;
  const gives = right(view, "give_floor")?.allowed ?? false;
  const running = ["in_session", "paused", "held"].includes(view.status);
  const yours = floor.mode !== "open" && self !== undefined && floor.holder === self.participant;
  const waiting = floor.uninterpreted !== "" && floor.interpreter === "";
  const interprets = isInterpreter(self) && floor.mode === "consecutive" && self?.renders === "";
  useTurnSaid(view, yours, interprets && waiting);
  if (!running || (floor.mode === "open" && !gives)) return null;
  const person = (id: string): string => (id === self?.participant ? t("you") : nameOf(view, id));
  return (
    <section class="floor-bar" aria-labelledby="floor-title" data-mode={floor.mode}>
      <h2 id="floor-title" class="sr-only">
        {t("Whose turn it is")}
      </h2>
      {floor.mode !== "open" && (
        <ol class="turns">
          {floor.uninterpreted !== "" && (
            <li class={waiting ? "warn" : "now"} data-turn="interpreting">
              <Mic off={waiting} />{" "}
              {waiting
                ? t("To be interpreted: what {name} said", { name: person(floor.uninterpreted) })
                : t("{interpreter} interprets what {name} said", { interpreter: person(floor.interpreter), name: person(floor.uninterpreted) })}
            </li>
          )}
          <li class={floor.uninterpreted === "" ? "now" : ""} data-turn="floor">
            <Mic off={floor.uninterpreted !== ""} />{" "}
            {floor.uninterpreted === "" ? t("Has the floor: {name}", { name: person(floor.holder) }) : t("Then: {name}", { name: person(floor.holder) })}
          </li>
          {floor.next !== "" && <li data-turn="next">{t("Next: {name}", { name: person(floor.next) })}</li>}
          {floor.asking.length > 0 && (
            <li data-turn="asking">
              <Hand /> {t("Ask for the floor: {names}", { names: list(floor.asking.map(person)) })}
            </li>
          )}
        </ol>
      )}
      <div class="row">
        {interprets && floor.interpreter !== self?.participant && (
          <button type="button" class="btn primary" onClick={() => void begin()}>
            {t("Interpret now")}
          </button>
        )}
        {interprets && floor.interpreter === self?.participant && (
          <button type="button" class="btn primary" onClick={() => void hearing.act("end_interpreting", {})}>
            <Tick /> {t("Interpreted")}
          </button>
        )}
        {yours && floor.uninterpreted === "" && (
          <button type="button" class="btn" onClick={() => void hearing.act("finish_speaking", {})}>
            {floor.mode === "consecutive" && gives ? t("Have it interpreted") : t("I have finished")}
          </button>
        )}
        {gives && floor.mode !== "open" && !yours && (
          <button type="button" class="btn" onClick={() => void hearing.act("take_floor_back", {})}>
            {t("Take the floor back")}
          </button>
        )}
        {gives && floor.uninterpreted !== "" && (
          <button type="button" class="btn" onClick={() => void hearing.act("end_interpreting", {})}>
            {t("Go on without interpreting")}
          </button>
        )}
        {gives && (
          <Select
            label={t("How people speak")}
            value={floor.mode}
            options={modes()}
            onChange={(value) => void hearing.act("set_floor_mode", { mode: value as FloorMode })}
          />
        )}
      </div>
    </section>
  );

  async function begin(): Promise<void> {
    if ((await hearing.act("interpret", {})).ok) await hearing.sending.setMicrophone(true);
  }
}

/** Says it once when one's own turn comes: who cannot see the bar hears it. */
function useTurnSaid(view: View, yours: boolean, interpret: boolean): void {
  const before = useRef({ yours, interpret });
  const speaks = yours && view.floor.may_speak;
  useEffect(() => {
    if (speaks && !before.current.yours) announce(t("You have the floor. Your microphone is off until you switch it on."), "matters");
    if (interpret && !before.current.interpret) announce(t("Please interpret what was said."), "matters");
    before.current = { yours: speaks, interpret };
  }, [speaks, interpret]);
}

/** What who presides may do about somebody's turn, in the roll. */
export function TurnActs({ view, person }: { view: View; person: PersonView }) {
  const hearing = useHearing();
  const { name, participant } = person;
  if (!takesTurns(view, person) || !right(view, "give_floor")?.allowed) return null;
  const next = view.floor.next === participant;
  return (
    <>
      {view.floor.holder !== participant && (
        <button type="button" class="btn" onClick={() => void hearing.act("give_floor", { participant })}>
          {t("Give {name} the floor", { name })}
        </button>
      )}
      {view.floor.holder !== participant && !person.you && (
        <button type="button" class="btn" aria-pressed={next} onClick={() => void hearing.act("line_up", { participant, up: !next })}>
          {t("Next: {name}", { name })}
        </button>
      )}
    </>
  );
}
