// The frame of every phase but the room: a plain page in the colours of the rest.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { CallsBar } from "./calls";
import { ClosedSessionBar } from "./closedsession";
import { useHearing } from "./context";
import { HoldBar } from "./holdbar";
import { RecordingBar } from "./recording";
import { TimePair } from "./time";
import { UnrecordedBar } from "./unrecorded";
import { t } from "../i18n";

/** A heading that takes the focus when the person has moved on to it. */
export function Heading({ children, focus = true }: { children: ComponentChildren; focus?: boolean }) {
  const ref = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (focus) ref.current?.focus();
  }, []);
  return (
    <h1 ref={ref} tabIndex={-1}>
      {children}
    </h1>
  );
}

/** For a person who must not be seen on this page: away at once, and not back by the back button. */
function LeaveFast() {
  return (
    <button type="button" class="btn small" onClick={() => window.location.replace("about:blank")}>
      {t("Exit this page")}
    </button>
  );
}

export function Page({ children, fast = true }: { children: ComponentChildren; fast?: boolean }) {
  const hearing = useHearing();
  const view = hearing.view.value;
  const claim = hearing.claim.value;
  const quiet = claim === null || (view?.phase === "prepare" && !hearing.red.value);
  return (
    <div class="page">
      <header class="page-head">
        <div class="wrap head-in">
          <strong class="service">Vivavoce</strong>
          {view?.case && (
            <span>
              {t("Case")} <bdi dir="ltr">{view.case}</bdi>
            </span>
          )}
          {view && (
            <span class="head-time">
              {t("Now")} <TimePair at={hearing.now.value} places={view.places} />
            </span>
          )}
          {fast && <LeaveFast />}
        </div>
        {view && !quiet && <RecordingBar view={view} />}
        {view && <UnrecordedBar view={view} />}
        {view && <HoldBar view={view} />}
        {view && <ClosedSessionBar view={view} />}
        {view && <CallsBar view={view} />}
      </header>
      <main class="wrap">{children}</main>
    </div>
  );
}
