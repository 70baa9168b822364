// Going on while the recording fails: proposed by one, confirmed by the other, in red on every page as long as it lasts.
import { useState } from "preact/hooks";
import { useHearing } from "./context";
import { ReasonDialog } from "./dialog";
import { Square } from "./icons";
import { TimePair } from "./time";
import { inSession, right } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

const LEAST = 20;

export function UnrecordedBar({ view }: { view: View }) {
  const hearing = useHearing();
  const [proposing, setProposing] = useState(false);
  const decided = view.unrecorded;
  const may = right(view, "continue_unrecorded")?.allowed ?? false;
  const failing = view.recording.status === "failing" && inSession(view.status);
  if (!decided && !(may && failing)) return null;
  return (
    <section class="bar bar-red" aria-label={t("Without a recording")} data-testid="unrecorded">
      {decided?.in_force && (
        <>
          <strong class="rec-word">
            <Square /> {t("GOING ON WITHOUT A RECORDING")}
          </strong>
          <span>
            {t("Decided by")} <bdi>{decided.by}</bdi> · <bdi>{decided.confirmed_by}</bdi>
          </span>
        </>
      )}
      {decided && !decided.in_force && (
        <span>
          {t("Proposed, not decided: to go on without a recording. Proposed by")} <bdi>{decided.by}</bdi>
        </span>
      )}
      {decided && (
        <>
          <span>
            {t("Reason:")} <bdi dir="auto">{decided.reason}</bdi>
          </span>
          <span>
            {t("since")} <TimePair at={decided.since / 1e6} places={view.places} seconds />
          </span>
        </>
      )}
      {!decided && (
        <button type="button" class="btn small danger" onClick={() => setProposing(true)}>
          {t("Propose to go on without a recording")}
        </button>
      )}
      {decided?.confirmable && (
        <button type="button" class="btn small danger" onClick={() => void hearing.act("confirm_unrecorded", {})}>
          {t("Confirm: go on without a recording")}
        </button>
      )}
      {decided && may && (
        <button type="button" class="btn small" onClick={() => void hearing.act("end_unrecorded", {})}>
          {decided.in_force ? t("End this: close the floor") : t("Refuse or take back")}
        </button>
      )}
      {proposing && (
        <ReasonDialog
          title={t("Go on without a recording?")}
          text={t("It needs two people: the presiding judge and the requested authority. What is said is not recorded. Both names and the reason are in the minutes and in red on every page. At least {n} characters.", { n: LEAST })}
          confirm={t("Propose it")}
          required
          least={LEAST}
          danger
          onConfirm={async (reason) => (await hearing.act("propose_unrecorded", { reason })).ok}
          onClose={() => setProposing(false)}
        />
      )}
    </section>
  );
}
