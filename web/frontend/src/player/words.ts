// Words of the player: what the codes of worker and journal mean to a person.

import { languageName, list, official, stateName, t } from "../i18n";
import { type Fault, LOCKED, PAUSE } from "./journal";
import type { Seated } from "./reader";
import type { OwnKey, RefusalCode, TrackView, Verdict } from "./wire";

export interface Place {
  city: string;
  zone: string;
}

const ROLES: Record<string, () => string> = {
  judge: () => t("Judge"),
  presiding_judge: () => t("Judge"),
  clerk: () => t("Clerk"),
  requested_authority: () => t("Requested authority"),
  authority: () => t("Requested authority"),
  witness: () => t("Witness"),
  expert: () => t("Expert"),
  accused: () => t("Accused"),
  defendant: () => t("Accused"),
  interpreter: () => t("Interpreter"),
  defence: () => t("Defence"),
  prosecutor: () => t("Prosecutor"),
  central_authority: () => t("Central authority"),
  party: () => t("Victim or civil party"),
  civil_party: () => t("Victim or civil party"),
  support: () => t("Support person"),
  support_person: () => t("Support person"),
  observer: () => t("Observer"),
  technician: () => t("Technician"),
};

/** What a track says of itself. */
type Named = Pick<TrackView, "name" | "role" | "kind" | "lang">;

/** The journal says "witness 1": a role and a number, never a name. */
function roleOf(view: Named): { role: string; number: string } {
  const [role = "", number = "1"] = view.role.split(" ");
  return { role, number };
}

/** "Witness", or "Witness 2" from the second of a role on; `known` is the role by which the journal names the person. */
export function personName(view: Named, known = ""): string {
  const { role, number } = roleOf(view);
  const word = (ROLES[known] ?? ROLES[role])?.() ?? role.replaceAll("_", " ");
  return number === "1" ? word : `${word} ${number}`;
}

/** The word of a role in the hearing, as a log entry names who did it. */
export function roleWord(role: string): string {
  return ROLES[role]?.() ?? role.replaceAll("_", " ");
}

/** Who had the seat of a track at a time (ms), as far as the journal says. */
export function seatedAt(track: string, people: Seated[], time: number): Seated | undefined {
  const lines = people.filter((one) => track.startsWith(`${one.seat}_`));
  return lines.findLast((one) => one.t <= time) ?? lines[0];
}

/** The person of a track with the State they belong to, "Witness (Thailand)", where the journal says it. */
export function personAndState(view: Named, people: Seated[], time: number): string {
  const seated = seatedAt(view.name, people, time);
  const person = personName(view, seated?.role);
  return seated?.state ? t("{person} ({state})", { person, state: stateName(seated.state) }) : person;
}

/** Whether the track is of the person the hearing is about. */
export function heard(view: Named): boolean {
  return ["witness", "expert", "defendant", "accused"].includes(roleOf(view).role);
}

export function trackName(view: Named, person = personName(view)): string {
  if (view.kind === "language") return t("Interpretation into {language}", { language: languageName(view.lang) });
  if (view.kind === "floor-audio") return t("{person}, microphone", { person });
  if (view.kind === "screen") return t("{person}, shared screen", { person });
  return t("{person}, camera", { person });
}

const CAUSES: Record<string, () => string> = {
  network: () => t("the line was lost"),
  sender_off: () => t("switched off by the person"),
  order: () => t("switched off by order of the court"),
  pause: () => t("paused by order of the court"),
  server: () => t("the court's server did not respond"),
  worker: () => t("the media server had failed"),
  recorder: () => t("the recorder had failed"),
  disk: () => t("the disk had failed"),
  recovered: () => t("parts recovered after a failure, time unknown"),
  late: () => t("it arrived too late to be kept"),
  other: () => t("other cause"),
  [LOCKED]: () => t("closed session, your key does not open it"),
};

/** Who can open a recording or a part of it, from what the journal calls them: kind and State. Another form unchanged. */
export function readersText(recipients: readonly string[]): string {
  return list([...new Set(recipients.map(readerText))]);
}

function readerText(name: string): string {
  const [, kind = "", code = ""] = /^(requesting|requested|escrow) ([A-Z]{2})$/.exec(name) ?? [];
  if (!kind) return name;
  return kind === "escrow" ? t("key in escrow, {state}", { state: stateName(code) }) : t("authority ({state})", { state: stateName(code) });
}

/** What is recorded to a key of its own, in a sentence. */
export function ownKeyText({ recipients, opens }: OwnKey): string {
  const names = readersText(recipients);
  return opens ? t("Closed session: recorded for {names}; your key opens it", { names }) : t("Closed session: recorded for {names}; your key does not open it", { names });
}

/** Why something is missing; of a pause, `by`: the role of who ordered it. */
export function causeWord(cause: string, by = ""): string {
  if (cause === PAUSE && by === "presiding_judge") return t("break ordered by the presiding judge");
  if (cause === PAUSE && by) return t("break ordered by: {role}", { role: roleWord(by) });
  return CAUSES[cause]?.() ?? cause;
}

/** `Gap: the line was lost`. */
export function gapWord(cause: string): string {
  return t("Gap: {cause}", { cause: causeWord(cause) });
}

export const otherRecordingText = (): string => t("This is the transcript of another recording.");

export function refusalText(code: RefusalCode, detail: string): string {
  const texts: Record<RefusalCode, () => string> = {
    too_long: () => t("This is not a key file: it is far too long. Choose the key file of your authority."),
    not_text: () => t("This is not a key file: it is not text. Choose the key file of your authority."),
    no_identity: () => t("This file holds no key. A key file has a line that begins with AGE-SECRET-KEY-1."),
    several_identities: () => t("This file holds several keys. Choose a file with one key."),
    identity: () => t("The key in this file is damaged: its check characters do not match. Ask your authority for the file again."),
    no_policy: () =>
      t("This key file does not say which courts it trusts (“# policy:”). Without that no seal can be checked. Ask your authority for the complete file."),
    policy: () => t("The policy in this key file cannot be read at “{line}”. Ask your authority for the file again.", { line: detail }),
    wrong_key: () =>
      detail
        ? t("The key of {authority} does not open this recording. It was sealed for other authorities, or for an earlier key of yours.", { authority: detail })
        : t("This key does not open this recording. It was sealed for other authorities, or for an earlier key of yours."),
    destroyed: () => t("The keys of this recording have been destroyed by order: nobody can open it. That it is unaltered can still be checked."),
    ticket: () => t("Your permission to view has ended. Reload the page to begin again."),
    network: () => t("The court's server is not responding. Check the connection and try again."),
    no_decryption: () => t("This browser cannot decrypt recordings. Use a current Chromium, Edge or Firefox."),
  };
  return texts[code]();
}

const FAULTS: Record<string, () => string> = {
  absent: () => t("missing"),
  size: () => t("not as long as what was sealed"),
  hash: () => t("not what was sealed"),
  decrypt: () => t("cannot be decrypted, though it is what was sealed"),
  content: () => t("holds something other than picture or sound"),
  no_key: () => t("cannot be decrypted"),
  checkpoint_form: () => t("the signed head is not in canonical form"),
  checkpoint_origin: () => t("the signed head belongs to another recording"),
  seal_signature: () => t("the seal's signature is not by the court's key that you trust"),
  cosignature: () => t("a cosigner's signature is not valid"),
  journal_lines: () => t("the number of lines in the journal differs from what was signed"),
  root: () => t("the journal is not the one that was signed"),
  hole: () => t("time before it is neither recorded nor declared as a gap"),
  hole_at_end: () => t("the end of a track is neither recorded nor declared as a gap"),
  overlap: () => t("overlaps the part before it"),
  number: () => t("missing from the numbers"),
  other_recipient: () => t("the recording's key is not the one the journal names"),
  close_differs: () => t("the closing entry does not agree with the journal"),
  close_end: () => t("the closing entry names another end"),
  close_tracks: () => t("the closing entry names other tracks"),
  index_pages: () => t("the index pages are not what the journal gives"),
  line_form: () => t("not in the canonical form of a line"),
  line_length: () => t("longer than a line may be"),
  line_fields: () => t("a field is missing or has a wrong form"),
  journal_end: () => t("the last line does not end in a line feed"),
  after_close: () => t("comes after the close, where it has no place"),
  custody_only: () => t("it has its place in the custody log"),
  journal_only: () => t("it has its place in the journal"),
  other_close: () => t("it names another head than the one at which the recording was closed"),
  custody_first: () => t("the log does not begin as a custody log must"),
  custody_other: () => t("it is the custody log of another recording"),
  custody_lines: () => t("the number of lines differs from what was signed"),
  custody_root: () => t("it is not the one that was signed"),
  closed_differs: () => t("it names another head than that at which the recording was closed"),
  closed_open: () => t("it names an end that the journal does not have"),
  empty: () => t("it is empty"),
  number_again: () => t("its number is used twice"),
  none_required: () => t("no track is required"),
  pause_twice: () => t("a pause begins while the recording is paused"),
  resume_first: () => t("a pause ends that did not begin"),
  kept_in_pause: () => t("something was kept in a pause of the recording"),
  pause_nowhere: () => t("a gap is called a pause, and the recording was not paused"),
  over_rekey: () => t("it goes on over a change of the key"),
  rekey_present: () => t("the key it changes to is in force already"),
  rekey_main: () => t("it names another main key than the first line"),
  rekey_used: () => t("the key it changes to was used before"),
  rekey_unwrapped: () => t("the key it changes to was not wrapped before it"),
  pause_gap: () => t("a pause without a declared gap"),
  reopen_gap: () => t("opened again without a declared gap"),
  entry_missing: () => t("an entry of the hearing's log is missing, or there twice"),
  recovered_gap: () => t("a part was found again without a declared gap"),
  time_back: () => t("its time goes back"),
  time_proven: () => t("it claims a time before an entry that precedes it"),
  ahead: () => t("it claims a time that has not come yet"),
  cosigned_early: () => t("a cosignature is earlier than the last line"),
  kept_head: () => t("a head that was kept elsewhere does not match"),
  named_head: () => t("the head from the minutes or a mail is not that of this recording"),
  token_form: () => t("it is no time-stamp"),
  token_refused: () => t("it was not granted"),
  token_other: () => t("it is not over the signed head"),
  head_form: () => t("the head it holds is not in canonical form"),
  head_differs: () => t("the head it holds does not match the log before it"),
  proof: () => t("a proof does not lead to the signed head, or proves another line than its name says"),
  orphan: () => t("no line of the journal names it"),
  bag_empty: () => t("it holds no data folder"),
  bag_incomplete: () => t("a tag file is missing"),
  bag_manifest: () => t("a file is not what its manifest says"),
  bag_oxum: () => t("its size is not what it says of itself"),
  bag_declaration: () => t("it does not declare its version"),
  bag_fetch: () => t("it refers to files elsewhere"),
};

export function faultText({ first, code, file }: Fault): string {
  const what = FAULTS[code]?.() ?? t("does not follow the format ({code})", { code });
  if (/^[a-z][a-z0-9_]*-\d{6}$/.test(first)) return t("Part {part}: {what}.", { part: first, what });
  if (file === "hearing-key.age") return t("The recording's sealed key: {what}.", { what });
  if (file !== undefined) return t("File {file}: {what}.", { file, what });
  const name = /^line (\d+)$/.exec(first);
  if (name) return t("Journal, line {n}: {what}.", { n: name[1] ?? "", what });
  const line = /^custody line (\d+)$/.exec(first);
  if (line) return t("Custody log, line {n}: {what}.", { n: line[1] ?? "", what });
  if (first === "custody") return t("Custody log: {what}.", { what });
  if (first === "token") return t("Time-stamp: {what}.", { what });
  if (first === "checkpoint") return t("Signed head: {what}.", { what });
  if (first === "bag") return t("Bag: {what}.", { what });
  return t("File {file}: {what}.", { file: first, what });
}

export function missingText(code: string): string {
  const texts: Record<string, () => string> = {
    log_key: () => t("your key file names no sealing key of this court"),
    quorum: () => t("the cosigners your policy asks for have not signed"),
    close: () => t("the recording was never closed, so its end is not proven"),
    closed: () => t("the custody log does not say at which head the recording was closed"),
    keywrap: () => t("the recording's key was never sealed for an authority"),
    format: () => t("the recording has a format unknown to this page"),
    stamp: () => t("this page does not check who signed a time-stamp"),
    checkpoint: () => t("there is no signed head"),
    excerpt: () => t("only the whole recording shows whether that head is one of it"),
    proof: () => t("the excerpt lacks a proof that it needs"),
    no_segment: () => t("the excerpt holds no part of the recording"),
  };
  return texts[code]?.() ?? code;
}

export function badgeWords(verdict: Verdict): string {
  switch (verdict.word) {
    case "failed":
      return t("FAILED – do not rely on this recording");
    case "verified":
      return t("Verified");
    case "gaps":
      return t("Verified with declared gaps");
    case "cannot":
      if (verdict.missing[0] !== undefined) return t("Cannot verify: {reason}", { reason: missingText(verdict.missing[0]) });
      return t("Not verified yet: {checked} of {total} parts checked, no fault so far", {
        checked: verdict.checked,
        total: verdict.total,
      });
  }
}

export function elapsedText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

/** The time (ms) that an address names: `#t=24.5` (W3C Media Fragments, in seconds); null without one. */
export function placeIn(hash: string): number | null {
  const seconds = /^#t=(\d{1,6}(?:\.\d{1,3})?)$/.exec(hash)?.[1];
  return seconds === undefined ? null : Math.round(Number(seconds) * 1000);
}

/** `0.3 s`, `41 s`, `2 min 5 s`. */
export function lengthText(ms: number): string {
  if (ms < 10_000) return t("{seconds} s", { seconds: (ms / 1000).toFixed(1) });
  const seconds = Math.round(ms / 1000);
  return seconds < 120 ? t("{seconds} s", { seconds }) : t("{minutes} min {seconds} s", { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${official()} ${zone} ${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(official(), { timeZone: zone, ...options });
    formats.set(key, found);
  }
  return found;
}

/** `09:41:55`, 24 hours. */
export function wallTime(at: number, zone: string): string {
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return format(zone, options).format(at);
}

/** `UTC+02:00`. */
export function offsetText(at: number, zone: string): string {
  const parts = format(zone, { timeZoneName: "longOffset" }).formatToParts(at);
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "";
  const found = /([+-]\d{2}:\d{2})/.exec(name.replace("−", "-"));
  return `UTC${found?.[1] ?? "+00:00"}`;
}

/** `Thursday 3 December 2026`. */
export function dateText(at: number, zone: string): string {
  const text = format(zone, { weekday: "long", day: "numeric", month: "long", year: "numeric" }).format(at);
  return official().startsWith("en-") ? text.replace(",", "") : text;
}

export function dayKey(at: number, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(at);
}
