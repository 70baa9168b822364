// Before playing: why, and the key file. The file is handed to the worker; this page does not read it.

import { useRef, useState } from "preact/hooks";
import { t } from "../i18n";

export interface KeyState {
  name: string;
  authority: string;
  demo: boolean;
  refusal: string;
  reading: boolean;
}

interface Props {
  reasons: { code: string; text: string }[];
  why: string;
  chosen: KeyState | null;
  busy: string;
  problem: string;
  onWhy: (code: string) => void;
  onFile: (file: File) => void;
  onOpen: () => void;
}

export function KeyForm(props: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [asked, setAsked] = useState(false);
  const ready = props.chosen !== null && props.chosen.refusal === "";
  const whyMissing = asked && props.why === "";
  const keyMissing = asked && props.chosen === null;
  const submit = (event: Event): void => {
    event.preventDefault();
    setAsked(true);
    if (props.why === "") document.getElementById("why")?.focus();
    else if (!ready) input.current?.focus();
    else props.onOpen();
  };
  const refused = props.chosen?.refusal ?? "";
  return (
    <form class="player-open" onSubmit={submit} noValidate>
      <div class={`field${whyMissing ? " field-wrong" : ""}`}>
        <label for="why">{t("Why do you view this recording?")}</label>
        <p class="hint" id="why-hint">{t("The reason is written into the recording's custody log, with your role.")}</p>
        {whyMissing && <p class="field-error" id="why-error">{t("Choose a reason.")}</p>}
        <select id="why" value={props.why} aria-describedby={whyMissing ? "why-hint why-error" : "why-hint"} aria-invalid={whyMissing}
          onChange={(event) => props.onWhy(event.currentTarget.value)}>
          <option value="">{t("Choose a reason")}</option>
          {props.reasons.map((reason) => <option key={reason.code} value={reason.code}>{reason.text}</option>)}
        </select>
      </div>
      <div class={`field player-drop${over ? " is-over" : ""}${refused || keyMissing ? " field-wrong" : ""}`}
        onDragOver={(event) => { event.preventDefault(); setOver(true); }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const file = event.dataTransfer?.files[0];
          if (file) props.onFile(file);
        }}>
        <label for="key-file">{t("Key file of your authority")}</label>
        <p class="hint" id="key-hint">{t("Choose the file, or drop it here. It stays in this browser: neither the file nor the key is sent anywhere.")}</p>
        {keyMissing && <p class="field-error" id="key-error">{t("Choose your key file.")}</p>}
        {refused && <p class="field-error" id="key-error" role="alert">{refused}</p>}
        <input ref={input} id="key-file" type="file" aria-describedby={refused || keyMissing ? "key-hint key-error" : "key-hint"} aria-invalid={refused !== "" || keyMissing}
          onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) props.onFile(file);
          }} />
        {ready && props.chosen && !props.chosen.reading && (
          <p class="player-key" role="status">
            <bdi>{props.chosen.name}</bdi>: {props.chosen.authority ? t("key of {authority}", { authority: props.chosen.authority }) : t("a key file")}
            {props.chosen.demo && <strong> {t("THROW-AWAY DEMO KEY: never use it for a real hearing.")}</strong>}
          </p>
        )}
      </div>
      {props.problem && <p class="field-error" role="alert">{props.problem}</p>}
      <div class="actions">
        <button class="button" aria-disabled={props.busy !== ""}>{t("Open the recording")}</button>
        <span role="status">{props.busy}</span>
      </div>
    </form>
  );
}
