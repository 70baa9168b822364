// Calls for help and for a break: a bar for who may answer them, and what who asks is told.
import { useState } from "preact/hooks";
import { OrderBreakButton } from "./breaks";
import { useHearing } from "./context";
import { ReasonDialog } from "./dialog";
import { Help, Warn } from "./icons";
import { TimePair } from "./time";
import { right } from "./words";
import { t } from "../i18n";
import type { CallView, View } from "../messages";

/** One line a call: who, where, since when, and the answer. */
export function CallsBar({ view }: { view: View }) {
  const hearing = useHearing();
  const [refusing, setRefusing] = useState<CallView | null>(null);
  if (view.calls.length === 0) return null;
  const answer = right(view, "answer_help");
  const decide = right(view, "order_break");
  return (
    <section class="calls" aria-label={t("Calls")} data-testid="calls">
      {view.calls.map((call) => (
        <div class={`bar ${call.kind === "help" && !call.answered_by ? "bar-red" : "bar-warn"}`} key={`${call.kind} ${call.participant}`}>
          {call.kind === "help" ? <Help /> : <Warn />}
          <span>
            {call.kind === "help" ? t("{name} needs help.", { name: call.name }) : t("{name} asks for a break.", { name: call.name })}{" "}
            <bdi>{call.role_label}</bdi> · <bdi>{call.state}</bdi>
          </span>
          {call.reason && <bdi dir="auto">“{call.reason}”</bdi>}
          <span>
            {t("since")} <TimePair at={call.since / 1e6} places={view.places} seconds />
          </span>
          {call.answered_by && <span>{t("{name} is coming.", { name: call.answered_by })}</span>}
          {call.kind === "help" && !call.answered_by && answer?.allowed && (
            <button type="button" class="btn small" onClick={() => void hearing.act("answer_help", { participant: call.participant })}>
              {t("Answered: I am coming")}
              <span class="sr-only">: {call.name}</span>
            </button>
          )}
          {call.kind === "break" && <OrderBreakButton view={view} />}
          {call.kind === "break" && decide?.allowed && (
            <button type="button" class="btn small" onClick={() => setRefusing(call)}>
              {t("No break now")}
              <span class="sr-only">: {call.name}</span>
            </button>
          )}
        </div>
      ))}
      {refusing && (
        <ReasonDialog
          title={t("No break now?")}
          text={t("{name} is told that no break is ordered now.", { name: refusing.name })}
          confirm={t("Refuse the break")}
          required={false}
          onConfirm={async (reason) => (await hearing.act("refuse_break", { participant: refusing.participant, reason })).ok}
          onClose={() => setRefusing(null)}
        />
      )}
    </section>
  );
}

/** What somebody who has called for help is told. */
export function HelpAnswer() {
  const self = useHearing().me.value;
  if (!self?.help) return null;
  return (
    <p class="notice">
      {self.help_answered_by ? t("{name} is coming to help you. Please stay here.", { name: self.help_answered_by }) : t("The court knows that you need help. Please stay here.")}
    </p>
  );
}

export function AskBreakDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  return (
    <ReasonDialog
      title={t("Ask for a break?")}
      text={t("The presiding judge decides. Nothing changes until then.")}
      confirm={t("Ask the court")}
      required={false}
      most={200}
      onConfirm={async (reason) => (await hearing.act("ask_break", { up: true, reason })).ok}
      onClose={onClose}
    />
  );
}
