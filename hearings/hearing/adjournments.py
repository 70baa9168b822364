"""After an agreement: a hearing is postponed, goes on on a day agreed before, or is adjourned to another."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotReady
from hearings.hearing import days as hearing_days, hearing as diary
from hearings.models import Hearing
from hearings.moves import move_hearing
from hearings.permissions import require_staff
from hearings.sentences import Word, tell
from hearings.status import HearingStatus
from hearings.texts import clean
from hearings.times.wall_times import WallTime, time_of


async def postpone(
    db: AsyncSession,
    *,
    hearing: Hearing,
    to: WallTime,
    alternatives: Sequence[WallTime] = (),
    resources: Sequence[int] = (),
    reason: str,
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """An agreed hearing cannot take place then: offer other times, with the reason.

    Raises `NotReady` for one that is not agreed or ready, `Invalid` without a reason, and as `diary.counter`.
    Effects: those of `diary.counter`: the agreement is void, both States have to agree anew.
    """
    if hearing.status not in {HearingStatus.agreed, HearingStatus.ready}:
        raise NotReady(
            tell("Only an agreed hearing is postponed; this one is {status}", status=Word.status(hearing.status))
        )
    await _another_time(db, hearing, to, alternatives, resources, reason, despite, actor, now)


async def adjourn(
    db: AsyncSession,
    *,
    hearing: Hearing,
    to: WallTime,
    alternatives: Sequence[WallTime] = (),
    resources: Sequence[int] = (),
    reason: str,
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """A part-heard hearing goes on at a time that has not been agreed yet.

    Raises and effects as `postpone`; a day is added when none was planned any more.
    """
    if hearing.status is not HearingStatus.part_heard:
        raise NotReady(
            tell("Only a part-heard hearing is adjourned; this one is {status}", status=Word.status(hearing.status))
        )
    await _another_time(db, hearing, to, alternatives, resources, reason, despite, actor, now)


async def next_day(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """A part-heard hearing goes on on the next of the days both States have agreed to.

    Raises `NotReady` for one that is not part heard, and when no such day is left: then adjourn. Effects: status to
    agreed; the hearing's time is that of the day.
    """
    require_staff(
        "prepare_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    if hearing.status is not HearingStatus.part_heard:
        raise NotReady(
            tell("Only a part-heard hearing goes on; this one is {status}", status=Word.status(hearing.status))
        )
    days = [day for day in await hearing_days.planned(db, hearing) if day.starts_at > now]
    if not days:
        raise NotReady(tell("No further day has been agreed: adjourn to one"))
    move_hearing(db, hearing, HearingStatus.agreed, actor=actor, now=now, reason=f"day {days[0].number}")
    await hearing_days.put(db, hearing=hearing, time=time_of(days[0]))


async def _another_time(
    db: AsyncSession,
    hearing: Hearing,
    to: WallTime,
    alternatives: Sequence[WallTime],
    resources: Sequence[int],
    reason: str,
    despite: str,
    actor: Actor,
    now: datetime,
) -> None:
    await diary.counter(
        db,
        hearing=hearing,
        wall_start=to.wall_start,
        wall_zone=to.wall_zone,
        duration=to.duration,
        fold=to.fold,
        alternatives=alternatives,
        resources=resources,
        reason=clean(reason, "reason", most=500, least=3),
        despite=despite,
        actor=actor,
        now=now,
    )
