// The signed rule for a broken line as a list of steps, for who conducts.
import { useHearing } from "./context";
import { Tick } from "./icons";
import { TimePair, duration } from "./time";
import { right } from "./words";
import { t } from "../i18n";
import type { TelephoneView, View } from "../messages";

/** What a dialler takes of a number that a State has written for people: digits, after a plus or none. */
const dialled = (number: string): string => (/^\s*\+/.test(number) ? "+" : "") + number.replace(/\D/g, "");

function Telephones({ telephones }: { telephones: TelephoneView[] }) {
  return (
    <dl class="pairs">
      {telephones.map(({ state, label, number }) => (
        <div key={`${state} ${label}`}>
          <dt>
            {state} · {label}
          </dt>
          <dd>
            <a href={`tel:${dialled(number)}`} dir="ltr">
              {number}
            </a>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function BreakdownSteps({ view }: { view: View }) {
  const hearing = useHearing();
  const may = right(view, "breakdown_step")?.allowed ?? false;
  return (
    <>
      {view.breakdowns.map((one) => {
        const left = one.adjourn_at / 1e6 - hearing.now.value;
        return (
          <section class="roll" key={one.participant} aria-label={t("Agreed steps for the lost line of {name}", { name: one.name })} data-testid="breakdown">
            <h2>{t("Line lost: {name}", { name: one.name })}</h2>
            <p class="quiet">
              {t("Agreed by both States. Adjourn at")} <TimePair at={one.adjourn_at / 1e6} places={view.places} />{" "}
              {left > 0 ? (
                <bdi class="clock" dir="ltr">
                  {duration(left)}
                </bdi>
              ) : (
                <b class="warn">{t("The agreed time is over.")}</b>
              )}
            </p>
            <ol class="queue">
              {one.steps.map((step) => (
                <li key={step.step}>
                  {step.at !== null ? (
                    <p class="ok">
                      <Tick /> {step.label} · <TimePair at={step.at / 1e6} places={view.places} seconds />
                    </p>
                  ) : may ? (
                    <button type="button" class="btn small" onClick={() => void hearing.act("breakdown_step", { participant: one.participant, step: step.step })}>
                      {step.label}
                    </button>
                  ) : (
                    <p>{step.label}</p>
                  )}
                  {step.step === "phone" && one.telephones.length > 0 && <Telephones telephones={one.telephones} />}
                </li>
              ))}
            </ol>
          </section>
        );
      })}
    </>
  );
}
