"""The slot search over what the database holds: calendars of both courts, and the diaries of what is to be booked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import languages
from hearings.errors import Invalid, NotFound
from hearings.law import law as laws
from hearings.models import Hearing, HearingRequest, Resource
from hearings.models.request import Side
from hearings.sentences import tell_n
from hearings.times import bookings, calendars, queries as diary_queries, slots
from hearings.times.bookings import MOST
from hearings.times.convenience import Attendee
from hearings.times.interpreters import LASTING, Need, objections
from hearings.times.queries import visible
from hearings.times.slots import Diary, Found, Wanted

Court = tuple[str, str]
"""A State and one of its zones."""
HIDDEN = "other-state"
"""Key and label of a diary whose owner does not show it."""


async def find(
    db: AsyncSession,
    *,
    wanted: Wanted,
    courts: Sequence[Court],
    numbers: Sequence[int] = (),
    attendees: Sequence[Attendee] = (),
    hearing: Hearing | None = None,
    state: str,
    now: datetime,
    limit: int = 20,
    per_day: int = 3,
) -> Found:
    """Times that fit the courts and everything named, for an officer of a State.

    What `hearing` holds already stands in nobody's way, but what else is booked for it by either State has to be free
    as well; the other State's own is not named. An interpreter booked for it in spite of something is not excluded for
    that again. Raises `NotFound` for a resource the State may not see, `Invalid`.
    """
    resources = await _resources(db, numbers, state)
    granted: dict[int, frozenset[str]] = {}
    if hearing is not None:
        booked = await diary_queries.bookings_of_hearing(db, hearing.id)
        resources |= {row.resource_no: row for _booking, row in booked}
        granted = await bookings.granted(db, [one for one, _row in booked], hearing=hearing, rows=resources.values())
    slack = timedelta(days=2)  # what is booked on the days around counts for margins and for an interpreter's rest
    begin, end = wanted.since - slack, wanted.until + slack
    but = hearing.id if hearing is not None else ""
    busy = await diary_queries.busy(db, list(resources), since=begin, until=end, but=but)
    people = await diary_queries.interpreters_of(db, resources.values(), since=begin, until=end, but=but)
    diaries = [
        Diary(
            key=str(number) if _shown(row, state) else HIDDEN,
            label=row.name if _shown(row, state) else HIDDEN,
            busy=busy[number],
            interpreter=people.get(number),
            granted=granted.get(number, frozenset()),
        )
        for number, row in sorted(resources.items())
    ]
    found = []
    law = await laws.current(db)
    for owner, zone in courts:
        # A day more on both sides: the window is in UTC, the calendar is not.
        since, until = wanted.since.date() - timedelta(days=1), wanted.until.date() + timedelta(days=2)
        found.append(await diary_queries.court_calendar(db, law=law, state=owner, zone=zone, since=since, until=until))
    return slots.search(
        wanted, courts=found, diaries=diaries, attendees=attendees, now=now, limit=limit, per_day=per_day
    )


def providers(request: HearingRequest) -> list[str]:
    """The States that are to provide an interpreter by the request; none where it is neither, or nobody has said."""
    return {
        Side.requesting: [request.requesting_state],
        Side.requested: [request.requested_state],
        Side.both: [request.requesting_state, request.requested_state],
    }.get(request.interpreter_side or Side.neither, [])


async def provided(
    db: AsyncSession, *, request: HearingRequest, resources: Sequence[Resource], now: datetime
) -> list[int]:
    """Numbers of interpreters to begin with: of each State that provides one by the request, the only one who fits."""
    between = (request.language_of_court, request.language_of_person)
    states = providers(request)
    if not states or languages.same(*between):
        return []
    people = await diary_queries.interpreters_of(db, resources, since=now, until=now + timedelta(days=1))
    need = Need(length=60, languages=between)
    fitting = {
        number for number, one in people.items() if LASTING.isdisjoint(objections(one, need, int(now.timestamp())))
    }
    found = []
    for state in states:
        able = [row.resource_no for row in resources if row.owner_state == state and row.resource_no in fitting]
        found += able if len(able) == 1 else []
    return found


async def _resources(db: AsyncSession, numbers: Sequence[int], state: str) -> dict[int, Resource]:
    wanted = set(numbers)
    if len(wanted) > MOST:
        raise Invalid(tell_n("At most {n} resource at once", "At most {n} resources at once", MOST), "resources")
    if not wanted:
        return {}
    if not all(0 < number < 2**63 for number in wanted):
        raise NotFound
    query = select(Resource).where(col(Resource.resource_no).in_(wanted), visible(state), col(Resource.active))
    found = {row.resource_no: row for row in (await db.exec(query)).all()}
    if found.keys() != wanted:
        raise NotFound
    return found


def _shown(row: Resource, state: str) -> bool:
    return row.owner_state == state or row.shared


def hours_of(calendar: calendars.CourtCalendar) -> list[tuple[calendars.Weekly, bool]]:
    """The weekly hours of a calendar, each with whether its State has confirmed it; its own first."""
    rows = [(row, row.confidence == calendars.CONFIRMED) for row in calendar.hours]
    return sorted(rows, key=lambda pair: (not pair[1], pair[0].first, pair[0].opens))
