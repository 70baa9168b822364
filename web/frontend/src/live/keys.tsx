// The person's own keys and announcements: each shortcut is changed or switched off (WCAG 2.1.4).
import { useId, useLayoutEffect, useState } from "preact/hooks";
import { CaptionSizes } from "./captions";
import { Dialog } from "./dialog";
import { combination, DEFAULTS, obstacle, prefer, preferences, printed, type ShortcutName } from "./preferences";
import { t } from "../i18n";

const words = (name: ShortcutName): string =>
  ({ microphone: t("Microphone on or off"), hold: t("Put on hold"), log: t("Add to the log") })[name];

export function KeysDialog({ onClose }: { onClose(): void }) {
  const [changing, setChanging] = useState<ShortcutName | "">("");
  const [problem, setProblem] = useState("");
  const group = useId();
  const { keys, digits, announcements } = preferences.value;
  // At once, not after the next frame: the new keys may be pressed before it.
  useLayoutEffect(() => {
    if (!changing) return;
    const press = (event: KeyboardEvent): void => {
      if (event.key === "Tab") return setChanging("");
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") return setChanging("");
      const combo = combination(event);
      if (!combo) return;
      const wrong = obstacle(keys, changing, combo);
      if (wrong) return setProblem(wrong === "used" ? t("Another shortcut has these keys. Press others.") : t("This key is needed on the page. Press others."));
      prefer({ keys: { ...keys, [changing]: combo } });
      setProblem("");
      setChanging("");
    };
    window.addEventListener("keydown", press, true);
    return () => window.removeEventListener("keydown", press, true);
  }, [changing, keys]);
  return (
    <Dialog title={t("Keys and announcements")} onClose={onClose}>
      <p class="quiet">{t("Kept in this browser, for you alone.")}</p>
      <ul class="shortcuts">
        {(Object.keys(keys) as ShortcutName[]).map((name) => (
          <li key={name}>
            <span>{words(name)}</span>
            <span role="status">
              {changing === name ? t("Press the new keys. Escape keeps the old ones.") : keys[name] ? <kbd dir="ltr">{printed(keys[name])}</kbd> : t("switched off")}
            </span>
            <button type="button" class="btn small" aria-pressed={changing === name} onClick={() => { setProblem(""); setChanging(name); }}>
              {t("Change")} <span class="sr-only">{words(name)}</span>
            </button>
            {keys[name] ? (
              <button type="button" class="btn small" onClick={() => prefer({ keys: { ...keys, [name]: "" } })}>
                {t("Switch off")} <span class="sr-only">{words(name)}</span>
              </button>
            ) : (
              <button type="button" class="btn small" onClick={() => prefer({ keys: { ...keys, [name]: DEFAULTS.keys[name] } })}>
                {t("Switch on")} <span class="sr-only">{words(name)}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {problem && <p class="problem" role="alert">{problem}</p>}
      <fieldset>
        <legend>{t("Digits choose the language an interpreter speaks into")}</legend>
        {([["plain", t("Digits alone")], ["Alt+Shift", t("Digits with Alt and Shift")], ["", t("Switched off")]] as const).map(([value, label]) => (
          <label class="tickbox" key={value}>
            <input type="radio" name={`${group}-digits`} checked={digits === value} onChange={() => prefer({ digits: value })} /> {label}
          </label>
        ))}
      </fieldset>
      <fieldset>
        <legend>{t("What a screen reader announces")}</legend>
        {([["all", t("Everything, also who comes and goes")], ["important", t("Only what is important")]] as const).map(([value, label]) => (
          <label class="tickbox" key={value}>
            <input type="radio" name={`${group}-said`} checked={announcements === value} onChange={() => prefer({ announcements: value })} /> {label}
          </label>
        ))}
      </fieldset>
      <CaptionSizes name={`${group}-captions`} />
      <p class="quiet">{t("What stops the hearing is announced at once in either case.")}</p>
      <div class="row">
        <button type="button" class="btn primary" onClick={onClose}>
          {t("Done")}
        </button>
        <button type="button" class="btn" onClick={() => prefer(DEFAULTS)}>
          {t("As at first")}
        </button>
      </div>
    </Dialog>
  );
}
