// The interpreter's booth: whose turn it is, handing it over, taking it over, relay, a cough; notes to the partner; and
// signals to the court.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal, ReasonDialog } from "./dialog";
import { Select } from "./fields";
import { Ear, Warn } from "./icons";
import { combination, LOUDEST, preferences, typing } from "./preferences";
import { isInterpreter } from "./words";
import { languageName, list, t } from "../i18n";
import type { BoothView, Signal, View } from "../messages";

/** Whole seconds until a time of the server, nanoseconds since 1970; never below 0. */
const seconds = (until: number, now: number): number => Math.max(0, Math.ceil((until / 1e6 - now) / 1_000));

/** What the interpreter hears: the floor, or by relay one channel. */
export function RelaySelect({ view, booth }: { view: View; booth: BoothView }) {
  const hearing = useHearing();
  const renders = hearing.me.value?.renders ?? "";
  const channels = view.languages.filter((language) => language.hearable && !language.signed && language.lang !== renders);
  const options = [{ value: "", label: t("The original (floor)") }, ...channels.map(({ lang, name }) => ({ value: lang, label: name, lang }))];
  return <Select class="hear" label={t("I hear")} value={booth.relay} options={options} onChange={(lang) => void hearing.act("hear", { lang })} />;
}

/** How loud what the interpreter hears is. */
export function IncomingControl() {
  const hearing = useHearing();
  return (
    <label class="original">
      <span>
        {t("Incoming level")} <bdi dir="ltr">{preferences.value.incoming} %</bdi>
      </span>
      <input type="range" min={0} max={LOUDEST} step={5} value={preferences.value.incoming} onInput={(event) => hearing.ears.setIncoming(event.currentTarget.valueAsNumber)} />
    </label>
  );
}

/** What is not as it should be with what the interpreter hears, in words; and that it is by relay. */
export function RelayState({ booth }: { booth: BoothView }) {
  const hearing = useHearing();
  const lost = booth.relay !== "" && !booth.relay_heard;
  return (
    <>
      {hearing.ears.unprotected.value && (
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
    </>
  );
}

/** Handing the turn over, or asking for it. */
export function TurnButton({ booth }: { booth: BoothView }) {
  const hearing = useHearing();
  const asked = booth.asked === "me" || booth.asked === "both";
  return (
    <button type="button" class={`btn target${asked ? " chosen" : ""}`} onClick={() => void hearing.sending.handOver()}>
      {asked ? t("Take it back") : booth.mine ? t("Hand over") : t("Take the turn")}
    </button>
  );
}

/** Heard by nobody as long as it is held down. */
export function CoughButton() {
  const hearing = useHearing();
  const coughing = hearing.sending.coughing.value;
  return (
    <button
      type="button"
      class={`btn target${coughing ? " chosen" : ""}`}
      aria-pressed={coughing}
      disabled={hearing.sending.microphone.value !== "on"}
      onPointerDown={() => hearing.sending.cough(true)}
      onPointerUp={() => hearing.sending.cough(false)}
      onPointerLeave={() => hearing.sending.cough(false)}
      onPointerCancel={() => hearing.sending.cough(false)}
      onKeyDown={(event) => [" ", "Enter"].includes(event.key) && hearing.sending.cough(true)}
      onKeyUp={() => hearing.sending.cough(false)}
      onBlur={() => hearing.sending.cough(false)}
    >
      {coughing ? t("Coughing: nobody hears you") : t("Cough (hold)")}
    </button>
  );
}

/** Whose turn it is in the booth, and what is happening to it. */
export function Booth({ booth }: { booth: BoothView }) {
  const hearing = useHearing();
  const now = hearing.now.value;
  const minutes = booth.since === null ? 0 : Math.max(0, Math.floor((now - booth.since / 1e6) / 60_000));
  const turn = booth.mine
    ? t("You have the turn, for {n} min.", { n: minutes })
    : booth.live
      ? t("{name} has the turn, for {n} min.", { name: booth.live, n: minutes })
      : t("Nobody has the turn. Unmute to take it.");
  return (
    <>
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
    </>
  );
}

/** A line to the partners in the booth: a name, a number, a term. It appears among their notices, and nowhere else. */
export function NoteDialog({ partners, onClose }: { partners: string[]; onClose(): void }) {
  const hearing = useHearing();
  return (
    <ReasonDialog
      title={t("Note to your partner")}
      label={t("Note to {people} only, not kept", { people: list(partners) })}
      confirm={t("Send")}
      required
      most={200}
      onConfirm={async (text) => (await hearing.act("note_partner", { text })).ok}
      onClose={onClose}
    />
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
      void hearing.sending.takeTurnOver();
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
      <button type="button" class="btn primary wide" onClick={() => void hearing.sending.takeTurnOver()}>
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

/** Signals to the presiding judge and who speaks; an interpreter's has one more, which asks for a hold. */
export function SignalDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  const [cannot, setCannot] = useState(false);
  const send = async (what: Signal["what"]): Promise<void> => {
    if ((await hearing.act("signal", { what, text: "" })).ok) onClose();
  };
  if (cannot) {
    return (
      <ReasonDialog
        key="cannot"
        title={t("Say that you cannot interpret?")}
        text={t("Everyone reads that you ask for a hold. What you write is a remark on the record. The presiding judge decides.")}
        confirm={t("Ask for a hold")}
        required
        onConfirm={async (text) => (await hearing.act("signal", { what: "cannot_interpret", text })).ok}
        onClose={onClose}
      />
    );
  }
  return (
    <Dialog key="signals" title={t("Signal to the judge and who speaks")} onClose={onClose}>
      <DialogRefusal />
      <div class="row">
        {signalWords().map(([what, words]) => (
          <button type="button" class="btn" key={what} onClick={() => void send(what)}>
            {words}
          </button>
        ))}
        {isInterpreter(hearing.me.value) && (
          <button type="button" class="btn danger" onClick={() => setCannot(true)}>
            {t("I cannot interpret")}
          </button>
        )}
      </div>
    </Dialog>
  );
}
