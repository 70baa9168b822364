"""Newer time-zone data: the future hearings they would move. Staff of the owner decide; nothing moves by itself.

A day of a hearing has its wall time and the instant that followed from it when it was fixed. If the installed data give
another instant, the court either keeps its wall time (the instant moves, and the other State has to agree anew) or
keeps the instant (the wall time changes, the agreement stays in force). The history records either decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.clocks import tzdb_version, zone
from hearings.errors import NotReady
from hearings.hearing import days as hearing_days, hearing as diary, offers
from hearings.hearing.hearing import LOBBY_IS_OPEN
from hearings.models import Hearing, HearingDay
from hearings.moves import noted
from hearings.permissions import require_staff
from hearings.queries import open_sitting
from hearings.sentences import tell
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries
from hearings.times.wall_times import FixedTime, has_moved, resolved, time_of

H = HearingStatus
OPEN = frozenset({H.proposed, H.countered, H.agreed, H.ready, H.part_heard})


@dataclass(frozen=True)
class Moved:
    """A day whose instant the installed data change. `instant`: that of its wall time now; None if it is skipped."""

    hearing: Hearing
    day: HearingDay
    instant: datetime | None


async def moved(db: AsyncSession, *, now: datetime, state: str = "") -> Sequence[Moved]:
    """The future days fixed by older data that the installed data would move, of one State or of all, earliest
    first."""
    rows = await diary_queries.days_by_older_data(db, version=tzdb_version(), now=now, state=state)
    return [Moved(hearing, day, resolved(day)) for day, hearing in rows if hearing.status in OPEN and has_moved(day)]


async def note(db: AsyncSession, *, now: datetime) -> Sequence[Moved]:
    """As `moved`, for all States. Effects: stores the version of the data with each day, so that pending days can be
    queried."""
    moved_days = await moved(db, now=now)
    for moved_day in moved_days:
        moved_day.day.moved_by = tzdb_version()
    return moved_days


async def keep_wall_time(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Keep the wall time: the instants of the days move, with their bookings.

    Raises `NotReady` when nothing moves, the wall time no longer exists or has passed, or the lobby is open, and
    `DoubleBooking`. Effects: days, hearing and bookings; an agreement is void, and the other State has to agree anew.
    """
    days = await _affected(db, hearing, actor)
    times = {}
    for day in days:
        start = resolved(day)
        if start is None:
            raise NotReady(tell("The clocks now skip this time: propose another time, or keep the UTC time"))
        if start <= now:
            raise NotReady(tell("This time would be in the past: propose another time, or keep the UTC time"))
        times[day.number] = FixedTime(
            starts_at=start,
            ends_at=start + (day.ends_at - day.starts_at),
            wall_start=day.wall_start,
            wall_zone=day.wall_zone,
            wall_fold=day.wall_fold,
            tzdb_version=tzdb_version(),
        )
    why = f"time-zone data {tzdb_version()}: the wall time is kept, the instant moves"
    planned = await hearing_days.planned(db, hearing)
    all_times = [times.get(day.number) or time_of(day) for day in planned]
    # Open offers end before the days move: the resources they hold would collide with the new times.
    await offers.pass_over(db, hearing=hearing, actor=actor, now=now, reason=why)
    if hearing.status in {H.agreed, H.ready}:
        diary.reopen(db, hearing, actor=actor, now=now, reason=why)
    else:
        noted(db, hearing, hearing.status, actor=actor, now=now, reason=why)
    # An hour more or less may shorten an interpreter's rest; this is the reason her State is given.
    await hearing_days.move(db, hearing=hearing, times=all_times, despite=why, actor=actor, now=now)
    if hearing.status is not H.part_heard:
        await diary.offer_again(db, hearing, actor=actor, now=now)


async def keep_instant(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Keep the instant agreed: only its wall time changes.

    Raises `NotReady` when nothing moves or the lobby is open. Effects: the days' and the hearing's wall time; a line
    of history. The wall time of an offer of the same instant changes too; accepting another that has moved is refused.
    """
    for day in await _affected(db, hearing, actor):
        local = day.starts_at.astimezone(zone(day.wall_zone))
        day.wall_start = local.replace(tzinfo=None, fold=0).isoformat()
        day.wall_fold = local.fold
        day.tzdb_version = tzdb_version()
        db.add(day)
        if day.starts_at == hearing.starts_at:
            time_of(day).put(hearing)
            db.add(hearing)
        for offer in await diary_queries.offers_of(db, hearing.id, open_only=True):
            if offer.starts_at == day.starts_at:
                time_of(day).put(offer)
                db.add(offer)
    why = f"time-zone data {tzdb_version()}: the instant is kept, the wall time is told anew"
    noted(db, hearing, hearing.status, actor=actor, now=now, reason=why)
    await db.flush()


async def _affected(db: AsyncSession, hearing: Hearing, actor: Actor) -> list[HearingDay]:
    require_staff(
        "decide_clock_change",
        actor,
        requesting_state=hearing.requesting_state,
        requested_state=hearing.requested_state,
    )
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell(LOBBY_IS_OPEN))
    days = [day for day in await hearing_days.planned(db, hearing) if has_moved(day)]
    if hearing.status not in OPEN or not days:
        raise NotReady(tell("The time-zone data do not move this hearing"))
    return days
