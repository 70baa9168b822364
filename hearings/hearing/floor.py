"""Who may send and receive sound and pictures in the room, by the permission table. Pure.

If a cell of the table has a condition, `GRANTED` and `own_channel` decide whether it is met. The media plan of the
room, own switches and the controls of pages use these functions.
"""

from collections.abc import Callable, Collection, Mapping

from hearings.models import Participant
from hearings.permissions import Decision, may
from hearings.roles import Role
from hearings.status import IN_ROOM, SittingStatus

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


def granted(action: str, person: Participant, status: SittingStatus | None = None) -> bool:
    """Whether the condition of the person's cell is met in a sitting of this status (None: unknown, so not met). The
    condition of an action that is not in `GRANTED` is never met here."""
    return action in GRANTED and GRANTED[action](person, status)


def speaks(person: Participant) -> Decision:
    """May this person open their microphone: to the floor, or an interpreter to a language channel?"""
    channel = may("speak_in_channel", person.role, own=True)
    if channel.allowed:
        return channel
    return may("speak_floor", person.role, granted=granted("speak_floor", person))


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


def channel(person: Participant, booked: Collection[str]) -> str:
    """The channel this person hears; empty for none."""
    return person.hears if person.hears and hears_channel(person, person.hears, booked).allowed else ""
