// The media connection: one RTCPeerConnection, 18 m-lines, one offer per connection and never a second one.
// Microphone, camera, 8 audio and 8 video lines to receive, always in this order. After a loss, or when the server asks, a
// new connection takes the place of the old one. The offer does not wait for ICE: the server learns our address from the
// first check it gets.
import type { IceServer, LineReport } from "../messages";
import { picture, voice, type Agreed } from "./encoding";
import { fingerprintsOf, type Fingerprints } from "./fingerprints";
import { HttpError, post } from "./http";
import { LineMeter } from "./line";
import { iceServers, routeOf, type Route } from "./relays";

export const RECEIVING = 8;

export type MediaStatus = "idle" | "connecting" | "connected" | "lost" | "refused";

export interface MediaEvents {
  status(status: MediaStatus, text: string): void;
  /** A receiving line has its track. */
  track(mid: string, kind: "audio" | "video", track: MediaStreamTrack): void;
  /** A new connection begins; every line of the one before is gone. */
  reset(): void;
}

export interface MediaOptions {
  ref: string;
  csrf: string;
  events: MediaEvents;
  /** Where offers go; by default to the hearing. */
  address?: (generation: number) => string;
  /** What the technical agreement says of a camera and a voice. */
  agreed?: Agreed | undefined;
  /** Whether to connect by relays only, as asked when a connection is made. */
  relayOnly?: () => boolean;
}

/** "disconnected" may heal by itself; after this long it does not. */
const PATIENCE_MS = 2_000;
/** A new connection that is not up by then is tried anew. */
const CONNECT_MS = 8_000;
const BACKOFF_MS = [100, 500, 1_000, 2_000, 4_000];

function prefer(transceiver: RTCRtpTransceiver, kind: "audio" | "video"): void {
  const wanted = kind === "video" ? ["video/vp8", "video/rtx"] : ["audio/opus"];
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [];
  const chosen = codecs.filter((codec) => wanted.includes(codec.mimeType.toLowerCase()));
  if (chosen.length > 0) transceiver.setCodecPreferences(chosen);
}

export class MediaLine {
  status: MediaStatus = "idle";
  /** Generation of the media worker that the present connection was made with; 0 when there is none. */
  generation = 0;
  /** Relays for the next connection, with credentials that expire. */
  relays: readonly IceServer[] = [];
  private wanted = 0;
  private peer: RTCPeerConnection | null = null;
  private audio: RTCRtpSender | null = null;
  private video: RTCRtpSender | null = null;
  private audioTrack: MediaStreamTrack | null = null;
  private videoTrack: MediaStreamTrack | null = null;
  private timer = 0;
  private attempts = 0;
  private faulty = false;
  private line = new LineMeter();

  constructor(private readonly options: MediaOptions) {}

  /** Connects to the worker of this generation; nothing happens when that connection exists or is being made. */
  use(generation: number): void {
    if (this.wanted === generation && this.status !== "idle") return;
    this.renew(generation);
  }

  /** A new connection now, whatever the state of this one. */
  renew(generation: number): void {
    this.wanted = generation;
    this.attempts = 0;
    this.faulty = false;
    void this.connect();
  }

  /** Whether the server has found that this browser's line cannot be made. It is not tried again until that is taken back. */
  fault(found: boolean): void {
    if (found === this.faulty || (found && this.status === "connected")) return;
    this.faulty = found;
    if (!found) return this.renew(this.wanted);
    window.clearTimeout(this.timer);
    this.drop();
    this.set("refused");
  }

  stop(): void {
    window.clearTimeout(this.timer);
    this.drop();
    this.wanted = 0;
    this.faulty = false;
    this.set("idle");
  }

  /** What is sent; null sends nothing. The line stays the same. */
  async sendAudio(track: MediaStreamTrack | null): Promise<void> {
    this.audioTrack = track;
    await this.audio?.replaceTrack(track).catch(() => undefined);
  }

  async sendVideo(track: MediaStreamTrack | null): Promise<void> {
    this.videoTrack = track;
    const sender = this.video;
    if (!sender) return;
    await this.scale(sender).catch(() => undefined);
    await sender.replaceTrack(track).catch(() => undefined);
  }

  /** Another camera may have more lines than the one before. */
  private async scale(sender: RTCRtpSender): Promise<void> {
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) Object.assign(encoding, this.picture());
    await sender.setParameters(parameters);
  }

  private picture(): RTCRtpEncodingParameters {
    return picture(this.options.agreed, this.videoTrack?.getSettings().height ?? 0);
  }

  /** The browser's own statistics of the present connection. */
  async stats(): Promise<RTCStatsReport | null> {
    return (await this.peer?.getStats()) ?? null;
  }

  /** The certificates of the present connection; null while there is none. */
  async fingerprints(): Promise<Fingerprints | null> {
    return this.peer && this.status === "connected" ? await fingerprintsOf(this.peer) : null;
  }

  /** What the page measures of its own line; null while there is none. */
  async measure(): Promise<LineReport | null> {
    const peer = this.peer;
    if (!peer || this.status !== "connected") return null;
    return this.line.look(await peer.getStats());
  }

  /** Whether the browser has no address left by which the present connection could be made: no relay has let it in. */
  async hopeless(): Promise<boolean> {
    const peer = this.peer;
    if (!peer || peer.iceGatheringState !== "complete") return false;
    let candidates = 0;
    (await peer.getStats()).forEach((entry: Record<string, unknown>) => {
      if (entry["type"] === "local-candidate") candidates += 1;
    });
    return candidates === 0;
  }

  /** The way the present connection has taken. */
  async route(): Promise<Route> {
    return this.peer && this.status === "connected" ? routeOf(await this.peer.getStats()) : "";
  }

  private set(status: MediaStatus, text = ""): void {
    if (this.status === status && !text) return;
    this.status = status;
    this.options.events.status(status, text);
  }

  private drop(): void {
    const peer = this.peer;
    this.peer = null;
    this.audio = this.video = null;
    this.generation = 0;
    if (!peer) return;
    peer.onconnectionstatechange = peer.ontrack = null;
    peer.close();
    this.options.events.reset();
  }

  private again(wait = 0): void {
    this.set("lost");
    const base = BACKOFF_MS[Math.min(this.attempts, BACKOFF_MS.length - 1)] ?? 4_000;
    this.attempts += 1;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.connect(), Math.max(wait, base));
  }

  private async connect(): Promise<void> {
    window.clearTimeout(this.timer);
    this.drop();
    this.line = new LineMeter();
    const generation = this.wanted;
    if (!generation) return;
    this.set("connecting");
    // The court's relays only: nothing about a hearing goes to a third party.
    const peer = new RTCPeerConnection({
      iceServers: iceServers(this.relays),
      iceTransportPolicy: this.options.relayOnly?.() && this.relays.length > 0 ? "relay" : "all",
      bundlePolicy: "max-bundle",
      rtcpMuxPolicy: "require",
    });
    this.peer = peer;
    this.build(peer);
    const stale = (): boolean => this.peer !== peer;
    peer.ontrack = ({ transceiver, track }) => {
      if (!stale() && transceiver.mid !== null) {
        this.options.events.track(transceiver.mid, track.kind as "audio" | "video", track);
      }
    };
    peer.onconnectionstatechange = () => this.follow(peer);
    try {
      await peer.setLocalDescription(await peer.createOffer());
      const sdp = peer.localDescription?.sdp ?? "";
      const url = this.options.address?.(generation) ?? `/h/${encodeURIComponent(this.options.ref)}/media?generation=${generation}`;
      const answer = await post(url, this.options.csrf, sdp, "application/sdp");
      const text = await answer.text();
      if (stale()) return;
      this.generation = generation;
      await peer.setRemoteDescription({ type: "answer", sdp: text });
      if (stale()) return;
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => {
        if (!stale() && peer.connectionState !== "connected") this.again();
      }, CONNECT_MS);
    } catch (error) {
      if (stale()) return;
      this.failed(error);
    }
  }

  private build(peer: RTCPeerConnection): void {
    const microphone = peer.addTransceiver("audio", { direction: "sendonly", sendEncodings: [voice(this.options.agreed)] });
    const camera = peer.addTransceiver("video", { direction: "sendonly", sendEncodings: [this.picture()] });
    prefer(microphone, "audio");
    prefer(camera, "video");
    this.audio = microphone.sender;
    this.video = camera.sender;
    if (this.audioTrack) void this.audio.replaceTrack(this.audioTrack);
    if (this.videoTrack) void this.video.replaceTrack(this.videoTrack);
    for (const kind of ["audio", "video"] as const) {
      for (let index = 0; index < RECEIVING; index += 1) {
        prefer(peer.addTransceiver(kind, { direction: "recvonly" }), kind);
      }
    }
  }

  private failed(error: unknown): void {
    if (error instanceof HttpError) {
      // 409: another generation by now, the server says which. 4xx else: asking the same again would not help.
      if (error.status === 409) return this.again(1_000);
      if (error.status >= 400 && error.status < 500 && error.status !== 429) {
        this.set("refused", error.message);
        return;
      }
      return this.again(error.retryAfter * 1_000);
    }
    this.again();
  }

  private follow(peer: RTCPeerConnection): void {
    if (this.peer !== peer) return;
    const state = peer.connectionState;
    if (state === "connected") {
      window.clearTimeout(this.timer);
      this.attempts = 0;
      this.set("connected");
    } else if (state === "failed" || state === "closed") {
      this.again();
    } else if (state === "disconnected") {
      window.clearTimeout(this.timer);
      this.timer = window.setTimeout(() => {
        if (this.peer === peer && peer.connectionState !== "connected") this.again();
      }, PATIENCE_MS);
    }
  }
}
