"""Between web and the recorder, and between worker and recorder: orders, frames, seals."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from media.messages.base import CommandId, Language, Message, Nanoseconds, Order, Track

SeatName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="what a seat's tracks are named by")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", description="SHA-256, lower case")]

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


class OrderedPause(Struct, kw_only=True, forbid_unknown_fields=True):
    """Who ordered that the recording pauses, and why."""

    by: Annotated[str, Meta(description="a role; empty: the service")]
    reason: Annotated[str, Meta(description="a word, never a text that somebody wrote")]


class OpenRecording(Order):
    """Open the recording, or take it up again after a crash. Answered by `recording_opened` once `open`,
    `keywrap` and the first checkpoint are durable. With `pause`, one that is taken up again is paused from its first
    moment on; one that was paused stays so without it too. With `stretch`, its first moment is encrypted to a key of
    its own for these recipients; one whose stretch had begun goes on with its key without it too."""

    id: CommandId
    recording: str
    hearing: str
    recipients: list[NamedRecipient]
    tracks: list[TrackPlan]
    pause: OrderedPause | None = None
    stretch: Annotated[list[NamedRecipient], Meta(description="empty: nothing is ordered")] = field(
        default_factory=list
    )


class PauseRecording(Order):
    """Keep nothing that is captured from now on, until `resume_recording`. Answered by `done` once the journal's
    `pause` is under a signed head; the same when it is paused already."""

    id: CommandId
    pause: OrderedPause


class ResumeRecording(Order):
    """Keep again what is captured from now on. Answered by `done` once the journal's `resume` is under a signed head;
    the same when it is not paused. `by`: a role; empty: the service."""

    id: CommandId
    by: str


class RekeyRecording(Order):
    """Encrypt what is captured from now on to a new key of its own for these recipients; without any, to the main key
    of the recording again. Answered by `done` once the journal's `rekey` is under a signed head; the same when it is so
    already. What was captured before and comes half a second later is not kept."""

    id: CommandId
    recipients: Annotated[list[NamedRecipient], Meta(description="empty: those of the recording")]


class AddTrack(Order):
    """Add tracks that may be recorded from now on, of a participant or channel added during the sitting."""

    id: CommandId
    track: TrackPlan


class CheckSound(Order):
    """Record these tracks to a temporary key for up to `seconds`, read back, decode, delete."""

    id: CommandId
    audio: Track
    video: Track | None
    seconds: Annotated[int, Meta(ge=1, le=20)]


class SeatedPerson(Struct, kw_only=True, forbid_unknown_fields=True):
    """The person in a seat, without the name. `sha256` is over the hearing's data of the person."""

    seat: SeatName
    role: str
    state: str
    sha256: Sha256


class LoggedEntry(Struct, kw_only=True, forbid_unknown_fields=True):
    """An entry of the hearing's log: its number, what, when, by which role, about which seat, and its hash."""

    entry: Annotated[int, Meta(ge=1)]
    kind: str
    at: Nanoseconds
    who: Annotated[str, Meta(description="a role; empty: the service")]
    seat: Annotated[str, Meta(description="a seat's name; empty: about nobody")]
    sha256: Sha256


class JournalLog(Order):
    """Journal the people by seat and entries of the hearing's log. Entries journaled already are skipped, and so are
    entries behind a missing number. Answered by `log_journaled` with the latest entry journaled."""

    id: CommandId
    sent: Nanoseconds
    people: list[SeatedPerson]
    entries: list[LoggedEntry]


class LogJournaled(Message):
    """The number of the latest entry that is journaled or about to be. A restarted recorder may have fewer: after
    `recording_opened` the web process asks again."""

    re: CommandId
    entry: int


class CloseRecording(Order):
    """Seal the frames in memory, write `close`, sign. Answered by `recording_closed`."""

    id: CommandId


class SoundChecked(Message):
    """Result of a sound check, decoded from the store. `level` is the loudest 400 ms in tenths of dBFS RMS."""

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
    paused: Annotated[bool, Meta(description="whether it is paused by order")] = False
    key: Annotated[int, Meta(ge=0, description="number of the key in force; 0: the main key")] = 0
    key_recipients: Annotated[list[str], Meta(description="who can open it, as the journal calls them")] = field(
        default_factory=list
    )


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
    """A known error: the recording is failing now.

    `code`: disk_full, io_error, overrun, seal_lost, seal_refused, internal.
    """

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
    seq: int  # RTP sequence number of its first packet
    packets: int  # number of RTP packets it came in
    data: bytes


class SenderReport(Struct, kw_only=True, array_like=True):
    """An RTCP sender report of a recorded source."""

    track: str
    ssrc: int
    ntp: int
    rtp: int
    at: int


class TrackSwitch(Struct, kw_only=True, array_like=True):
    """A track begins or ceases to carry media, with the cause: it was switched off, or it is on and silent."""

    track: str
    on: bool
    cause: str  # "", "sender_off", "order", "network"
    at: int


class TrackLoss(Struct, kw_only=True, array_like=True):
    """Media that are not passed on: missing packets given up and complete frames that refer to them, or, if `late`,
    packets that came after later ones had been passed on. Captured from `at` to `until` where that is known."""

    track: str
    packets: int
    frames: int
    late: bool
    at: int
    until: int


class Outage(Struct, kw_only=True, array_like=True):
    """An interval, ns UTC, in which the server itself caused the silence of tracks."""

    cause: str  # "server": the worker was suspended; "recorder": not reachable, or too slow for the queue
    at: int
    until: int


class Batch(Message):
    """Up to 200 ms of received media, in order of arrival."""

    sent: Nanoseconds
    frames: list[Frame]
    reports: list[SenderReport]
    switches: list[TrackSwitch]
    losses: list[TrackLoss]
    outages: list[Outage]


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
