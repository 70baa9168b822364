// The keys of the player, on keyboards of several countries.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "../src/player/engine";
import { type Hands, press } from "../src/player/keys";

interface Held {
  code?: string;
  altKey?: boolean;
  ctrlKey?: boolean;
  metaKey?: boolean;
  shiftKey?: boolean;
  altGraph?: boolean;
}

/** What a key does, "" where it is left to the browser. */
function done(key: string, held: Held = {}): string {
  let act = "";
  let prevented = false;
  const tell = (name: string) => (by?: unknown): void => void (act = [name, by].filter((part) => part !== undefined).join(" "));
  const peek = { peek: () => false };
  const hands: Hands = { search: tell("search"), turnGrid: tell("grid"), enlarge: tell("enlarge"), help: tell("help"), step: tell("step") };
  const engine = { wanted: peek, speed: { peek: () => 1 }, play: tell("play"), setSpeed: tell("speed"), seek: tell("seek"), clock: { now: () => 60_000 } };
  const target = { closest: () => null };
  const event = {
    key, code: "", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...held, target,
    getModifierState: (name: string) => name === "AltGraph" && held.altGraph === true, preventDefault: () => void (prevented = true),
  };
  const was = press(event as unknown as KeyboardEvent, engine as unknown as Engine, hands);
  assert.deepEqual([was, prevented], [act !== "", act !== ""], key);
  return act;
}

test("brackets work where they are made with AltGr, which browsers tell as Control and Alt", () => {
  const altGr = { altKey: true, ctrlKey: true, altGraph: true };
  assert.deepEqual([done("[", { ...altGr, code: "Digit8" }), done("]", { ...altGr, code: "Digit9" })], ["step -1", "step 1"]);
  assert.deepEqual([done("[", { code: "BracketLeft" }), done("]", { altGraph: true, code: "Digit9" })], ["step -1", "step 1"]);
});

test("what is held with Control, Alt or Meta is left to the browser and the screen reader", () => {
  for (const held of [{ ctrlKey: true }, { altKey: true }, { metaKey: true }, { altKey: true, ctrlKey: true }]) {
    for (const key of ["[", "k", "1", "-", "/", "ArrowLeft", " "]) assert.equal(done(key, held), "", `${JSON.stringify(held)} ${key}`);
  }
  const altGr = { altKey: true, ctrlKey: true, altGraph: true };
  for (const key of ["ArrowLeft", "Home", "1", "g", " "]) assert.equal(done(key, altGr), "", key);
  assert.equal(done("[", { ...altGr, metaKey: true }), "");
});

test("on a keyboard of another script a key is what stands there on an English one", () => {
  // Thai (Kedmanee), Arabic, Russian, Greek: what is written, where, what it does.
  const rows: [string, string, string][] = [
    ["า", "KeyK", "play"], ["เ", "KeyG", "grid"], ["บ", "BracketLeft", "step -1"], ["ล", "BracketRight", "step 1"], ["ๅ", "Digit1", "enlarge 1"], ["ุ", "Digit6", "enlarge 6"],
    ["ฝ", "Slash", "search"], ["ن", "KeyK", "play"], ["ل", "KeyG", "grid"], ["ج", "BracketLeft", "step -1"], ["٣", "Digit3", "enlarge 3"], ["л", "KeyK", "play"], ["ъ", "BracketRight", "step 1"], ["γ", "KeyG", "grid"],
  ];
  for (const [key, code, act] of rows) assert.equal(done(key, { code }), act, key);
});

test("on a Latin keyboard a key is what it writes, wherever it stands", () => {
  assert.deepEqual([done("k", { code: "KeyV" }), done("t", { code: "KeyK" }), done("i", { code: "KeyG" })], ["play", "", ""]);
  assert.deepEqual([done("ü", { code: "BracketLeft" }), done("é", { code: "Digit2" }), done("&", { code: "Digit1" }), done("2", { code: "Digit2", shiftKey: true })], ["", "", "", "enlarge 2"]);
  assert.deepEqual([done("+", { code: "BracketRight" }), done("K", { code: "KeyK", shiftKey: true }), done("?", { shiftKey: true })], ["speed 1.25", "play", "help"]);
  assert.equal(done("²", { code: "Digit2", altGraph: true }), "");
  assert.deepEqual([done("ArrowLeft"), done("ArrowRight", { shiftKey: true }), done("Home"), done("0")], ["seek 50000", "seek 120000", "seek 0", ""]);
});
