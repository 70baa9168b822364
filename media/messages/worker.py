"""Between web and the media worker: the plan of a room, offers, and what the worker reports."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from media.messages.base import (
    Certificate,
    CommandId,
    Fault,
    Language,
    Message,
    Nanoseconds,
    Order,
    Sdp,
    Seat,
    Track,
    TrackOrNone,
    Unrecorded,
)
from media.messages.display import SlotView

# --- web <-> worker ----------------------------------------------------------------------------------------------


class Attach(Order):
    """First message on a control socket. Events after `last_seq` are sent again, oldest first."""

    last_seq: int


class SeatPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    """The grant of one person: what they may send and receive.

    A microphone or camera is forwarded only while its track is recorded, or `…_unrecorded` names why none is.
    """

    seat: Seat
    present: bool
    speaks: Language
    hears: Language
    original: int
    interpreter: bool
    renders: Language
    to_floor: Annotated[
        bool, Meta(description="an interpreter who speaks to the floor now, as in consecutive interpreting")
    ] = False
    microphone: bool
    muted_by_order: Annotated[bool, Meta(description="the court has switched the microphone off, not the person")]
    camera: bool
    mic_track: TrackOrNone
    cam_track: TrackOrNone
    mic_unrecorded: Unrecorded
    cam_unrecorded: Unrecorded
    hears_floor: Annotated[bool, Meta(description="receives the open microphones of the floor")]
    sees: Annotated[bool, Meta(description="receives pictures")]
    first: Annotated[
        bool,
        Meta(
            description="has a place before others when there are more people than places: who conducts, is "
            "examined or interprets"
        ),
    ] = False
    booth: Annotated[
        str, Meta(max_length=1000, description="of an interpreter: of those with the same, one microphone is heard")
    ] = ""
    essential: Annotated[
        bool, Meta(description="the worker closes the floor by itself when this line is lost for 1.5 s")
    ] = False
    pinned: Annotated[str, Meta(max_length=40, description="seat this person has chosen to see; empty: none")] = ""


class ChannelPlan(Struct, kw_only=True, forbid_unknown_fields=True):
    """A language channel and the track it is recorded on. A channel that is not here is not forwarded, unless the
    interpreter's `mic_unrecorded` says why it is not recorded."""

    lang: Language
    track: Track


class Plan(Order):
    """The complete desired state of the room, from rows in the database. The worker applies it; idempotent.

    A floor the worker closed by itself (`floor_closed`) opens again only after a plan with `floor_open` false, which
    shows that the event was processed, and a later one with true. A plan with a lower `version` than the last one on
    the same link is ignored.
    """

    version: int
    floor_open: bool
    feed: Annotated[bool, Meta(description="send frames to the recorder")]
    expect_seals: Annotated[bool, Meta(description="close the floor by itself 20 s after the last seal")]
    seats: list[SeatPlan]
    channels: list[ChannelPlan]
    without_recording: Annotated[
        bool, Meta(description="two of two States have decided it: the floor stays open although the recorder fails")
    ] = False


class Offer(Order):
    """A page's offer, as posted. The worker answers `answered`, or `refused` also when it is too long."""

    id: CommandId
    seat: Seat
    sdp: str


class DropPeer(Order):
    """Close this seat's connection at once."""

    seat: Seat


class CountPackets(Order):
    """Ask for the packets sent, by origin and receiver."""

    id: CommandId


class Stop(Order):
    """End the process in good order."""


class Attached(Message):
    """Answer to `attach`: identity of the process and the number of its last event."""

    seq: int
    pid: int
    since: Nanoseconds
    connected: list[Seat] = field(default_factory=list)
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


class OrderRefused(Message):
    """An order of an older conductor was refused. `highest` is the token of the present one."""

    seq: int
    at: Nanoseconds
    order: Annotated[str, Meta(description="its type")]
    token: int
    highest: int


class Done(Message):
    """A command that was carried out."""

    re: CommandId


class PeerStatus(Message):
    """Status of a seat's media connection: connected, quiet for 5 s (of an essential person: 1.5 s), or gone."""

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
    """The worker has closed the floor by itself: no seal for 20 s, the recorder said it fails, or nothing came from an
    essential person's line for 1.5 s."""

    seq: int
    at: Nanoseconds
    cause: Literal["no_seal", "recorder_failing", "line_lost"]
    seat: Annotated[str, Meta(max_length=40, description="whose line is lost; empty for other causes")] = ""


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
