// Keeping a transcript with the recording takes a while, and the page stays open meanwhile. Pure.

import type { KeptTranscript } from "./derived";
import type { Transcript } from "./document";

/** A transcript that is being kept. */
export interface Keeping {
  /** What was on the page when that was asked for. */
  of: Transcript;
  /** What is kept: the same, with who corrected it and when. */
  made: Transcript;
  /** SHA-256 of the machine's file. */
  draft: string;
}

/** It as one of those that are kept with the recording: the custody log that was read when the page opened does not name it. */
export function asKept({ made, draft }: Keeping): KeptTranscript {
  const { by = "", at = "" } = made.corrected ?? {};
  return { at: Date.parse(at), person: by, draft, texts: [JSON.stringify(made)], closed: 0, lost: 0 };
}

/** What has become of the page meanwhile: `same`, `changed` by corrections that are not kept, or `left` for another one. */
export function meanwhile(now: Transcript | null, { of }: Keeping): "same" | "changed" | "left" {
  if (now === of) return "same";
  // A correction changes segments alone.
  return now?.silences === of.silences ? "changed" : "left";
}
