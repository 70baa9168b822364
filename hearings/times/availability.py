"""The slot search over the database: calendars of both courts, and diaries of the resources to be booked."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import languages
from hearings.errors import Invalid, NotFound
from hearings.law import law as laws
from hearings.models import Hearing, HearingRequest, Resource
from hearings.models.request import Side
from hearings.times import bookings, calendars, queries as diary_queries, slots
from hearings.times.bookings import MOST, TOO_MANY
from hearings.times.calendars import CourtCalendar, Openings
from hearings.times.convenience import Attendee
from hearings.times.interpreters import LASTING, InterpreterNeed, objections
from hearings.times.queries import visible
from hearings.times.slots import Diary, SlotResults, SlotSearch

Court = tuple[str, str]
"""A State and one of its zones."""
HIDDEN = "other-state"
"""Key and label of a resource that its owner does not share."""


async def find(
    db: AsyncSession,
    *,
    wanted: SlotSearch,
    courts: Sequence[Court],
    numbers: Sequence[int] = (),
    attendees: Sequence[Attendee] = (),
    hearing: Hearing | None = None,
    state: str,
    now: datetime,
    limit: int = 20,
    per_day: int = 3,
) -> SlotResults:
    """Times that fit both courts and all resources named, as a State may see them.

    Bookings of `hearing` itself do not exclude a time, but all other resources booked for it by either State have to be
    free too; those of the other State are not named. An objection overruled when an interpreter was booked for it does
    not exclude her again. Raises `NotFound` for a resource the State may not see, `Invalid`.
    """
    resources = await _resources(db, numbers, state)
    granted: dict[int, frozenset[str]] = {}
    if hearing is not None:
        booked = await diary_queries.bookings_of_hearing(db, hearing.id)
        resources |= {row.resource_no: row for _booking, row in booked}
        granted = await bookings.granted(
            db, [booking for booking, _row in booked], hearing=hearing, rows=resources.values()
        )
    slack = timedelta(days=2)  # bookings on the days around count for margins and for an interpreter's rest
    begin, end = wanted.since - slack, wanted.until + slack
    but = hearing.id if hearing is not None else ""
    busy = await diary_queries.busy(db, list(resources), since=begin, until=end, but=but)
    people = await diary_queries.interpreters_of(db, resources.values(), since=begin, until=end, but=but)
    diaries = [
        Diary(
            key=str(number) if _visible(row, state) else HIDDEN,
            label=row.name if _visible(row, state) else HIDDEN,
            busy=busy[number],
            interpreter=people.get(number),
            granted=granted.get(number, frozenset()),
        )
        for number, row in sorted(resources.items())
    ]
    # A day more on both sides: the window is in UTC, the calendar in local days.
    since, until = wanted.since.date() - timedelta(days=1), wanted.until.date() + timedelta(days=2)
    court_calendars = await _calendars(db, courts, since, until)
    return slots.search(
        wanted, courts=court_calendars, diaries=diaries, attendees=attendees, now=now, limit=limit, per_day=per_day
    )


async def openings(
    db: AsyncSession, *, courts: Sequence[Court], first: date, last: date, any_hour: bool = False
) -> list[Openings]:
    """When each court sits from one local date to another, both inclusive, and why not on the other days."""
    return [
        calendars.openings(calendar, first, last, any_hour=any_hour)
        for calendar in await _calendars(db, courts, first, last)
    ]


async def _calendars(db: AsyncSession, courts: Sequence[Court], since: date, until: date) -> list[CourtCalendar]:
    law = await laws.current(db)
    return [
        await diary_queries.court_calendar(db, law=law, state=owner, zone=zone, since=since, until=until)
        for owner, zone in courts
    ]


def providers(request: HearingRequest) -> list[str]:
    """The States that provide an interpreter by the request; empty if neither does or it is not stated."""
    return {
        Side.requesting: [request.requesting_state],
        Side.requested: [request.requested_state],
        Side.both: [request.requesting_state, request.requested_state],
    }.get(request.interpreter_side or Side.neither, [])


async def provided(
    db: AsyncSession, *, request: HearingRequest, resources: Sequence[Resource], now: datetime
) -> list[int]:
    """Numbers of interpreters to preselect: of each State that provides one by the request, the only suitable one."""
    between = (request.language_of_court, request.language_of_person)
    states = providers(request)
    if not states or languages.same(*between):
        return []
    people = await diary_queries.interpreters_of(db, resources, since=now, until=now + timedelta(days=1))
    need = InterpreterNeed(length=60, languages=between)
    fitting = {
        number
        for number, interpreter in people.items()
        if LASTING.isdisjoint(objections(interpreter, need, int(now.timestamp())))
    }
    numbers = []
    for state in states:
        able = [row.resource_no for row in resources if row.owner_state == state and row.resource_no in fitting]
        numbers += able if len(able) == 1 else []
    return numbers


async def _resources(db: AsyncSession, numbers: Sequence[int], state: str) -> dict[int, Resource]:
    wanted = set(numbers)
    if len(wanted) > MOST:
        raise Invalid(TOO_MANY, "resources")
    if not wanted:
        return {}
    if not all(0 < number < 2**63 for number in wanted):
        raise NotFound
    query = select(Resource).where(col(Resource.resource_no).in_(wanted), visible(state), col(Resource.active))
    by_number = {row.resource_no: row for row in (await db.exec(query)).all()}
    if by_number.keys() != wanted:
        raise NotFound
    return by_number


def _visible(row: Resource, state: str) -> bool:
    return row.owner_state == state or row.shared


def hours_of(calendar: calendars.CourtCalendar) -> list[tuple[calendars.Weekly, bool]]:
    """The weekly hours of a calendar, each with whether its State has confirmed it; confirmed ones first."""
    rows = [(row, row.confidence == calendars.CONFIRMED) for row in calendar.hours]
    return sorted(rows, key=lambda pair: (not pair[1], pair[0].first, pair[0].opens))
