// The bar of controls with its menu "More controls". What stands where: bar.ts.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { CONSOLE, DANGEROUS, offers, type Control, type Offers } from "./bar";
import { IncomingControl } from "./booth";
import { HelpAnswer } from "./calls";
import { ConsoleControl } from "./console";
import { useHearing } from "./context";
import { HearSelect, Troubles } from "./fields";
import { Cross, Cup, Door, Dots, Flag, Gear, Keycaps, Lock, Octagon, Speech } from "./icons";
import { pressed } from "./preferences";
import { Asked, labelOf, type Question } from "./questions";
import { ActButton } from "./roll";
import { useShown } from "./shown";
import { AskBreakButton, CameraButton, HandButton, HelpButton, MicrophoneButton, MicrophoneState, OriginalControl } from "./switches";
import { deviceWords, maySpeak, right, type Action } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

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
        {/* In a narrow window: there the bar has no room for it. */}
        {!maySpeak(view) && <p class="mic-why">{right(view, "speak_floor")?.reason}</p>}
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
