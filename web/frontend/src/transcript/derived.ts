// In the worker of the player: the transcripts that are kept with a recording, opened, and new ones closed. The text leaves
// the browser only encrypted to the keys of the recording, each part to the key under which its words were recorded.

import { Encrypter } from "age-encryption";
import { decodeLine, eachLine, readLine, wellTyped } from "../player/journal";
import type { Journal, Named } from "../player/reader";
import type { Rekey } from "../player/track-lines";
import { type Segment, type Transcript, split } from "./document";

export const WHAT = "transcript";

/** A transcript as the custody log names it: its parts were kept at one time. */
export interface KeptTranscript {
  /** Milliseconds since 1970 UTC. */
  at: number;
  person: string;
  draft: string;
  /** Texts of the parts that could be opened and are what the log says. */
  texts: string[];
  /** Parts that the key file does not open. */
  closed: number;
  /** Parts that are not there any more, or not what the log says. */
  lost: number;
}

/** A part as it is sent: base64 of an age file. */
export interface SealedPart {
  key: number;
  content: string;
}

export interface NamedPart {
  file: Named;
  key: number;
  at: string;
  person: string;
  draft: string;
}

/** The transcripts that a custody log names, part by part, in its order; of two lines with one file, the last. */
export function namedIn(custody: Uint8Array): NamedPart[] {
  const found = new Map<string, NamedPart>();
  let number = 0;
  eachLine(custody, (raw) => {
    const { value } = readLine(decodeLine(raw), raw.length);
    const line = number;
    number += 1;
    if (value?.["type"] !== "derive" || value["what"] !== WHAT || !wellTyped(value)) return;
    const file = String(value["file"]);
    const named = { file, size: Number(value["size"]), sha256: String(value["sha256"]), first: `custody line ${line}`, line };
    const { key, person, draft } = value as Record<string, unknown>;
    found.set(file, { file: named, key: typeof key === "number" ? key : 0, at: value.at, person: String(person ?? ""), draft: String(draft ?? "") });
  });
  return [...found.values()];
}

/** The lines of one saving have one time. */
export function grouped(parts: NamedPart[]): NamedPart[][] {
  const groups = new Map<string, NamedPart[]>();
  for (const part of parts) {
    const name = `${part.at} ${part.person} ${part.draft}`;
    groups.set(name, [...(groups.get(name) ?? []), part]);
  }
  return [...groups.values()];
}

/** The number of the key under which a time was recorded; where it changes in between, the one that fewer can open. */
export function keyAt(rekeys: readonly Rekey[], t0: number, t1: number): number {
  const before = rekeys.findLast(({ t }) => t <= t0)?.key ?? 0;
  const inside = rekeys.filter(({ t }) => t0 < t && t < t1).map(({ key }) => key);
  return Math.max(before, ...inside);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** The parts of a transcript, each encrypted to the key of its words. */
export async function sealed(transcript: Transcript, journal: Journal): Promise<SealedPart[]> {
  const recipients = new Map([[0, journal.recipient], ...journal.rekeys.map(({ key, recipient }): [number, string] => [key, recipient])]);
  const keyOf = (segment: Segment): number => keyAt(journal.rekeys, segment.t0, segment.t1);
  return await Promise.all(split(transcript, keyOf).map(async ({ key, transcript: part }) => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipients.get(key)!);
    return { key, content: base64(await encrypter.encrypt(`${JSON.stringify(part)}\n`)) };
  }));
}
