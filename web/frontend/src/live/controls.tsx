// The bar of controls, and the questions behind them.
import { useEffect, useState } from "preact/hooks";
import { CloseSessionButton } from "./closedsession";
import { OrderBreakButton } from "./breaks";
import { BreakButton, HelpAnswer } from "./calls";
import { SignalButton } from "./booth";
import { useHearing } from "./context";
import { Dialog, DialogRefusal, ReasonDialog } from "./dialog";
import { DeviceSelect, HearSelect, Meter, SelfVideo, Troubles } from "./fields";
import { Cam, Hand, Help, Mic } from "./icons";
import { KeysDialog } from "./keys";
import { RaiseButton, UndecidedList } from "./objections";
import { pressed } from "./preferences";
import { ActButton } from "./roll";
import { deviceWords, isInterpreter, isResponsible, mayShow, maySpeak, right, routeWords } from "./words";
import type { Route } from "../client/relays";
import { t } from "../i18n";
import type { View } from "../messages";

export function MicrophoneButton() {
  const hearing = useHearing();
  const state = hearing.microphone.value;
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
      onClick={() => !refused && void hearing.setMicrophone(!on)}
    >
      <Mic off={!on} /> {on ? t("Mute") : t("Unmute")}
    </button>
  );
}

export function CameraButton() {
  const hearing = useHearing();
  const state = hearing.camera.value;
  const on = state === "on";
  return (
    <button type="button" class={`btn${on ? " is-on" : ""}`} disabled={state === "asking"} onClick={() => void hearing.setCamera(!on)}>
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

function HandButton() {
  const hearing = useHearing();
  const up = hearing.me.value?.hand ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => void hearing.act("raise_hand", { up: !up })}>
      <Hand /> {up ? t("Lower hand") : t("Raise hand")}
    </button>
  );
}

function OriginalControl({ view }: { view: View }) {
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
function MicrophoneState({ view }: { view: View }) {
  const hearing = useHearing();
  const self = hearing.me.value;
  const on = hearing.microphone.value === "on";
  const talking = hearing.levels.unheard.value;
  const words = (): string => {
    if (self?.microphone === "muted_by_court") return t("The court has switched off your microphone. Raise your hand to speak.");
    if (!on && !view.floor.may_speak && view.floor.why_not) return view.floor.why_not;
    if (!on && talking) return t("You are speaking, but you are muted.");
    if (!on) return t("Your microphone is off.");
    if (hearing.red.value && view.unrecorded?.in_force && !view.hold) return t("Your microphone is on. Nothing is being recorded.");
    if (hearing.red.value) return t("Nothing is being recorded. Please do not speak.");
    if (view.hold) return t("The floor is closed. Nobody hears you; the recording continues.");
    return t("Your microphone is on.");
  };
  return (
    <p id="mic-state" class={`mic-state${!on && talking ? " warn" : ""}`}>
      {words()} {on && <Meter value={hearing.levels.own.value} />}
    </p>
  );
}

type Open = "" | "hold" | "close" | "break_off" | "devices" | "keys" | "leave";

export function Controls({ view }: { view: View }) {
  const hearing = useHearing();
  const [open, setOpen] = useState<Open>("");
  const [more, setMore] = useState(false);
  const self = hearing.me.value;
  const explain = isResponsible(self);
  const hold = right(view, "hold");
  const close = right(view, "close");
  const breakOff = right(view, "break_off");
  const ending = view.status === "closing" || view.status === "closed";
  // A second hold of one's own beside somebody else's: each State lifts its own.
  const mayHold = !ending && view.status !== "lobby_open" && view.hold?.by !== self?.name;
  const problems = [hearing.equipment.problems.value.microphone, hearing.equipment.problems.value.camera].filter((problem) => problem !== undefined);
  useEffect(() => {
    // By default with two modifiers, so that no screen reader's or typist's key is taken.
    const press = (event: KeyboardEvent): void => {
      if (pressed(event, "microphone") && maySpeak(view)) void hearing.setMicrophone(hearing.microphone.value !== "on");
      else if (pressed(event, "hold") && right(view, "hold")?.allowed && mayHold) setOpen("hold");
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [view]);
  return (
    <section class="controls" aria-label={t("Controls")}>
      {problems.map((problem) => (
        <p class="problem" role="alert" key={problem.kind}>
          {deviceWords(problem)}
        </p>
      ))}
      <Troubles />
      <HelpAnswer />
      <div class="ctl primary-ctl">
        {maySpeak(view) && <MicrophoneButton />}
        {mayShow(view) && <CameraButton />}
        <HandButton />
        <HelpButton />
        {maySpeak(view) ? <MicrophoneState view={view} /> : <p class="mic-state">{t("You take part without a microphone.")} {right(view, "speak_floor")?.reason}</p>}
        {mayHold && (
          <ActButton right={hold} explain={explain} class="hold-btn" label={t("Hold")} onClick={() => setOpen("hold")} />
        )}
        <button type="button" class="btn only-small" aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? t("Fewer controls") : t("More controls")}
        </button>
      </div>
      <div class={`ctl second-ctl${more ? " open" : ""}`}>
        {!isInterpreter(self) && <HearSelect view={view} />}
        {!isInterpreter(self) && view.hears !== "" && <OriginalControl view={view} />}
        <RaiseButton view={view} />
        <BreakButton view={view} />
        <OrderBreakButton view={view} />
        <CloseSessionButton view={view} />
        {!isInterpreter(self) && <SignalButton view={view} />}
        <button type="button" class="btn" onClick={() => setOpen("devices")}>
          {t("Devices")}
        </button>
        <button type="button" class="btn" onClick={() => setOpen("keys")}>
          {t("Keys")}
        </button>
        <button type="button" class="btn" onClick={() => setOpen("leave")}>
          {t("Leave")}
        </button>
        {!ending && <ActButton right={close} explain={explain} class="danger" label={t("Close the sitting")} onClick={() => setOpen("close")} />}
        {!ending && breakOff?.allowed && (
          <button type="button" class="btn danger" onClick={() => setOpen("break_off")}>
            {t("Terminate the hearing")}
          </button>
        )}
      </div>
      {open === "hold" && (
        <ReasonDialog
          title={t("Put the hearing on hold?")}
          text={t("Nobody hears anyone until the hold is lifted. The recording continues. Everyone sees your name and the reason.")}
          confirm={t("Put on hold")}
          required
          onConfirm={async (reason) => (await hearing.act("hold", { reason })).ok}
          onClose={() => setOpen("")}
        />
      )}
      {open === "close" && (
        <ReasonDialog
          title={t("Close the sitting?")}
          text={t("The recorder seals what it has and stops. Nobody can speak any more. This cannot be undone.")}
          confirm={t("Close now")}
          required={false}
          danger
          onConfirm={async (reason) => (await hearing.act("close", { reason })).ok}
          onClose={() => setOpen("")}
        >
          <UndecidedList view={view} />
        </ReasonDialog>
      )}
      {open === "break_off" && (
        <ReasonDialog
          title={t("Terminate the hearing?")}
          text={t("The hearing ends without being concluded, and no further day of it is held. What was recorded is sealed. Both States read the reason. This cannot be undone.")}
          confirm={t("Terminate now")}
          required
          danger
          onConfirm={async (reason) => (await hearing.act("break_off", { reason })).ok}
          onClose={() => setOpen("")}
        />
      )}
      {open === "keys" && <KeysDialog onClose={() => setOpen("")} />}
      {open === "devices" && <DevicesDialog onClose={() => setOpen("")} />}
      {open === "leave" && <LeaveDialog onClose={() => setOpen("")} />}
    </section>
  );
}

export function DevicesDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  const problems = hearing.equipment.problems.value;
  useEffect(() => void hearing.equipment.refresh(), []);
  const missing = !hearing.equipment.microphone.value || !hearing.equipment.camera.value;
  return (
    <Dialog title={t("Devices")} onClose={onClose}>
      <div class="preview small-preview">
        <SelfVideo />
        {!hearing.equipment.camera.value && <p>{t("Your picture appears here.")}</p>}
      </div>
      {missing && (
        <button
          type="button"
          class="btn"
          onClick={() => void hearing.equipment.openAll()}
        >
          {t("Allow camera and microphone")}
        </button>
      )}
      {[problems.microphone, problems.camera].map((problem) => problem && <p class="problem" role="alert" key={problem.kind}>{deviceWords(problem)}</p>)}
      <DeviceSelect kind="camera" />
      <DeviceSelect kind="microphone" />
      {hearing.equipment.microphone.value && (
        <p class="say">
          <Meter value={hearing.levels.own.value} label={t("Microphone level")} /> {t("The bars move when you speak.")}
        </p>
      )}
      <DeviceSelect kind="speaker" />
      <ConnectionChoice />
      <div class="row">
        <button type="button" class="btn" onClick={() => hearing.sound.test()}>
          {t("Play a sound")}
        </button>
        <button type="button" class="btn primary" onClick={onClose}>
          {t("Done")}
        </button>
      </div>
    </Dialog>
  );
}

/** How the line is connected now, and whether it may take the direct way. */
function ConnectionChoice() {
  const hearing = useHearing();
  const [route, setRoute] = useState<Route>("");
  useEffect(() => {
    const look = (): void => void hearing.route().then(setRoute);
    look();
    const timer = window.setInterval(look, 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <>
      {route && <p data-route={route}>{routeWords(route)}</p>}
      {hearing.relays.value.length > 0 && (
        <label class="tickbox">
          <input type="checkbox" checked={hearing.relayOnly.value} onChange={(event) => hearing.setRelayOnly(event.currentTarget.checked)} />
          {t("Connect by the court’s relay only")}
        </label>
      )}
    </>
  );
}

export function LeaveDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  return (
    <Dialog title={t("Leave the hearing?")} onClose={onClose}>
      <p>{t("Camera and microphone are switched off. If you come back, you return to the lobby first.")}</p>
      <DialogRefusal />
      <div class="row">
        <button type="button" class="btn danger" onClick={() => void hearing.leave()}>
          {t("Leave the hearing")}
        </button>
        <button type="button" class="btn" onClick={onClose}>
          {t("Stay")}
        </button>
      </div>
    </Dialog>
  );
}
