// The recording indicator: one fixed place, everyone sees it. It shows the claim (client/recording.ts), nothing else.
import { useHearing } from "./context";
import { Bars, Dot, Half, Ring, Sealed, Square } from "./icons";
import { TimePair, duration } from "./time";
import { isResponsible } from "./words";
import { t, tn } from "../i18n";
import type { Claim } from "../client/recording";
import type { View } from "../messages";

function words(claim: Claim): string {
  switch (claim.status) {
    case "not_started":
      return t("Recording not started");
    case "starting":
      return t("Recording is starting");
    case "recording":
      return t("RECORDING");
    case "slow":
      return t("RECORDING, sealing slow");
    case "paused":
      return t("Recording paused by order");
    case "failing":
    case "failed":
      return t("NOT RECORDING");
    case "stopping":
      return t("Stopped, sealing the rest");
    case "sealed":
      return t("Recording sealed");
  }
}

const ICONS = {
  not_started: Ring,
  starting: Half,
  recording: Dot,
  slow: Half,
  paused: Bars,
  failing: Square,
  failed: Square,
  stopping: Half,
  sealed: Sealed,
};

function SealWords({ claim }: { claim: Claim }) {
  if (claim.sealed === 0 && claim.sealAge === null) return null;
  return (
    <>
      {claim.sealAge !== null && <span class="rec-seal">{tn("sealed {n} second ago", "sealed {n} seconds ago", claim.sealAge)}</span>}
      <span class="rec-seal rec-part">{t("part {number}", { number: claim.sealed })}</span>
    </>
  );
}

export function RecordingBar({ view }: { view: View }) {
  const hearing = useHearing();
  const claim = hearing.claim.value;
  if (!claim) return null;
  if (hearing.red.value) return <NotRecording view={view} claim={claim} />;
  const Icon = ICONS[claim.status];
  const running = claim.status === "recording" || claim.status === "slow";
  return (
    <div class={`rec rec-${claim.status}`} data-testid="rec-indicator" role="region" aria-label={t("Recording status")}>
      <strong class="rec-word">
        <Icon /> {words(claim)}
      </strong>
      {running && claim.since !== null && (
        <bdi class="clock" dir="ltr">
          {duration(hearing.now.value - claim.since)}
        </bdi>
      )}
      {(running || claim.status === "paused" || claim.status === "stopping") && <SealWords claim={claim} />}
    </div>
  );
}

/** What it means that nothing is recorded; the floor may be open by decision of two. */
function nothing(view: View): string {
  return view.unrecorded?.in_force && !view.hold ? t("Nothing said now is recorded.") : t("The floor is closed. Nothing said now is recorded.");
}

function NotRecording({ view, claim }: { view: View; claim: Claim }) {
  const hearing = useHearing();
  const alarm = isResponsible(hearing.me.value) && !hearing.ears.alarmAcknowledged.value;
  // The alert's own words never change while it stands, so that it is said once.
  return (
    <div class="rec rec-red" data-testid="rec-indicator" tabIndex={0} role="region" aria-label={t("Recording status")}>
      <div role="alert" class="rec-word">
        <Square /> {t("NOT RECORDING")}
        <span class="sr-only">. {nothing(view)}</span>
      </div>
      {claim.since !== null && (
        <span>
          {t("since")} <TimePair at={claim.since} places={view.places} seconds />
        </span>
      )}
      <span>
        {claim.sealAge !== null
          ? tn("Last part sealed {n} second ago.", "Last part sealed {n} seconds ago.", claim.sealAge)
          : t("Nothing has been sealed yet.")}
      </span>
      {claim.own && claim.silence > 5 && (
        <span>{tn("No signal from the court’s server for {n} second.", "No signal from the court’s server for {n} seconds.", claim.silence)}</span>
      )}
      <span aria-hidden="true">{nothing(view)}</span>
      {alarm && (
        <button type="button" class="btn" onClick={() => hearing.ears.acknowledgeAlarm()}>
          {t("Stop the alarm sound")}
        </button>
      )}
    </div>
  );
}
