"""Whose line is lost: judged from what the media worker and the page last said. Pure.

A web process that begins has heard of no page. What its predecessor's end did to the pages is nobody's loss of line:
whoever's sound and picture go on has time to come back before anything is concluded from the silence.
"""

from hearings.models import Participant
from hearings.status import IN_ROOM, PresenceStatus
from web.live.view import Liveness

ESSENTIAL_LOST = 5_000_000_000
"""Nanoseconds without an essential person's line after which the floor is closed (docs/live.md)."""
AWAY = 2_000_000_000
"""Nanoseconds a page may be away before its seat counts as reconnecting."""
RETURNING = 20_000_000_000
"""Nanoseconds a page has to come back to a new web process while its media go on: it tries at least every 5 s, and
may wait 10 s for an answer."""


def is_lost(participant: Participant, state: Liveness, *, away: bool, returning: bool) -> bool:
    """Whether the line of somebody in the room is lost. `away`: no page of theirs is connected; `returning`: pages
    may still be on their way back to this web process."""
    if participant.presence not in IN_ROOM:
        return False
    return state.media in ("lost", "quiet") or (away and not (returning and state.media == "connected"))


def is_gone(participant: Participant, state: Liveness, *, away: bool, now: int) -> bool:
    """Whether a lost line means that the person is no longer in their seat: it counts as reconnecting, muted."""
    lost_for = 0 if state.lost_since is None else now - state.lost_since
    return away and participant.presence is PresenceStatus.present and lost_for >= AWAY


def closes_the_floor(participant: Participant, state: Liveness, *, now: int) -> bool:
    """Whether the hearing cannot go on without this person, whose line has been lost for too long."""
    return participant.essential and state.lost_since is not None and now - state.lost_since >= ESSENTIAL_LOST
