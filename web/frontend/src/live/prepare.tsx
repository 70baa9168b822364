// Before the lobby: the recording notice, the equipment, and who will see and hear me. One decision at a time.
import { useState } from "preact/hooks";
import { useHearing } from "./context";
import { Refusal } from "./dialog";
import { DeviceSelect, HearSelect, Meter, SelfVideo, Troubles } from "./fields";
import { Cross, Tick, Warn } from "./icons";
import { Heading, Page } from "./page";
import { TimePair } from "./time";
import { deviceWords, isInterpreter, mayShow } from "./words";
import { t, tn } from "../i18n";
import type { View } from "../messages";

const STEPS = 3;

function Step({ n, title }: { n: number; title: string }) {
  return (
    <>
      <p class="step">{t("Step {n} of {all}", { n, all: STEPS })}</p>
      <Heading focus={n > 1}>{title}</Heading>
    </>
  );
}

export function Prepare({ view }: { view: View }) {
  const [step, setStep] = useState(1);
  const [heard, setHeard] = useState<"" | "yes" | "no">("");
  return (
    <Page>
      <div class="columns">
        <div class="measure">
          {step === 1 && <NoticeStep view={view} next={() => setStep(2)} />}
          {step === 2 && <EquipmentStep heard={heard} setHeard={setHeard} back={() => setStep(1)} next={() => setStep(3)} />}
          {step === 3 && <AudienceStep view={view} heard={heard === "yes"} back={() => setStep(2)} />}
        </div>
      </div>
    </Page>
  );
}

function NoticeStep({ view, next }: { view: View; next(): void }) {
  return (
    <>
      <Step n={1} title={t("This hearing is recorded")} />
      <p class="lead">
        {t("Your hearing begins:")} <TimePair at={view.starts_at / 1e6} places={view.places} dates />
      </p>
      <ul class="plain">
        <li>{t("The court records the picture and the sound of everyone in the room, and every interpreter.")}</li>
        <li>{t("The recording is encrypted and sealed every two seconds. Any change to it would be noticed.")}</li>
        <li>{t("You may not record the hearing yourself, and nobody may be in the room with you without the court’s permission.")}</li>
        <li>{t("A bar at the top of the page always shows whether the recording is running.")}</li>
      </ul>
      <div class="row">
        <button type="button" class="btn primary" onClick={next}>
          {t("I have read this")}
        </button>
      </div>
    </>
  );
}

function State({ ok, bad, children }: { ok: boolean; bad?: boolean; children: preact.ComponentChildren }) {
  const kind = ok ? "ok" : bad ? "bad" : "open";
  return (
    <span class={`state state-${kind}`}>
      {ok ? <Tick /> : bad ? <Cross /> : null} {children}
    </span>
  );
}

function EquipmentStep(props: { heard: "" | "yes" | "no"; setHeard(heard: "yes" | "no"): void; back(): void; next(): void }) {
  const hearing = useHearing();
  const [busy, setBusy] = useState(false);
  const [played, setPlayed] = useState(props.heard !== "");
  const [missing, setMissing] = useState<string[]>([]);
  const camera = hearing.sending.equipment.camera.value;
  const microphone = hearing.sending.equipment.microphone.value;
  const problems = hearing.sending.equipment.problems.value;
  const turnOn = async (): Promise<void> => {
    setBusy(true);
    void hearing.ears.start();
    await hearing.sending.equipment.openAll();
    setBusy(false);
    setMissing([]);
  };
  const go = (): void => {
    const found = [
      !microphone && t("The microphone is off. Nobody could hear you."),
      !camera && t("The camera is off. Nobody could see you."),
      props.heard !== "yes" && t("You have not said whether you heard the sound."),
    ].filter((text): text is string => Boolean(text));
    if (found.length > 0 && missing.length === 0) setMissing(found);
    else props.next();
  };
  return (
    <>
      <Step n={2} title={t("Check your equipment")} />
      <p>{t("Only you see and hear this check. A headset gives the best sound.")}</p>
      <div class="check">
        <div class="preview">
          <SelfVideo />
          {!camera && <p>{t("Your picture appears here.")}</p>}
          {camera && <p class="preview-note">{t("You, mirrored only for you")}</p>}
        </div>
        <div class="check-list">
          {(!camera || !microphone) && (
            <button type="button" class="btn primary" disabled={busy} onClick={() => void turnOn()}>
              {t("Allow camera and microphone")}
            </button>
          )}
          <div class="check-item" role="group" aria-label={t("Camera")}>
            <p>
              <b>{t("Camera")}</b> <State ok={camera !== null} bad={Boolean(problems.camera)}>{camera ? t("Working") : problems.camera ? t("Not working") : t("Off")}</State>
            </p>
            {problems.camera && <p class="problem" role="alert">{deviceWords(problems.camera)}</p>}
            {camera && <DeviceSelect kind="camera" />}
          </div>
          <div class="check-item" role="group" aria-label={t("Microphone")}>
            <p>
              <b>{t("Microphone")}</b> <State ok={microphone !== null} bad={Boolean(problems.microphone)}>{microphone ? t("Working") : problems.microphone ? t("Not working") : t("Off")}</State>
            </p>
            {problems.microphone && <p class="problem" role="alert">{deviceWords(problems.microphone)}</p>}
            {microphone && (
              <>
                <p class="say">
                  <Meter value={hearing.levels.own.value} label={t("Microphone level")} /> {t("Say “one, two, three”. The bars must move.")}
                </p>
                <DeviceSelect kind="microphone" />
              </>
            )}
          </div>
          <div class="check-item" role="group" aria-label={t("Loudspeaker")}>
            <p>
              <b>{t("Loudspeaker")}</b> <State ok={props.heard === "yes"} bad={props.heard === "no"}>{props.heard === "yes" ? t("You heard it") : props.heard === "no" ? t("Not heard") : t("Not checked")}</State>
            </p>
            <div class="row">
              <button type="button" class="btn" onClick={() => { hearing.ears.sound.test(); setPlayed(true); }}>
                {t("Play a sound")}
              </button>
            </div>
            {played && (
              <div class="row" role="group" aria-label={t("Did you hear three tones?")}>
                <span>{t("Did you hear three tones?")}</span>
                <button type="button" class="btn" aria-pressed={props.heard === "yes"} onClick={() => props.setHeard("yes")}>
                  {t("Yes, I heard it")}
                </button>
                <button type="button" class="btn" aria-pressed={props.heard === "no"} onClick={() => props.setHeard("no")}>
                  {t("No")}
                </button>
              </div>
            )}
            {props.heard === "no" && <p class="problem">{t("Turn up the sound of your device, plug the headset in again, or choose another loudspeaker. Then play the sound again.")}</p>}
            {microphone && <DeviceSelect kind="speaker" />}
          </div>
        </div>
      </div>
      <Troubles />
      {missing.length > 0 && (
        <div class="warning" role="alert">
          <p>
            <Warn /> <b>{tn("One thing is not ready", "{n} things are not ready", missing.length)}</b>
          </p>
          <ul>
            {missing.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
          <p>{t("Press “Continue” again to continue without it. You can ask for help in the lobby.")}</p>
        </div>
      )}
      <div class="row">
        <button type="button" class="btn primary" onClick={go}>
          {t("Continue")}
        </button>
        <button type="button" class="btn" onClick={props.back}>
          {t("Back")}
        </button>
      </div>
    </>
  );
}

function AudienceStep({ view, heard, back }: { view: View; heard: boolean; back(): void }) {
  const hearing = useHearing();
  const [busy, setBusy] = useState(false);
  const camera = hearing.sending.equipment.camera.value;
  const join = async (): Promise<void> => {
    setBusy(true);
    void hearing.ears.start();
    const microphone = hearing.sending.equipment.microphone.value !== null;
    await hearing.act("ready", { notice: true, camera: camera !== null, microphone, speaker: heard });
    setBusy(false);
  };
  return (
    <>
      <Step n={3} title={t("Who will see and hear you")} />
      {view.audience.length > 0 ? (
        <>
          <p>{t("When you are in the room, these people see and hear you:")}</p>
          <ul class="plain audience">
            {view.audience.map((person) => (
              <li key={person}><bdi>{person}</bdi></li>
            ))}
          </ul>
        </>
      ) : (
        <p>{t("The people in the room see and hear you.")}</p>
      )}
      <p>{t("You join with your microphone off. You switch it on yourself; nobody else can.")}</p>
      {!isInterpreter(hearing.me.value) && <HearSelect view={view} />}
      {mayShow(view) && (
        <label class="tickbox">
          <input
            type="checkbox"
            checked={hearing.sending.joinWithCamera.value && camera !== null}
            disabled={camera === null}
            onChange={(event) => (hearing.sending.joinWithCamera.value = event.currentTarget.checked)}
          />
          {t("Turn camera on when I enter the room")}
        </label>
      )}
      <Refusal />
      <div class="row">
        <button type="button" class="btn primary" disabled={busy} onClick={() => void join()}>
          {t("Join the hearing")}
        </button>
        <button type="button" class="btn" onClick={back}>
          {t("Back")}
        </button>
      </div>
    </>
  );
}
