// The exhibits of the request, for who conducts: what there is to show, and the entry in the log that it was shown.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { asked, kindsOf } from "./record";
import { inSession, right } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

type Exhibit = [id: string, name: string];

/** The exhibits that this viewer may note as shown; none before they are known. `again`: after what to look anew. */
export function useExhibits(view: View, again: unknown): Exhibit[] {
  const hearing = useHearing();
  const [found, setFound] = useState<Exhibit[]>([]);
  const may = right(view, "record_act")?.allowed ?? false;
  useEffect(() => {
    let current = may;
    const look = async (): Promise<void> => {
      const kinds = may ? await kindsOf(hearing.config.ref, "") : null;
      const field = kinds?.find((one) => one.kind === "exhibit_shown")?.fields.find((one) => one.name === "exhibit");
      if (current && field) setFound(field.options ?? []);
    };
    void look();
    return () => {
      current = false;
    };
  }, [may, again]);
  return may ? found : [];
}

export function Exhibits({ view, exhibits }: { view: View; exhibits: Exhibit[] }) {
  return (
    <section aria-labelledby="exhibits-title">
      <h2 id="exhibits-title">{t("Exhibits of the request")}</h2>
      <ul>
        {exhibits.map(([id, name]) => (
          <li key={id}>
            <p class="kept" dir="auto">{name}</p>
            {inSession(view.status) && (
              <button type="button" class="btn small" onClick={() => (asked.value = { kind: "exhibit_shown", values: { exhibit: id }, corrects: 0 })}>
                {t("Note that it was shown")}
                <span class="sr-only">: {name}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
