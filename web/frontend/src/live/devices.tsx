// The own devices and line, and leaving: questions that lobby and room open.
import { useEffect, useState } from "preact/hooks";
import { useHearing } from "./context";
import { Dialog, DialogRefusal } from "./dialog";
import { DeviceSelect, Meter, SelfVideo } from "./fields";
import { deviceWords, routeWords } from "./words";
import type { Route } from "../client/relays";
import { t } from "../i18n";

export function DevicesDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  const problems = hearing.sending.equipment.problems.value;
  useEffect(() => void hearing.sending.equipment.refresh(), []);
  const missing = !hearing.sending.equipment.microphone.value || !hearing.sending.equipment.camera.value;
  return (
    <Dialog title={t("Devices")} onClose={onClose}>
      <div class="preview small-preview">
        <SelfVideo />
        {!hearing.sending.equipment.camera.value && <p>{t("Your picture appears here.")}</p>}
      </div>
      {missing && (
        <button
          type="button"
          class="btn"
          onClick={() => void hearing.sending.equipment.openAll()}
        >
          {t("Allow camera and microphone")}
        </button>
      )}
      {[problems.microphone, problems.camera].map((problem) => problem && <p class="problem" role="alert" key={problem.kind}>{deviceWords(problem)}</p>)}
      <DeviceSelect kind="camera" />
      <DeviceSelect kind="microphone" />
      {hearing.sending.equipment.microphone.value && (
        <p class="say">
          <Meter value={hearing.levels.own.value} label={t("Microphone level")} /> {t("The bars move when you speak.")}
        </p>
      )}
      <DeviceSelect kind="speaker" />
      <ConnectionChoice />
      <div class="row">
        <button type="button" class="btn" onClick={() => hearing.ears.sound.test()}>
          {t("Play a sound")}
        </button>
        <button type="button" class="btn primary" onClick={onClose}>
          {t("Done")}
        </button>
      </div>
    </Dialog>
  );
}

/** How the line is connected now, and whether it may take the direct way. */
function ConnectionChoice() {
  const hearing = useHearing();
  const [route, setRoute] = useState<Route>("");
  useEffect(() => {
    const look = (): void => void hearing.line.media.route().then(setRoute);
    look();
    const timer = window.setInterval(look, 1_000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <>
      {route && <p data-route={route}>{routeWords(route)}</p>}
      {hearing.line.relays.value.length > 0 && (
        <label class="tickbox">
          <input type="checkbox" checked={hearing.line.relayOnly.value} onChange={(event) => hearing.line.setRelayOnly(event.currentTarget.checked, hearing.view.value)} />
          {t("Connect by the court’s relay only")}
        </label>
      )}
    </>
  );
}

export function LeaveDialog({ onClose }: { onClose(): void }) {
  const hearing = useHearing();
  return (
    <Dialog title={t("Leave the hearing?")} onClose={onClose}>
      <p>{t("Camera and microphone are switched off. If you come back, you return to the lobby first.")}</p>
      <DialogRefusal />
      <div class="row">
        <button type="button" class="btn danger" onClick={() => void hearing.leave()}>
          {t("Leave the hearing")}
        </button>
        <button type="button" class="btn" onClick={onClose}>
          {t("Stay")}
        </button>
      </div>
    </Dialog>
  );
}
