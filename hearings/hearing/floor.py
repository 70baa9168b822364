"""Who may send and receive sound and pictures in the room, by the permission table and by whose turn it is. Pure.

If a cell of the table has a condition, `GRANTED` and `own_channel` decide whether it is met. The media plan of the
room, own switches and the controls of pages use these functions.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hearings.models import Participant, Sitting
from hearings.models.sitting import FloorMode
from hearings.permissions import Decision, may
from hearings.roles import Role
from hearings.sentences import N_, Sentence, tell
from hearings.status import IN_ROOM, SittingStatus

NOT_YOUR_TURN = N_("Another person has the floor. Raise your hand to ask for it")
BEING_INTERPRETED = N_("What was said before is being interpreted. You speak next")
AFTER_THE_SPEAKER = N_("Interpreting is consecutive: begin to interpret when the speaker has finished, then speak")

TEST = frozenset({SittingStatus.pre_record})
"""The sound check: what is said in it is no evidence, so that a technician may listen."""


def _in_the_room(person: Participant, status: SittingStatus | None) -> bool:
    return person.presence in IN_ROOM


def _in_a_test(person: Participant, status: SittingStatus | None) -> bool:
    return status in TEST


GRANTED: Mapping[str, Callable[[Participant, SittingStatus | None], bool]] = {
    "speak_floor": _in_the_room,
    "hear_floor": _in_a_test,
    "see_floor": _in_a_test,
}
"""When the condition of a cell marked ○ is met: the court gives the floor by letting somebody into the room."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is to speak to the floor. Participants are named by their ids; empty: nobody."""

    mode: FloorMode = FloorMode.open
    holder: str = ""
    """Who has the floor: always somebody, unless everybody opens their microphone when they want to."""
    seat: str = ""
    """Whose device the holder sits at: the holder's own, or that of another."""
    next: str = ""
    """Who gets the floor when the holder has finished."""
    uninterpreted: str = ""
    """Whose words wait to be interpreted, or are being interpreted; the holder speaks after that."""
    interpreter: str = ""
    """Who is interpreting to the floor now."""


OPEN = Turn()


def turn(sitting: Sitting | None, people: Iterable[Participant]) -> Turn:
    """Whose turn it is, from the rows of a sitting and its people.

    Without anybody in the room to whom the floor was given, the presiding judge has it. Without an interpreter in the
    room nobody waits for one.
    """
    if sitting is None or sitting.floor_mode is FloorMode.open:
        return OPEN
    office = [person for person in people if person.vacated_at is None]
    here = [person for person in office if person.presence in IN_ROOM]
    holder = next((person for person in here if person.has_floor), None)
    holder = holder or next((person for person in office if person.role is Role.presiding_judge), None)
    interpreters = [person for person in here if person.role is Role.interpreter]
    consecutive = sitting.floor_mode is FloorMode.consecutive and bool(interpreters)
    return Turn(
        mode=sitting.floor_mode,
        holder=holder.id if holder else "",
        seat=(holder.device_of_id or holder.id) if holder else "",
        next=next((person.id for person in here if person.next_in_turn), ""),
        uninterpreted=sitting.uninterpreted_id if consecutive else "",
        interpreter=next((person.id for person in interpreters if person.interprets_since), "") if consecutive else "",
    )


def granted(action: str, person: Participant, status: SittingStatus | None = None) -> bool:
    """Whether the condition of the person's cell is met in a sitting of this status (None: unknown, so not met). The
    condition of an action that is not in `GRANTED` is never met here."""
    return action in GRANTED and GRANTED[action](person, status)


def speaks(person: Participant, whose: Turn = OPEN) -> Decision:
    """May this person open their microphone now: to the floor, or an interpreter to a language channel?

    Who conducts may at any time. Others need the floor where it is given by turn; in consecutive interpreting an
    interpreter who speaks into no channel speaks to the floor, while interpreting there.
    """
    channel = may("speak_in_channel", person.role, own=True)
    if channel.allowed:
        waits = whose.mode is FloorMode.consecutive and not person.renders and whose.interpreter != person.id
        return _later(tell(AFTER_THE_SPEAKER)) if waits else channel
    if whose.mode is not FloorMode.open and not may("speak_floor", person.role).allowed:
        if person.id != whose.seat:
            return _later(tell(NOT_YOUR_TURN))
        if whose.uninterpreted:
            return _later(tell(BEING_INTERPRETED))
    return may("speak_floor", person.role, granted=granted("speak_floor", person))


def to_floor(person: Participant, whose: Turn) -> bool:
    """Whether an interpreter speaks to the floor now, as in consecutive interpreting."""
    return whose.interpreter == person.id and not person.renders


def _later(why: Sentence) -> Decision:
    return Decision(allowed=False, reason=why, elsewhere=True)


def has_voice(role: Role) -> bool:
    """Whether somebody in this role may ever speak in the hearing, once in the room."""
    return may("speak_floor", role, granted=True).allowed or may("speak_in_channel", role, own=True).allowed


def shows(person: Participant) -> Decision:
    """May this person switch their camera on?"""
    return may("show_picture", person.role)


def hears(person: Participant, status: SittingStatus) -> Decision:
    """May this person hear the floor as spoken?"""
    return may("hear_floor", person.role, granted=granted("hear_floor", person, status))


def sees(person: Participant, status: SittingStatus) -> Decision:
    """May this person see the pictures of the room?"""
    return may("see_floor", person.role, granted=granted("see_floor", person, status))


def hears_channel(person: Participant, lang: str, booked: Collection[str]) -> Decision:
    """May this person hear the channel of `lang`?"""
    return may("hear_channels", person.role, own=own_channel(person, lang, booked))


def own_channel(person: Participant, lang: str, booked: Collection[str]) -> bool:
    """Whether the channel of `lang` is open to the person: the language they speak, or any if theirs is not booked."""
    return lang == person.speaks or person.speaks not in booked


def interprets(person: Participant, booked: Sequence[str]) -> tuple[str, ...]:
    """The languages between which an interpreter interprets: those assigned, or the first two of the hearing, which are
    those of the two courts. `booked`: `Hearing.languages`."""
    return tuple(person.interprets or booked[:2])


def renders_into(person: Participant, booked: Sequence[str]) -> tuple[str, ...]:
    """The languages an interpreter may speak into: of those they interpret between, all or the directions assigned."""
    between = interprets(person, booked)
    return tuple(lang for lang in between if not person.interprets_into or lang in person.interprets_into)


def channel(person: Participant, booked: Collection[str]) -> str:
    """The channel this person hears; empty for none."""
    return person.hears if person.hears and hears_channel(person, person.hears, booked).allowed else ""


def silence(participant: Participant) -> None:
    """Reset microphone, channel, turn on the floor, raised hand and the wish for a break of who leaves the room."""
    participant.microphone = participant.muted_by_court = False
    participant.renders = participant.break_reason = ""
    participant.hand_at = participant.break_asked_at = participant.interprets_since = None
    participant.has_floor = participant.next_in_turn = False
