// What this page may claim about the recording: the server's word, and the page's own doubt.
// The claim is about sealed bytes. Unknown counts as failing: no tick for 20 s, or a last seal older than 20 s by this
// machine's own clock, and the page says NOT RECORDING by itself.
import type { RecordingView } from "../messages";
import { Age } from "./clock";

export const SLOW_MS = 10_000;
export const FAILING_MS = 20_000;

export type ClaimStatus = RecordingView["status"];

export interface Claim {
  status: ClaimStatus;
  /** Milliseconds since 1970 UTC: when this status began, by the server's word; null when it said nothing. */
  since: number | null;
  sealed: number;
  /** Seconds since the last seal; null when there was none. */
  sealAge: number | null;
  /** Seconds since the server last said anything. */
  silence: number;
  /** True when the page itself has turned the claim to NOT RECORDING. */
  own: boolean;
}

/** Statuses in which a sitting may not go on. */
export function isRed(status: ClaimStatus): boolean {
  return status === "failing" || status === "failed";
}

/** The claim from what is known. Pure; ages in milliseconds. */
export function claim(
  said: RecordingView,
  known: { inSession: boolean; tickAge: number; sealAge: number | null },
): Omit<Claim, "since" | "sealed"> {
  const { inSession, tickAge, sealAge } = known;
  const seconds = sealAge === null ? null : Math.floor(sealAge / 1_000);
  const rest = { sealAge: seconds, silence: Math.floor(tickAge / 1_000) };
  if (isRed(said.status) || said.status === "sealed") return { status: said.status, own: false, ...rest };
  // Its journal is sealed in a pause by order too.
  const running = said.status === "recording" || said.status === "slow" || said.status === "paused";
  const silent = tickAge > FAILING_MS && (inSession || running || said.status === "starting");
  const stale = running && (sealAge === null || sealAge > FAILING_MS);
  const absent = inSession && said.status === "not_started";
  if (silent || stale || absent) return { status: "failing", own: true, ...rest };
  if (running && said.status !== "paused") return { status: sealAge !== null && sealAge > SLOW_MS ? "slow" : said.status, own: false, ...rest };
  return { status: said.status, own: false, ...rest };
}

/** Follows views and ticks. */
export class RecordingWatch {
  private said: RecordingView | null = null;
  private inSession = false;
  private tick = new Age();
  private seal = new Age();
  private sealAt: number | null = null;

  view(recording: RecordingView, inSession: boolean): void {
    this.inSession = inSession;
    this.hear(recording, null);
  }

  /** `at`: the server's time in nanoseconds. */
  ticked(at: number, recording: RecordingView): void {
    this.tick.reset();
    this.hear(recording, at);
  }

  private hear(recording: RecordingView, at: number | null): void {
    this.said = recording;
    const last = recording.last_sealed_at;
    // Only a new seal makes the last one younger; a server that repeats itself does not.
    if (last !== null && last !== this.sealAt) {
      this.sealAt = last;
      this.seal.reset(at === null ? 0 : Math.max(0, (at - last) / 1e6));
    }
  }

  claim(): Claim | null {
    if (!this.said) return null;
    const known = {
      inSession: this.inSession,
      tickAge: this.tick.ms,
      sealAge: this.sealAt === null ? null : this.seal.ms,
    };
    const { since, sealed } = this.said;
    return { ...claim(this.said, known), since: since === null ? null : since / 1e6, sealed };
  }
}
