// The own media line as the page shows it: how it is, by which way it goes, whose certificate it has met, and what comes
// on it.
import { signal } from "@preact/signals";
import type { IceServer, ListeningFigures, SlotView, View } from "../messages";
import type { PageConfig } from "../config";
import type { Fingerprints } from "../client/fingerprints";
import { Listening } from "../client/listening";
import { MediaLine, type MediaStatus } from "../client/media";
import { relayOnly, setRelayOnly } from "../client/relays";
import type { Sound } from "../client/sound";
import type { Ears } from "./ears";
import { me } from "./words";

/** The server's word on a new line comes a moment after the line: until then the two cannot be held against each other. */
const SETTLED_MS = 2_000;

export class OwnLine {
  readonly status = signal<MediaStatus>("idle");
  readonly text = signal("");
  /** Of the line in use, as this browser has met it; null while there is none. */
  readonly fingerprints = signal<Fingerprints | null>(null);
  /** The court's relays; empty when it has none. */
  readonly relays = signal<IceServer[]>([]);
  readonly relayOnly = signal(relayOnly());
  readonly slots = signal<SlotView[]>([]);
  /** Video tracks by receiving line. */
  readonly videos = signal<ReadonlyMap<string, MediaStreamTrack>>(new Map());
  readonly media: MediaLine;
  private readonly listening = new Listening();
  /** When it was lost, of the page's own clock; 0 when it is up or not wanted. */
  lostAt = 0;
  private connections = 0;
  private looking = 0;

  /** `renewed`: the line is made anew. `changed`: its status has changed. */
  constructor(
    config: PageConfig,
    private readonly ears: Ears,
    private readonly on: { renewed(): void; changed(): void },
  ) {
    this.media = new MediaLine({
      ref: config.ref,
      csrf: config.csrf,
      agreed: config.agreed,
      relayOnly: () => this.relayOnly.value,
      events: {
        status: (status, text) => this.changed(status, text),
        track: (mid, kind, track) => this.received(mid, kind, track),
        reset: () => {
          this.ears.graph?.clear();
          this.videos.value = new Map();
        },
      },
    });
  }

  /** Follows what the server says of it in the room. */
  follow(view: View): void {
    if (view.media_up && view.generation) this.media.use(view.generation);
    this.media.fault(Boolean(me(view)?.fault));
  }

  /** What comes on each receiving line from now on. */
  assign(slots: SlotView[]): void {
    this.slots.value = slots;
    this.ears.graph?.assign(slots);
  }

  useRelays(servers: IceServer[]): void {
    this.media.relays = this.relays.value = servers;
  }

  /** From now on by the court's relay only, or by whatever way is open; the present line is made anew. */
  setRelayOnly(only: boolean, view: View | null): void {
    setRelayOnly(only);
    this.relayOnly.value = only;
    if (view?.phase === "room" && view.media_up) this.media.renew(view.generation);
  }

  /** The next line that is made is the first one. */
  forget(): void {
    this.connections = 0;
  }

  leave(): void {
    this.media.stop();
    this.slots.value = [];
  }

  /** What comes now; of an interpreter's, howling too is counted. */
  hear(graph: Sound, interpreter: boolean): void {
    this.listening.heard(graph.heardLevel());
    if (interpreter) this.listening.howling(performance.now(), graph.heardSpectra());
  }

  /** What an interpreter has heard and seen since the last look. */
  async heard(): Promise<ListeningFigures | null> {
    const stats = await this.media.stats();
    return stats && this.listening.look(stats, this.ears.graph?.limits ?? 0, this.slots.peek());
  }

  private changed(status: MediaStatus, text: string): void {
    this.status.value = status;
    this.text.value = text;
    this.fingerprints.value = null;
    window.clearTimeout(this.looking);
    if (status === "connected") this.looking = window.setTimeout(() => void this.lookAtCertificates(), SETTLED_MS);
    if (status === "connecting") {
      this.connections += 1;
      if (this.connections > 1) this.on.renewed();
    }
    if (status === "connected" || status === "idle") this.lostAt = 0;
    else this.lostAt ||= performance.now();
    this.on.changed();
  }

  private async lookAtCertificates(): Promise<void> {
    const found = await this.media.fingerprints();
    if (this.status.value === "connected") this.fingerprints.value = found;
  }

  private received(mid: string, kind: "audio" | "video", track: MediaStreamTrack): void {
    if (kind === "audio") {
      this.ears.sound.add(mid, track);
      this.ears.sound.assign(this.slots.value);
      return;
    }
    this.videos.value = new Map(this.videos.value).set(mid, track);
  }
}
