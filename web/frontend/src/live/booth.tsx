// The interpreter's booth: whose turn it is, handing it over, taking it over, relay, a cough; and signals to the court.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal, ReasonDialog } from "./dialog";
import { Select } from "./fields";
import { Ear, Warn } from "./icons";
import { combination, LOUDEST, preferences, typing } from "./preferences";
import { languageName, list, t } from "../i18n";
import type { BoothView, Signal, View } from "../messages";

/** Whole seconds until a time of the server, nanoseconds since 1970; never below 0. */
const seconds = (until: number, now: number): number => Math.max(0, Math.ceil((until / 1e6 - now) / 1_000));

/** What the interpreter hears: the floor, or by relay one channel. */
export function Relay({ view, booth }: { view: View; booth: BoothView }) {
  const hearing = useHearing();
  const renders = hearing.me.value?.renders ?? "";
  const channels = view.languages.filter((language) => language.hearable && !language.signed && language.lang !== renders);
  const lost = booth.relay !== "" && !booth.relay_heard;
  const options = [{ value: "", label: t("The original (floor)") }, ...channels.map(({ lang, name }) => ({ value: lang, label: name, lang }))];
  return (
    <div class="relay">
      <Select class="hear" label={t("I hear")} value={booth.relay} options={options} onChange={(lang) => void hearing.act("hear", { lang })} />
      <label class="original">
        <span>
          {t("Incoming level")} <bdi dir="ltr">{preferences.value.incoming} %</bdi>
        </span>
        <input type="range" min={0} max={LOUDEST} step={5} value={preferences.value.incoming} onInput={(event) => hearing.setIncoming(event.currentTarget.valueAsNumber)} />
      </label>
      {hearing.unprotectedEars.value && (
        <p class="warn" role="alert">
          <Warn /> {t("This browser cannot protect your hearing from sudden sounds, so you hear nothing. Use another browser.")}
        </p>
      )}
      {lost && (
        <p class="warn" role="alert">
          <Warn /> {t("Nobody interprets into {language} now. You hear the original.", { language: languageName(booth.relay) })}
        </p>
      )}
      {booth.relay !== "" && !lost && (
        <p class="quiet">
          <Ear /> {t("You interpret by relay through {language}.", { language: languageName(booth.relay) })}
        </p>
      )}
    </div>
  );
}

export function Booth({ booth }: { booth: BoothView }) {
  const hearing = useHearing();
  const coughing = hearing.coughing.value;
  const now = hearing.now.value;
  const minutes = booth.since === null ? 0 : Math.max(0, Math.floor((now - booth.since / 1e6) / 60_000));
  const turn = booth.mine
    ? t("You have the turn, for {n} min.", { n: minutes })
    : booth.live
      ? t("{name} has the turn, for {n} min.", { name: booth.live, n: minutes })
      : t("Nobody has the turn. Unmute to take it.");
  return (
    <div class="booth" role="group" aria-label={t("Booth")}>
      {booth.take_over_until !== null && <TakeOver until={booth.take_over_until} />}
      <p class={booth.relief === "" ? "quiet" : "warn"}>
        {turn} {booth.partners.length > 0 && t("In the booth with you: {people}", { people: list(booth.partners) })}
      </p>
      {booth.relief !== "" && <p class="warn">{booth.relief === "late" ? t("Hand over now: this turn has lasted over 30 minutes.") : t("Relief is due: this turn has lasted over 20 minutes.")}</p>}
      {booth.change_at !== null && (
        <p class="countdown" role="status">
          {t("The turn passes in {n} s.", { n: seconds(booth.change_at, now) })}
        </p>
      )}
      {booth.asked === "partner" && <p class="warn" role="status">{booth.mine ? t("Your partner asks for the turn.") : t("Your partner hands over to you.")}</p>}
      <div class="row">
        {booth.live !== "" && booth.partners.length > 0 && (
          <button type="button" class={`btn target${booth.asked === "me" || booth.asked === "both" ? " chosen" : ""}`} onClick={() => void hearing.handOver()}>
            {booth.asked === "me" || booth.asked === "both" ? t("Take it back") : booth.mine ? t("Hand over") : t("Take the turn")}
          </button>
        )}
        {hearing.microphone.value === "on" && (
          <button
            type="button"
            class={`btn target${coughing ? " chosen" : ""}`}
            aria-pressed={coughing}
            onPointerDown={() => hearing.cough(true)}
            onPointerUp={() => hearing.cough(false)}
            onPointerLeave={() => hearing.cough(false)}
            onPointerCancel={() => hearing.cough(false)}
            onKeyDown={(event) => [" ", "Enter"].includes(event.key) && hearing.cough(true)}
            onKeyUp={() => hearing.cough(false)}
            onBlur={() => hearing.cough(false)}
          >
            {coughing ? t("Coughing: nobody hears you") : t("Cough (hold)")}
          </button>
        )}
        <Signals />
      </div>
      {booth.partners.length > 0 && <NotePartner partners={booth.partners} />}
    </div>
  );
}

/** A line to the partners in the booth: a name, a number, a term. It appears among their notices, and nowhere else. */
function NotePartner({ partners }: { partners: string[] }) {
  const hearing = useHearing();
  const [text, setText] = useState("");
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (text.trim() && (await hearing.act("note_partner", { text: text.trim() })).ok) setText("");
  };
  return (
    <form class="row" onSubmit={(event) => void send(event)}>
      <label class="say">
        <span>{t("Note to {people} only, not kept", { people: list(partners) })}</span>
        <input type="text" dir="auto" maxLength={200} value={text} onInput={(event) => setText(event.currentTarget.value)} autocomplete="off" />
      </label>
      <button type="submit" class="btn">
        {t("Send")}
      </button>
    </form>
  );
}

/** The partner's line is lost: a button over the whole width, until the floor is held. */
function TakeOver({ until }: { until: number }) {
  const hearing = useHearing();
  const keys = preferences.value.digits;
  useEffect(() => {
    if (!keys) return;
    const press = (event: KeyboardEvent): void => {
      const modifiers = combination(event).split("+").slice(0, -1).join("+");
      if (event.code !== "KeyT" || event.repeat || modifiers !== (keys === "plain" ? "" : keys) || typing(event.target)) return;
      event.preventDefault();
      void hearing.takeTurnOver();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys]);
  const left = seconds(until, hearing.now.value);
  return (
    <div class="take-over" role="alert">
      <p>
        <Warn /> {t("Your partner’s line is lost. Nobody interprets.")}
      </p>
      <button type="button" class="btn primary wide" onClick={() => void hearing.takeTurnOver()}>
        {keys && <kbd aria-hidden="true">T</kbd>} {t("Take over now")} <bdi dir="ltr">{left > 0 ? `${left} s` : ""}</bdi>
      </button>
    </div>
  );
}

const signalWords = (): [Signal["what"], string][] => [
  ["cannot_hear", t("I can’t hear")],
  ["slower", t("Slower, please")],
  ["repeat", t("Repeat, please")],
];

/** Signals of an interpreter to the presiding judge and who speaks. */
function Signals() {
  const hearing = useHearing();
  const [open, setOpen] = useState(false);
  return (
    <>
      {signalWords().map(([what, words]) => (
        <button type="button" class="btn" key={what} onClick={() => void hearing.act("signal", { what, text: "" })}>
          {words}
        </button>
      ))}
      <button type="button" class="btn danger" onClick={() => setOpen(true)}>
        {t("I cannot interpret")}
      </button>
      {open && (
        <ReasonDialog
          title={t("Say that you cannot interpret?")}
          text={t("Everyone reads that you ask for a hold. What you write is a remark on the record. The presiding judge decides.")}
          confirm={t("Ask for a hold")}
          required
          onConfirm={async (text) => (await hearing.act("signal", { what: "cannot_interpret", text })).ok}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** Signals of everybody else. */
export function SignalDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  const send = async (what: Signal["what"]): Promise<void> => {
    if ((await hearing.act("signal", { what, text: "" })).ok) onClose();
  };
  return (
    <Dialog title={t("Signal to the judge and who speaks")} onClose={onClose}>
      <DialogRefusal />
      <div class="row">
        {signalWords().map(([what, words]) => (
          <button type="button" class="btn" key={what} onClick={() => void send(what)}>
            {words}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
