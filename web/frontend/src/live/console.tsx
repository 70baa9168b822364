// The interpreter's console: one key chooses the language spoken into; the state is always in words.
import { useEffect } from "preact/hooks";
import { useHearing } from "./context";
import { CONSOLE, type Control } from "./bar";
import { Booth, CoughButton, RelaySelect, RelayState, TurnButton } from "./booth";
import { Mic } from "./icons";
import { Meter } from "./fields";
import { combination, preferences, typing } from "./preferences";
import { useShown } from "./shown";
import { t, tn } from "../i18n";
import type { View } from "../messages";

/** The languages this person may speak into. */
const spoken = (view: View): View["languages"] => view.languages.filter((language) => !view.booth || view.booth.into.includes(language.lang));

/** The choice of the language spoken into; one control, and one key each. */
function IntoControl({ view }: { view: View }) {
  const hearing = useHearing();
  const keys = preferences.value.digits;
  const renders = hearing.me.value?.renders ?? "";
  const render = (lang: string): void => void hearing.act("render", { lang });
  return (
    <div class="row" role="group" aria-label={t("I speak into")}>
      {spoken(view).map((language, index) => (
        <button type="button" class={`btn target${language.lang === renders ? " chosen" : ""}`} key={language.lang} aria-pressed={language.lang === renders} onClick={() => render(language.lang)}>
          {keys && <kbd aria-hidden="true">{index + 1}</kbd>} <span lang={language.lang}>{language.name}</span>
        </button>
      ))}
      <button type="button" class="btn" aria-pressed={renders === ""} onClick={() => render("")}>
        {keys && <kbd aria-hidden="true">0</kbd>} {t("No language")}
      </button>
    </div>
  );
}

/** What the interpreter does now, and the controls that are always visible; the rest is in the menu of the room. */
export function Console({ view }: { view: View }) {
  const hearing = useHearing();
  const { bar } = useShown(view);
  const keys = preferences.value.digits;
  const renders = hearing.me.value?.renders ?? "";
  const into = spoken(view);
  useEffect(() => {
    if (!keys) return;
    const render = (lang: string): void => void hearing.act("render", { lang });
    // Digits alone or with two modifiers, as the person has chosen (WCAG 2.1.4), and never while somebody types.
    const press = (event: KeyboardEvent): void => {
      const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1];
      const modifiers = combination(event).split("+").slice(0, -1).join("+");
      if (digit === undefined || event.repeat || modifiers !== (keys === "plain" ? "" : keys) || typing(event.target)) return;
      const language = into[Number(digit) - 1];
      if (digit === "0") render("");
      else if (language) render(language.lang);
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys, view.languages, view.booth]);
  const current = view.languages.find((language) => language.lang === renders);
  const microphone = hearing.sending.microphone.value === "on";
  const live = microphone && renders !== "" && !view.hold && hearing.line.status.value === "connected" && hearing.connected.value;
  return (
    <section class="console" aria-labelledby="console-title">
      <h2 id="console-title">{t("Interpreter’s console")}</h2>
      <div class="console-in">
        <div class="speak">
          <p class={`live-state${live ? " live" : ""}`} role="status">
            <Mic off={!microphone} /> {hearing.sending.coughing.value ? t("Coughing: nobody hears you") : stateWords(view, current?.name ?? "", microphone, live)}
            {microphone && <Meter value={hearing.levels.own.value} />}
          </p>
          {live && current?.listeners != null && (
            <p class={current.listeners === 0 ? "warn" : "quiet"}>
              {current.listeners === 0
                ? t("Nobody is listening to {language} now.", { language: current.name })
                : tn("{n} person listens.", "{n} people listen.", current.listeners)}
            </p>
          )}
          {CONSOLE.filter((control) => bar.includes(control)).map((control) => (
            <div class="control" data-control={control} key={control}>
              <ConsoleControl control={control} view={view} />
            </div>
          ))}
        </div>
        {view.booth && (
          <div class="booth" role="group" aria-label={t("Booth")}>
            <RelayState booth={view.booth} />
            <Booth booth={view.booth} />
          </div>
        )}
      </div>
    </section>
  );
}

/** One of `CONSOLE`, wherever it stands. */
export function ConsoleControl({ control, view }: { control: Control; view: View }) {
  if (control === "into") return <IntoControl view={view} />;
  if (control === "cough") return <CoughButton />;
  if (!view.booth) return null;
  return control === "turn" ? <TurnButton booth={view.booth} /> : <RelaySelect view={view} booth={view.booth} />;
}

function stateWords(view: View, name: string, microphone: boolean, live: boolean): string {
  if (live) return t("LIVE into {language}", { language: name });
  if (view.hold) return t("The floor is closed. Nobody hears you.");
  if (!microphone) return t("Your microphone is off. Nobody hears you.");
  if (!name) return t("No language chosen. Nobody hears you.");
  return t("Reconnecting. Nobody hears you.");
}
