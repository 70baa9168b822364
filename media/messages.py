"""Every message that crosses a border between browser, web, worker and recorder: one table, with its schemas.

Groups, one per direction (`BROWSER_TO_WEB`, `WEB_TO_BROWSER`, `WEB_TO_WORKER`, `WORKER_TO_WEB`, `WEB_TO_RECORDER`,
`RECORDER_TO_WEB`, `WORKER_TO_RECORDER`, `RECORDER_TO_WORKER`). A message is a struct whose `type` on the wire
is its class name in snake case. Unknown types and unknown fields are errors. Between browser and web the messages
are JSON over the WebSocket; on the Unix sockets they are MessagePack behind a four-byte length (`media.link`).
`docs/protocol.md` and `web/frontend/src/messages.ts` are generated from this module (`python -m media.protocol`).

Conventions: `at` is nanoseconds since 1970 UTC; `id` is chosen by whoever asks and comes back as `re`;
`seq` rises by one per event of one process, so that a web process that takes over knows what it has missed.
"""

import re as _re
from typing import Annotated, Literal

from msgspec import Meta, Struct


def _snake(name: str) -> str:
    return _re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Message(Struct, kw_only=True, tag_field="type", tag=_snake, forbid_unknown_fields=True):
    """Base of all messages; `type` is the class name in snake case."""


CommandId = Annotated[str, Meta(min_length=1, max_length=64, description="chosen by the sender, unique to it")]
Seat = Annotated[str, Meta(max_length=64, description="the participant's id; opaque to media")]
Track = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="name of a recorded track")]
TrackOrNone = Annotated[
    str, Meta(pattern=r"^([a-z][a-z0-9_]{0,31})?$", description="name of a recorded track; empty: never recorded")
]
Language = Annotated[str, Meta(max_length=35, description="BCP 47 tag; empty means the floor as spoken")]
Sdp = Annotated[str, Meta(max_length=65_536, description="session description")]
Reason = Annotated[str, Meta(max_length=500, description="in the person's own words")]
Certificate = Annotated[
    str,
    Meta(
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of a DTLS certificate (RFC 8122 section 5), lower case; empty: not known",
    ),
]
Fault = Annotated[
    Literal["", "no_common_protection"],
    Meta(
        description="why a media line cannot be made, however often it is tried: the page's browser and the agreement "
        "have no SRTP profile in common; empty: no such reason is known"
    ),
]
Nanoseconds = Annotated[int, Meta(description="nanoseconds since 1970 UTC")]


# --- browser -> web ----------------------------------------------------------------------------------------------


class Hello(Message):
    """First message of a page. `ticket` proves who it is (one use, 60 s); `take_over` moves the seat to this tab."""

    ticket: Annotated[str, Meta(max_length=200)]
    take_over: bool = False
    generation: Annotated[int, Meta(description="of the media connection the page still holds; 0 when it has none")] = 0


class Beat(Message):
    """The page is alive; sent every 2 s."""


class LineReport(Message):
    """What the page measures of its own line, every 5 s."""

    rtt_ms: Annotated[int, Meta(ge=0, le=60_000)]
    loss_percent: Annotated[int, Meta(ge=0, le=100)]
    jitter_ms: Annotated[int, Meta(ge=0, le=60_000)]


class Command(Message):
    """Something a person asks for. Answered once by `result`; the same `id` again gives the same answer."""

    id: CommandId


class Ready(Command):
    """Recording notice acknowledged and devices checked: to the lobby."""

    notice: bool
    camera: bool
    microphone: bool
    speaker: bool


class Microphone(Command):
    """Switch my own microphone. The server never switches it on for anyone."""

    on: bool


class Camera(Command):
    """Switch my own camera."""

    on: bool


class RaiseHand(Command):
    """Raise or lower my hand."""

    up: bool


class AskHelp(Command):
    """ "I need help": shown to the clerk, the judge and the requested authority until it is taken back."""

    up: bool


class Hear(Command):
    """The language I want to hear; empty for the floor as spoken."""

    lang: Language


class Original(Command):
    """How loud the floor stays under an interpreter, 0–40 %."""

    percent: Annotated[int, Meta(ge=0, le=40)]


class Render(Command):
    """The language an interpreter now speaks into; empty when she speaks into none."""

    lang: Language


class Leave(Command):
    """I leave the hearing; coming back goes through the lobby."""


class RollCall(Command):
    """Begin the roll call."""


class ConfirmIdentity(Command):
    """The requested authority has satisfied itself who the person is.

    Of a document that was seen, its kind and the last four letters or digits of its number; otherwise neither.
    """

    participant: Seat
    method: Literal["document_seen", "known_to_authority", "database", "protected_identity"]
    document: Literal["", "passport", "identity_card", "residence_permit", "driving_licence", "other"] = ""
    last_four: Annotated[str, Meta(max_length=4)] = ""


class Admit(Command):
    """From the lobby into the room."""

    participant: Seat


class ReturnToLobby(Command):
    """From the room back to the lobby."""

    participant: Seat
    reason: Reason = ""


class Remove(Command):
    """Out of the hearing, with no way back but a new link."""

    participant: Seat
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Mute(Command):
    """Mute another person. They open their own microphone again."""

    participant: Seat


class SoundCheck(Command):
    """Check what the recorder stores of one person, or of one language channel the interpreter speaks into."""

    participant: Seat
    lang: Language = ""


class Start(Command):
    """Start the sitting. `without_camera` names people whose picture may be missing, with a reason."""

    without_camera: list[Seat] = []
    without_comparison: Annotated[
        bool, Meta(description="although fingerprints were not compared, or differed; with a reason")
    ] = False
    reason: Reason = ""


class ConfirmCondition(Command):
    """The requested authority confirms, before the start, that a condition of its State is kept."""

    kind: Annotated[str, Meta(max_length=40)]


class RecordAct(Command):
    """Record an act in the log: its kind and what its fields hold, as text.

    Who may be recorded how is `hearings.sitting.recorded_acts.KINDS`.
    """

    kind: Annotated[str, Meta(max_length=40)]
    fields: dict[Annotated[str, Meta(max_length=40)], Annotated[str, Meta(max_length=4000)]]
    corrects: Annotated[int, Meta(ge=0, description="number of the entry it takes the place of; 0: of none")] = 0


class CompareFingerprints(Command):
    """Both courts have read each other the code of the media worker's certificate: it was the same, or it was not."""

    matched: bool
    certificate: Annotated[
        str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the certificate this page's own line is made with")
    ]


class Hold(Command):
    """Close the floor for everyone."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Resume(Command):
    """Lift a hold and open the floor again, with a reason.

    `without_consent`: the reason says why the sitting goes on although the person has withdrawn the consent.
    """

    reason: Annotated[str, Meta(min_length=3, max_length=500)]
    without_consent: bool = False


class BreakOff(Command):
    """Break the hearing off for good: the recorder seals what it has and ends; the hearing counts as aborted."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Close(Command):
    """Close the sitting: the recorder seals what it has and ends."""

    reason: Reason = ""


# --- web -> browser ----------------------------------------------------------------------------------------------


class PlaceView(Struct, kw_only=True, forbid_unknown_fields=True):
    """One of the two courts: where, and in which zone."""

    state: str
    city: str
    zone: str


class PersonView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A participant as this viewer may know them."""

    participant: Seat
    you: bool
    name: str
    role: str
    role_label: str
    state: str
    city: str
    speaks: Language
    presence: str
    microphone: Literal["on", "off", "muted_by_court"]
    camera: bool
    hand: bool
    help: bool
    identity_confirmed: bool
    needs_identity: bool
    line: Literal["good", "weak", "lost", "unknown"]
    renders: Language
    lost_since: int | None = None
    fault: Annotated[
        Fault,
        Meta(
            description="why this line cannot be made: the browser has no SRTP profile of the agreement; told to the "
            "person and to who may see line statistics"
        ),
    ] = ""


class HoldView(Struct, kw_only=True, forbid_unknown_fields=True):
    """Why the floor is closed, since when, and who may open it."""

    cause: Literal["order", "intervention", "fault", "recording"]
    by: str
    by_label: str
    reason: str
    since: Nanoseconds
    who_may_lift: str
    consent_withdrawn: bool = False


class ConditionView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A condition of the requested State and how the platform treats it, in words."""

    kind: str
    text: str
    treatment: str
    confirmed: Annotated[bool | None, Meta(description="null when nobody has to confirm it")]
    confirmable: Annotated[bool, Meta(description="this person can confirm it now")]


class SoundCheckView(Struct, kw_only=True, forbid_unknown_fields=True):
    """One required or optional track and what the recorder read back of it."""

    participant: Seat
    lang: Language
    label: str
    required: bool
    status: Literal["waiting", "running", "passed", "failed"]
    level: int | None
    picture: bool | None
    advice: str


class RecordingView(Struct, kw_only=True, forbid_unknown_fields=True):
    """The claim about sealed bytes. The page turns it to NOT RECORDING by itself when `tick` stays away 20 s."""

    status: Literal["not_started", "starting", "recording", "slow", "failing", "stopping", "sealed", "failed"]
    since: Nanoseconds | None
    sealed: int
    last_sealed_at: Nanoseconds | None
    text: str


class RightView(Struct, kw_only=True, forbid_unknown_fields=True):
    """What this viewer may do now, and if not, why and who could."""

    allowed: bool
    reason: str


class LanguageView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A booked language, in its own name, and whether somebody renders into it now."""

    lang: Language
    name: str
    rendered_by: str
    listeners: Annotated[int | None, Meta(description="people in the room who hear this language; None: not told")] = (
        None
    )


class RecordedView(Struct, kw_only=True, forbid_unknown_fields=True):
    """An act recorded in the log, in words."""

    seq: Annotated[int, Meta(description="number of the entry in the log of the hearing")]
    at: Nanoseconds
    kind: str
    title: str
    text: str
    by: str
    timecode_ms: Annotated[int | None, Meta(description="into the recording; null when none ran")]
    corrects: int | None
    replaced_by: Annotated[int | None, Meta(description="the entry that corrects or withdraws it")]
    correctable: Annotated[bool, Meta(description="by this person")]
    values: Annotated[dict[str, str], Meta(description="its fields, to begin a correction with")]


class SideSaid(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether one side has found the code the same."""

    state: str
    matched: Annotated[bool | None, Meta(description="null: it has not said anything yet")]


class FingerprintsView(Struct, kw_only=True, forbid_unknown_fields=True):
    """How far the courts are with comparing fingerprints aloud, and what the service itself has seen.

    The page computes its code from the line it really uses; these two are what it must find there.
    """

    required: Annotated[bool, Meta(description="the technical agreement asks for it before the start")]
    status: Literal["open", "matched", "differs"]
    again: Annotated[bool, Meta(description="it was compared, and the media worker has been replaced since")]
    said: Annotated[list[SideSaid], Meta(description="both sides, the requesting State's first")]
    server: Annotated[Certificate, Meta(description="the media worker's, as the worker says")]
    own: Annotated[Certificate, Meta(description="the page's own, as the worker saw it in the handshake")]


class View(Message):
    """Everything this person may see of the hearing; replaces the one before. Sent at each change."""

    seq: int
    me: Seat
    generation: Annotated[int, Meta(description="goes into the address an offer is posted to; changes with the worker")]
    media_up: Annotated[bool, Meta(description="False while the media worker is being replaced")]
    case: str
    status: str
    phase: Literal["prepare", "lobby", "room", "ended"]
    people: list[PersonView]
    audience: list[str]
    places: list[PlaceView]
    starts_at: Nanoseconds
    hold: HoldView | None
    conditions: list[ConditionView]
    fingerprints: FingerprintsView | None
    recording: RecordingView
    sound_checks: list[SoundCheckView]
    languages: list[LanguageView]
    hears: Language
    original: int
    rights: dict[str, RightView]
    recorded: Annotated[list[RecordedView], Meta(description="the latest, newest first; for who may read the minutes")]


class Tick(Message):
    """Once a second: the server's time and the state of the recording."""

    at: Nanoseconds
    recording: RecordingView


class SlotView(Struct, kw_only=True, forbid_unknown_fields=True):
    """What one receiving m-line carries now."""

    mid: Annotated[str, Meta(max_length=16)]
    participant: Seat
    kind: Literal["floor", "channel", "camera"]
    lang: Language
    gain: Annotated[int, Meta(ge=0, le=100, description="percent at which the listener plays it")]


class Slots(Message):
    """The assignment of people and channels to the page's receiving m-lines; replaces the one before."""

    slots: list[SlotView]


class Reoffer(Message):
    """The media worker is new, or lost the line: post a new offer now. `generation` goes into its address."""

    generation: int


class SeatTaken(Message):
    """Another tab or device holds this seat; ask, then say hello with `take_over`."""


class Result(Message):
    """The one answer to a command."""

    re: CommandId
    ok: bool
    code: str = ""
    text: str = ""


class Notice(Message):
    """Something happened that a person should be told; `assertive` interrupts a screen reader."""

    at: Nanoseconds
    code: str
    text: str
    assertive: bool = False


class Bye(Message):
    """The server ends this connection; the page does not come back by itself."""

    why: Literal["superseded", "removed", "left", "closed", "signed_out", "not_allowed", "link_replaced"]
    text: str


# --- web <-> worker ----------------------------------------------------------------------------------------------


class Attach(Message):
    """First message on a control socket. Events after `last_seq` are sent again, oldest first."""

    last_seq: int


class SeatPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    """What one person may send and hear; the grant."""

    seat: Seat
    present: bool
    speaks: Language
    hears: Language
    original: int
    interpreter: bool
    renders: Language
    microphone: bool
    camera: bool
    mic_track: TrackOrNone
    cam_track: TrackOrNone


class ChannelPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    """A language channel and the track it is recorded on."""

    lang: Language
    track: Track


class Plan(Message):
    """The whole wanted state of the room, from rows in the database. The worker makes it so; idempotent.

    A floor the worker closed by itself (`floor_closed`) opens again only after a plan with `floor_open` false, which
    shows that the event was taken in, and a later one with true. A plan with a lower `version` than the last one on
    the same link is ignored.
    """

    version: int
    floor_open: bool
    feed: Annotated[bool, Meta(description="send frames to the recorder")]
    expect_seals: Annotated[bool, Meta(description="close the floor by itself 20 s after the last seal")]
    seats: list[SeatPlan]
    channels: list[ChannelPlan]


class Offer(Message):
    """A page's offer, as posted. The worker answers `answered`, or `refused` also when it is too long."""

    id: CommandId
    seat: Seat
    sdp: str


class DropPeer(Message):
    """Close this seat's connection at once."""

    seat: Seat


class CountPackets(Message):
    """Ask for the packets sent, by origin and receiver."""

    id: CommandId


class Stop(Message):
    """End the process in good order."""


class Attached(Message):
    """Answer to `attach`: who answers and how far its events go."""

    seq: int
    pid: int
    since: Nanoseconds
    connected: list[Seat] = []
    status: str = ""
    certificate: Annotated[Certificate, Meta(description="of a media worker: what pages see of it")] = ""


class Alive(Message):
    """Every 0.5 s. 2 s without one and the supervisor kills the process."""

    at: Nanoseconds
    lag_ms: int


class Answered(Message):
    """The answer to an offer."""

    re: CommandId
    sdp: Sdp


class Refused(Message):
    """A command that was not carried out; nothing was changed. `code` is stable, `text` says what was wrong."""

    re: CommandId
    code: str
    text: str


class Done(Message):
    """A command that was carried out."""

    re: CommandId


class PeerStatus(Message):
    """A seat's media line: connected, quiet for 5 s, or gone."""

    seq: int
    at: Nanoseconds
    seat: Seat
    status: Literal["connected", "quiet", "lost"]
    certificate: Annotated[Certificate, Meta(description="the page's own, as it came in the handshake")] = ""
    fault: Fault = ""


class SeatSlots(Message):
    """The assignment of a seat's receiving m-lines has changed."""

    seq: int
    seat: Seat
    slots: list[SlotView]


class Sending(Message):
    """Which kinds of media arrive from a seat now."""

    seq: int
    seat: Seat
    audio: bool
    video: bool


class FloorClosed(Message):
    """The worker has closed the floor by itself: no seal for 20 s, or the recorder said it fails."""

    seq: int
    at: Nanoseconds
    cause: Literal["no_seal", "recorder_failing"]


class PacketCount(Struct, kw_only=True, forbid_unknown_fields=True):
    """RTP packets handed to the socket for one receiver from one origin since the worker started."""

    origin: Seat
    kind: Literal["floor", "channel", "camera"]
    lang: Language
    receiver: Seat
    packets: int


class PacketCounts(Message):
    """Answer to `count_packets`."""

    re: CommandId
    counts: list[PacketCount]


# --- web <-> recorder --------------------------------------------------------------------------------------------


class NamedRecipient(Struct, kw_only=True, forbid_unknown_fields=True):
    """An authority's public age recipient and what it is called in the journal (a role, never a person)."""

    name: str
    recipient: str


class TrackPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    """A track that may be recorded; `required` ones run from 0 to the end."""

    track: Track
    role: str
    kind: Literal["floor-video", "floor-audio", "language", "screen"]
    lang: Language
    required: bool
    pseudonym: bool


class OpenRecording(Message):
    """Open the recording, or take it up again after a crash. Answered by `recording_opened` once `open`,
    `keywrap` and the first checkpoint are durable."""

    id: CommandId
    recording: str
    hearing: str
    recipients: list[NamedRecipient]
    tracks: list[TrackPlan]


class AddTrack(Message):
    """Somebody new may be recorded from now on."""

    id: CommandId
    track: TrackPlan


class CheckSound(Message):
    """Record these tracks to a throw-away key for up to `seconds`, read back, decode, forget."""

    id: CommandId
    audio: Track
    video: Track | None
    seconds: Annotated[int, Meta(ge=1, le=20)]


class CloseRecording(Message):
    """Seal what is held, write `close`, sign. Answered by `recording_closed`."""

    id: CommandId


class SoundChecked(Message):
    """What was decoded from the store. `level` is the loudest 400 ms in tenths of dBFS RMS."""

    re: CommandId
    seq: int
    audio: Track
    level: int
    audio_ok: bool
    picture: bool
    frames: int
    text: str


class RecordingOpened(Message):
    """The recording is open (or re-opened) and durable."""

    re: CommandId
    seq: int
    at: Nanoseconds
    zero: Annotated[int, Meta(description="nanoseconds since 1970 UTC: where its time code begins")]
    reopened: bool


class Sealed(Message):
    """Segments were sealed: file and journal line are durable and the file was read back."""

    seq: int
    at: Nanoseconds
    count: Annotated[int, Meta(description="segments sealed since the recording was opened, all tracks")]
    pending: Annotated[int, Meta(description="segments cut and not yet sealed")]
    t: Annotated[int, Meta(description="ms on the recording's timeline up to which all running tracks are sealed")]


class GapDeclared(Message):
    """A gap was journaled."""

    seq: int
    track: Track
    t0: int
    t1: int
    cause: str


class Failing(Message):
    """A known error: the recording is failing now. `code`: disk_full, io_error, overrun, internal."""

    seq: int
    at: Nanoseconds
    code: str
    text: str


class RecordingClosed(Message):
    """`close` is durable and covered by a signed checkpoint."""

    re: CommandId
    seq: int
    at: Nanoseconds
    size: int
    root: str
    segments: int
    gaps: int


# --- worker <-> recorder -----------------------------------------------------------------------------------------


class Frame(Struct, kw_only=True, array_like=True):
    """One encoded frame as received: an Opus packet, or a whole VP8 frame without RTP payload descriptors."""

    track: str
    at: int  # capture time estimated by the worker, ns UTC; audio and video of one sender share a clock
    rtp: int  # RTP time-stamp as received
    ssrc: int
    key: bool
    level: int  # -dBov from the audio-level header extension, 127 = silence; -1 unknown
    data: bytes


class SenderReport(Struct, kw_only=True, array_like=True):
    """An RTCP sender report of a recorded source."""

    track: str
    ssrc: int
    ntp: int
    rtp: int
    at: int


class TrackSwitch(Struct, kw_only=True, array_like=True):
    """A track begins or ceases to carry media, and why: its owner, the network, or nobody renders."""

    track: str
    on: bool
    cause: str  # "", "sender_off", "network"
    at: int


class TrackLoss(Struct, kw_only=True, array_like=True):
    """Packets that never came."""

    track: str
    packets: int
    at: int


class Batch(Message):
    """Up to 100 ms of what was received, in order of arrival."""

    sent: Nanoseconds
    frames: list[Frame]
    reports: list[SenderReport]
    switches: list[TrackSwitch]
    losses: list[TrackLoss]


class KeyFrameWanted(Message):
    """The recorder wants a key frame on this track."""

    track: Track


class SealProgress(Message):
    """To the worker, after each seal: it closes the floor when these stay away 20 s."""

    at: Nanoseconds
    count: int


class RecorderFailing(Message):
    """To the worker: a known error; close the floor now."""

    at: Nanoseconds
    code: str


BROWSER_TO_WEB = (
    Hello | Beat | LineReport | Ready | Microphone | Camera | RaiseHand | AskHelp | Hear | Original | Render | Leave
    | RollCall | ConfirmIdentity | Admit | ReturnToLobby | Remove | Mute | SoundCheck | Start | Hold | Resume | Close
    | BreakOff | ConfirmCondition | CompareFingerprints | RecordAct
)  # fmt: skip
WEB_TO_BROWSER = View | Tick | Slots | Reoffer | SeatTaken | Result | Notice | Bye
WEB_TO_WORKER = Attach | Plan | Offer | DropPeer | CountPackets | Stop
WORKER_TO_WEB = (
    Attached | Alive | Answered | Refused | Done | PeerStatus | SeatSlots | Sending | FloorClosed | PacketCounts
)  # fmt: skip
WEB_TO_RECORDER = Attach | OpenRecording | AddTrack | CheckSound | CloseRecording | Stop
RECORDER_TO_WEB = (
    Attached | Alive | Refused | Done | SoundChecked | RecordingOpened | Sealed | GapDeclared | Failing
    | RecordingClosed
)  # fmt: skip
WORKER_TO_RECORDER = Batch
RECORDER_TO_WORKER = KeyFrameWanted | SealProgress | RecorderFailing
