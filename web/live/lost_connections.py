"""Detection of lost connections, from the last messages of media worker and page. Pure.

A new web process has no connected page yet. That its predecessor ended is no loss of a participant's connection: pages
whose sound and picture continue have `RETURNING` to reconnect before their silence counts.
"""

from hearings.models import Participant
from hearings.status import IN_ROOM, PresenceStatus
from web.live.scene import Liveness

ESSENTIAL_LOST = 1_500_000_000
"""Nanoseconds without a media connection of an essential person after which the floor is closed (docs/live.md). The
worker itself closes it as long after the last packet; this holds also when the floor was closed already."""
AWAY = 2_000_000_000
"""Nanoseconds a page may be away before its seat counts as reconnecting."""
RETURNING = 20_000_000_000
"""Nanoseconds a page has to come back to a new web process while its media go on: it tries at least every 5 s, and
may wait 10 s for an answer."""


def is_lost(participant: Participant, state: Liveness, *, away: bool, returning: bool) -> bool:
    """Whether the connection of a person in the room is lost. `away`: they have no connected page; `returning`: pages
    may still be on their way back to this web process."""
    if participant.presence not in IN_ROOM:
        return False
    return state.media in ("lost", "quiet") or (away and not (returning and state.media == "connected"))


def is_gone(participant: Participant, state: Liveness, *, away: bool, now: int) -> bool:
    """Whether a lost line means that the person is no longer in their seat: it counts as reconnecting, muted."""
    lost_for = 0 if state.lost_since is None else now - state.lost_since
    return away and participant.presence is PresenceStatus.present and lost_for >= AWAY


def closes_the_floor(participant: Participant, state: Liveness, *, now: int) -> bool:
    """Whether the hearing cannot go on without this person, whose line has been lost for too long. A page that is away
    while its media go on (its WebSocket is lost, or the web process is new) closes nothing."""
    if not participant.essential or participant.presence not in IN_ROOM or state.lost_since is None:
        return False
    return state.media == "quiet" or (state.media == "lost" and now - state.lost_since >= ESSENTIAL_LOST)
