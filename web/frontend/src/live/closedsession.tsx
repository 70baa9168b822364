// A closed session: ordered by the presiding judge; a bar in the room, and the reason for who is out.
import { useId, useState } from "preact/hooks";
import { useHearing } from "./context";
import { ReasonDialog } from "./dialog";
import { Warn } from "./icons";
import { TimePair } from "./time";
import { right } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

export function ClosedSessionBar({ view }: { view: View }) {
  const hearing = useHearing();
  const closed = view.closed_session;
  if (!closed) return null;
  return (
    <section class="bar bar-warn" aria-label={t("Closed session")} data-testid="closed-session">
      <span>
        <Warn /> <strong>{t("CLOSED SESSION")}</strong>{" "}
        {closed.out
          ? t("The court sits without the public. You cannot come in until it ends; please wait here.")
          : t("Observers and people excluded by order are out of the room.")}
      </span>
      <span>
        {t("Reason:")} <bdi dir="auto">{closed.reason}</bdi>
      </span>
      {!closed.out && closed.recorded_for.length > 0 && (
        <span>{t("Recorded to a key of its own, readable by: {names}", { names: closed.recorded_for.join(", ") })}</span>
      )}
      <span>
        {t("Ordered by {name}", { name: closed.by })} · {t("since")} <TimePair at={closed.since / 1e6} places={view.places} seconds />
      </span>
      {right(view, "close_session")?.allowed && (
        <button type="button" class="btn small" onClick={() => void hearing.act("end_closed_session", {})}>
          {t("End the closed session")}
        </button>
      )}
    </section>
  );
}

export function CloseSessionDialog({ view, onClose }: { view: View; onClose(): void }) {
  const hearing = useHearing();
  const [out, setOut] = useState<string[]>([]);
  const [recipients, setRecipients] = useState(view.readers.filter((each) => each.chosen).map((each) => each.value));
  const group = useId();
  const reading = useId();
  const people = view.people.filter((person) => view.excludable.includes(person.participant));
  const toggled = (all: string[], id: string, on: boolean): string[] => (on ? [...all, id] : all.filter((one) => one !== id));
  return (
    <ReasonDialog
      title={t("Order a closed session?")}
      text={t("All observers and the people you choose go to the lobby. They read the reason and cannot come in until you end it. The recording continues, to a key of its own: only those you choose can open what is recorded until then.")}
      confirm={t("Order it")}
      required
      danger
      onConfirm={async (reason) => (await hearing.act("close_session", { out, reason, recipients: view.readers.length ? recipients : null })).ok}
      onClose={onClose}
    >
      {people.length > 0 && (
        <fieldset aria-labelledby={group}>
          <legend id={group}>{t("Also excluded")}</legend>
          {people.map((person) => (
            <label class="tickbox" key={person.participant}>
              <input type="checkbox" checked={person.role === "observer" || out.includes(person.participant)} disabled={person.role === "observer"} onChange={(event) => setOut(toggled(out, person.participant, event.currentTarget.checked))} />
              <span>
                <bdi>{person.name}</bdi> · {person.role_label}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {view.readers.length > 0 && (
        <fieldset aria-labelledby={reading}>
          <legend id={reading}>{t("Who can open what is recorded")}</legend>
          {view.readers.map((each) => (
            <label class="tickbox" key={each.value}>
              <input type="checkbox" checked={recipients.includes(each.value)} onChange={(event) => setRecipients(toggled(recipients, each.value, event.currentTarget.checked))} />
              <span>{each.label}</span>
            </label>
          ))}
        </fieldset>
      )}
    </ReasonDialog>
  );
}
