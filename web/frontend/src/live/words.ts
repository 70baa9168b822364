// Words for the closed lists of the protocol, and what follows from a view.
import { t } from "../i18n";
import type { CallView, PersonView, RightView, View } from "../messages";
import type { DeviceError } from "../client/devices";
import type { Route } from "../client/relays";
import type { Trouble } from "./watchers";

/** Roles that answer for the hearing: they get the alarm and see refused actions with their reason. */
const RESPONSIBLE = ["presiding_judge", "clerk", "requested_authority", "technician"];
const HEARD = ["witness", "expert", "defendant"];

export const isResponsible = (person: PersonView | undefined): boolean => RESPONSIBLE.includes(person?.role ?? "");
export const isClerk = (person: PersonView | undefined): boolean => person?.role === "clerk";
export const isCounsel = (person: PersonView | undefined): boolean => person?.role === "defence";
export const isDefendant = (person: PersonView | undefined): boolean => person?.role === "defendant";
export const isInterpreter = (person: PersonView | undefined): boolean => person?.role === "interpreter";
export const isHeard = (person: PersonView | undefined): boolean => HEARD.includes(person?.role ?? "");

export const isPresent = (person: PersonView): boolean => ["present", "reconnecting"].includes(person.presence);
export const isWaiting = (person: PersonView): boolean => ["waiting", "called"].includes(person.presence);

/** The name of somebody in the view; empty for somebody who is not in it. */
export const nameOf = (view: View, participant: string): string => view.people.find((person) => person.participant === participant)?.name ?? "";

/** Those in the room who sit at this person's device. */
export const companions = (view: View, device: PersonView): PersonView[] =>
  view.people.filter((person) => person.device_of === device.participant && isPresent(person));

export function me(view: View): PersonView | undefined {
  return view.people.find((person) => person.you);
}

/** After this time without a decision, a wish for a break sounds at the clerk. */
export const BREAK_SOUNDS_AFTER_MS = 30_000;

/** Whether something sounds at this person's page until somebody answers. `now`: ms since 1970 UTC. */
export function sounds(calls: CallView[], self: PersonView | undefined, now: number): boolean {
  return calls.some((call) =>
    call.kind === "help" ? call.answered_by === "" : isClerk(self) && now - call.since / 1e6 >= BREAK_SOUNDS_AFTER_MS,
  );
}

/** The actions of web/live/view.py that this page asks about. */
export type Action =
  | "roll_call"
  | "confirm_identity"
  | "admit"
  | "return_to_lobby"
  | "remove"
  | "mute_other"
  | "give_floor"
  | "sound_check"
  | "start"
  | "hold"
  | "answer_help"
  | "breakdown_step"
  | "close_session"
  | "continue_unrecorded"
  | "write_to_court"
  | "rule_objection"
  | "raise_hand"
  | "ask_help"
  | "ask_break"
  | "order_break"
  | "lift_hold"
  | "close"
  | "break_off"
  | "compare_fingerprints"
  | "speak_floor"
  | "speak_in_channel"
  | "show_picture"
  | "hear_floor"
  | "see_floor"
  | "signal"
  | "record_act"
  | "read_card"
  | "record_remark";

/** What this viewer may do; null when the view does not say. */
export function right(view: View, action: Action): RightView | null {
  return view.rights[action] ?? null;
}

/** Whether this viewer may open a microphone: to the floor, or an interpreter into a language. */
export const maySpeak = (view: View): boolean => Boolean(right(view, "speak_floor")?.allowed || right(view, "speak_in_channel")?.allowed);
export const mayShow = (view: View): boolean => Boolean(right(view, "show_picture")?.allowed);

export function presence(person: PersonView): string {
  switch (person.presence) {
    case "invited":
      return t("Not arrived yet");
    case "identified":
      return t("Has opened the link");
    case "tested":
      return t("Equipment checked");
    case "waiting":
      return t("Waiting in the lobby");
    case "called":
      return t("Is being called in");
    case "present":
      return t("In the room");
    case "reconnecting":
      return t("Reconnecting");
    case "left":
      return t("Has left");
    case "removed":
      return t("Removed");
    case "released":
      return t("Released from the hearing");
    default:
      return person.presence;
  }
}

export function sittingStatus(status: string): string {
  switch (status) {
    case "lobby_open":
      return t("Lobby open");
    case "roll_call":
      return t("Roll call");
    case "pre_record":
      return t("Ready to start");
    case "in_session":
      return t("In session");
    case "paused":
      return t("Paused by order");
    case "held":
      return t("On hold");
    case "closing":
      return t("Closing");
    case "closed":
      return t("Sitting closed");
    default:
      return t("Not open yet");
  }
}

/** Statuses in which evidence may be heard: silence of the server is then a fault. */
export const inSession = (status: string): boolean => ["in_session", "held", "paused"].includes(status);
export const beforeSession = (status: string): boolean => ["lobby_open", "roll_call", "pre_record"].includes(status);

export function microphoneWord(person: PersonView): string {
  if (person.microphone === "on") return t("microphone on");
  return person.microphone === "muted_by_court" ? t("muted by the court") : t("microphone off");
}

/** A line that is not as it should be; nothing is said of a good one. */
export const lineWord = (line: "weak" | "lost"): string => (line === "weak" ? t("line weak") : t("line lost"));

/** The way of the own line, for whoever looks after it. */
export function routeWords(route: Exclude<Route, "">): string {
  switch (route) {
    case "direct":
      return t("Connected directly, over UDP.");
    case "udp":
      return t("Connected by the court’s relay, over UDP.");
    case "tcp":
      return t("Connected by the court’s relay, over TCP.");
    case "tls":
      return t("Connected by the court’s relay, over TLS.");
  }
}

/** Why somebody's line cannot be made, for who can help; empty when no such reason is known. */
export function faultWord({ fault }: PersonView): string {
  return fault ? t("Not connected: the browser cannot protect sound and picture as agreed. Another browser or device is needed.") : "";
}

/** What went wrong with a device, and what to do. */
export function deviceWords({ kind, problem }: DeviceError): string {
  const camera = kind === "camera";
  switch (problem) {
    case "denied":
      return camera
        ? t("The browser does not allow this page to use the camera. Allow it beside the address of the page, then try again.")
        : t("The browser does not allow this page to use the microphone. Allow it beside the address of the page, then try again.");
    case "system":
      return camera
        ? t("The system of this device does not let the browser use the camera. Allow it in the system’s privacy settings, then try again.")
        : t("The system of this device does not let the browser use the microphone. Allow it in the system’s privacy settings, then try again.");
    case "none":
      return camera
        ? t("No camera was found. Plug one in, then try again.")
        : t("No microphone was found. Plug one in, then try again.");
    case "busy":
      return camera
        ? t("Another program is using the camera. Close that program, then try again.")
        : t("Another program is using the microphone. Close that program, then try again.");
    case "insecure":
      return t("This page was not opened over a secure connection, so the browser blocks cameras and microphones. Open the link you were sent again, or ask for help.");
    case "unknown":
      return camera ? t("The camera does not start. Try again, or ask for help.") : t("The microphone does not start. Try again, or ask for help.");
  }
}

/** What is wrong with the own device although it is open, and what to do; empty for what `deviceWords` says. */
export function troubleWords(trouble: Trouble): string {
  switch (trouble) {
    case "microphone_silent":
      return t("Nothing comes from your microphone. Is it switched off at the device, or in the system? Turn it on, or choose another one.");
    case "microphone_clipped":
      return t("Your microphone is too loud, and the sound is distorted. Move away from it, or turn it down.");
    case "microphone_howl":
      return t("Your microphone howls: it picks up your loudspeaker. Use a headset, turn the loudspeaker down, or move the two apart.");
    case "channel_silent":
      return t("Others have spoken for ten seconds and nothing of you was heard. If you cannot interpret, say so with “Signal”.");
    case "camera_black":
      return t("Your picture is black. Open the cover of the camera, turn on a light, or choose another camera.");
    case "camera_frozen":
      return t("Your picture stands still. Plug the camera in again, or choose another one.");
    case "camera_virtual":
      return t("A program poses as your camera. The court must see what a camera sees: choose a real camera.");
    default:
      return "";
  }
}

/** What is wrong with somebody’s device, for who can help. */
export function troubleWord(trouble: Trouble): string {
  switch (trouble) {
    case "microphone_silent":
      return t("microphone silent");
    case "microphone_clipped":
      return t("sound distorted: too loud");
    case "microphone_howl":
      return t("microphone howls: loudspeaker too near");
    case "channel_silent":
      return t("nothing is interpreted while others speak");
    case "camera_black":
      return t("picture black");
    case "camera_frozen":
      return t("picture frozen");
    case "camera_virtual":
      return t("virtual camera");
    case "microphone_denied":
      return t("microphone not allowed in the browser");
    case "microphone_system":
      return t("microphone blocked by the system");
    case "microphone_busy":
      return t("microphone in use by another program");
    case "microphone_none":
      return t("no microphone found");
    case "camera_denied":
      return t("camera not allowed in the browser");
    case "camera_system":
      return t("camera blocked by the system");
    case "camera_busy":
      return t("camera in use by another program");
    case "camera_none":
      return t("no camera found");
  }
}

/** Why a command was not carried out. */
export function refusalWords(code: string, text: string): string {
  if (text) return text;
  if (code === "no_answer") return t("The court’s server has not answered. Try again.");
  return t("This is not possible now.");
}
