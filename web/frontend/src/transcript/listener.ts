// Plays the sound of one track from one time to another, checked and decrypted as in the player. An engine a track, made
// when the track is first listened to; the numbers of what they ask for must not meet at the worker.

import { Engine } from "../player/engine";
import type { FromWorker, RecordingView, ToWorker } from "../player/wire";

/** Sound that is played before and behind what is asked for: a model's times are not exact. */
const EDGE = 300;

interface Asked {
  engine: Engine;
  id: number;
}

export class Listener {
  private readonly engines = new Map<string, Engine>();
  private readonly asked = new Map<number, Asked>();
  private lastAsked = 0;
  private stop: () => void = () => undefined;

  constructor(
    private readonly recording: RecordingView,
    private readonly send: (message: ToWorker) => void,
  ) {}

  /** Whether the recording has sound of a track at a time that the key file opens. */
  has(track: string, t0: number, t1: number): boolean {
    const view = this.recording.tracks.find((each) => each.name === track);
    return view?.mime.startsWith("audio/") === true && view.segments.some((each) => each.t0 < t1 && t0 < each.t1);
  }

  /** Plays, and says when it has ended, also because another was begun. */
  play(track: string, t0: number, t1: number, ended: () => void): void {
    this.pause();
    const engine = this.engineOf(track);
    if (!engine) return ended();
    const until = t1 + EDGE;
    engine.seek(Math.max(0, t0 - EDGE));
    engine.play();
    let over = false;
    const end = (): void => {
      if (over) return;
      over = true;
      unsubscribe();
      engine.pause();
      ended();
    };
    const unsubscribe = engine.time.subscribe((time) => {
      if (time >= until || !engine.wanted.peek() || engine.stopped.peek()) queueMicrotask(end);
    });
    this.stop = end;
  }

  pause(): void {
    this.stop();
    this.stop = () => undefined;
  }

  /** An answer of the worker goes to the engine that asked. */
  answer(message: FromWorker): void {
    if (message.type !== "part" && message.type !== "bad" && message.type !== "unreachable") return;
    const asked = this.asked.get(message.id);
    this.asked.delete(message.id);
    asked?.engine.answer({ ...message, id: asked.id });
  }

  private engineOf(track: string): Engine | null {
    const there = this.engines.get(track);
    if (there) return there;
    const view = this.recording.tracks.find((each) => each.name === track);
    if (!view) return null;
    // As a microphone of the floor it is heard in full, whatever it is.
    const alone = { ...this.recording, tracks: [{ ...view, kind: "floor-audio", role: "speaker" }] };
    const engine: Engine = new Engine(alone, (message) => {
      if (message.type !== "part") return this.send(message);
      this.lastAsked += 1;
      this.asked.set(this.lastAsked, { engine, id: message.id });
      this.send({ ...message, id: this.lastAsked });
    });
    this.engines.set(track, engine);
    return engine;
  }
}
