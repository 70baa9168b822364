"""Postponing an agreed hearing, resuming a part-heard one on an agreed day, and adjourning it to a new day."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotReady
from hearings.hearing import days as hearing_days, hearing as diary
from hearings.models import Hearing
from hearings.moves import move
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
    """Offer other times for an agreed hearing that cannot take place at its time, with the reason.

    Raises `NotReady` for one that is not agreed or ready, `Invalid` without a reason, and as `diary.counter`.
    Effects: those of `diary.counter`: the agreement is void, both States have to agree anew.
    """
    if hearing.status not in {HearingStatus.agreed, HearingStatus.ready}:
        raise NotReady(
            tell("Only an agreed hearing can be postponed; this one is {status}", status=Word.status(hearing.status))
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
    """Propose a time not agreed yet at which a part-heard hearing goes on.

    Raises and effects as `postpone`; a day is added if no further day is planned.
    """
    if hearing.status is not HearingStatus.part_heard:
        raise NotReady(
            tell("Only a part-heard hearing can be adjourned; this one is {status}", status=Word.status(hearing.status))
        )
    await _another_time(db, hearing, to, alternatives, resources, reason, despite, actor, now)


async def next_day(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Resume a part-heard hearing on the next of the days both States have agreed to.

    Raises `NotReady` for one that is not part heard, and when no such day is left (use `adjourn`). Effects: status to
    agreed; the hearing's time is that of the day.
    """
    require_staff(
        "prepare_hearing", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    if hearing.status is not HearingStatus.part_heard:
        raise NotReady(
            tell("Only a part-heard hearing can be continued; this one is {status}", status=Word.status(hearing.status))
        )
    days = [day for day in await hearing_days.planned(db, hearing) if day.starts_at > now]
    if not days:
        raise NotReady(tell("No further day has been agreed: agree on one, then adjourn"))
    move(db, hearing, HearingStatus.agreed, actor=actor, now=now, reason=f"day {days[0].number}")
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
