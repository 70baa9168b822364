// What happened, and what can be done now.
import { useHearing } from "./context";
import { Heading, Page } from "./page";
import { t } from "../i18n";
import type { Ending } from "./hearing";

function title(why: string): string {
  switch (why) {
    case "superseded":
      return t("The hearing is open in another tab or on another device");
    case "removed":
      return t("You were removed from the hearing");
    case "left":
      return t("You have left the hearing");
    case "signed_out":
      return t("You are signed out");
    case "not_allowed":
      return t("You cannot enter this hearing");
    case "link_replaced":
      return t("Your link was replaced by a new one");
    default:
      return t("The hearing is closed");
  }
}

function next(why: string): string {
  switch (why) {
    case "superseded":
      return t("Camera and microphone of this tab are off.");
    case "left":
      return t("Camera and microphone are off. If you come back, you return to the lobby first.");
    case "link_replaced":
      return t("Use the new link and the new PIN that the court has given you.");
    case "signed_out":
      return t("Open the link that the court has sent you, or sign in again.");
    case "not_allowed":
    case "removed":
      return t("If you think this is a mistake, call the court.");
    default:
      return t("Camera and microphone are off. You may close this page. Thank you.");
  }
}

/** What happens now that the hearing is closed: for those who go on working with it, and for those who were heard. */
function Afterwards() {
  const { minutes_url, recording_url } = useHearing().config;
  if (!minutes_url) return <p>{t("The court now draws up the minutes from the log and the recording. If something you said should be corrected or added, call the court.")}</p>;
  return (
    <>
      <p>{t("The minutes are drawn up from the log, read back, and signed by both States. The end of the recording may still be being sealed; its page says when it is done.")}</p>
      <div class="row">
        <a class="btn primary" href={minutes_url}>
          {t("Minutes")}
        </a>
        {recording_url && (
          <a class="btn" href={recording_url}>
            {t("Recording")}
          </a>
        )}
      </div>
    </>
  );
}

export function Ended({ ending }: { ending: Ending }) {
  const hearing = useHearing();
  return (
    <Page fast={false}>
      <div class="measure">
        <Heading>{title(ending.why)}</Heading>
        {ending.why === "not_allowed" && ending.text && <p class="lead">{ending.text}</p>}
        <p>{next(ending.why)}</p>
        {ending.why === "closed" && <Afterwards />}
        {hearing.config.help_phone && (
          <p>
            {t("Telephone of the court:")} <bdi dir="ltr">{hearing.config.help_phone}</bdi>
          </p>
        )}
        <div class="row">
          {ending.why === "superseded" && (
            <button type="button" class="btn primary" onClick={() => hearing.takeOver()}>
              {t("Use this hearing here")}
            </button>
          )}
          {ending.why === "left" && (
            <button type="button" class="btn" onClick={() => window.location.reload()}>
              {t("Return to the hearing")}
            </button>
          )}
          {hearing.config.home_url && (
            <a class="btn" href={hearing.config.home_url}>
              {hearing.config.minutes_url ? t("To the hearing") : t("To the start page")}
            </a>
          )}
        </div>
      </div>
    </Page>
  );
}

/** Another tab or device holds this seat. */
export function SeatQuestion() {
  const hearing = useHearing();
  return (
    <Page fast={false}>
      <div class="measure">
        <Heading>{t("Use this hearing here?")}</Heading>
        <p class="lead">{t("You are already in this hearing, in another tab or on another device.")}</p>
        <p>{t("If you use it here, the other one stops: its camera and microphone are switched off. You are never in the room twice.")}</p>
        <div class="row">
          <button type="button" class="btn primary" onClick={() => hearing.takeOver()}>
            {t("Use this hearing here")}
          </button>
          {hearing.config.home_url && (
            <a class="btn" href={hearing.config.home_url}>
              {t("Keep the other one")}
            </a>
          )}
        </div>
      </div>
    </Page>
  );
}
