"""The days of a hearing: adding, moving, dropping and ending them. The hearing's own time is that of the next day."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import Agreement, Hearing, HearingDay, Offer
from hearings.sentences import N_, tell, tell_n
from hearings.status import AgreementStatus
from hearings.times import bookings
from hearings.times.queries import days_of
from hearings.times.wall_times import FixedTime, WallTime, fix, time_of

HEARING_ENDED = N_("the hearing has ended")

MOST = 20


def check(times: Sequence[FixedTime]) -> None:
    """Days follow one another and do not overlap. Raises `Invalid`."""
    if len(times) > MOST:
        raise Invalid(tell_n("At most {n} day", "At most {n} days", MOST), "days")
    for before, after in pairwise(times):
        if after.starts_at < before.ends_at:
            raise Invalid(tell("Each day begins after the one before has ended"), "days")


async def plan(db: AsyncSession, *, hearing: Hearing, times: Sequence[FixedTime]) -> None:
    """Add days after the existing ones. Effects: adds the rows."""
    last = max((day.number for day in await days_of(db, hearing.id)), default=0)
    for number, time in enumerate(times, start=last + 1):
        db.add(HearingDay(owner_state=hearing.owner_state, hearing_id=hearing.id, number=number, **time.columns()))
    await db.flush()


async def planned(db: AsyncSession, hearing: Hearing) -> list[HearingDay]:
    """The days still to be held, in order."""
    return [day for day in await days_of(db, hearing.id) if day.heard_at is None and day.dropped_at is None]


async def times(db: AsyncSession, hearing: Hearing) -> list[tuple[int, datetime, datetime]]:
    """Number, start and end of every day still planned."""
    return [(day.number, day.starts_at, day.ends_at) for day in await planned(db, hearing)]


async def later(
    db: AsyncSession,
    *,
    hearing: Hearing,
    first: FixedTime,
    zones: tuple[str, str],
    states: tuple[str, str],
    fold: int | None,
    now: datetime,
) -> list[FixedTime]:
    """The times of the further planned days when the next one moves: the same distance in days, its wall time, and its
    `fold` if the clocks of that day show the time twice.

    Raises as `wall_times.fix`.
    """
    days = await planned(db, hearing)
    if len(days) < 2:
        return []
    old, new = datetime.fromisoformat(days[0].wall_start), datetime.fromisoformat(first.wall_start)
    fixed = []
    for day in days[1:]:
        distance = datetime.fromisoformat(day.wall_start).date() - old.date()
        asked = WallTime(
            wall_start=new + distance,
            wall_zone=first.wall_zone,
            duration=first.ends_at - first.starts_at,
            fold=fold,
        )
        fixed.append(fix(asked, zones=zones, states=states, now=now))
    return fixed


async def move(
    db: AsyncSession,
    *,
    hearing: Hearing,
    times: Sequence[FixedTime],
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Move the planned days to other times, in order, with their bookings.

    `despite` says why interpreters go with them in spite of what speaks against the other time. Raises `DoubleBooking`,
    `InterpreterUnfit`. Effects: the hearing's time, its days, bookings; a day is added when none was planned.
    """
    check(times)
    days = await planned(db, hearing)
    if not days:
        await plan(db, hearing=hearing, times=times)
    else:
        for day, time in zip(days, times, strict=True):
            time.put(day)
            db.add(day)
        # All are released before any is booked again: a day may take the former time of another.
        released = {day.number: await bookings.release(db, hearing=hearing, days=[day.number], now=now) for day in days}
        for day in days:
            await bookings.book_again(
                db, released[day.number], hearing=hearing, day=day, despite=despite, actor=actor, now=now
            )
    await put(db, hearing=hearing, time=times[0])


async def put(db: AsyncSession, *, hearing: Hearing, time: FixedTime) -> None:
    """Effects: the hearing's time; its running agreement, by which what waits is found, is for the same start."""
    time.put(hearing)
    db.add(hearing)
    await db.flush()
    running = (col(Agreement.hearing_id) == hearing.id, col(Agreement.status) != AgreementStatus.void)
    await db.exec(update(Agreement).where(*running).values(starts_at=hearing.starts_at))


async def adopt(db: AsyncSession, *, hearing: Hearing, offer: Offer) -> None:
    """Give the hearing and its next day the time of an offer. Effects: both rows."""
    time = time_of(offer)
    days = await planned(db, hearing)
    await put(db, hearing=hearing, time=time)
    if days:
        time.put(days[0])
        db.add(days[0])
        await db.flush()
    else:
        await plan(db, hearing=hearing, times=[time])


async def drop(db: AsyncSession, *, hearing: Hearing, reason: str, now: datetime) -> None:
    """Drop the days still planned. Effects: time and reason in the rows."""
    for day in await planned(db, hearing):
        day.dropped_at, day.dropped_why = now, reason
        db.add(day)
    await db.flush()


async def heard(db: AsyncSession, *, hearing: Hearing, over: bool, now: datetime) -> None:
    """Record the end of a sitting on its day; `over`: the hearing is concluded or aborted with it.

    Effects: the next planned day is heard; with `over` the others are dropped and their bookings released.
    """
    days = await planned(db, hearing)
    if days:
        days[0].heard_at = now
        db.add(days[0])
        await db.flush()
    if over and len(days) > 1:
        await drop(db, hearing=hearing, reason=HEARING_ENDED, now=now)
        await bookings.release(db, hearing=hearing, days=[day.number for day in days[1:]], now=now)
