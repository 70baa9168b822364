"""The one next step of a coordination room, for a State that is invited or the facilitator who has convened it."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from hearings.coordination.rooms import RoomFile
from hearings.models import RoomState
from hearings.models.coordination import RoomAnswer
from hearings.roles import NO_STATE


class RoomStep(StrEnum):
    """What a reader can do next in a room, or what it waits for."""

    answer = "answer"
    """The own State has not answered its invitation."""
    decide_time = "decide_time"
    """A State has proposed another time, and the reader has convened the room."""
    set_agenda = "set_agenda"
    name_people = "name_people"
    """Nobody takes part for the own State yet."""
    wait_answers = "wait_answers"
    wait_time = "wait_time"
    """Another time is proposed, and whoever has convened the room decides."""
    wait_meeting = "wait_meeting"
    summarise = "summarise"
    """The meeting has begun or is over: what came of it is written down."""
    agree = "agree"
    """The own State has not said whether it agrees to the summary."""
    wait_words = "wait_words"
    """Other States have not."""
    close = "close"
    do_owed = "do_owed"
    """The own State owes an outcome that is not done."""
    declined = "declined"
    nothing = "nothing"


def next_step(file: RoomFile, *, state: str, convener: bool, now: datetime) -> RoomStep:
    """What comes next for a State that is invited, or for a facilitator (`NO_STATE`). `convener`: the reader may set
    the time. Pure."""
    room = file.room
    owes = any(one.owner_state == state and not one.done for one in file.outcomes)
    if room.closed_at is not None:
        return RoomStep.do_owed if owes else RoomStep.nothing
    own = next((one for one in file.states if one.owner_state == state), None)
    if own is not None and own.answer is RoomAnswer.invited:
        return RoomStep.answer
    if own is not None and own.answer is RoomAnswer.declines:
        return RoomStep.do_owed if owes else RoomStep.declined
    if now < room.starts_at:
        return _before(file, own, convener)
    return _after(file, own, owes)


def _before(file: RoomFile, own: RoomState | None, convener: bool) -> RoomStep:
    answers = {one.answer for one in file.states}
    if RoomAnswer.proposes_other_time in answers:
        return RoomStep.decide_time if convener else RoomStep.wait_time
    if convener and not file.room.agenda:
        return RoomStep.set_agenda
    if own is not None and not any(one.owner_state == own.owner_state for one in file.participants):
        return RoomStep.name_people
    return RoomStep.wait_answers if RoomAnswer.invited in answers else RoomStep.wait_meeting


def _after(file: RoomFile, own: RoomState | None, owes: bool) -> RoomStep:
    if not file.room.summary:
        return RoomStep.summarise if own is not None else RoomStep.wait_words
    if own is not None and own.summary_word is None:
        return RoomStep.agree
    if not _said(file.states):
        return RoomStep.wait_words
    may_close = own is None or file.room.owner_state in (own.owner_state, NO_STATE)
    if may_close:
        return RoomStep.close
    return RoomStep.do_owed if owes else RoomStep.nothing


def _said(states: Sequence[RoomState]) -> bool:
    """Whether every State that has not declined has said its word on the summary."""
    return all(one.summary_word is not None or one.answer is RoomAnswer.declines for one in states)
