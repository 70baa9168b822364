// The room. Always dark. One column on a small screen: status, speaker, controls, roll.
import { useEffect, useRef, useState } from "preact/hooks";
import { announce } from "./announce";
import { BreakdownSteps } from "./breakdown";
import { CallsBar } from "./calls";
import { Captions } from "./captions";
import { Cards } from "./cards";
import { ClosedSessionBar } from "./closedsession";
import { Conditions } from "./conditions";
import { Console } from "./console";
import { useHearing } from "./context";
import { Controls } from "./controls";
import { CourtMessages, unread } from "./courtmessages";
import { Refusal, useFocusKept } from "./dialog";
import { Exhibits, useExhibits } from "./exhibits";
import { CompareFingerprints, FingerprintsBar } from "./fingerprints";
import { FloorBar } from "./floor";
import { HoldBar } from "./holdbar";
import { Ear, Warn } from "./icons";
import { Objections } from "./objections";
import { NextBar } from "./next";
import { Record, asked } from "./record";
import { RecordingBar } from "./recording";
import { RightsBar } from "./rights-due";
import { Roll } from "./roll";
import { pressed } from "./preferences";
import { BeforeSitting } from "./soundcheck";
import { Stage } from "./stage";
import { Tabs } from "./tabs";
import { TimePair } from "./time";
import { UnrecordedBar } from "./unrecorded";
import { beforeSession, isInterpreter, isPresent, lineWord, right, sittingStatus } from "./words";
import { languageName, t } from "../i18n";
import type { View } from "../messages";

/** Seconds of a lost line after which a panel takes the stage. */
const PANEL_AFTER = 5;
const SAID_AFTER = 2;

export function Room({ view }: { view: View }) {
  const hearing = useHearing();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const room = useFocusKept(view);
  const interpreter = isInterpreter(hearing.me.value);
  return (
    <div class="room" ref={room}>
      <header class="room-head">
        {/* What never scrolls out of sight; the rest does in a narrow window, which would otherwise hold nothing else. */}
        <div class="room-state">
          <RecordingBar view={view} />
          <UnrecordedBar view={view} />
          <HoldBar view={view} />
        </div>
        <div class="bar status-bar">
          <h1 ref={heading} tabIndex={-1}>
            {sittingStatus(view.status)}
            {view.case && (
              <>
                {" "}
                · {t("Case")} <bdi dir="ltr">{view.case}</bdi>
              </>
            )}
          </h1>
          <Status view={view} />
        </div>
        <ClosedSessionBar view={view} />
        <CallsBar view={view} />
        <FingerprintsBar view={view} />
        <NextBar view={view} />
        <RightsBar view={view} />
        {hearing.ears.blocked.value && (
          <div class="bar bar-warn" role="alert">
            <Warn /> {t("The browser keeps the sound off until you press this button.")}
            <button type="button" class="btn" onClick={() => void hearing.ears.start()}>
              {t("Turn on the sound")}
            </button>
          </div>
        )}
      </header>
      <main class="room-main">
        {/* Focusable like the panel: with one other person in the room nothing in it is. */}
        <div class="centre" role="group" aria-label={t("People on screen")} tabIndex={0}>
          <Lost view={view} />
          <Stage view={view} />
          <Captions />
          <FloorBar view={view} />
          {!interpreter && view.languages.length > 0 && <LanguageLine view={view} />}
          {interpreter && view.languages.length > 0 && <Console view={view} />}
        </div>
        <Panel view={view} />
      </main>
      <Controls view={view} />
    </div>
  );
}

/** What happens in the room, by subject. Focusable, because it scrolls and may hold nothing else that is. */
function Panel({ view }: { view: View }) {
  const hearing = useHearing();
  const [tab, setTab] = useState("people");
  useEffect(() => {
    // The record opens its form by the same key.
    const press = (event: KeyboardEvent): void => {
      if (pressed(event, "log")) setTab("log");
    };
    window.addEventListener("keydown", press, true);
    return () => window.removeEventListener("keydown", press, true);
  }, []);
  // Asked for on another tab: the form of the log opens with it.
  const entry = asked.value;
  useEffect(() => {
    if (entry) setTab("log");
  }, [entry]);
  const exhibits = useExhibits(view, tab);
  const reads = right(view, "read_card")?.allowed ?? false;
  const due = view.cards.filter((card) => card.due).length;
  const fresh = unread(view, hearing.messagesSeen.value);
  return (
    <aside class="panel" aria-label={t("Roll and checks")} tabIndex={0}>
      <Refusal />
      <BreakdownSteps view={view} />
      <Objections view={view} />
      {!reads && <Cards view={view} />}
      <Tabs
        label={t("Roll and checks")}
        chosen={tab}
        choose={setTab}
        tabs={[
          {
            key: "people",
            label: t("People"),
            content: (
              <>
                <Roll view={view} part="lobby" />
                {beforeSession(view.status) && <Conditions view={view} />}
                {beforeSession(view.status) && <CompareFingerprints view={view} />}
                {beforeSession(view.status) && <BeforeSitting view={view} />}
                <Roll view={view} part="rest" />
                {!beforeSession(view.status) && <CompareFingerprints view={view} />}
                {!beforeSession(view.status) && <Conditions view={view} />}
              </>
            ),
          },
          ...(reads && view.cards.length > 0
            ? [{ key: "cards", label: t("Cards"), count: due > 0 ? String(due) : "", content: <Cards view={view} /> }]
            : []),
          {
            key: "log",
            label: t("Log"),
            content: (
              <>
                <Record view={view} />
                <Happened view={view} />
              </>
            ),
          },
          ...(exhibits.length > 0 ? [{ key: "exhibits", label: t("Exhibits"), content: <Exhibits view={view} exhibits={exhibits} /> }] : []),
          {
            key: "messages",
            label: t("Messages"),
            count: fresh > 0 ? t("{n} new", { n: fresh }) : "",
            content: <CourtMessages view={view} shown={tab === "messages"} />,
          },
        ]}
      />
    </aside>
  );
}

/** Clocks and lines; behind a disclosure on a small screen. */
function Status({ view }: { view: View }) {
  const hearing = useHearing();
  const [open, setOpen] = useState(false);
  const present = view.people.filter(isPresent);
  // Only what is not as it should be, by State.
  const lines = [...new Set(present.map((person) => person.state))].flatMap((state) => {
    const people = present.filter((person) => person.state === state);
    const worst = (["lost", "weak"] as const).find((line) => people.some((person) => person.line === line));
    return worst ? [{ state, worst }] : [];
  });
  return (
    <>
      <button type="button" class="btn small only-small" aria-expanded={open} onClick={() => setOpen(!open)}>
        {t("Times and lines")}
      </button>
      <div class={`status-more${open ? " open" : ""}`}>
        <TimePair at={hearing.now.value} places={view.places} seconds />
        {lines.map(({ state, worst }) => (
          <span class="warn" key={state}>
            <Warn /> <bdi>{state}</bdi>: {lineWord(worst)}
          </span>
        ))}
      </div>
    </>
  );
}

/** Silence is never mistaken for nobody speaking: who renders into my language, in words. */
function LanguageLine({ view }: { view: View }) {
  const mine = view.languages.find((language) => language.lang === view.hears);
  const here = languageName(view.hears);
  // A voice on the floor in another language: then a missing interpreter is news, not a remark.
  const foreigners = view.people.filter((person) => isPresent(person) && !person.you && !isInterpreter(person) && person.speaks !== view.hears);
  const foreign = foreigners.some((person) => person.microphone === "on");
  const none = view.hears !== "" && !mine?.rendered_by;
  const deaf = right(view, "hear_floor")?.allowed === false;
  const missing = none && foreign && !view.hold && !deaf;
  const text = deaf
    ? t("Your role does not include hearing the floor.")
    : view.hold
      ? t("The floor is closed. You hear nobody.")
      : view.hears === "" || (none && foreigners.length === 0)
        ? t("You hear the original.")
        : none
          ? t("No interpreter into {language}. You hear the original.", { language: here })
          : mine?.relay
            ? t("You hear {language}, by relay through {pivot}. The original is quiet underneath.", { language: here, pivot: languageName(mine.relay) })
            : t("You hear {language}. The original is quiet underneath.", { language: here });
  useEffect(() => {
    if (missing) announce(text);
  }, [missing, text]);
  return (
    <p class={`language-line${missing ? " warn" : ""}`}>
      {missing ? <Warn /> : <Ear />} {text}
    </p>
  );
}

/** What to do with a browser that has none of the agreed ways of protecting media. */
function unprotected(): string {
  return t("The courts have agreed how sound and picture are protected in this hearing, and this browser supports none of these ways. You are not connected, and nobody hears you. Use another browser or another device. If you have none, or your link does not open there, tell the clerk: press “I need help”.");
}

/** The own line is down: in words, over the stage, after 5 s. */
function Lost({ view }: { view: View }) {
  const hearing = useHearing();
  const control = hearing.controlLost.value;
  const media = hearing.mediaLost.value;
  const worst = Math.max(control, media);
  const refused = hearing.line.status.value === "refused";
  const big = worst >= PANEL_AFTER || refused;
  const faulty = refused && control === 0 && Boolean(hearing.me.value?.fault);
  const title = faulty
    ? t("This browser cannot protect your line as agreed")
    : control > 0 && media > 0
      ? t("You are disconnected")
      : control > 0
        ? t("The court’s server is not responding")
        : t("Sound and picture are interrupted");
  useEffect(() => {
    if (faulty) announce(unprotected(), "stops");
    else if (big) announce(t("You are disconnected. The page is trying to connect you again."), "stops");
  }, [big, faulty]);
  if (!view.media_up && control === 0 && !big) {
    return <p class="bar bar-warn">{t("Sound and picture are restarting. Please wait.")}</p>;
  }
  if (worst < SAID_AFTER && !refused) return null;
  if (!big) return <p class="bar bar-warn">{t("Reconnecting…")}</p>;
  return (
    <section class="lost-panel" aria-label={t("Connection lost")}>
      <h2>{title}</h2>
      <p>{faulty ? unprotected() : t("Please do not speak. The page is trying to connect you again.")}</p>
      <p>
        <bdi dir="ltr">{worst} s</bdi> · <TimePair at={hearing.now.value} places={view.places} seconds />
      </p>
      {refused && !faulty && <p>{hearing.line.text.value || t("The server has refused this browser’s connection. Reload the page or use another browser.")}</p>}
      {hearing.config.help_phone && (
        <p>
          {t("Telephone of the court:")} <bdi dir="ltr">{hearing.config.help_phone}</bdi>
        </p>
      )}
      <div class="row">
        <button type="button" class="btn" onClick={() => window.location.reload()}>
          {t("Reload the page")}
        </button>
      </div>
    </section>
  );
}

/** What everyone was told, the latest first. */
function Happened({ view }: { view: View }) {
  const hearing = useHearing();
  const notices = hearing.notices.value;
  if (notices.length === 0) return null;
  return (
    <section aria-labelledby="happened-title">
      <h2 id="happened-title">{t("Log")}</h2>
      <ul class="happened">
        {[...notices].reverse().map((notice) => (
          <li key={`${notice.at} ${notice.text}`}>
            <TimePair at={notice.at} places={view.places} seconds /> <span dir="auto">{notice.text}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
