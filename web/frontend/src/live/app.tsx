// Which phase is shown; the title of the page; the two live regions, which outlive every phase.
import { useEffect } from "preact/hooks";
import { LiveRegions } from "./announce";
import { useHearing } from "./context";
import { Ended, SeatQuestion } from "./ended";
import { Lobby } from "./lobby";
import { Page } from "./page";
import { Prepare } from "./prepare";
import { Room } from "./room";
import { sittingStatus } from "./words";
import { t } from "../i18n";
import type { Status } from "../client/signalling";

export function App() {
  return (
    <>
      <LiveRegions />
      <Title />
      <Phase />
    </>
  );
}

function Title() {
  const hearing = useHearing();
  const view = hearing.view.value;
  const red = hearing.red.value && !hearing.ended.value;
  const what = view?.case ? t("{status}, case {case}", { status: sittingStatus(view.status), case: view.case }) : t("Hearing");
  const title = `${red ? `${t("NOT RECORDING")} – ` : ""}${view?.hold ? `${t("HOLD")} – ` : ""}${what} – Vivavoce`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}

function Phase() {
  const hearing = useHearing();
  const view = hearing.view.value;
  const ended = hearing.ended.value;
  const inRoom = !ended && hearing.status.value !== "taken" && view?.phase === "room";
  useEffect(() => {
    document.documentElement.classList.toggle("in-room", inRoom);
  }, [inRoom]);
  if (ended) return <Ended ending={ended} />;
  if (hearing.status.value === "taken") return <SeatQuestion />;
  if (!view) return <Connecting />;
  switch (view.phase) {
    case "prepare":
      return <Prepare view={view} />;
    case "lobby":
      return <Lobby view={view} />;
    case "room":
      return <Room view={view} />;
    case "ended":
      return <Ended ending={{ why: "closed", text: "" }} />;
  }
}

function words(status: Status, problem: number): string {
  if (status !== "lost") return t("This takes a moment.");
  if (problem === 409) return t("The lobby is not open yet. This page continues automatically when it opens.");
  if (problem === 503) return t("The live room runs in another process of the service, or is not ready. This page continues automatically when it is.");
  return t("The court’s server is not responding. The page keeps trying.");
}

function Connecting() {
  const hearing = useHearing();
  return (
    <Page fast={false}>
      <div class="measure">
        <h1>{t("Connecting to the hearing")}</h1>
        <p role="status">{words(hearing.status.value, hearing.problem.value)}</p>
        {hearing.config.home_url && (
          <p>
            <a href={hearing.config.home_url}>{t("Cancel")}</a>
          </p>
        )}
      </div>
    </Page>
  );
}
