// The questions that controls open: a reason, a choice, a text.
import type { Control } from "./bar";
import { NoteDialog, SignalDialog } from "./booth";
import { OrderBreakDialog } from "./breaks";
import { AskBreakDialog } from "./calls";
import { CloseSessionDialog } from "./closedsession";
import { useHearing } from "./context";
import { DevicesDialog, LeaveDialog } from "./devices";
import { ReasonDialog } from "./dialog";
import { KeysDialog } from "./keys";
import { RaiseDialog, UndecidedList } from "./objections";
import { t } from "../i18n";
import type { View } from "../messages";

/** Controls that open a question. */
export type Question = Exclude<Control, "microphone" | "camera" | "hand" | "help" | "hear" | "original" | "into" | "relay" | "turn" | "cough" | "incoming">;

export function labelOf(question: Question, view: View): string {
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

/** The question that a control opens. */
export function Asked({ question, view, onClose }: { question: Question; view: View; onClose(): void }) {
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
