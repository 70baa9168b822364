// One way between this browser and the media server, tried by itself: a line that sends a test picture and a tone, and one
// that receives them back, as another participant would.
import type { Agreed } from "../client/encoding";
import { MediaLine } from "../client/media";
import type { Route } from "../client/relays";
import type { IceServer } from "../messages";

export type Way = Exclude<Route, "">;
/** The ways of a hearing's line, those preferred first. */
export const WAYS: readonly Way[] = ["direct", "udp", "tcp", "tls"];

/** What the server takes as one way of a report. */
export type Measured =
  | { state: "closed" | "absent" }
  | {
      state: "open";
      sound: boolean;
      rtt_ms: number;
      loss_up_percent: number;
      loss_down_percent: number;
      up_kbps: number;
      height: number;
      fps: number;
    };

export interface Sources {
  sound: MediaStreamTrack;
  picture: MediaStreamTrack;
}

export interface Place {
  ref: string;
  csrf: string;
  agreed?: Agreed | undefined;
  /** Where its requests go; by default to the hearing `ref`. */
  base?: string | undefined;
}

export const baseOf = (place: Place): string => place.base ?? `/h/${encodeURIComponent(place.ref)}/network`;

/** How long a way may take to be open. */
const OPEN_MS = 6_000;
/** How long the first open way is measured, so that the bandwidth is known, and each other. */
const LONG_MS = 8_000;
const SHORT_MS = 2_500;
const LOOK_MS = 250;
/** Received packets from which media pass. */
const PASSED = 20;

const sleep = (ms: number): Promise<void> => new Promise((done) => window.setTimeout(done, ms));
const round = (value: number): number => Math.round(value * 100) / 100;

interface Look {
  received: number;
  lost: number;
  lostUp: number;
  sent: number;
  rtt: number;
  available: number;
  frames: number;
  height: number;
  /** Packets of the tone that have come back. */
  voice: number;
}

function look(sending: RTCStatsReport | null, receiving: RTCStatsReport | null): Look {
  const found: Look = { received: 0, lost: 0, lostUp: 0, sent: 0, rtt: 0, available: 0, frames: 0, height: 0, voice: 0 };
  sending?.forEach((entry: Record<string, unknown>) => {
    const number = (key: string): number => (typeof entry[key] === "number" ? (entry[key] as number) : 0);
    if (entry["type"] === "candidate-pair" && entry["nominated"]) {
      found.rtt = Math.max(found.rtt, number("currentRoundTripTime"));
      found.available = Math.max(found.available, number("availableOutgoingBitrate"));
    }
    if (entry["type"] === "outbound-rtp") found.sent += number("packetsSent");
    if (entry["type"] === "remote-inbound-rtp") found.lostUp += Math.max(0, number("packetsLost"));
  });
  receiving?.forEach((entry: Record<string, unknown>) => {
    if (entry["type"] !== "inbound-rtp") return;
    const number = (key: string): number => (typeof entry[key] === "number" ? (entry[key] as number) : 0);
    found.received += number("packetsReceived");
    found.lost += Math.max(0, number("packetsLost"));
    found.frames += number("framesDecoded");
    found.height = Math.max(found.height, number("frameHeight"));
    if (entry["kind"] === "audio") found.voice += number("packetsReceived");
  });
  return found;
}

function line(place: Place, side: string, way: Way, relays: readonly IceServer[]): MediaLine {
  const made = new MediaLine({
    ...place,
    address: () => `${baseOf(place)}/media/${side}`,
    relayOnly: () => way !== "direct",
    events: {
      status: () => undefined,
      // A browser decodes what an element plays.
      track: (_mid, kind, track) => {
        const player = document.createElement(kind === "audio" ? "audio" : "video");
        player.muted = true;
        player.srcObject = new MediaStream([track]);
        void player.play().catch(() => undefined);
      },
      reset: () => undefined,
    },
  });
  made.relays = relays;
  return made;
}

/** Tries one way, and measures it if it is open. */
export async function probe(way: Way, place: Place, servers: readonly IceServer[], sources: Sources, long: boolean): Promise<Measured> {
  const relays = servers.filter((server) => server.kind === way);
  if (way !== "direct" && relays.length === 0) return { state: "absent" };
  const sending = line(place, "requesting", way, relays);
  const receiving = line(place, "requested", way, relays);
  const now = async (): Promise<Look> => look(await sending.stats(), await receiving.stats());
  try {
    await sending.sendAudio(sources.sound);
    await sending.sendVideo(sources.picture);
    receiving.use(1);
    sending.use(1);
    const until = performance.now() + OPEN_MS;
    while ((await now()).received < PASSED) {
      const refused = [sending.status, receiving.status].includes("refused");
      if (performance.now() > until || refused || (await sending.hopeless())) return { state: "closed" };
      await sleep(LOOK_MS);
    }
    return await measure(now, long ? LONG_MS : SHORT_MS);
  } finally {
    sending.stop();
    receiving.stop();
  }
}

async function measure(now: () => Promise<Look>, ms: number): Promise<Measured> {
  const first = await now();
  let rtt = 0;
  let available = 0;
  for (const end = performance.now() + ms; performance.now() < end; ) {
    await sleep(LOOK_MS);
    const found = await now();
    rtt = Math.max(rtt, found.rtt);
    available = Math.max(available, found.available);
  }
  const last = await now();
  const percent = (lost: number, arrived: number): number => (lost + arrived > 0 ? round((100 * lost) / (lost + arrived)) : 0);
  const sent = last.sent - first.sent;
  const up = Math.min(percent(last.lostUp - first.lostUp, Math.max(0, sent - (last.lostUp - first.lostUp))), 100);
  const whole = percent(Math.max(0, last.lost - first.lost), last.received - first.received);
  return {
    state: "open",
    sound: last.voice - first.voice > PASSED,
    rtt_ms: round(rtt * 1_000),
    loss_up_percent: Math.max(0, up),
    // What was lost on the way up is missing on the way down as well.
    loss_down_percent: round(Math.max(0, whole - up)),
    up_kbps: Math.round(available / 1_000),
    height: last.height,
    fps: Math.round(((last.frames - first.frames) * 1_000) / ms),
  };
}
