"""Messages from browser to web: reports of a page, and commands of people."""

from typing import Annotated, Literal

from msgspec import Meta, field

from media.messages.base import CommandId, Language, Message, Reason, Seat


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
    "microphone_silent", "microphone_clipped", "microphone_howl", "channel_silent",
    "camera_black", "camera_frozen", "camera_virtual",
    "microphone_denied", "microphone_system", "microphone_busy", "microphone_none",
    "camera_denied", "camera_system", "camera_busy", "camera_none",
]  # fmt: skip
"""What is wrong with a device. `denied`: by the browser; `system`: by the operating system; `busy`: another program has
it; `none`: there is none. `silent`: nothing at all comes from it; `howl`: it picks up its own loudspeaker; `virtual`:
a program poses as a camera. `channel_silent`: who interprets into it says nothing while others speak."""


class DeviceReport(Message):
    """What the page has found wrong with its camera and microphone; sent at each change, and by a page that is back."""

    troubles: Annotated[list[Trouble], Meta(max_length=8)]


class ListeningFigures(Message):
    """What an interpreter's page has measured of what reached ear and eye, every 30 s. Null: not measured."""

    concealed: Annotated[int, Meta(ge=0, le=1_000, description="sound replaced, per mille of the samples")] | None
    jitter: Annotated[int, Meta(ge=0, le=60_000, description="ms")]
    latency: Annotated[int, Meta(ge=0, le=60_000, description="ms, one way")] | None
    freezes: Annotated[int, Meta(ge=0, le=10_000)]
    fps: Annotated[int, Meta(ge=0, le=240, description="pictures a second of the largest picture")] | None
    level: Annotated[int, Meta(ge=-120, le=0, description="the loudest, dBFS")]
    limits: Annotated[int, Meta(ge=0, le=10_000, description="times the acoustic-shock limiter stepped in")]
    howls: Annotated[int, Meta(ge=0, le=10_000, description="times a line howled, by acoustic feedback")]
    early: Annotated[int, Meta(ge=0, le=60_000, description="ms that somebody's sound is ahead of the picture")] | None
    late: Annotated[int, Meta(ge=0, le=60_000, description="ms that somebody's sound is behind the picture")] | None


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


class NotePartner(Command):
    """A short note to the partners in the interpreter's booth. Nobody else reads it, and nothing keeps it."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]


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
    """Order a closed session: observers and the people named go to the lobby, and stay there until it ends. It is
    recorded to a key of its own; the floor opens when the recorder has confirmed that."""

    out: Annotated[list[Seat], Meta(max_length=50)]
    reason: Annotated[str, Meta(min_length=3, max_length=500)]
    recipients: Annotated[
        list[Annotated[str, Meta(max_length=40)]] | None,
        Meta(description="of the recording's, who can open it; nothing: its authorities, without keys in escrow"),
    ] = None


class EndClosedSession(Command):
    """End the closed session, once the recorder has confirmed that it records to the recording's key again. Who was out
    is admitted again, one by one."""


class BreakdownStep(Command):
    """Note that a step of the agreed rule for a broken line is taken, while somebody's line is lost."""

    participant: Seat
    step: Annotated[str, Meta(max_length=40)]


class BreakOff(Command):
    """Break the hearing off for good: the recorder seals what it has and ends; the hearing counts as aborted."""

    reason: Annotated[str, Meta(min_length=3, max_length=500)]


class Close(Command):
    """Close the sitting: the recorder seals what it has and ends."""

    reason: Reason = ""
