// The court's relays, for networks that block UDP: what a browser is given of them, and which way a line has taken.
import type { IceServer } from "../messages";

/** In this browser: that its lines go by a relay only, as a technician has chosen for a network where direct ones are bad. */
const KEY = "vivavoce-relay-only";

export function relayOnly(): boolean {
  return localStorage.getItem(KEY) === "yes";
}

export function setRelayOnly(only: boolean): void {
  if (only) localStorage.setItem(KEY, "yes");
  else localStorage.removeItem(KEY);
}

/** Directly over UDP, or by a relay that this browser reaches over UDP, TCP or TLS; empty while there is no line. */
export type Route = "" | "direct" | IceServer["kind"];

/** What a browser is given as `iceServers`: the court's own relays, and nobody else's. */
export function iceServers(relays: readonly IceServer[]): RTCIceServer[] {
  return relays.map(({ urls, username, credential }) => ({ urls, username, credential }));
}

/** An RTCStatsReport, or what looks like one. */
interface Statistics {
  forEach(take: (entry: Record<string, unknown>) => void): void;
}

/** The way of the candidate pair in use: of those nominated, the one that has sent most. */
export function routeOf(statistics: Statistics): Route {
  const candidates = new Map<unknown, Record<string, unknown>>();
  let most = -1;
  let local: unknown;
  statistics.forEach((entry) => {
    if (entry["type"] === "local-candidate") candidates.set(entry["id"], entry);
    if (entry["type"] !== "candidate-pair" || !entry["nominated"]) return;
    const sent = typeof entry["bytesSent"] === "number" ? entry["bytesSent"] : 0;
    if (sent > most) [most, local] = [sent, entry["localCandidateId"]];
  });
  const candidate = candidates.get(local);
  if (!candidate) return "";
  if (candidate["candidateType"] !== "relay") return "direct";
  const protocol = candidate["relayProtocol"];
  return protocol === "tcp" || protocol === "tls" ? protocol : "udp";
}
