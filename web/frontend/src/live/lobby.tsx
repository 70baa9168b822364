// Waiting to be called: what will happen, both clocks, who is here, help.
import { useState } from "preact/hooks";
import { HelpAnswer } from "./calls";
import { useHearing } from "./context";
import { HelpButton } from "./switches";
import { LobbyMessages } from "./courtmessages";
import { DevicesDialog, LeaveDialog } from "./devices";
import { Refusal } from "./dialog";
import { HearSelect, Meter, SelfVideo, Troubles } from "./fields";
import { Tick, Warn } from "./icons";
import { Heading, Page } from "./page";
import { NetworkTest, Progress } from "../network/doctor";
import { TimePair } from "./time";
import { isInterpreter, isPresent, isWaiting, presence, sittingStatus } from "./words";
import { t } from "../i18n";
import type { View } from "../messages";

/** The network test while one waits: what passes, and what to do. */
function NetworkCheck() {
  const hearing = useHearing();
  const [test] = useState(() => new NetworkTest(hearing.config));
  const found = test.verdict.value;
  return (
    <details class="network-check">
      <summary>{t("Test the network")}</summary>
      <Progress test={test} />
      {found && (
        <>
          <p class={`network-verdict says-${found.kind}`} data-verdict={found.verdict}>
            {found.kind === "ok" ? <Tick /> : <Warn />} <b>{found.title}</b>
          </p>
          <p>{found.text}</p>
          <ul class="plain">
            {found.ways.map((way) => (
              <li key={way.way} data-way={way.way}>
                {way.label}: <b>{way.word}</b> <span class="quiet">{way.figures}</span>
              </li>
            ))}
          </ul>
          {found.steps.map((step) => (
            <p key={step}>{step}</p>
          ))}
        </>
      )}
      <div class="row">
        <button type="button" class="btn" aria-disabled={test.busy.value} onClick={() => void test.run()}>
          {found ? t("Test again") : t("Start the test")}
        </button>
        <a class="btn" href={`/h/${encodeURIComponent(hearing.config.ref)}/network`} target="_blank" rel="noopener">
          {t("What the technician opens")}
        </a>
      </div>
    </details>
  );
}

export function Lobby({ view }: { view: View }) {
  const hearing = useHearing();
  const [open, setOpen] = useState<"" | "devices" | "leave">("");
  const self = hearing.me.value;
  const called = self?.presence === "called";
  const here = view.people.filter((person) => !person.you && (isPresent(person) || isWaiting(person)));
  return (
    <Page>
      <div class="columns">
        <div class="measure">
          <Heading>{called ? t("The court is calling you in") : t("Waiting for the court")}</Heading>
          <p class="lead">
            {called
              ? t("You will be in the room in a moment. Your microphone is off; switch it on when you are asked to speak.")
              : t("You are ready. The court will call you. You will hear a bell, and then you are in the room.")}
          </p>
          {self?.needs_identity && !self.identity_confirmed && (
            <p class="notice">{t("Before you come in, the authority with you must confirm who you are.")}</p>
          )}
          {self?.identity_confirmed && <p class="notice">{t("Your identity has been confirmed.")}</p>}
          <dl class="facts">
            <dt>{t("The hearing begins")}</dt>
            <dd>
              <TimePair at={view.starts_at / 1e6} places={view.places} dates />
            </dd>
            <dt>{t("Now")}</dt>
            <dd class="big">
              <TimePair at={hearing.now.value} places={view.places} seconds />
            </dd>
            <dt>{t("The hearing now")}</dt>
            <dd>{sittingStatus(view.status)}</dd>
            <dt>{t("The screen stays on")}</dt>
            <dd>{hearing.wakeLock.held.value ? t("Yes") : t("No: please touch the device now and then")}</dd>
          </dl>
          {hearing.config.rights_url && (
            <p>
              <a href={hearing.config.rights_url} target="_blank" rel="noopener">
                {t("Rights checklist")}
              </a>
            </p>
          )}
          {hearing.config.costs_url && (
            <p>
              <a href={hearing.config.costs_url} target="_blank" rel="noopener">
                {t("Claim costs")}
              </a>
            </p>
          )}
          {here.length > 0 && (
            <>
              <h2>{t("Who is here")}</h2>
              <ul class="plain">
                {here.map((person) => (
                  <li key={person.participant}>
                    <b dir="auto">{person.name}</b> <span class="quiet">{person.role_label} · {person.state} · {presence(person)}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
          {view.audience.length > 0 && (
            <>
              <h2>{t("Who will see and hear you")}</h2>
              <ul class="plain audience">
                {view.audience.map((person) => (
                  <li key={person}><bdi>{person}</bdi></li>
                ))}
              </ul>
            </>
          )}
        </div>
        <aside class="lobby-side" aria-label={t("My equipment")}>
          <div class="preview">
            <SelfVideo />
            {!hearing.sending.equipment.camera.value && <p>{t("Your camera is off.")}</p>}
            {hearing.sending.equipment.camera.value && <p class="preview-note">{t("You, mirrored only for you")}</p>}
          </div>
          {hearing.sending.equipment.microphone.value ? (
            <p class="say">
              <Meter value={hearing.levels.own.value} label={t("Microphone level")} /> {t("Microphone works. Nobody hears you here.")}
            </p>
          ) : (
            <p>{t("Your microphone is off.")}</p>
          )}
          {!isInterpreter(self) && <HearSelect view={view} />}
          <Troubles />
          <NetworkCheck />
          <LobbyMessages view={view} />
          <div class="row">
            <HelpButton />
            <button type="button" class="btn" onClick={() => setOpen("devices")}>
              {t("Camera and microphone")}
            </button>
            <button type="button" class="btn" onClick={() => setOpen("leave")}>
              {t("Leave")}
            </button>
          </div>
          <HelpAnswer />
          <Refusal />
        </aside>
      </div>
      {open === "devices" && <DevicesDialog onClose={() => setOpen("")} />}
      {open === "leave" && <LeaveDialog onClose={() => setOpen("")} />}
    </Page>
  );
}
