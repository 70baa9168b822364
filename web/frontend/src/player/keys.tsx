// What the keys of the player do: one table, for the page and for the list that says so. They work while the focus is in
// the player, and none of them takes a letter from a field.

import { t } from "../i18n";
import { nextSpeed } from "./clock";
import type { Engine } from "./engine";
import { STEP } from "./transport";

/** What the page around the player can do. */
export interface Hands {
  /** Puts the focus into the search. */
  search: () => void;
  /** One large, or all of one size. */
  turnGrid: () => void;
  /** The picture with this number, from 1 on, large. */
  enlarge: (number: number) => void;
  /** Shows the list of keys. */
  help: () => void;
  /** Goes to the next entry of the log (1) or to the one before (-1). */
  step: (by: 1 | -1) => void;
}

interface KeyRow {
  /** As `KeyboardEvent.key` names them. */
  keys: readonly string[];
  /** As the list shows them. */
  shown: readonly string[];
  words: () => string;
  act: (engine: Engine, hands: Hands, key: string, shift: boolean) => void;
}

const MINUTE = 60_000;

function turn(engine: Engine): void {
  if (engine.wanted.peek()) engine.pause();
  else engine.play();
}

const by = (engine: Engine, ms: number): void => engine.seek(engine.clock.now() + ms);

export const KEYS: readonly KeyRow[] = [
  { keys: [" ", "k", "K"], shown: ["Space", "K"], words: () => t("Play, pause"), act: turn },
  {
    keys: ["ArrowLeft", "ArrowRight"], shown: ["←", "→"], words: () => t("10 seconds back, 10 seconds on; with Shift one minute"),
    act: (engine, _hands, key, shift) => by(engine, (key === "ArrowLeft" ? -1 : 1) * (shift ? MINUTE : STEP)),
  },
  { keys: ["Home", "End"], shown: ["Home", "End"], words: () => t("To the beginning, to the end"), act: (engine, _hands, key) => engine.seek(key === "Home" ? 0 : engine.recording.end) },
  { keys: ["[", "]"], shown: ["[", "]"], words: () => t("To the entry of the log before, to the next"), act: (_engine, hands, key) => hands.step(key === "[" ? -1 : 1) },
  { keys: ["-", "+", "="], shown: ["−", "+"], words: () => t("Slower, faster"), act: (engine, _hands, key) => engine.setSpeed(nextSpeed(engine.speed.peek(), key === "-" ? -1 : 1)) },
  { keys: ["g", "G"], shown: ["G"], words: () => t("All pictures of one size, or one large"), act: (_engine, hands) => hands.turnGrid() },
  { keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], shown: ["1–9"], words: () => t("The first to the ninth picture large"), act: (_engine, hands, key) => hands.enlarge(Number(key)) },
  { keys: ["/"], shown: ["/"], words: () => t("To the search"), act: (_engine, hands) => hands.search() },
  { keys: ["?"], shown: ["?"], words: () => t("This list"), act: (_engine, hands) => hands.help() },
];

/** Elements that need their keys themselves. */
const TAKEN = "input, select, textarea";
/** And those that only need what activates them or moves in them. */
const PRESSED = "button, a, summary, [role=button]";
/** And those that are scrolled by them. */
const SCROLLED = "ol";

/** Where a keyboard writes another script: what a place on it means, as `KeyboardEvent.code` names them. */
const PLACES: Readonly<Record<string, string>> = {
  KeyG: "g", KeyK: "k", BracketLeft: "[", BracketRight: "]", Slash: "/", Minus: "-", Equal: "=",
  ...Object.fromEntries(Array.from("123456789", (digit) => [`Digit${digit}`, digit])),
};
/** A letter, vowel sign or digit that is not Latin. */
const FOREIGN = /^(?![\p{Script=Latin}\p{ASCII}])[\p{L}\p{M}\p{N}]/u;
/** Neither letter, digit nor space. */
const SIGN = /^[^\p{L}\p{N}\s]$/u;

/** A key that is held for a command of the browser or of the system. AltGr is not, where it only makes a sign; browsers tell
 * it as Control and Alt. */
function isCommand(event: KeyboardEvent): boolean {
  if (event.metaKey) return true;
  return (event.altKey || event.ctrlKey) && !(SIGN.test(event.key) && event.getModifierState("AltGraph"));
}

/** The key as the table names it. */
function keyOf(event: KeyboardEvent): string {
  const { key, code, shiftKey } = event;
  return !shiftKey && FOREIGN.test(key) && !event.getModifierState("AltGraph") ? PLACES[code] ?? key : key;
}

/** Whether a key was one of the player's; then it has been done. */
export function press(event: KeyboardEvent, engine: Engine, hands: Hands): boolean {
  const inside = event.target as Element;
  if (isCommand(event) || inside.closest(TAKEN)) return false;
  if (event.key === " " && inside.closest(PRESSED)) return false;
  if (["Home", "End"].includes(event.key) && inside.closest(SCROLLED)) return false;
  const key = keyOf(event);
  const row = KEYS.find(({ keys }) => keys.includes(key));
  if (!row) return false;
  event.preventDefault();
  row.act(engine, hands, key, event.shiftKey);
  return true;
}

/** The list, folded; `?` opens it. */
export function KeyList({ id }: { id: string }) {
  return (
    <details class="player-keys" id={id}>
      <summary>{t("Keyboard")}</summary>
      <p class="sub">{t("They work while the focus is in the player, and not in a field.")}</p>
      <dl>
        {KEYS.map(({ shown, words }) => (
          <div key={shown.join()}>
            <dt dir="ltr">{shown.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{words()}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
