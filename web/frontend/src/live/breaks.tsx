// Breaks: ordered by the presiding judge, counted down in both courts' time, ended by the judge.
import { useEffect, useId, useState } from "preact/hooks";
import { announce } from "./announce";
import { mayOrderBreak } from "./bar";
import { useHearing } from "./context";
import { Dialog, DialogRefusal } from "./dialog";
import { Select } from "./fields";
import { TimePair, duration } from "./time";
import { isPresent } from "./words";
import { t, tn } from "../i18n";
import type { HoldView, View } from "../messages";

const MOST_MINUTES = 240;

/** For the bar of calls; the room's controls have their own. */
export function OrderBreakButton({ view }: { view: View }) {
  const [open, setOpen] = useState(false);
  if (!mayOrderBreak(view)) return null;
  return (
    <>
      <button type="button" class="btn small" onClick={() => setOpen(true)}>
        {t("Order a break")}
      </button>
      {open && <OrderBreakDialog view={view} onClose={() => setOpen(false)} />}
    </>
  );
}

export function OrderBreakDialog({ view, onClose }: { view: View; onClose(): void }) {
  const hearing = useHearing();
  const [purpose, setPurpose] = useState(view.purposes[0]?.value ?? "");
  const [minutes, setMinutes] = useState("10");
  const [reason, setReason] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const field = useId();
  const whole = Number(minutes);
  const fits = /^\d+$/.test(minutes.trim()) && whole >= 1 && whole <= MOST_MINUTES;
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!fits) {
      setProblem(t("Give whole minutes, from 1 to {most}.", { most: MOST_MINUTES }));
      document.getElementById(field)?.focus();
      return;
    }
    setBusy(true);
    const { ok } = await hearing.act("order_break", { purpose, minutes: whole, reason: reason.trim() });
    setBusy(false);
    if (ok) onClose();
  };
  return (
    <Dialog title={t("Order a break?")} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)} noValidate>
        <p>{t("The floor is closed, all microphones go off, and the recording is paused: nothing is kept of what is said or seen in the break. You open the floor again.")}</p>
        <Select label={t("Purpose")} value={purpose} options={view.purposes} onChange={setPurpose} />
        <label class="field" for={field}>
          {t("Minutes")}
        </label>
        {problem && (
          <p class="field-error" id={`${field}-error`} role="alert">
            {problem}
          </p>
        )}
        <input id={field} inputMode="numeric" size={4} maxLength={3} dir="ltr" autocomplete="off" value={minutes} aria-invalid={problem ? "true" : undefined} aria-describedby={problem ? `${field}-error` : undefined} onInput={(event) => setMinutes(event.currentTarget.value)} />
        {fits && (
          <p>
            {t("Until")} <TimePair at={hearing.now.value + whole * 60_000} places={view.places} />
          </p>
        )}
        <label class="field" for={`${field}-reason`}>
          {t("Reason (optional)")}
        </label>
        <textarea id={`${field}-reason`} rows={2} maxLength={500} dir="auto" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        <DialogRefusal />
        <div class="row">
          <button type="submit" class="btn primary" disabled={busy}>
            {t("Order the break")}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            {t("Cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** How long a break still lasts, and that it is over. */
export function Countdown({ hold, view }: { hold: HoldView; view: View }) {
  const hearing = useHearing();
  const until = hold.until === null ? 0 : hold.until / 1e6;
  const over = until > 0 && hearing.now.value >= until;
  useEffect(() => {
    if (!over) return;
    hearing.ears.sound.chime();
    announce(t("The time of the break is over. The presiding judge opens the floor again."), "matters");
  }, [over]);
  if (!until) return null;
  return (
    <span data-testid="countdown">
      {over ? (
        <b>{t("The time of the break is over. The presiding judge opens the floor again.")}</b>
      ) : (
        <>
          {t("Still")}{" "}
          <bdi class="clock" dir="ltr">
            {duration(until - hearing.now.value)}
          </bdi>
        </>
      )}{" "}
      {t("Until")} <TimePair at={until} places={view.places} />
    </span>
  );
}

/** For the question before the floor opens after a break: who is back. */
export function WhoIsBack({ view }: { view: View }) {
  const back = view.people.filter(isPresent);
  const away = view.people.filter((person) => person.presence === "left" || person.presence === "reconnecting");
  return (
    <>
      <p>{tn("{n} person is in the room.", "{n} people are in the room.", back.length)}</p>
      {away.length > 0 && (
        <div class="warning">
          <p>{t("Not back yet:")}</p>
          <ul>
            {away.map((person) => (
              <li key={person.participant}>
                <bdi>{person.name}</bdi> · {person.role_label}
              </li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}
