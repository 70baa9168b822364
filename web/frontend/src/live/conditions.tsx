// The conditions of the requested State: shown to everybody in the room, to be read out; the requested authority confirms
// what has to be confirmed before the start.
import { useHearing } from "./context";
import { Ring, Tick } from "./icons";
import { t } from "../i18n";
import type { View } from "../messages";

export function Conditions({ view }: { view: View }) {
  const hearing = useHearing();
  if (view.conditions.length === 0) return null;
  return (
    <section class="conditions" aria-labelledby="conditions-title">
      <h2 id="conditions-title">{t("Conditions of the requested State")}</h2>
      <ul>
        {view.conditions.map((one) => (
          <li key={one.text}>
            <p dir="auto">{one.text}</p>
            <p class="quiet">{one.treatment}</p>
            {one.confirmed !== null && (
              <p class={one.confirmed ? "ok" : "warn"}>
                {one.confirmed ? <Tick /> : <Ring />} {one.confirmed ? t("confirmed") : t("not confirmed yet")}
              </p>
            )}
            {one.confirmable && (
              <div class="row acts">
                <button type="button" class="btn primary" onClick={() => void hearing.act("confirm_condition", { kind: one.kind })}>
                  {t("I confirm this")}
                  <span class="sr-only">: {one.text}</span>
                </button>
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
