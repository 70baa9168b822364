import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { announced, combination, DEFAULTS, obstacle, prefer, pressed, printed, read } from "../src/live/preferences";

const key = (code: string, held: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({ code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false, target: null, ...held }) as KeyboardEvent;
const both = { altKey: true, shiftKey: true };

afterEach(() => prefer(DEFAULTS));

test("a shortcut is the keys a person has chosen, in whatever order they are held", () => {
  assert.equal(combination(key("KeyM", both)), "Alt+Shift+KeyM");
  assert.equal(combination(key("AltLeft", both)), "", "modifiers alone are nothing yet");
  assert.ok(pressed(key("KeyM", both), "microphone"));
  assert.ok(!pressed(key("KeyM"), "microphone"));
  assert.ok(!pressed(key("KeyM", { ...both, repeat: true }), "microphone"), "a key that is held down counts once");
  prefer({ keys: { ...DEFAULTS.keys, microphone: "Control+KeyK" } });
  assert.ok(pressed(key("KeyK", { ctrlKey: true }), "microphone"));
  assert.ok(!pressed(key("KeyM", both), "microphone"));
});

test("a shortcut that is switched off does nothing, however it is pressed", () => {
  prefer({ keys: { ...DEFAULTS.keys, hold: "" } });
  assert.ok(!pressed(key("KeyH", both), "hold"));
  assert.ok(!pressed(key(""), "hold"));
});

test("keys that the page needs, or that another shortcut has, are not taken", () => {
  const names: [string, ReturnType<typeof obstacle>][] = [
    ["Alt+Shift+KeyH", "used"], ["Alt+Shift+KeyM", null], ["KeyX", null], ["Tab", "taken"], ["Control+Enter", "taken"],
    ["ArrowUp", "taken"], ["Digit1", "taken"], ["Alt+Digit1", null],
  ];
  for (const [combo, found] of names) assert.equal(obstacle(DEFAULTS.keys, "microphone", combo), found, combo);
});

test("keys are shown as they are printed on keyboards", () => {
  assert.deepEqual(["Alt+Shift+KeyM", "Control+Digit7", "Alt+Comma", ""].map(printed), ["Alt+Shift+M", "Ctrl+7", "Alt+Comma", ""]);
});

test("what is stored is read, and what is damaged is as by default", () => {
  assert.deepEqual(read(null), DEFAULTS);
  assert.deepEqual(read("{"), DEFAULTS);
  assert.deepEqual(read('{"keys": {"hold": 7}, "announcements": "loud", "digits": 1, "incoming": 900, "captions": 4, "captionSize": "huge"}'), DEFAULTS);
  const changed = { announcements: "important", keys: { ...DEFAULTS.keys, log: "" }, digits: "", incoming: 40, captions: "ro machine", captionSize: "large" } as const;
  assert.deepEqual(read(JSON.stringify(changed)), changed);
});

test("what stops the hearing and what matters is announced to everybody, the rest to who wants all", () => {
  assert.deepEqual((["stops", "matters", "detail"] as const).map(announced), [true, true, true]);
  prefer({ announcements: "important" });
  assert.deepEqual((["stops", "matters", "detail"] as const).map(announced), [true, true, false]);
});
