// What a person has chosen for the room in this browser: the keys of its shortcuts, and how much is announced.
import { signal } from "@preact/signals";

/** `stops`: the hearing or one's own part in it stops; `matters`: something to be acted upon or known; `detail`: the rest. */
export type Level = "stops" | "matters" | "detail";
export type Announcements = "all" | "important";
export type CaptionSize = "" | "large" | "largest";
export type ShortcutName = "microphone" | "hold" | "log";

interface Preferences {
  announcements: Announcements;
  /** Combinations such as "Alt+Shift+KeyM"; empty for a shortcut that is switched off. */
  keys: Record<ShortcutName, string>;
  /** Whether the digits choose the language an interpreter speaks into: "" off, "plain", or with "Alt+Shift". */
  digits: "" | "plain" | "Alt+Shift";
  /** How loud an interpreter hears everything, per cent. */
  incoming: number;
  /** The feed of captions that is shown, "off" for none; where it is not fed, the one that fits best. */
  captions: string;
  captionSize: CaptionSize;
}

export const LOUDEST = 150;

const STORE = "vivavoce-room";
const PLACES = ["Control", "Alt", "Shift", "Meta"] as const;
const MODIFIER = /^(Control|Alt|Shift|Meta|OS)/;
/** Keys by which a person moves, types or leaves: never a shortcut of their own. */
const TAKEN = /^(Tab|Enter|NumpadEnter|Space|Escape|Arrow.*|Backspace|Delete|Home|End|Page.*|F\d+)$/;
export const DEFAULTS: Preferences = {
  announcements: "all",
  keys: { microphone: "Alt+Shift+KeyM", hold: "Alt+Shift+KeyH", log: "Alt+Shift+KeyL" },
  digits: "plain",
  incoming: 100,
  captions: "",
  captionSize: "",
};

/** The preferences as stored; what is unknown or damaged is as by default. */
export function read(text: string | null): Preferences {
  let stored: Partial<Preferences> = {};
  try {
    stored = (JSON.parse(text ?? "{}") ?? {}) as Partial<Preferences>;
  } catch {
    // As by default.
  }
  const keys = { ...DEFAULTS.keys };
  for (const name of Object.keys(keys) as ShortcutName[]) {
    const chosen: unknown = stored.keys?.[name];
    if (typeof chosen === "string") keys[name] = chosen;
  }
  return {
    announcements: stored.announcements === "important" ? "important" : "all",
    keys,
    incoming: typeof stored.incoming === "number" && stored.incoming >= 0 && stored.incoming <= LOUDEST ? stored.incoming : DEFAULTS.incoming,
    digits: stored.digits === "" || stored.digits === "Alt+Shift" ? stored.digits : "plain",
    captions: typeof stored.captions === "string" ? stored.captions : "",
    captionSize: stored.captionSize === "large" || stored.captionSize === "largest" ? stored.captionSize : "",
  };
}

function kept(): string | null {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // a browser that keeps nothing
  }
}

export const preferences = signal<Preferences>(read(kept()));

export function prefer(change: Partial<Preferences>): void {
  preferences.value = { ...preferences.peek(), ...change };
  try {
    localStorage.setItem(STORE, JSON.stringify(preferences.peek()));
  } catch {
    // It holds until the page is closed.
  }
}

type Press = Pick<KeyboardEvent, "altKey" | "ctrlKey" | "metaKey" | "shiftKey" | "code">;

/** The combination of a key press; empty while only modifiers are held. */
export function combination(press: Press): string {
  if (!press.code || MODIFIER.test(press.code)) return "";
  const held = [press.ctrlKey, press.altKey, press.shiftKey, press.metaKey];
  return [...PLACES.filter((_name, place) => held[place]), press.code].join("+");
}

/** Why a combination cannot be chosen for a shortcut: its key is needed, or it is that of another one. */
export function obstacle(keys: Preferences["keys"], name: ShortcutName, combo: string): "taken" | "used" | null {
  const code = combo.split("+").at(-1) ?? "";
  if (TAKEN.test(code) || /^(Digit|Numpad)\d$/.test(combo)) return "taken";
  return (Object.keys(keys) as ShortcutName[]).some((other) => other !== name && keys[other] === combo) ? "used" : null;
}

/** "Alt+Shift+M", as it is printed on keyboards; empty for none. */
export function printed(combo: string): string {
  return combo.replace("Control", "Ctrl").replace(/\b(Key|Digit)(?=\w$)/, "");
}

/** Whether somebody types at the target of a key press: a key without a modifier is then theirs. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, select, dialog") !== null;
}

/** Whether a key press is the shortcut of this name, as the person has set it. */
export function pressed(event: KeyboardEvent, name: ShortcutName): boolean {
  const combo = preferences.peek().keys[name];
  if (!combo || event.repeat || combination(event) !== combo) return false;
  return /^(Control|Alt|Meta)/.test(combo) || !typing(event.target);
}

/** What a screen reader is told at all: everything, or what matters. */
export function announced(level: Level): boolean {
  return level !== "detail" || preferences.peek().announcements === "all";
}
