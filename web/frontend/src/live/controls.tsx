// The bar of controls with its menu "More controls", and the questions behind them. What stands where: bar.ts.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CONSOLE, DANGEROUS, offers, type Control, type Offers } from "./bar";
import { IncomingControl, NoteDialog, SignalDialog } from "./booth";
import { OrderBreakDialog } from "./breaks";
import { AskBreakDialog, HelpAnswer } from "./calls";
import { CloseSessionDialog } from "./closedsession";
import { ConsoleControl } from "./console";
import { useHearing } from "./context";
import { DevicesDialog, LeaveDialog } from "./devices";
import { ReasonDialog } from "./dialog";
import { HearSelect, Meter, Troubles } from "./fields";
import { Cam, Cross, Cup, Door, Dots, Flag, Gear, Hand, Help, Keycaps, Lock, Mic, Octagon, Speech } from "./icons";
import { KeysDialog } from "./keys";
import { RaiseDialog, UndecidedList } from "./objections";
import { pressed } from "./preferences";
import { ActButton } from "./roll";
import { useShown } from "./shown";
import { deviceWords, maySpeak, right, type Action } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

function MicrophoneButton() {
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

function CameraButton() {
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

function HandButton() {
  const hearing = useHearing();
  const up = hearing.me.value?.hand ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => void hearing.act("raise_hand", { up: !up })}>
      <Hand /> {up ? t("Lower hand") : t("Raise hand")}
    </button>
  );
}

function AskBreakButton({ ask }: { ask(): void }) {
  const hearing = useHearing();
  const up = hearing.me.value?.wants_break ?? false;
  return (
    <button type="button" class={`btn${up ? " chosen" : ""}`} onClick={() => (up ? void hearing.act("ask_break", { up: false }) : ask())}>
      <Cup /> {up ? t("Break no longer needed") : t("Ask for a break")}
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
  const on = hearing.sending.microphone.value === "on";
  const talking = hearing.levels.unheard.value;
  if (!maySpeak(view)) {
    return (
      <p class="mic-state">
        {t("You take part without a microphone.")} {right(view, "speak_floor")?.reason}
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

/** Controls that open a question. */
type Question = Exclude<Control, "microphone" | "camera" | "hand" | "help" | "hear" | "original" | "into" | "relay" | "turn" | "cough" | "incoming">;

function labelOf(question: Question, view: View): string {
  switch (question) {
    case "object":
      return view.raisable.some((one) => one.kind === "objection") ? t("Object") : t("Claim a privilege");
    case "ask_break":
      return t("Ask for a break");
    case "order_break":
      return t("Order a break");
    case "closed_session":
      return t("Closed session");
    case "signal":
      return t("Signal");
    case "note":
      return t("Note to your partner");
    case "devices":
      return t("Devices");
    case "keys":
      return t("Keys");
    case "leave":
      return t("Leave");
    case "close":
      return t("Close the sitting");
    case "break_off":
      return t("Terminate the hearing");
    case "hold":
      return t("Hold");
  }
}

const ICONS: Record<Question, () => ComponentChildren> = {
  object: Flag,
  ask_break: Cup,
  order_break: Cup,
  closed_session: Lock,
  signal: Speech,
  note: Speech,
  devices: Gear,
  keys: Keycaps,
  leave: Door,
  close: Cross,
  break_off: Cross,
  hold: Octagon,
};

/** What says why it is refused. */
const RIGHTS: Partial<Record<Question, Action>> = { signal: "signal", close: "close", hold: "hold" };

function One({ control, view, given, ask }: { control: Control; view: View; given: Offers; ask(question: Question): void }) {
  switch (control) {
    case "microphone":
      return <MicrophoneButton />;
    case "camera":
      return <CameraButton />;
    case "hand":
      return <HandButton />;
    case "help":
      return <HelpButton />;
    case "hear":
      return <HearSelect view={view} />;
    case "original":
      return <OriginalControl view={view} />;
    case "into":
    case "relay":
    case "turn":
    case "cough":
      return <ConsoleControl control={control} view={view} />;
    case "incoming":
      return <IncomingControl />;
    case "ask_break":
      return <AskBreakButton ask={() => ask("ask_break")} />;
    default: {
      const Icon = ICONS[control];
      const action = RIGHTS[control];
      const given_right = given.get(control) === "refused" && action ? right(view, action) : { allowed: true, reason: "" };
      const look = control === "hold" ? "hold-btn" : DANGEROUS.includes(control) ? "danger" : "";
      return <ActButton right={given_right} explain class={look} icon={<Icon />} label={labelOf(control, view)} onClick={() => ask(control)} />;
    }
  }
}

/** The rest of the controls, between stage and bar: nothing lies over a face. Escape closes it. */
function useMenu() {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (open) panel.current?.querySelector<HTMLElement>("button:not([aria-disabled]), select, input")?.focus();
  }, [open]);
  const close = (): void => {
    // Before it is hidden: what is hidden cannot keep the focus, and a question gives it back to where it was.
    button.current?.focus();
    setOpen(false);
  };
  const escape = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    close();
  };
  const leave = (event: FocusEvent): void => {
    const to = event.relatedTarget;
    if (to instanceof Node && !panel.current?.parentElement?.contains(to)) setOpen(false);
  };
  const press = (event: MouseEvent): void => {
    const pressed = (event.target as Element).closest("button");
    if (pressed && pressed.getAttribute("aria-disabled") !== "true") close();
  };
  return { open, button, panel, toggle: () => setOpen(!open), escape, leave, press };
}

export function Controls({ view }: { view: View }) {
  const hearing = useHearing();
  const [open, setOpen] = useState<Question | "">("");
  const menu = useMenu();
  const shown = useShown(view);
  const problems = [hearing.sending.equipment.problems.value.microphone, hearing.sending.equipment.problems.value.camera].filter((problem) => problem !== undefined);
  useEffect(() => {
    // By default with two modifiers, so that no screen reader's or typist's key is taken.
    const press = (event: KeyboardEvent): void => {
      if (pressed(event, "microphone") && maySpeak(view)) void hearing.sending.setMicrophone(hearing.sending.microphone.value !== "on");
      else if (pressed(event, "hold") && offers(view, hearing.me.value).get("hold") === "allowed") setOpen("hold");
      else return;
      event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [view]);
  const one = (control: Control) => (
    <div class="control" data-control={control} key={control}>
      <One control={control} view={view} given={shown.given} ask={setOpen} />
    </div>
  );
  return (
    <section class="controls" aria-label={t("Controls")}>
      {problems.map((problem) => (
        <p class="problem" role="alert" key={problem.kind}>
          {deviceWords(problem)}
        </p>
      ))}
      <Troubles />
      <HelpAnswer />
      <div
        class="ctl ctl-menu"
        id="more-controls"
        role="group"
        aria-label={t("More controls")}
        hidden={!menu.open}
        ref={menu.panel}
        onKeyDown={menu.escape}
        onFocusOut={menu.leave}
        onClick={menu.press}
      >
        {shown.menu.map(one)}
      </div>
      <div class="ctl ctl-bar">
        {shown.bar.filter((control) => control !== "hold" && !CONSOLE.includes(control)).map(one)}
        <div class="control" data-control="more">
          <button type="button" class="btn" data-testid="more" aria-expanded={menu.open} aria-controls="more-controls" ref={menu.button} onKeyDown={menu.escape} onClick={menu.toggle}>
            <Dots /> {t("More controls")}
          </button>
        </div>
        <MicrophoneState view={view} />
        {shown.bar.includes("hold") && one("hold")}
      </div>
      {open !== "" && <Asked question={open} view={view} onClose={() => setOpen("")} />}
    </section>
  );
}

/** The question that a control opens. */
function Asked({ question, view, onClose }: { question: Question; view: View; onClose(): void }) {
  switch (question) {
    case "hold":
    case "close":
    case "break_off":
      return <Reasoned question={question} view={view} onClose={onClose} />;
    case "object":
      return view.raisable.length > 0 ? <RaiseDialog view={view} onClose={onClose} /> : null;
    case "ask_break":
      return <AskBreakDialog onClose={onClose} />;
    case "order_break":
      return <OrderBreakDialog view={view} onClose={onClose} />;
    case "closed_session":
      return <CloseSessionDialog view={view} onClose={onClose} />;
    case "signal":
      return <SignalDialog onClose={onClose} />;
    case "note":
      return view.booth ? <NoteDialog partners={view.booth.partners} onClose={onClose} /> : null;
    case "keys":
      return <KeysDialog onClose={onClose} />;
    case "devices":
      return <DevicesDialog onClose={onClose} />;
    case "leave":
      return <LeaveDialog onClose={onClose} />;
  }
}

/** What stops the hearing, with a reason. */
function Reasoned({ question, view, onClose }: { question: "hold" | "close" | "break_off"; view: View; onClose(): void }) {
  const hearing = useHearing();
  const onConfirm = async (reason: string): Promise<boolean> => (await hearing.act(question, { reason })).ok;
  switch (question) {
    case "hold":
      return (
        <ReasonDialog
          title={t("Put the hearing on hold?")}
          text={t("Nobody hears anyone until the hold is lifted. The recording continues. Everyone sees your name and the reason.")}
          confirm={t("Put on hold")}
          required
          onConfirm={onConfirm}
          onClose={onClose}
        />
      );
    case "close":
      return (
        <ReasonDialog
          title={t("Close the sitting?")}
          text={t("The recorder seals what it has and stops. Nobody can speak any more. This cannot be undone.")}
          confirm={t("Close now")}
          required={false}
          danger
          onConfirm={onConfirm}
          onClose={onClose}
        >
          <UndecidedList view={view} />
        </ReasonDialog>
      );
    case "break_off":
      return (
        <ReasonDialog
          title={t("Terminate the hearing?")}
          text={t("The hearing ends without being concluded, and no further day of it is held. What was recorded is sealed. Both States read the reason. This cannot be undone.")}
          confirm={t("Terminate now")}
          required
          danger
          onConfirm={onConfirm}
          onClose={onClose}
        />
      );
  }
}
