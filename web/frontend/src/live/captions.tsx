// Captions under the stage: what is said, in writing, in the language that this viewer has chosen. No live region: a
// screen reader's user hears the hearing itself.
import { choose, feedOf } from "./caption-lines";
import { useHearing } from "./context";
import { Select } from "./fields";
import { prefer, preferences, type CaptionSize } from "./preferences";
import { languageName, t } from "../i18n";
import type { CaptionLine } from "../messages";
import type { Hearing } from "./hearing";

const SHOWN = 3;
const SILENT_MS = 60_000;

const label = ({ lang, source }: CaptionLine): string =>
  source === "machine" ? t("{language}, by a machine", { language: languageName(lang) }) : languageName(lang);

export function Captions() {
  const hearing = useHearing();
  const all = hearing.captions.value;
  if (all.length === 0) return null;
  const { captions, captionSize } = preferences.value;
  const feed = choose(captions, all, [hearing.view.value?.hears ?? "", hearing.me.value?.speaks ?? ""]);
  const feeds = new Map(all.map((line) => [feedOf(line), line]));
  const lines = all.filter((line) => feedOf(line) === feed).slice(-SHOWN);
  return (
    <section class={`captions${captionSize ? ` captions-${captionSize}` : ""}`} aria-label={t("Captions")}>
      <div class="row">
        <Select
          label={t("Captions")}
          value={feed || "off"}
          options={[...[...feeds].map(([value, line]) => ({ value, label: label(line) })), { value: "off", label: t("Off") }]}
          onChange={(chosen) => prefer({ captions: chosen })}
        />
        {lines.length > 0 && (
          <span class="quiet" data-source={lines[0]?.source}>
            {lines[0]?.source === "machine" ? t("Machine, not the record") : t("By a stenographer, not the record")}
          </span>
        )}
      </div>
      {lines.length > 0 && (
        <ol>
          {lines.map((line) => (
            <li key={line.number}>
              {line.speaker && <b><bdi>{line.speaker}</bdi> </b>}
              <span lang={line.lang} dir="auto">{line.text}</span>
            </li>
          ))}
        </ol>
      )}
      {lines.length > 0 && <Silence hearing={hearing} last={(lines.at(-1)?.at ?? 0) / 1e6} />}
    </section>
  );
}

/** Silence of a feed is never mistaken for nobody speaking. */
function Silence({ hearing, last }: { hearing: Hearing; last: number }) {
  return hearing.now.value - last > SILENT_MS ? <p class="quiet">{t("No new caption for a minute.")}</p> : null;
}

/** How large captions are, for the dialog of the person's own choices. */
export function CaptionSizes({ name }: { name: string }) {
  const sizes: [CaptionSize, string][] = [["", t("As other text")], ["large", t("Large")], ["largest", t("Very large")]];
  return (
    <fieldset>
      <legend>{t("Size of captions")}</legend>
      {sizes.map(([value, words]) => (
        <label class="tickbox" key={value}>
          <input type="radio" name={name} checked={preferences.value.captionSize === value} onChange={() => prefer({ captionSize: value })} /> {words}
        </label>
      ))}
    </fieldset>
  );
}
