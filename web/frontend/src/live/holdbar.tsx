// The hold: never silent. Everyone sees the cause, the author, since when, and who may lift it.
import { useState } from "preact/hooks";
import { Countdown, WhoIsBack } from "./breaks";
import { useHearing } from "./context";
import { ReasonDialog } from "./dialog";
import { Octagon } from "./icons";
import { TimePair } from "./time";
import { right } from "./words";
import { t } from "../i18n";
import type { HoldView, View } from "../messages";

function cause(hold: HoldView): string {
  switch (hold.cause) {
    case "order":
      return t("By order");
    case "intervention":
      return t("Intervention by the requested authority");
    case "fault":
      return t("Technical fault");
    case "recording":
      return t("The recording has failed");
  }
}

export function HoldBar({ view }: { view: View }) {
  const hearing = useHearing();
  const [asking, setAsking] = useState(false);
  const [without, setWithout] = useState(false);
  const hold = view.hold;
  if (!hold) return null;
  const resume = right(view, "lift_hold");
  return (
    <section class="hold" data-testid="hold-bar" aria-label={t("Hold")}>
      <div class="hold-in">
        <strong class="hold-word">
          <Octagon /> {hold.purpose ? t("BREAK") : t("HOLD")}
        </strong>
        <span>
          {hold.purpose ? `${hold.purpose}. ${t("The floor is closed; the recording is paused.")}` : t("The floor is closed. Please do not speak.")} {cause(hold)}
          {hold.by && hold.by_label && (
            <>
              {": "}
              <bdi>{hold.by_label}</bdi>
            </>
          )}
          .
        </span>
        {hold.reason && (
          <span>
            {t("Reason:")} <bdi dir="auto">{hold.reason}</bdi>
          </span>
        )}
        {hold.purpose && <Countdown hold={hold} view={view} />}
        <span>
          {t("Since")} <TimePair at={hold.since / 1e6} places={view.places} seconds />
        </span>
        {hold.who_may_lift && <span>{t("Can be lifted by: {who}", { who: hold.who_may_lift })}</span>}
        {resume?.allowed && (
          <button type="button" class="btn" onClick={() => setAsking(true)}>
            {t("Resume")}
          </button>
        )}
      </div>
      {asking && (
        <ReasonDialog
          title={t("Resume the hearing?")}
          text={t("The floor opens for everyone. Microphones stay as they are; nobody is unmuted.")}
          confirm={t("Resume the hearing")}
          required
          onConfirm={async (reason) => (await hearing.act("resume", { reason, without_consent: without })).ok}
          onClose={() => setAsking(false)}
        >
          {hold.purpose && <WhoIsBack view={view} />}
          {hold.consent_withdrawn && (
            <label class="tickbox">
              <input type="checkbox" checked={without} onChange={(event) => setWithout(event.currentTarget.checked)} />
              {t("The consent has not been given again. The sitting continues nevertheless; the reason is recorded.")}
            </label>
          )}
        </ReasonDialog>
      )}
    </section>
  );
}
