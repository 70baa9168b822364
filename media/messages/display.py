"""Messages from web to browser: the view a page displays, what it is told beside it, and the end of the connection."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from media.messages.base import Certificate, CommandId, Fault, Language, Message, Nanoseconds, Seat
from media.messages.browser import FloorMode, Trouble


class PlaceView(Struct, kw_only=True, forbid_unknown_fields=True):
    """One of the two courts: its city and its time zone."""

    state: str
    city: str
    zone: str


class PersonView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A participant, with the data that this viewer may see."""

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
    wants_break: bool
    help_answered_by: Annotated[str, Meta(description="name of who is coming to help; empty: nobody has answered")]
    identity_confirmed: bool
    needs_identity: bool
    essential: Annotated[bool, Meta(description="the sound checks and the sitting wait until they are in the room")]
    line: Literal["good", "weak", "lost", "unknown"]
    renders: Language
    device_of: Annotated[str, Meta(max_length=40, description="at whose device they sit; empty: at their own")] = ""
    lost_since: int | None = None
    fault: Annotated[
        Fault,
        Meta(
            description="why this line cannot be made: the browser has no SRTP profile of the agreement; told to the "
            "person and to who may see line statistics"
        ),
    ] = ""
    troubles: Annotated[
        list[Trouble],
        Meta(description="what the page has found wrong with its devices; told to who may see line statistics"),
    ] = field(default_factory=list)
    hears_now: Annotated[str, Meta(description="whom they hear and why, or why nobody; told to who conducts")] = ""
    heard_by: Annotated[str, Meta(description="who hears them, or why nobody does; told to who conducts")] = ""


class CallView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A call for help, or for a break, told to who may answer it; of help also in the lobby."""

    kind: Literal["help", "break"]
    participant: Seat
    name: str
    role_label: str
    state: str
    since: Nanoseconds
    answered_by: Annotated[str, Meta(description="name of who is coming to help; empty: it sounds")] = ""
    reason: str = ""


class ObjectionView(Struct, kw_only=True, forbid_unknown_fields=True):
    """An objection or a claim of privilege that is not decided, in the order in which they were raised."""

    entry: int
    at: Nanoseconds
    title: str
    by: str
    by_label: str
    ground: str
    text: str
    law: str
    reserved: Annotated[bool, Meta(description="the presiding judge has reserved the ruling")]
    mine: Annotated[bool, Meta(description="this person raised it and may withdraw it")]


class ChoiceView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A value and its label."""

    value: str
    label: str


class RaisableView(Struct, kw_only=True, forbid_unknown_fields=True):
    """What this person may raise, and its short grounds."""

    kind: Literal["objection", "privilege_claim"]
    title: str
    grounds: list[ChoiceView]


class MessageView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A message to the court or its answer, for the person and for who may answer."""

    entry: int
    at: Nanoseconds
    text: str
    by: str
    by_label: str
    to: Annotated[str, Meta(description="name of who is answered; empty: it is to the court")]
    mine: bool
    answerable: Annotated[bool, Meta(description="by this person")]


class UnrecordedView(Struct, kw_only=True, forbid_unknown_fields=True):
    """Going on without a recording: proposed by one, in force when the other has confirmed it."""

    in_force: bool
    by: Annotated[str, Meta(description="name, role and State")]
    confirmed_by: Annotated[str, Meta(description="name, role and State; empty: nobody yet")]
    reason: str
    since: Nanoseconds
    confirmable: Annotated[bool, Meta(description="by this person")]


class ReaderView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A recipient of the recording, to whom a closed session can be recorded."""

    value: str
    label: str
    chosen: Annotated[bool, Meta(description="unless the order says otherwise")]


class ClosedSessionView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A closed session, for the room and for who is out of it."""

    since: Nanoseconds
    by: str
    reason: str
    out: Annotated[bool, Meta(description="this person is out")]
    recorded_for: Annotated[list[str], Meta(description="who can open what is recorded in it")]


class StepView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A step of the agreed rule, and when it was taken."""

    step: str
    label: str
    at: Nanoseconds | None


class TelephoneView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A telephone of the agreed site of a State."""

    state: str
    label: str
    number: Annotated[str, Meta(description="as its State has written it")]


class BreakdownView(Struct, kw_only=True, forbid_unknown_fields=True):
    """The agreed rule for a broken line, while somebody's is lost; told to who conducts."""

    participant: Seat
    name: str
    telephones: Annotated[
        list[TelephoneView], Meta(description="if the rule has the telephone; of the site whose line is lost first")
    ]
    adjourn_at: Nanoseconds
    steps: list[StepView]


class HoldView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A hold: its cause, since when, and who may lift it."""

    cause: Literal["order", "intervention", "fault", "recording"]
    by: str
    by_label: str
    reason: str
    since: Nanoseconds
    who_may_lift: str
    consent_withdrawn: bool = False
    purpose: Annotated[str, Meta(description="of a break; empty: it is none")] = ""
    until: Annotated[Nanoseconds | None, Meta(description="end of the break, as ordered")] = None


class FloorView(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whose turn it is to speak. In mode `open` there are no turns, and all other fields but `asking` are empty."""

    mode: FloorMode
    holder: Annotated[str, Meta(max_length=40, description="who has the floor")]
    next: Annotated[str, Meta(max_length=40, description="who gets it next")]
    uninterpreted: Annotated[str, Meta(max_length=40, description="whose words wait to be interpreted, or are being")]
    interpreter: Annotated[str, Meta(max_length=40, description="who is interpreting to the floor now")]
    since: Annotated[Nanoseconds | None, Meta(description="since when words wait to be interpreted")]
    asking: Annotated[list[Seat], Meta(description="whose hand is up, the first to raise it first")]
    may_speak: Annotated[bool, Meta(description="the viewer may open the microphone now")]
    why_not: Annotated[str, Meta(description="in words, where the viewer may not")]


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

    status: Literal["not_started", "starting", "recording", "slow", "paused", "failing", "stopping", "sealed", "failed"]
    since: Nanoseconds | None
    sealed: int
    last_sealed_at: Nanoseconds | None
    text: str


class RightView(Struct, kw_only=True, forbid_unknown_fields=True):
    """Whether this viewer may do something now; if not, why, and who could."""

    allowed: bool
    reason: str


class LanguageView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A booked language in its own name, and whether an interpreter speaks into it now."""

    lang: Language
    name: str
    rendered_by: str
    hearable: Annotated[bool, Meta(description="the viewer may hear its channel")]
    listeners: Annotated[int | None, Meta(description="people in the room who hear this language; None: not told")] = (
        None
    )
    signed: bool = False
    relay: Annotated[Language, Meta(description="interpreted by relay from this language; empty: from the floor")] = ""
    uncovered_since: Annotated[
        int | None, Meta(description="somebody needs it and nobody interprets into it; nanoseconds since 1970 UTC")
    ] = None


class BoothView(Struct, kw_only=True, forbid_unknown_fields=True):
    """The booth of the viewer, an interpreter: who has the turn, and how it passes on."""

    partners: list[str]
    live: Annotated[str, Meta(description="name of who has the turn; empty: nobody")]
    mine: Annotated[bool, Meta(description="the viewer has the turn")]
    since: Annotated[int | None, Meta(description="begin of the turn, nanoseconds since 1970 UTC")]
    relief: Annotated[Literal["", "due", "late"], Meta(description="from 20 and from 30 minutes of one turn on")]
    asked: Annotated[Literal["", "me", "partner", "both"], Meta(description="who has pressed for the handover")]
    change_at: int | None
    take_over_until: Annotated[int | None, Meta(description="the partner's line is lost; then the floor is held")]
    into: Annotated[list[Language], Meta(description="the languages the viewer may interpret into")]
    relay: Annotated[Language, Meta(description="the channel the viewer interprets from; empty: the floor")]
    relay_heard: Annotated[bool, Meta(description="somebody interprets into that channel now")]


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


class CardView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A script card of this part of the hearing, for one person under one law, without its texts."""

    card: str
    title: str
    law: str
    law_label: str
    whom: Annotated[str, Meta(description="whom it is read to; empty: everybody")]
    name: str
    due: bool
    done: bool
    read: Annotated[int | None, Meta(description="number of the entry of its reading; null: not read yet")]
    rendered: bool
    answer: str
    counsel: bool
    buttons: Annotated[list[str], Meta(description="those this person may press")]
    answers: list[str]


class SideSaid(Struct, kw_only=True, forbid_unknown_fields=True):
    """What one side has recorded: whether the codes were the same."""

    state: str
    matched: Annotated[bool | None, Meta(description="null: it has not said anything yet")]


class FingerprintsView(Struct, kw_only=True, forbid_unknown_fields=True):
    """Status of the courts' comparison of fingerprints aloud, and the fingerprints that the service itself has seen.

    The page computes its code from the certificate of its own connection; it must equal these two.
    """

    required: Annotated[bool, Meta(description="the technical agreement asks for it before the start")]
    status: Literal["open", "matched", "differs"]
    again: Annotated[bool, Meta(description="it was compared, and the media worker has been replaced since")]
    said: Annotated[list[SideSaid], Meta(description="both sides, the requesting State's first")]
    server: Annotated[Certificate, Meta(description="the media worker's, as the worker says")]
    own: Annotated[Certificate, Meta(description="the page's own, as the worker saw it in the handshake")]


class View(Message):
    """The whole state of the hearing that this person may see; it replaces the one before. Sent at each change."""

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
    floor: FloorView
    conditions: list[ConditionView]
    fingerprints: FingerprintsView | None
    recording: RecordingView
    sound_checks: list[SoundCheckView]
    languages: list[LanguageView]
    hears: Language
    original: int
    booth: BoothView | None
    rights: dict[str, RightView]
    cards: Annotated[
        list[CardView], Meta(description="all for who reads them; of the others, those read and not answered yet")
    ]
    recorded: Annotated[list[RecordedView], Meta(description="the latest, newest first; for who may read the minutes")]
    objections: list[ObjectionView]
    raisable: list[RaisableView]
    unrecorded: UnrecordedView | None
    breakdowns: list[BreakdownView]
    closed_session: ClosedSessionView | None
    excludable: Annotated[list[Seat], Meta(description="whom a closed session may exclude; for who may order one")]
    readers: Annotated[list[ReaderView], Meta(description="to whom one can be recorded; for who may order one")]
    messages: Annotated[list[MessageView], Meta(description="oldest first; of the person, or those they may answer")]
    purposes: Annotated[list[ChoiceView], Meta(description="of breaks; for who may order one")]
    laws: Annotated[list[ChoiceView], Meta(description="the States of the hearing, the requesting first")]
    calls: Annotated[list[CallView], Meta(description="longest waiting first; for who may answer them")]
    rights_due: Annotated[
        list[str],
        Meta(description="items of the rights checklist that the next act waits for, by title; for who conducts"),
    ]


class Tick(Message):
    """Once a second: the server's time and the state of the recording."""

    at: Nanoseconds
    recording: RecordingView


class SlotView(Struct, kw_only=True, forbid_unknown_fields=True):
    """The source that one receiving m-line carries now."""

    mid: Annotated[str, Meta(max_length=16)]
    participant: Seat
    kind: Literal["floor", "channel", "camera"]
    lang: Language
    gain: Annotated[int, Meta(ge=0, le=100, description="percent at which the listener plays it")]


class Slots(Message):
    """The people and channels assigned to the page's receiving m-lines; it replaces the assignment before."""

    slots: list[SlotView]


class IceServer(Struct, kw_only=True, forbid_unknown_fields=True):
    """A TURN relay for the page's media connections, with credentials that expire (`RTCIceServer` of WebRTC)."""

    urls: Annotated[str, Meta(max_length=300)]
    username: Annotated[str, Meta(max_length=100, description="the time of expiry and an opaque id")]
    credential: Annotated[str, Meta(max_length=100)]
    kind: Annotated[Literal["udp", "tcp", "tls"], Meta(description="how the page reaches the relay")]


class IceServers(Message):
    """The relays for the next media connection; they replace those before. Sent before the first view of a page, before
    each `reoffer`, and after each offer."""

    servers: list[IceServer]


class Reoffer(Message):
    """The media worker was replaced, or lost the connection: the page has to post a new offer. `generation` is part of
    its address."""

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
    """An event to announce to the person; `assertive` interrupts a screen reader."""

    at: Nanoseconds
    code: str
    text: str
    assertive: bool = False


class CaptionLine(Struct, kw_only=True, forbid_unknown_fields=True):
    """A caption. `corrects` names the one whose place it takes; 0 for none."""

    number: Annotated[int, Meta(description="of its entry in the log of the hearing")]
    corrects: int
    lang: Language
    source: Literal["stenographer", "machine"]
    speaker: Annotated[str, Meta(description="who speaks, as the log names them; empty where nobody is named")]
    text: str
    at: Annotated[Nanoseconds, Meta(description="when it was spoken")]


class Captions(Message):
    """New captions for this person, oldest first. When a page takes its seat, the latest that were shown to it."""

    lines: list[CaptionLine]


class Bye(Message):
    """The server ends this connection; the page does not come back by itself."""

    why: Literal["superseded", "removed", "left", "closed", "signed_out", "not_allowed", "link_replaced"]
    text: str
