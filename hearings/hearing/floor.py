"""Who may be heard and seen in the room, and hear and see it: the permission table asked of one person, now. Pure.

Where a cell of the table has a condition, `GRANTED` and `own_channel` say when it is met. The room's plan, what a
person may switch on, and what their page offers all come from here.
"""

from collections.abc import Callable, Collection, Mapping

from hearings.models import Participant
from hearings.permissions import Decision, may
from hearings.roles import Role
from hearings.status import IN_ROOM, SittingStatus

TEST = frozenset({SittingStatus.pre_record})
"""The sound check: what is said in it is no evidence, so that a technician may listen."""


def _in_the_room(one: Participant, status: SittingStatus | None) -> bool:
    return one.presence in IN_ROOM


def _in_a_test(one: Participant, status: SittingStatus | None) -> bool:
    return status in TEST


GRANTED: Mapping[str, Callable[[Participant, SittingStatus | None], bool]] = {
    "speak_floor": _in_the_room,
    "hear_floor": _in_a_test,
    "see_floor": _in_a_test,
}
"""When the condition of a cell marked ○ is met: the court gives the floor by letting somebody into the room."""


def granted(action: str, one: Participant, status: SittingStatus | None = None) -> bool:
    """Whether the condition of the person's cell is met, in a sitting of this status (None: not known, which grants
    nothing). No action beside those of `GRANTED` has a condition that is met here."""
    return action in GRANTED and GRANTED[action](one, status)


def speaks(one: Participant) -> Decision:
    """May this person open their microphone: to the floor, or an interpreter to a language channel?"""
    channel = may("speak_in_channel", one.role, own=True)
    if channel.allowed:
        return channel
    return may("speak_floor", one.role, granted=granted("speak_floor", one))


def has_voice(role: Role) -> bool:
    """Whether somebody in this role may ever speak in the hearing, once in the room."""
    return may("speak_floor", role, granted=True).allowed or may("speak_in_channel", role, own=True).allowed


def shows(one: Participant) -> Decision:
    """May this person switch their camera on?"""
    return may("show_picture", one.role)


def hears(one: Participant, status: SittingStatus) -> Decision:
    """May this person hear the floor as spoken?"""
    return may("hear_floor", one.role, granted=granted("hear_floor", one, status))


def sees(one: Participant, status: SittingStatus) -> Decision:
    """May this person see the pictures of the room?"""
    return may("see_floor", one.role, granted=granted("see_floor", one, status))


def hears_channel(one: Participant, lang: str, booked: Collection[str]) -> Decision:
    """May this person hear the channel of `lang`?"""
    return may("hear_channels", one.role, own=own_channel(one, lang, booked))


def own_channel(one: Participant, lang: str, booked: Collection[str]) -> bool:
    """Whether a language is the person's own: the one they speak, or any booked one when theirs is not booked."""
    return lang == one.speaks or one.speaks not in booked


def channel(one: Participant, booked: Collection[str]) -> str:
    """The channel this person hears; empty for none."""
    return one.hears if one.hears and hears_channel(one, one.hears, booked).allowed else ""
