// The controls that act at once: what is switched on and off of oneself, and what is asked of the court.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Meter } from "./fields";
import { Cam, Cup, Hand, Help, Mic } from "./icons";
import { maySpeak, right } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

export function MicrophoneButton() {
  const hearing = useHearing();
  const state = hearing.sending.microphone.value;
  const on = state === "on";
  const floor = hearing.view.value?.phase === "room" ? hearing.view.value.floor : null;
  const refused = !on && floor !== null && !floor.may_speak;
  return (
    <button
      type="button"
      class={`btn wide${on ? " is-on" : ""}`}
      disabled={state === "asking"}
      aria-disabled={refused ? "true" : undefined}
      aria-describedby={refused ? "mic-state" : undefined}
      onClick={() => !refused && void hearing.sending.setMicrophone(!on)}
    >
      <Mic off={!on} /> {on ? t("Mute") : t("Unmute")}
    </button>
  );
}

export function CameraButton() {
  const hearing = useHearing();
  const state = hearing.sending.camera.value;
  const on = state === "on";
  return (
    <button type="button" class={`btn${on ? " is-on" : ""}`} disabled={state === "asking"} onClick={() => void hearing.sending.setCamera(!on)}>
      <Cam off={!on} /> {on ? t("Turn camera off") : t("Turn camera on")}
    </button>
  );
}

export function HelpButton() {
  const hearing = useHearing();
  const up = hearing.me.value?.help ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => void hearing.act("ask_help", { up: !up })}>
      <Help /> {up ? t("Help no longer needed") : t("I need help")}
    </button>
  );
}

export function HandButton() {
  const hearing = useHearing();
  const up = hearing.me.value?.hand ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => void hearing.act("raise_hand", { up: !up })}>
      <Hand /> {up ? t("Lower hand") : t("Raise hand")}
    </button>
  );
}

export function AskBreakButton({ ask }: { ask(): void }) {
  const hearing = useHearing();
  const up = hearing.me.value?.wants_break ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => (up ? void hearing.act("ask_break", { up: false }) : ask())}>
      <Cup /> {up ? t("Break no longer needed") : t("Ask for a break")}
    </button>
  );
}

export function OriginalControl({ view }: { view: View }) {
  const hearing = useHearing();
  const [percent, setPercent] = useState(view.original);
  useEffect(() => setPercent(view.original), [view.original]);
  return (
    <label class="original">
      <span>
        {t("Original under the interpretation")} <bdi dir="ltr">{percent} %</bdi>
      </span>
      <input
        type="range"
        min={0}
        max={40}
        step={5}
        value={percent}
        onInput={(event) => setPercent(event.currentTarget.valueAsNumber)}
        onChange={(event) => void hearing.act("original", { percent: event.currentTarget.valueAsNumber })}
      />
    </label>
  );
}

/** What my microphone does now, in words; also "you are speaking, and nobody hears you". */
export function MicrophoneState({ view }: { view: View }) {
  const hearing = useHearing();
  const self = hearing.me.value;
  const on = hearing.sending.microphone.value === "on";
  const talking = hearing.levels.unheard.value;
  if (!maySpeak(view)) {
    return (
      <p class="mic-state">
        {t("You take part without a microphone.")} <span class="mic-why">{right(view, "speak_floor")?.reason}</span>
      </p>
    );
  }
  const words = (): string => {
    if (self?.microphone === "muted_by_court") return t("The court has switched off your microphone. Raise your hand to speak.");
    if (!on && !view.floor.may_speak && view.floor.why_not) return view.floor.why_not;
    if (!on && talking) return t("You are speaking, but you are muted.");
    if (!on) return t("Your microphone is off.");
    if (hearing.red.value && view.unrecorded?.in_force && !view.hold) return t("Your microphone is on. Nothing is being recorded.");
    if (hearing.red.value) return t("Nothing is being recorded. Please do not speak.");
    if (view.recording.status === "paused") return t("The floor is closed. Nobody hears you; the recording is paused.");
    if (view.hold) return t("The floor is closed. Nobody hears you; the recording continues.");
    return t("Your microphone is on.");
  };
  return (
    <p id="mic-state" class={`mic-state${!on && talking ? " warn" : ""}`}>
      {words()} {on && <Meter value={hearing.levels.own.value} />}
    </p>
  );
}
