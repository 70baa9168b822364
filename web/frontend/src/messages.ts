// Written by `python -m media.protocol` from media/messages/; do not edit by hand.
// Instants are nanoseconds since 1970 UTC; a number keeps them to a quarter of a microsecond.

/** First message of a page. `ticket` proves who it is (one use, 60 s); `take_over` moves the seat to this tab. */
export interface Hello {
  type: "hello";
  /** 0–200 characters */
  ticket: string;
  take_over?: boolean;
  /** of the media connection the page still holds; 0 when it has none */
  generation?: number;
}

/** Sent every 2 s by a page that is alive. */
export interface Heartbeat {
  type: "heartbeat";
}

/** The page's measurements of its own connection, every 5 s. */
export interface LineReport {
  type: "line_report";
  /** 0–60000 */
  rtt_ms: number;
  /** 0–100 */
  loss_percent: number;
  /** 0–60000 */
  jitter_ms: number;
}

/** What the page has found wrong with its camera and microphone; sent at each change, and by a page that is back. */
export interface DeviceReport {
  type: "device_report";
  troubles: ("camera_black" | "camera_busy" | "camera_denied" | "camera_frozen" | "camera_none" | "camera_system" | "camera_virtual" | "channel_silent" | "microphone_busy" | "microphone_clipped" | "microphone_denied" | "microphone_howl" | "microphone_none" | "microphone_silent" | "microphone_system")[];
}

/** What an interpreter's page has measured of what reached ear and eye, every 30 s. Null: not measured. */
export interface ListeningFigures {
  type: "listening_figures";
  /** sound replaced, per mille of the samples; 0–1000 */
  concealed: number | null;
  /** ms; 0–60000 */
  jitter: number;
  /** ms, one way; 0–60000 */
  latency: number | null;
  /** 0–10000 */
  freezes: number;
  /** pictures a second of the largest picture; 0–240 */
  fps: number | null;
  /** the loudest, dBFS; -120–0 */
  level: number;
  /** times the acoustic-shock limiter stepped in; 0–10000 */
  limits: number;
  /** times a line howled, by acoustic feedback; 0–10000 */
  howls: number;
  /** ms that somebody's sound is ahead of the picture; 0–60000 */
  early: number | null;
  /** ms that somebody's sound is behind the picture; 0–60000 */
  late: number | null;
}

/** The recording notice is acknowledged and the devices are checked: the person goes to the lobby. */
export interface Ready {
  type: "ready";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  notice: boolean;
  camera: boolean;
  microphone: boolean;
  speaker: boolean;
}

/** Switch one's own microphone. The server never switches a microphone on. */
export interface Microphone {
  type: "microphone";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  on: boolean;
}

/** Switch one's own camera. */
export interface Camera {
  type: "camera";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  on: boolean;
}

/** Raise or lower one's own hand. */
export interface RaiseHand {
  type: "raise_hand";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  up: boolean;
}

/** "I need help": it sounds at the judge, the clerk, the requested authority and the technician until one of them answers or it is taken back. */
export interface AskHelp {
  type: "ask_help";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  up: boolean;
}

/** Choose the language to hear; empty for the floor as spoken. */
export interface Hear {
  type: "hear";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
}

/** Set how loud the floor stays under an interpreter, 0–40 %. */
export interface Original {
  type: "original";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 */
  percent: number;
}

/** Set the language an interpreter speaks into; empty when she speaks into none. */
export interface Render {
  type: "render";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
}

/** Choose whom to see large; empty for nobody. They have a place when there are more people than places. */
export interface Pin {
  type: "pin";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 characters */
  whom: string;
}

/** Leave the hearing. Coming back goes through the lobby. */
export interface Leave {
  type: "leave";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Choose how people come to speak to the floor. */
export interface SetFloorMode {
  type: "set_floor_mode";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  mode: "by_turn" | "consecutive" | "open";
}

/** Give a person the floor; they open their own microphone. */
export interface GiveFloor {
  type: "give_floor";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
}

/** Say who gets the floor when the one who has it has finished; or nobody yet. */
export interface LineUp {
  type: "line_up";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  up: boolean;
}

/** The presiding judge has the floor again. */
export interface TakeFloorBack {
  type: "take_floor_back";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** I have finished: the floor goes to who is next, or to the presiding judge. */
export interface FinishSpeaking {
  type: "finish_speaking";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** An interpreter begins to interpret to the floor (consecutive). */
export interface Interpret {
  type: "interpret";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** What was said is interpreted; from the presiding judge: go on without. */
export interface EndInterpreting {
  type: "end_interpreting";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Ask for the handover of the turn in one's booth, agree to it, or take that back; 3 s after both have pressed the turn passes. */
export interface HandOver {
  type: "hand_over";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Take over the turn in one's booth from a partner whose line is lost. */
export interface TakeOver {
  type: "take_over";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** A short note to the partners in the interpreter's booth. Nobody else reads it, and nothing keeps it. */
export interface NotePartner {
  type: "note_partner";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 1–200 characters */
  text: string;
}

/** Tell the presiding judge and who speaks that one cannot hear, or ask to slow down or to repeat; or, as an interpreter, that interpreting is not possible: with a remark, which asks for a hold. */
export interface Signal {
  type: "signal";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  what: "cannot_hear" | "cannot_interpret" | "repeat" | "slower";
  /** in the person's own words; 0–500 characters */
  text?: string;
}

/** Begin the roll call. */
export interface RollCall {
  type: "roll_call";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Note that somebody who sits at the device of another is there, or has gone. */
export interface NoteCompanion {
  type: "note_companion";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  here: boolean;
}

/** The requested authority has satisfied itself who the person is. Of a document that was seen, its kind and the last four letters or digits of its number; otherwise neither. */
export interface ConfirmIdentity {
  type: "confirm_identity";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  method: "database" | "document_seen" | "known_to_authority" | "protected_identity";
  document?: "" | "driving_licence" | "identity_card" | "other" | "passport" | "residence_permit";
  /** 0–4 characters */
  last_four?: string;
}

/** Admit a person from the lobby into the room. */
export interface Admit {
  type: "admit";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
}

/** Send a person from the room back to the lobby. */
export interface ReturnToLobby {
  type: "return_to_lobby";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** in the person's own words; 0–500 characters */
  reason?: string;
}

/** Remove a person from the hearing; only a new link lets them come back. */
export interface Remove {
  type: "remove";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** 3–500 characters */
  reason: string;
}

/** Mute another person, who alone can switch the microphone on again. */
export interface Mute {
  type: "mute";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
}

/** Check what the recorder stores of one person, or of one language channel the interpreter speaks into. */
export interface SoundCheck {
  type: "sound_check";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang?: string;
}

/** Start the sitting. `without_camera` names people whose picture may be missing, with a reason. */
export interface Start {
  type: "start";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  without_camera?: string[];
  /** although fingerprints were not compared, or differed; with a reason */
  without_comparison?: boolean;
  /** in the person's own words; 0–500 characters */
  reason?: string;
}

/** Close the floor for everyone. */
export interface Hold {
  type: "hold";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 3–500 characters */
  reason: string;
}

/** Lift a hold and open the floor again, with a reason. `without_consent`: the reason says why the sitting goes on although the person has withdrawn the consent. */
export interface Resume {
  type: "resume";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 3–500 characters */
  reason: string;
  without_consent?: boolean;
}

/** Close the sitting: the recorder seals what it has and ends. */
export interface Close {
  type: "close";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** in the person's own words; 0–500 characters */
  reason?: string;
}

/** Break the hearing off for good: the recorder seals what it has and ends; the hearing counts as aborted. */
export interface BreakOff {
  type: "break_off";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 3–500 characters */
  reason: string;
}

/** The requested authority confirms, before the start, that a condition of its State is kept. */
export interface ConfirmCondition {
  type: "confirm_condition";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 characters */
  kind: string;
}

/** Record that both courts have read each other the code of the media worker's certificate, and whether it was the same. */
export interface CompareFingerprints {
  type: "compare_fingerprints";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  matched: boolean;
  /** SHA-256 of the certificate this page's own line is made with; matches `^[0-9a-f]{64}$` */
  certificate: string;
}

/** Record an act in the log: its kind and what its fields hold, as text. Who may be recorded how is `hearings.sitting.recorded_acts.KINDS`. */
export interface RecordAct {
  type: "record_act";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 characters */
  kind: string;
  /** 0–40 characters; 0–4000 characters */
  fields: Record<string, string>;
  /** number of the entry it takes the place of; 0: of none; 0 or more */
  corrects?: number;
}

/** Note that a step of the agreed rule for a broken line is taken, while somebody's line is lost. */
export interface BreakdownStep {
  type: "breakdown_step";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** 0–40 characters */
  step: string;
}

/** Order a closed session: observers and the people named go to the lobby, and stay there until it ends. It is recorded to a key of its own; the floor opens when the recorder has confirmed that. */
export interface CloseSession {
  type: "close_session";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  out: string[];
  /** 3–500 characters */
  reason: string;
  /** of the recording's, who can open it; nothing: its authorities, without keys in escrow; 0–40 characters */
  recipients?: string[] | null;
}

/** End the closed session, once the recorder has confirmed that it records to the recording's key again. Who was out is admitted again, one by one. */
export interface EndClosedSession {
  type: "end_closed_session";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Propose to go on although the recording fails. It needs the other of presiding judge and requested authority. */
export interface ProposeUnrecorded {
  type: "propose_unrecorded";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 20–500 characters */
  reason: string;
}

/** Confirm what the other has proposed: the floor may open without a recording. */
export interface ConfirmUnrecorded {
  type: "confirm_unrecorded";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** End going on without a recording, or take the proposal back: the floor is closed again. */
export interface EndUnrecorded {
  type: "end_unrecorded";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
}

/** Write a short text to the court, from lobby or room. It is part of the file. */
export interface WriteToCourt {
  type: "write_to_court";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 1–500 characters */
  text: string;
}

/** The court answers the person who wrote a message. */
export interface AnswerMessage {
  type: "answer_message";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  entry: number;
  /** 1–500 characters */
  text: string;
}

/** The presiding judge orders a break: the floor is closed, microphones go off, and everybody sees its end. Purposes: `hearings.sitting.breaks`. */
export interface OrderBreak {
  type: "order_break";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 characters */
  purpose: string;
  /** 1–240 */
  minutes: number;
  /** in the person's own words; 0–500 characters */
  reason?: string;
}

/** Object, or claim a privilege: it waits, before all in the room, for the ruling of the presiding judge. `whose`: counsel raises it for the defendant; empty: for oneself. Grounds: `hearings.sitting.recorded_acts`. */
export interface RaiseObjection {
  type: "raise_objection";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  kind: "objection" | "privilege_claim";
  /** 0–40 characters */
  ground?: string;
  /** 0–1000 characters */
  text?: string;
  /** of which State; empty: a privilege of one's own State; 0–2 characters */
  law?: string;
  /** 0–64 characters */
  whose?: string;
}

/** Withdraw what one has raised and what is not decided. */
export interface WithdrawObjection {
  type: "withdraw_objection";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  entry: number;
  /** in the person's own words; 0–500 characters */
  text?: string;
}

/** The presiding judge rules on an objection or a privilege, with the reason. */
export interface RuleObjection {
  type: "rule_objection";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  entry: number;
  ruling: "rejected" | "reserved" | "upheld" | "upheld_in_part";
  /** 3–1000 characters */
  text: string;
  /** of which State; empty: of the requesting State; 0–2 characters */
  law?: string;
}

/** Answer somebody's call for help: its sound ends, and the person sees who is coming. */
export interface AnswerHelp {
  type: "answer_help";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
}

/** Ask for a break, or take that back. The presiding judge orders or refuses it. */
export interface AskBreak {
  type: "ask_break";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  up: boolean;
  /** in the person's own words; 0–200 characters */
  reason?: string;
}

/** The presiding judge does not order the break that somebody has asked for. */
export interface RefuseBreak {
  type: "refuse_break";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** in the person's own words; 0–500 characters */
  reason?: string;
}

/** A button of a script card: its draft is taken over, its text was read out or interpreted, what was answered, or the person asks for counsel. What each does is `hearings.sitting.cards`. */
export interface PressCard {
  type: "press_card";
  /** chosen by the sender, unique to it; 1–64 characters */
  id: string;
  /** 0–40 characters */
  card: string;
  /** State under whose law it is read; 0–2 characters */
  law: string;
  button: "adopt" | "answer" | "counsel" | "read" | "rendered";
  /** whom it is read to; empty for everybody; 0–40 characters */
  whom?: string;
  /** who reads, or who interpreted; empty: found by role; 0–40 characters */
  by?: string;
  /** SHA-256 of each text as the page shows it: the reader's, then the person's; matches `^[0-9a-f]{64}$` */
  shown?: string[];
  answer?: "" | "claims" | "no" | "not_required" | "other" | "yes";
  /** the answer word for word; 0–4000 characters */
  text?: string;
  /** what fills the gap of the text; 0–1200 characters */
  typed?: string;
}

/** A participant, with the data that this viewer may see. */
export interface PersonView {
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  you: boolean;
  name: string;
  role: string;
  role_label: string;
  state: string;
  city: string;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  speaks: string;
  presence: string;
  microphone: "muted_by_court" | "off" | "on";
  camera: boolean;
  hand: boolean;
  help: boolean;
  wants_break: boolean;
  /** name of who is coming to help; empty: nobody has answered */
  help_answered_by: string;
  identity_confirmed: boolean;
  needs_identity: boolean;
  /** the sound checks and the sitting wait until they are in the room */
  essential: boolean;
  line: "good" | "lost" | "unknown" | "weak";
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  renders: string;
  /** at whose device they sit; empty: at their own; 0–40 characters */
  device_of: string;
  lost_since: number | null;
  /** why this line cannot be made: the browser has no SRTP profile of the agreement; told to the person and to who may see line statistics */
  fault: "" | "no_common_protection";
  /** what the page has found wrong with its devices; told to who may see line statistics */
  troubles: ("camera_black" | "camera_busy" | "camera_denied" | "camera_frozen" | "camera_none" | "camera_system" | "camera_virtual" | "channel_silent" | "microphone_busy" | "microphone_clipped" | "microphone_denied" | "microphone_howl" | "microphone_none" | "microphone_silent" | "microphone_system")[];
  /** whom they hear and why, or why nobody; told to who conducts */
  hears_now: string;
  /** who hears them, or why nobody does; told to who conducts */
  heard_by: string;
}

/** One of the two courts: its city and its time zone. */
export interface PlaceView {
  state: string;
  city: string;
  zone: string;
}

/** A hold: its cause, since when, and who may lift it. */
export interface HoldView {
  cause: "fault" | "intervention" | "order" | "recording";
  by: string;
  by_label: string;
  reason: string;
  /** nanoseconds since 1970 UTC */
  since: number;
  who_may_lift: string;
  consent_withdrawn: boolean;
  /** of a break; empty: it is none */
  purpose: string;
  /** end of the break, as ordered; nanoseconds since 1970 UTC */
  until: number | null;
}

/** Whose turn it is to speak. In mode `open` there are no turns, and all other fields but `asking` are empty. */
export interface FloorView {
  mode: "by_turn" | "consecutive" | "open";
  /** who has the floor; 0–40 characters */
  holder: string;
  /** who gets it next; 0–40 characters */
  next: string;
  /** whose words wait to be interpreted, or are being; 0–40 characters */
  uninterpreted: string;
  /** who is interpreting to the floor now; 0–40 characters */
  interpreter: string;
  /** since when words wait to be interpreted; nanoseconds since 1970 UTC */
  since: number | null;
  /** whose hand is up, the first to raise it first; the participant's id; opaque to media; 0–64 characters */
  asking: string[];
  /** the viewer may open the microphone now */
  may_speak: boolean;
  /** in words, where the viewer may not */
  why_not: string;
}

/** A condition of the requested State and how the platform treats it, in words. */
export interface ConditionView {
  kind: string;
  text: string;
  treatment: string;
  /** null when nobody has to confirm it */
  confirmed: boolean | null;
  /** this person can confirm it now */
  confirmable: boolean;
}

/** Status of the courts' comparison of fingerprints aloud, and the fingerprints that the service itself has seen. The page computes its code from the certificate of its own connection; it must equal these two. */
export interface FingerprintsView {
  /** the technical agreement asks for it before the start */
  required: boolean;
  status: "differs" | "matched" | "open";
  /** it was compared, and the media worker has been replaced since */
  again: boolean;
  /** both sides, the requesting State's first */
  said: SideSaid[];
  /** the media worker's, as the worker says; matches `^([0-9a-f]{64})?$` */
  server: string;
  /** the page's own, as the worker saw it in the handshake; matches `^([0-9a-f]{64})?$` */
  own: string;
}

/** What one side has recorded: whether the codes were the same. */
export interface SideSaid {
  state: string;
  /** null: it has not said anything yet */
  matched: boolean | null;
}

/** The claim about sealed bytes. The page turns it to NOT RECORDING by itself when `tick` stays away 20 s. */
export interface RecordingView {
  status: "failed" | "failing" | "not_started" | "paused" | "recording" | "sealed" | "slow" | "starting" | "stopping";
  /** nanoseconds since 1970 UTC */
  since: number | null;
  sealed: number;
  /** nanoseconds since 1970 UTC */
  last_sealed_at: number | null;
  text: string;
}

/** One required or optional track and what the recorder read back of it. */
export interface SoundCheckView {
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
  label: string;
  required: boolean;
  status: "failed" | "passed" | "running" | "waiting";
  level: number | null;
  picture: boolean | null;
  advice: string;
}

/** A booked language in its own name, and whether an interpreter speaks into it now. */
export interface LanguageView {
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
  name: string;
  rendered_by: string;
  /** the viewer may hear its channel */
  hearable: boolean;
  /** people in the room who hear this language; None: not told */
  listeners: number | null;
  signed: boolean;
  /** interpreted by relay from this language; empty: from the floor; 0–35 characters */
  relay: string;
  /** somebody needs it and nobody interprets into it; nanoseconds since 1970 UTC */
  uncovered_since: number | null;
}

/** The booth of the viewer, an interpreter: who has the turn, and how it passes on. */
export interface BoothView {
  partners: string[];
  /** name of who has the turn; empty: nobody */
  live: string;
  /** the viewer has the turn */
  mine: boolean;
  /** begin of the turn, nanoseconds since 1970 UTC */
  since: number | null;
  /** from 20 and from 30 minutes of one turn on */
  relief: "" | "due" | "late";
  /** who has pressed for the handover */
  asked: "" | "both" | "me" | "partner";
  change_at: number | null;
  /** the partner's line is lost; then the floor is held */
  take_over_until: number | null;
  /** the languages the viewer may interpret into; BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  into: string[];
  /** the channel the viewer interprets from; empty: the floor; 0–35 characters */
  relay: string;
  /** somebody interprets into that channel now */
  relay_heard: boolean;
}

/** Whether this viewer may do something now; if not, why, and who could. */
export interface RightView {
  allowed: boolean;
  reason: string;
}

/** A script card of this part of the hearing, for one person under one law, without its texts. */
export interface CardView {
  card: string;
  title: string;
  law: string;
  law_label: string;
  /** whom it is read to; empty: everybody */
  whom: string;
  name: string;
  due: boolean;
  done: boolean;
  /** number of the entry of its reading; null: not read yet */
  read: number | null;
  rendered: boolean;
  answer: string;
  counsel: boolean;
  /** those this person may press */
  buttons: string[];
  answers: string[];
}

/** An act recorded in the log, in words. */
export interface RecordedView {
  /** number of the entry in the log of the hearing */
  seq: number;
  /** nanoseconds since 1970 UTC */
  at: number;
  kind: string;
  title: string;
  text: string;
  by: string;
  /** into the recording; null when none ran */
  timecode_ms: number | null;
  corrects: number | null;
  /** the entry that corrects or withdraws it */
  replaced_by: number | null;
  /** by this person */
  correctable: boolean;
  /** its fields, to begin a correction with */
  values: Record<string, string>;
}

/** An objection or a claim of privilege that is not decided, in the order in which they were raised. */
export interface ObjectionView {
  entry: number;
  /** nanoseconds since 1970 UTC */
  at: number;
  title: string;
  by: string;
  by_label: string;
  ground: string;
  text: string;
  law: string;
  /** the presiding judge has reserved the ruling */
  reserved: boolean;
  /** this person raised it and may withdraw it */
  mine: boolean;
}

/** What this person may raise, and its short grounds. */
export interface RaisableView {
  kind: "objection" | "privilege_claim";
  title: string;
  grounds: ChoiceView[];
}

/** A value and its label. */
export interface ChoiceView {
  value: string;
  label: string;
}

/** Going on without a recording: proposed by one, in force when the other has confirmed it. */
export interface UnrecordedView {
  in_force: boolean;
  /** name, role and State */
  by: string;
  /** name, role and State; empty: nobody yet */
  confirmed_by: string;
  reason: string;
  /** nanoseconds since 1970 UTC */
  since: number;
  /** by this person */
  confirmable: boolean;
}

/** The agreed rule for a broken line, while somebody's is lost; told to who conducts. */
export interface BreakdownView {
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  name: string;
  /** if the rule has the telephone; of the site whose line is lost first */
  telephones: TelephoneView[];
  /** nanoseconds since 1970 UTC */
  adjourn_at: number;
  steps: StepView[];
}

/** A telephone of the agreed site of a State. */
export interface TelephoneView {
  state: string;
  label: string;
  /** as its State has written it */
  number: string;
}

/** A step of the agreed rule, and when it was taken. */
export interface StepView {
  step: string;
  label: string;
  /** nanoseconds since 1970 UTC */
  at: number | null;
}

/** A closed session, for the room and for who is out of it. */
export interface ClosedSessionView {
  /** nanoseconds since 1970 UTC */
  since: number;
  by: string;
  reason: string;
  /** this person is out */
  out: boolean;
  /** who can open what is recorded in it */
  recorded_for: string[];
}

/** A recipient of the recording, to whom a closed session can be recorded. */
export interface ReaderView {
  value: string;
  label: string;
  /** unless the order says otherwise */
  chosen: boolean;
}

/** A message to the court or its answer, for the person and for who may answer. */
export interface MessageView {
  entry: number;
  /** nanoseconds since 1970 UTC */
  at: number;
  text: string;
  by: string;
  by_label: string;
  /** name of who is answered; empty: it is to the court */
  to: string;
  mine: boolean;
  /** by this person */
  answerable: boolean;
}

/** A call for help, or for a break, told to who may answer it; of help also in the lobby. */
export interface CallView {
  kind: "break" | "help";
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  name: string;
  role_label: string;
  state: string;
  /** nanoseconds since 1970 UTC */
  since: number;
  /** name of who is coming to help; empty: it sounds */
  answered_by: string;
  reason: string;
}

/** The whole state of the hearing that this person may see; it replaces the one before. Sent at each change. */
export interface View {
  type: "view";
  seq: number;
  /** the participant's id; opaque to media; 0–64 characters */
  me: string;
  /** goes into the address an offer is posted to; changes with the worker */
  generation: number;
  /** False while the media worker is being replaced */
  media_up: boolean;
  case: string;
  status: string;
  phase: "ended" | "lobby" | "prepare" | "room";
  people: PersonView[];
  audience: string[];
  places: PlaceView[];
  /** nanoseconds since 1970 UTC */
  starts_at: number;
  hold: HoldView | null;
  floor: FloorView;
  conditions: ConditionView[];
  fingerprints: FingerprintsView | null;
  recording: RecordingView;
  sound_checks: SoundCheckView[];
  languages: LanguageView[];
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  hears: string;
  original: number;
  booth: BoothView | null;
  rights: Record<string, RightView>;
  /** all for who reads them; of the others, those read and not answered yet */
  cards: CardView[];
  /** the latest, newest first; for who may read the minutes */
  recorded: RecordedView[];
  objections: ObjectionView[];
  raisable: RaisableView[];
  unrecorded: UnrecordedView | null;
  breakdowns: BreakdownView[];
  closed_session: ClosedSessionView | null;
  /** whom a closed session may exclude; for who may order one; the participant's id; opaque to media; 0–64 characters */
  excludable: string[];
  /** to whom one can be recorded; for who may order one */
  readers: ReaderView[];
  /** oldest first; of the person, or those they may answer */
  messages: MessageView[];
  /** of breaks; for who may order one */
  purposes: ChoiceView[];
  /** the States of the hearing, the requesting first */
  laws: ChoiceView[];
  /** longest waiting first; for who may answer them */
  calls: CallView[];
  /** items of the rights checklist that the next act waits for, by title; for who conducts */
  rights_due: string[];
}

/** Once a second: the server's time and the state of the recording. */
export interface Tick {
  type: "tick";
  /** nanoseconds since 1970 UTC */
  at: number;
  recording: RecordingView;
}

/** The source that one receiving m-line carries now. */
export interface SlotView {
  /** 0–16 characters */
  mid: string;
  /** the participant's id; opaque to media; 0–64 characters */
  participant: string;
  kind: "camera" | "channel" | "floor";
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
  /** percent at which the listener plays it; 0–100 */
  gain: number;
}

/** The people and channels assigned to the page's receiving m-lines; it replaces the assignment before. */
export interface Slots {
  type: "slots";
  slots: SlotView[];
}

/** A TURN relay for the page's media connections, with credentials that expire (`RTCIceServer` of WebRTC). */
export interface IceServer {
  /** 0–300 characters */
  urls: string;
  /** the time of expiry and an opaque id; 0–100 characters */
  username: string;
  /** 0–100 characters */
  credential: string;
  /** how the page reaches the relay */
  kind: "tcp" | "tls" | "udp";
}

/** The relays for the next media connection; they replace those before. Sent before the first view of a page, before each `reoffer`, and after each offer. */
export interface IceServers {
  type: "ice_servers";
  servers: IceServer[];
}

/** The media worker was replaced, or lost the connection: the page has to post a new offer. `generation` is part of its address. */
export interface Reoffer {
  type: "reoffer";
  generation: number;
}

/** Another tab or device holds this seat; ask, then say hello with `take_over`. */
export interface SeatTaken {
  type: "seat_taken";
}

/** The one answer to a command. */
export interface Result {
  type: "result";
  /** chosen by the sender, unique to it; 1–64 characters */
  re: string;
  ok: boolean;
  code: string;
  text: string;
}

/** An event to announce to the person; `assertive` interrupts a screen reader. */
export interface Notice {
  type: "notice";
  /** nanoseconds since 1970 UTC */
  at: number;
  code: string;
  text: string;
  assertive: boolean;
}

/** A caption. `corrects` names the one whose place it takes; 0 for none. */
export interface CaptionLine {
  /** of its entry in the log of the hearing */
  number: number;
  corrects: number;
  /** BCP 47 tag; empty means the floor as spoken; 0–35 characters */
  lang: string;
  source: "machine" | "stenographer";
  /** who speaks, as the log names them; empty where nobody is named */
  speaker: string;
  text: string;
  /** when it was spoken */
  at: number;
}

/** New captions for this person, oldest first. When a page takes its seat, the latest that were shown to it. */
export interface Captions {
  type: "captions";
  lines: CaptionLine[];
}

/** The server ends this connection; the page does not come back by itself. */
export interface Bye {
  type: "bye";
  why: "closed" | "left" | "link_replaced" | "not_allowed" | "removed" | "signed_out" | "superseded";
  text: string;
}

export type BrowserToWeb =
  | Hello
  | Heartbeat
  | LineReport
  | DeviceReport
  | ListeningFigures
  | Ready
  | Microphone
  | Camera
  | RaiseHand
  | AskHelp
  | Hear
  | Original
  | Render
  | Pin
  | Leave
  | SetFloorMode
  | GiveFloor
  | LineUp
  | TakeFloorBack
  | FinishSpeaking
  | Interpret
  | EndInterpreting
  | HandOver
  | TakeOver
  | NotePartner
  | Signal
  | RollCall
  | NoteCompanion
  | ConfirmIdentity
  | Admit
  | ReturnToLobby
  | Remove
  | Mute
  | SoundCheck
  | Start
  | Hold
  | Resume
  | Close
  | BreakOff
  | ConfirmCondition
  | CompareFingerprints
  | RecordAct
  | BreakdownStep
  | CloseSession
  | EndClosedSession
  | ProposeUnrecorded
  | ConfirmUnrecorded
  | EndUnrecorded
  | WriteToCourt
  | AnswerMessage
  | OrderBreak
  | RaiseObjection
  | WithdrawObjection
  | RuleObjection
  | AnswerHelp
  | AskBreak
  | RefuseBreak
  | PressCard;

export type WebToBrowser =
  | View
  | Tick
  | Slots
  | IceServers
  | Reoffer
  | SeatTaken
  | Result
  | Notice
  | Captions
  | Bye;
