"""Messages between browser and web: reports of a page, commands of people, and the views a page displays."""

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from media.messages.base import Certificate, CommandId, Fault, Language, Message, Nanoseconds, Reason, Seat

# --- browser -> web ----------------------------------------------------------------------------------------------


class Hello(Message):
    """First message of a page. `ticket` proves who it is (one use, 60 s); `take_over` moves the seat to this tab."""

    ticket: Annotated[str, Meta(max_length=200)]
    take_over: bool = False
    generation: Annotated[int, Meta(description="of the media connection the page still holds; 0 when it has none")] = 0


class Heartbeat(Message):
    """Sent every 2 s by a page that is alive."""


class LineReport(Message):
    """The page's measurements of its own connection, every 5 s."""

    rtt_ms: Annotated[int, Meta(ge=0, le=60_000)]
    loss_percent: Annotated[int, Meta(ge=0, le=100)]
    jitter_ms: Annotated[int, Meta(ge=0, le=60_000)]


Trouble = Literal[
    "microphone_silent", "microphone_clipped", "camera_black", "camera_frozen", "camera_virtual",
    "microphone_denied", "microphone_system", "microphone_busy", "microphone_none",
    "camera_denied", "camera_system", "camera_busy", "camera_none",
]  # fmt: skip
"""What is wrong with a device. `denied`: by the browser; `system`: by the operating system; `busy`: another program has
it; `none`: there is none. `silent`: nothing at all comes from it; `virtual`: a program poses as a camera."""


class DeviceReport(Message):
    """What the page has found wrong with its camera and microphone; sent at each change, and by a page that is back."""

    troubles: Annotated[list[Trouble], Meta(max_length=8)]


FloorMode = Literal["open", "by_turn", "consecutive"]
"""How people speak to the floor: everybody when they want to; who was given it; the same, and an interpreter after each
speaker."""


class Command(Message):
    """Something a person asks for. Answered once by `result`; the same `id` again gives the same answer."""

    id: CommandId


class Ready(Command):
    """The recording notice is acknowledged and the devices are checked: the person goes to the lobby."""

    notice: bool
    camera: bool
    microphone: bool
    speaker: bool


class Microphone(Command):
    """Switch one's own microphone. The server never switches a microphone on."""

    on: bool


class Camera(Command):
    """Switch one's own camera."""

    on: bool


class RaiseHand(Command):
    """Raise or lower one's own hand."""

    up: bool


class AskHelp(Command):
    """ "I need help": it sounds at the judge, the clerk, the requested authority and the technician until one of them
    answers or it is taken back."""

    up: bool


class AnswerHelp(Command):
    """Answer somebody's call for help: its sound ends, and the person sees who is coming."""

    participant: Seat


class AskBreak(Command):
    """Ask for a break, or take that back. The presiding judge orders or refuses it."""

    up: bool
    reason: Annotated[str, Meta(max_length=200, description="in the person's own words")] = ""


class OrderBreak(Command):
    """The presiding judge orders a break: the floor is closed, microphones go off, and everybody sees its end.

    Purposes: `hearings.sitting.breaks`.
    """

    purpose: Annotated[str, Meta(max_length=40)]
    minutes: Annotated[int, Meta(ge=1, le=240)]
    reason: Reason = ""


class RefuseBreak(Command):
    """The presiding judge does not order the break that somebody has asked for."""

    participant: Seat
    reason: Reason = ""


class WriteToCourt(Command):
    """Write a short text to the court, from lobby or room. It is part of the file."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]


class AnswerMessage(Command):
    """The court answers the person who wrote a message."""

    entry: int
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Hear(Command):
    """Choose the language to hear; empty for the floor as spoken."""

    lang: Language


class Original(Command):
    """Set how loud the floor stays under an interpreter, 0–40 %."""

    percent: Annotated[int, Meta(ge=0, le=40)]


class Render(Command):
    """Set the language an interpreter speaks into; empty when she speaks into none."""

    lang: Language


class HandOver(Command):
    """Ask for the handover of the turn in one's booth, agree to it, or take that back; 3 s after both have pressed the
    turn passes."""


class TakeOver(Command):
    """Take over the turn in one's booth from a partner whose line is lost."""


class Signal(Command):
    """Tell the presiding judge and who speaks that one cannot hear, or ask to slow down or to repeat; or, as an
    interpreter, that interpreting is not possible: with a remark, which asks for a hold."""

    what: Literal["cannot_hear", "slower", "repeat", "cannot_interpret"]
    text: Reason = ""


class Pin(Command):
    """Choose whom to see large; empty for nobody. They have a place when there are more people than places."""

    whom: Annotated[str, Meta(max_length=40)]


class Leave(Command):
    """Leave the hearing. Coming back goes through the lobby."""


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
    """Admit a person from the lobby into the room."""

    participant: Seat


class ReturnToLobby(Command):
    """Send a person from the room back to the lobby."""

    participant: Seat
    reason: Reason = ""


class Remove(Command):
    """Remove a person from the hearing; only a new link lets them come back."""

    participant: Seat
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Mute(Command):
    """Mute another person, who alone can switch the microphone on again."""

    participant: Seat


class SetFloorMode(Command):
    """Choose how people come to speak to the floor."""

    mode: FloorMode


class GiveFloor(Command):
    """Give a person the floor; they open their own microphone."""

    participant: Seat


class LineUp(Command):
    """Say who gets the floor when the one who has it has finished; or nobody yet."""

    participant: Seat
    up: bool


class TakeFloorBack(Command):
    """The presiding judge has the floor again."""


class FinishSpeaking(Command):
    """I have finished: the floor goes to who is next, or to the presiding judge."""


class Interpret(Command):
    """An interpreter begins to interpret to the floor (consecutive)."""


class EndInterpreting(Command):
    """What was said is interpreted; from the presiding judge: go on without."""


class NoteCompanion(Command):
    """Note that somebody who sits at the device of another is there, or has gone."""

    participant: Seat
    here: bool


class SoundCheck(Command):
    """Check what the recorder stores of one person, or of one language channel the interpreter speaks into."""

    participant: Seat
    lang: Language = ""


class Start(Command):
    """Start the sitting. `without_camera` names people whose picture may be missing, with a reason."""

    without_camera: list[Seat] = field(default_factory=list)
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


class RaiseObjection(Command):
    """Object, or claim a privilege: it waits, before all in the room, for the ruling of the presiding judge.

    `whose`: counsel raises it for the defendant; empty: for oneself. Grounds: `hearings.sitting.recorded_acts`.
    """

    kind: Literal["objection", "privilege_claim"]
    ground: Annotated[str, Meta(max_length=40)] = ""
    text: Annotated[str, Meta(max_length=1000)] = ""
    law: Annotated[str, Meta(max_length=2, description="of which State; empty: a privilege of one's own State")] = ""
    whose: Annotated[str, Meta(max_length=64)] = ""


class WithdrawObjection(Command):
    """Withdraw what one has raised and what is not decided."""

    entry: int
    text: Reason = ""


class RuleObjection(Command):
    """The presiding judge rules on an objection or a privilege, with the reason."""

    entry: int
    ruling: Literal["upheld", "upheld_in_part", "rejected", "reserved"]
    text: Annotated[str, Meta(min_length=3, max_length=1000)]
    law: Annotated[str, Meta(max_length=2, description="of which State; empty: of the requesting State")] = ""


class PressCard(Command):
    """A button of a script card: its draft is taken over, its text was read out or interpreted, what was answered, or
    the person asks for counsel. What each does is `hearings.sitting.cards`.
    """

    card: Annotated[str, Meta(max_length=40)]
    law: Annotated[str, Meta(max_length=2, description="State under whose law it is read")]
    button: Literal["adopt", "read", "rendered", "answer", "counsel"]
    whom: Annotated[str, Meta(max_length=40, description="whom it is read to; empty for everybody")] = ""
    by: Annotated[str, Meta(max_length=40, description="who reads, or who interpreted; empty: found by role")] = ""
    shown: Annotated[
        list[Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]],
        Meta(max_length=2, description="SHA-256 of each text as the page shows it: the reader's, then the person's"),
    ] = field(default_factory=list)
    answer: Literal["", "yes", "no", "other", "claims", "not_required"] = ""
    text: Annotated[str, Meta(max_length=4000, description="the answer word for word")] = ""
    typed: Annotated[str, Meta(max_length=1200, description="what fills the gap of the text")] = ""


class CompareFingerprints(Command):
    """Record that both courts have read each other the code of the media worker's certificate, and whether it was the
    same."""

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


class ProposeUnrecorded(Command):
    """Propose to go on although the recording fails. It needs the other of presiding judge and requested authority."""

    reason: Annotated[str, Meta(min_length=20, max_length=500)]


class ConfirmUnrecorded(Command):
    """Confirm what the other has proposed: the floor may open without a recording."""


class EndUnrecorded(Command):
    """End going on without a recording, or take the proposal back: the floor is closed again."""


class CloseSession(Command):
    """Order a closed session: observers and the people named go to the lobby, and stay there until it ends."""

    out: Annotated[list[Seat], Meta(max_length=50)]
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class EndClosedSession(Command):
    """End the closed session. Who was out is admitted again, one by one."""


class BreakOff(Command):
    """Break the hearing off for good: the recorder seals what it has and ends; the hearing counts as aborted."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Close(Command):
    """Close the sitting: the recorder seals what it has and ends."""

    reason: Reason = ""


# --- web -> browser ----------------------------------------------------------------------------------------------


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


class ClosedSessionView(Struct, kw_only=True, forbid_unknown_fields=True):
    """A closed session, for the room and for who is out of it."""

    since: Nanoseconds
    by: str
    reason: str
    out: Annotated[bool, Meta(description="this person is out")]


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

    status: Literal["not_started", "starting", "recording", "slow", "failing", "stopping", "sealed", "failed"]
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
    closed_session: ClosedSessionView | None
    excludable: Annotated[list[Seat], Meta(description="whom a closed session may exclude; for who may order one")]
    messages: Annotated[list[MessageView], Meta(description="oldest first; of the person, or those they may answer")]
    purposes: Annotated[list[ChoiceView], Meta(description="of breaks; for who may order one")]
    laws: Annotated[list[ChoiceView], Meta(description="the States of the hearing, the requesting first")]
    calls: Annotated[list[CallView], Meta(description="longest waiting first; for who may answer them")]


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


class Bye(Message):
    """The server ends this connection; the page does not come back by itself."""

    why: Literal["superseded", "removed", "left", "closed", "signed_out", "not_allowed", "link_replaced"]
    text: str
