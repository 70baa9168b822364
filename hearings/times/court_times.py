"""Warnings on the times of a hearing by the calendars of its courts, for each day and each offer. A time outside is no
error: a court may sit on a holiday or at night. Warnings appear before a time is proposed, and as long as it is in
force.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.law import law as laws
from hearings.models import Hearing
from hearings.times import calendars, queries as diary_queries
from hearings.times.calendars import CourtCalendar

Time = tuple[datetime, datetime]
"""Start and end of a sitting."""
SIDES = ("requesting", "requested")
CODES = {"not_a_court_day": "outside_hours"}
"""Codes of calendars that differ in data/enums.yaml: for one time, a Sunday is outside the hours."""


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A warning on one time. Codes: of a court that does not sit `outside_hours`, `hours_unknown`, `holiday`, `recess`,
    `closure`; of the law those of `hearings.hearing.law_on_the_day`.
    """

    code: str
    side: str
    """`requesting`, `requested`, or `both`."""
    place: str
    """Key of the court's calendar; empty for the law."""
    starts_at: datetime
    """Of the sitting."""
    day: date
    """On the court's calendar."""
    detail: str = ""
    """Name of the holiday, or the reason the State gave; of the law, a sentence (`hearings.sentences`)."""


def warned(courts: Sequence[CourtCalendar], times: Iterable[Time]) -> tuple[Warned, ...]:
    """Warnings by the calendars of the requesting and the requested court, in the order of these times."""
    return tuple(
        warning
        for time in times
        for side, court in zip(SIDES, courts, strict=True)
        for warning in _against(side, court, time)
    )


def sits(court: CourtCalendar, time: Time) -> bool:
    """Whether the court is open for the whole of a time."""
    return not any(_against("", court, time))


def _against(side: str, court: CourtCalendar, time: Time) -> Iterator[Warned]:
    begin, end = (int(moment.timestamp()) for moment in time)
    first, last = calendars.local_date(begin, court.zone), calendars.local_date(end - 1, court.zone)
    opening = calendars.openings(court, first, last)
    if any(opens <= begin and end <= closes for opens, closes in opening.spans):
        return
    closed = [(day, why.code, why.detail) for day, why in opening.closed.items()]
    for day, code, detail in closed or [(first, "outside_hours", "")]:
        yield Warned(code=CODES.get(code, code), side=side, place=court.key, starts_at=time[0], day=day, detail=detail)


async def of_times(db: AsyncSession, courts: Sequence[tuple[str, str]], times: Sequence[Time]) -> tuple[Warned, ...]:
    """Warnings on times between two courts: State and zone of the requesting, then of the requested one."""
    if not times:
        return ()
    since = min(begins for begins, _ends in times).date() - timedelta(days=1)
    until = max(ends for _begins, ends in times).date() + timedelta(days=1)
    law = await laws.current(db)
    warnings = [
        await diary_queries.court_calendar(db, law=law, state=state, zone=zone, since=since, until=until)
        for state, zone in courts
    ]
    return warned(warnings, times)


async def of_hearing(db: AsyncSession, hearing: Hearing) -> tuple[Warned, ...]:
    """Warnings on the days still to be held and the times offered, the earliest first."""
    days = [
        day for day in await diary_queries.days_of(db, hearing.id) if day.heard_at is None and day.dropped_at is None
    ]
    on_table = await diary_queries.offers_of(db, hearing.id, open_only=True)
    times = {(day.starts_at, day.ends_at) for day in days} | {(offer.starts_at, offer.ends_at) for offer in on_table}
    return await of_times(db, courts_of(hearing), sorted(times))


def courts_of(hearing: Hearing) -> list[tuple[str, str]]:
    """The two courts, as `of_times` takes them."""
    return [
        (hearing.requesting_state, hearing.requesting_zone),
        (hearing.requested_state, hearing.requested_zone),
    ]
