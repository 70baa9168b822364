// What the browser's statistics say of the own line: how it is now, not how it was when somebody last spoke.
import type { LineReport } from "../messages";

/** An RTCStatsReport, or what looks like one. */
interface Statistics {
  forEach(take: (entry: Record<string, unknown>) => void): void;
}

export class LineMeter {
  private lost = 0;
  private received = 0;
  /** Packets each incoming stream had at the last look. */
  private streams = new Map<unknown, number>();

  /** The line since the last look. */
  look(statistics: Statistics): LineReport {
    let rtt = 0;
    let jitter = 0;
    let lost = 0;
    let received = 0;
    let upstream = 0;
    statistics.forEach((entry) => {
      const number = (key: string): number => (typeof entry[key] === "number" ? (entry[key] as number) : 0);
      if (entry["type"] === "candidate-pair" && entry["nominated"]) rtt = Math.max(rtt, number("currentRoundTripTime"));
      if (entry["type"] === "inbound-rtp") {
        const packets = number("packetsReceived");
        lost += number("packetsLost");
        received += packets;
        // The jitter of a stream that has ended, of a muted person, stays in the statistics as it last was.
        const flows = packets > (this.streams.get(entry["id"]) ?? 0);
        if (entry["kind"] === "audio" && flows) jitter = Math.max(jitter, number("jitter"));
        this.streams.set(entry["id"], packets);
      }
      if (entry["type"] === "remote-inbound-rtp") upstream = Math.max(upstream, number("fractionLost"));
    });
    const newLost = Math.max(0, lost - this.lost);
    const newReceived = Math.max(0, received - this.received);
    [this.lost, this.received] = [lost, received];
    const down = newLost + newReceived > 0 ? newLost / (newLost + newReceived) : 0;
    const whole = (value: number, most: number): number => Math.max(0, Math.min(most, Math.round(value)));
    return {
      type: "line_report",
      rtt_ms: whole(rtt * 1_000, 60_000),
      loss_percent: whole(Math.max(down, upstream) * 100, 100),
      jitter_ms: whole(jitter * 1_000, 60_000),
    };
  }
}
