// Before the sitting: each required track is recorded, read back and decoded. And the start itself.
import { useId, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal } from "./dialog";
import { Cross, Half, Ring, Tick } from "./icons";
import { ActButton } from "./roll";
import { isHeard, isInterpreter, isPresent, isResponsible, right } from "./words";
import { t } from "../i18n";
import type { PersonView, SoundCheckView, View } from "../messages";

function word(check: SoundCheckView): string {
  switch (check.status) {
    case "waiting":
      return t("not checked");
    case "running":
      return t("being checked: please speak now");
    case "passed":
      return t("passed");
    case "failed":
      return t("not passed");
  }
}

const ICONS = { waiting: Ring, running: Half, passed: Tick, failed: Cross };

/** The checks there are; before the first one has been asked for, those that can be foreseen. */
function checksOf(view: View): SoundCheckView[] {
  if (view.sound_checks.length > 0 || view.status === "lobby_open" || !right(view, "sound_check")?.allowed) return view.sound_checks;
  const blank = { required: true, status: "waiting" as const, level: null, picture: null, advice: "" };
  return view.people.filter((person) => isPresent(person) && !person.device_of).flatMap((person) => {
    const { participant, name } = person;
    if (!isInterpreter(person)) return isHeard(person) || isRequired(person) ? [{ ...blank, participant, lang: "", label: name }] : [];
    return view.languages.map((language) => ({
      ...blank,
      participant,
      lang: language.lang,
      label: t("{name}, into {language}", { name, language: language.name }),
    }));
  });
}

const isRequired = (person: PersonView): boolean => ["presiding_judge", "requested_authority"].includes(person.role);

/** Everything that must happen in the room before the sitting starts. */
export function BeforeSitting({ view }: { view: View }) {
  const hearing = useHearing();
  const explain = isResponsible(hearing.me.value);
  const checks = checksOf(view);
  const mine = view.sound_checks.find((check) => check.participant === view.me && check.status === "running");
  if (!explain && checks.length === 0) return null;
  return (
    <section class="checks" aria-labelledby="checks-title">
      <h2 id="checks-title">{t("Before the sitting")}</h2>
      {mine && (
        <p class="notice" role="status">
          {t("Sound check: say your name now, loud and clear.")}
        </p>
      )}
      {checks.length > 0 && <Checks view={view} checks={checks} />}
      <div class="row acts">
        {view.status === "lobby_open" && (
          <ActButton right={right(view, "roll_call")} explain={explain} class="primary" label={t("Start the roll call")} onClick={() => void hearing.act("roll_call", {})} />
        )}
        {view.status === "roll_call" && <p class="quiet">{t("When everyone is in the room, check the sound of each. Then the sitting can start.")}</p>}
        {view.status === "pre_record" && <StartButton view={view} explain={explain} />}
      </div>
    </section>
  );
}

function Checks({ view, checks }: { view: View; checks: SoundCheckView[] }) {
  const hearing = useHearing();
  const required = checks.filter((check) => check.required);
  const passed = required.filter((check) => check.status === "passed");
  return (
    <>
      <p class="quiet">{t("Sound check: {passed} of {all} required ones passed", { passed: passed.length, all: required.length })}</p>
      <ul>
        {checks.map((check) => {
          const Icon = ICONS[check.status];
          return (
            <li key={check.participant + check.lang}>
              <p>
                <b dir="auto">{check.label}</b> {!check.required && <span class="quiet">{t("optional")}</span>}
              </p>
              <p class={`row-2 check-${check.status}`}>
                <span><Icon /> {word(check)}</span>
                {check.level !== null && <span>{t("loudest {level} dB", { level: (check.level / 10).toFixed(0) })}</span>}
                {check.picture !== null && <span>{check.picture ? t("picture recorded") : t("no picture recorded")}</span>}
              </p>
              {check.advice && <p class="advice">{check.advice}</p>}
              {check.status !== "running" && (
                <div class="row acts">
                  <ActButton
                    right={right(view, "sound_check")}
                    explain={false}
                    label={check.status === "waiting" ? t("Check {label}", { label: check.label }) : t("Check {label} again", { label: check.label })}
                    onClick={() => void hearing.act("sound_check", { participant: check.participant, lang: check.lang })}
                  />
                </div>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function StartButton({ view, explain }: { view: View; explain: boolean }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <ActButton right={right(view, "start")} explain={explain} class="primary" label={t("Start the sitting")} onClick={() => setOpen(true)} />
      {open && <StartDialog view={view} onClose={() => setOpen(false)} />}
    </>
  );
}

/** People may be missing from the picture, never from the sound; the judge says who and why. */
function StartDialog({ view, onClose }: { view: View; onClose(): void }) {
  const hearing = useHearing();
  const blind = view.people.filter((person) => {
    const checks = view.sound_checks.filter((check) => check.participant === person.participant && !check.lang);
    return isPresent(person) && !person.device_of && (!person.camera || checks.some((check) => check.picture === false));
  });
  const told = view.fingerprints;
  const uncompared = told !== null && (told.status === "differs" || (told.required && told.status !== "matched"));
  const [without, setWithout] = useState<string[]>([]);
  const [comparison, setComparison] = useState(false);
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const field = useId();
  const start = async (event: Event): Promise<void> => {
    event.preventDefault();
    if ((without.length > 0 || (uncompared && comparison)) && reason.trim().length < 3) {
      setProblem(t("Give a reason, in a few words."));
      return;
    }
    setBusy(true);
    const { ok } = await hearing.act("start", { without_camera: without, without_comparison: uncompared && comparison, reason: reason.trim() });
    setBusy(false);
    if (ok) onClose();
  };
  return (
    <Dialog title={t("Start the sitting?")} onClose={onClose}>
      <form onSubmit={(event) => void start(event)} noValidate>
        <p>{t("The recording starts. Everyone in the room is notified.")}</p>
        {blind.length > 0 && (
          <fieldset>
            <legend>{t("Start without the picture of:")}</legend>
            {blind.map((person) => (
              <label class="tickbox" key={person.participant}>
                <input
                  type="checkbox"
                  checked={without.includes(person.participant)}
                  onChange={(event) =>
                    setWithout(event.currentTarget.checked ? [...without, person.participant] : without.filter((id) => id !== person.participant))
                  }
                />
                {person.name}
              </label>
            ))}
          </fieldset>
        )}
        {uncompared && (
          <fieldset>
            <legend>{told.status === "differs" ? t("The courts have read different codes.") : t("The codes were not read aloud as agreed.")}</legend>
            <label class="tickbox">
              <input type="checkbox" checked={comparison} onChange={(event) => setComparison(event.currentTarget.checked)} />
              {t("Start anyway")}
            </label>
          </fieldset>
        )}
        {(blind.length > 0 || uncompared) && (
          <>
            <label class="field" for={field}>{t("Reason")}</label>
            {problem && <p class="field-error" role="alert">{problem}</p>}
            <textarea id={field} rows={2} maxLength={500} dir="auto" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
          </>
        )}
        <DialogRefusal />
        <div class="row">
          <button type="submit" class="btn primary" disabled={busy}>
            {t("Start now")}
          </button>
          <button type="button" class="btn" onClick={onClose}>
            {t("Cancel")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
