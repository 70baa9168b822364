// How loud everyone is, in steps 0–5, and who speaks on the floor.
import { signal } from "@preact/signals";
import { steps, type Sound } from "../client/sound";
import type { PersonView, SlotView } from "../messages";
import { isInterpreter } from "./words";

/** A level meter step from which a person counts as speaking. */
export const SPEAKING = 2;
/** Steps of the own level from which a muted person is told that nobody hears them, and how many ms after the last word. */
const TALKING = 3;
const STAYS = 4_000;

export class Levels {
  /** By participant. */
  readonly all = signal<Record<string, number>>({});
  /** My microphone's, also while nothing is sent. */
  readonly own = signal(0);
  readonly speaker = signal("");
  /** I am speaking, or have just been, and my microphone is off. */
  readonly unheard = signal(false);
  private spoke = -Infinity;

  /** `me` is the own participant while the own microphone is on, else empty. */
  measure(sound: Pick<Sound, "ownLevel" | "level">, slots: SlotView[], people: PersonView[], me: string, now: number): void {
    this.own.value = steps(sound.ownLevel());
    if (me) this.spoke = -Infinity;
    else if (this.own.value >= TALKING) this.spoke = now;
    this.unheard.value = now - this.spoke < STAYS;
    const levels: Record<string, number> = {};
    for (const slot of slots) {
      if (slot.kind === "camera" || !slot.participant) continue;
      levels[slot.participant] = Math.max(levels[slot.participant] ?? 0, steps(sound.level(slot.mid)));
    }
    if (me) levels[me] = this.own.value;
    if (JSON.stringify(levels) !== JSON.stringify(this.all.peek())) this.all.value = levels;
    this.pick(levels, people);
  }

  /** The loudest who is not an interpreter; stays until somebody else speaks. */
  private pick(levels: Record<string, number>, people: PersonView[]): void {
    const of = (person: PersonView): number => levels[person.participant] ?? 0;
    const speaking = people
      .filter((person) => person.microphone === "on" && !isInterpreter(person) && of(person) >= SPEAKING)
      .sort((a, b) => of(b) - of(a));
    const current = this.speaker.peek();
    if (speaking.length === 0 || speaking.some((person) => person.participant === current)) return;
    this.speaker.value = speaking[0]?.participant ?? "";
  }
}
