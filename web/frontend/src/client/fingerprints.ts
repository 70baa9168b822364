// Fingerprints of a DTLS connection: what the courts read to each other. The code is that of hearings/sitting/fingerprints.py; a
// test on each side has the same example.

/** SHA-256 of both certificates of a connection, in hexadecimal digits. */
export interface Fingerprints {
  /** Of the media worker, as this browser met it in the handshake. */
  server: string;
  /** Of this page. */
  own: string;
}

const GROUPS = 6;
const DIGITS_OF_GROUP = 10;

/** Six groups of five digits: each five bytes of the SHA-256 as a number, of which the last five decimal digits count. */
export function codeOf(sha256: string): string[] {
  const groups: string[] = [];
  for (let at = 0; at < GROUPS; at += 1) {
    // Five bytes: exact in a double.
    const value = Number.parseInt(sha256.slice(at * DIGITS_OF_GROUP, (at + 1) * DIGITS_OF_GROUP), 16);
    groups.push(String(value % 100_000).padStart(5, "0"));
  }
  return groups;
}

/** The SHA-256 a description names (`a=fingerprint`, RFC 8122): the browser connects to no other certificate. */
export function announced(sdp: string): string {
  const found = /^a=fingerprint:sha-256 ([0-9A-F:]{95})\s*$/im.exec(sdp);
  return found?.[1]?.replaceAll(":", "").toLowerCase() ?? "";
}

const hex = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * The fingerprints of a connection that is up; null when they cannot be told.
 *
 * The server's is computed from the certificate itself where the browser shows it. Where it does not, it is the one of the
 * answer, which the browser has held the certificate against (RFC 8827, section 5.1): another one would not be connected.
 */
export async function fingerprintsOf(peer: RTCPeerConnection): Promise<Fingerprints | null> {
  const transport = peer.getSenders()[0]?.transport;
  const certificate = transport?.getRemoteCertificates?.()[0];
  const told = announced(peer.remoteDescription?.sdp ?? "");
  const server = certificate && crypto.subtle ? hex(await crypto.subtle.digest("SHA-256", certificate)) : told;
  const own = announced(peer.localDescription?.sdp ?? "");
  return server && own ? { server, own } : null;
}
