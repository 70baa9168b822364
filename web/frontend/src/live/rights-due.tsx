// One line for who conducts: the items of the rights checklist that the next act waits for, and the way to the list. It
// leaves with the last of them.
import { useHearing } from "./context";
import { list, t, tn } from "../i18n";
import type { View } from "../messages";

export function RightsBar({ view }: { view: View }) {
  const { config } = useHearing();
  const due = view.rights_due;
  if (due.length === 0) return null;
  return (
    <section class="bar rights-bar" aria-label={t("Rights checklist")} data-testid="rights-due">
      <p>{tn("{n} rights item is due: {items}", "{n} rights items are due: {items}", due.length, { items: list(due) })}</p>
      {config.rights_url && (
        <a class="btn small" href={config.rights_url} target="_blank" rel="noopener">
          {t("Open the list")}
        </a>
      )}
    </section>
  );
}
