// Which controls are always visible in the room, in its bar and in the interpreter's console, and which are in the menu
// "More controls": by role and moment, as data.
import { inSession, isInterpreter, isResponsible, maySpeak, mayShow, right, type Action } from "./words";
import type { PersonView, View } from "../messages";

export type Control =
  | "microphone"
  | "camera"
  | "hand"
  | "help"
  | "hear"
  | "original"
  | "into"
  | "relay"
  | "turn"
  | "cough"
  | "incoming"
  | "object"
  | "ask_break"
  | "order_break"
  | "closed_session"
  | "signal"
  | "note"
  | "devices"
  | "keys"
  | "leave"
  | "close"
  | "break_off"
  | "hold";

/** `refused`: it says why it cannot be done, and does nothing. */
export type Offer = "allowed" | "refused";
export type Offers = ReadonlyMap<Control, Offer>;

/** What the sitting is about to do; `before`: it does not run, and nothing of it can be ended by mistake. */
export type Moment = "before" | "running" | "ending";

/**
 * So many controls are always visible, the button of the menu and those of the console among them; a choice of languages
 * is one. In a narrow window those of the bar stand in two rows.
 */
export const MOST = 7;
export const MOST_NARROW = 6;

/** What ends the hearing: in the menu until the sitting runs. */
export const DANGEROUS: readonly Control[] = ["close", "break_off"];

/** What stands in the interpreter's console if it is always visible; the rest of these is in the menu as well. */
export const CONSOLE: readonly Control[] = ["into", "turn", "cough", "relay"];

/** Controls from the first to the last: one's own, those of the court, those of the page, what ends it, the hold. */
const ORDER: readonly Control[] = [
  "microphone", "camera", "hand", "help", "hear", "original", "into", "turn", "cough", "relay", "incoming",
  "object", "ask_break", "order_break", "closed_session", "signal", "note",
  "devices", "keys", "leave", "close", "break_off", "hold",
];

type Row = Record<Moment, readonly Control[]>;
const always = (...controls: Control[]): Row => ({ before: controls, running: controls, ending: controls });
const COUNSEL = always("microphone", "object", "hand", "camera", "hear", "help");
const HEARD = always("microphone", "help", "ask_break", "hand", "camera", "hear");
const LISTENER = always("help", "hand", "hear", "camera", "ask_break", "leave");

/** By role, what is always visible beside the hold, the most important first: a narrow window has room for fewer. */
const BAR: Record<string, Row> = {
  presiding_judge: {
    before: ["microphone", "camera", "hear", "devices"],
    running: ["microphone", "camera", "order_break", "close", "hear"],
    ending: ["microphone", "camera", "hear", "leave"],
  },
  clerk: always("microphone", "camera", "hand", "help", "hear"),
  requested_authority: always("microphone", "camera", "object", "hand", "hear"),
  interpreter: always("into", "microphone", "turn", "cough", "relay", "signal", "help", "camera", "hand", "ask_break"),
  witness: HEARD,
  expert: HEARD,
  defendant: HEARD,
  defence: COUNSEL,
  prosecutor: COUNSEL,
  civil_party: COUNSEL,
  support_person: LISTENER,
  observer: LISTENER,
  technician: always("help", "hand", "ask_break", "devices", "hear", "leave"),
};

export const moment = (status: string): Moment => (inSession(status) ? "running" : ["closing", "closed"].includes(status) ? "ending" : "before");

/** Whether the presiding judge can order a break now. */
export const mayOrderBreak = (view: View): boolean =>
  Boolean(right(view, "order_break")?.allowed) && view.purposes.length > 0 && inSession(view.status) && !view.hold?.purpose;

/** Whether the presiding judge can order a closed session now. */
export const mayCloseSession = (view: View): boolean =>
  Boolean(right(view, "close_session")?.allowed) && inSession(view.status) && !view.closed_session;

/** What this viewer has now. Those who answer for the hearing also see what they are refused, with its reason. */
export function offers(view: View, self: PersonView | undefined): Offers {
  const found = new Map<Control, Offer>();
  const add = (control: Control, when: boolean): void => void (when && found.set(control, "allowed"));
  const explained = (control: Control, action: Action): void => {
    const asked = right(view, action);
    if (asked?.allowed) found.set(control, "allowed");
    else if (asked?.reason && isResponsible(self)) found.set(control, "refused");
  };
  const ending = moment(view.status) === "ending";
  const hears = !isInterpreter(self) && view.languages.some((language) => language.hearable);
  add("microphone", maySpeak(view));
  add("camera", mayShow(view));
  add("hand", right(view, "raise_hand")?.allowed !== false);
  add("help", right(view, "ask_help")?.allowed !== false);
  const interprets = isInterpreter(self) && view.languages.length > 0;
  const booth = interprets ? view.booth : null;
  add("hear", hears);
  add("original", hears && view.hears !== "");
  add("into", interprets);
  if (booth) {
    add("relay", true);
    add("incoming", true);
    add("turn", booth.live !== "" && booth.partners.length > 0);
    add("cough", maySpeak(view));
    add("note", booth.partners.length > 0);
  }
  add("object", view.raisable.length > 0);
  add("ask_break", Boolean(right(view, "ask_break")?.allowed));
  add("order_break", mayOrderBreak(view));
  add("closed_session", mayCloseSession(view));
  explained("signal", "signal");
  add("devices", true);
  add("keys", true);
  add("leave", true);
  if (ending) return found;
  explained("close", "close");
  add("break_off", Boolean(right(view, "break_off")?.allowed));
  // A second hold of one's own beside somebody else's: each State lifts its own.
  if (view.status !== "lobby_open" && (!view.hold || view.hold.by !== self?.name)) explained("hold", "hold");
  return found;
}

/**
 * Every control once: in sight, or in the menu. `most`: so many are visible, the button of the menu among them. The
 * hold is always one of them, for whoever has it.
 */
export function arrange(role: string, when: Moment, given: Offers, most = MOST): { bar: Control[]; menu: Control[] } {
  const has = (control: Control): boolean => given.get(control) === "allowed";
  const wanted = (BAR[role] ?? LISTENER)[when].filter(has);
  const chosen = new Set((has("hold") ? ["hold" as const, ...wanted] : wanted).slice(0, most - 1));
  const all = ORDER.filter((control) => given.has(control));
  return { bar: all.filter((control) => chosen.has(control)), menu: all.filter((control) => !chosen.has(control)) };
}
