"""Times for a meeting of authorities, without a court: the search for times of hearings, by clocks and holidays alone.

A meeting keeps no court hours and books nothing. It is held on days on which the authorities of every State work: no
weekend, no public holiday, no closure that the State has entered or announced. Nights are found last.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.law import law as laws
from hearings.models.diary import PeriodKind
from hearings.times import queries, slots
from hearings.times.calendars import CourtCalendar, Weekly
from hearings.times.convenience import Attendee
from hearings.times.slots import SlotResults, SlotSearch

WORKING = Weekly(weekdays=frozenset(range(1, 6)), opens=0, closes=1440)
"""The days of a State whose courts' hours nobody knows: Monday to Friday."""
AT_OFFICES = frozenset({PeriodKind.closure, PeriodKind.special_opening})
"""What is entered of courts and holds for authorities as well; recesses do not."""


async def find(
    db: AsyncSession, *, wanted: SlotSearch, states: Sequence[str], now: datetime, limit: int = 12, per_day: int = 2
) -> SlotResults:
    """Times that suit authorities of all these States, each in its usual zone, the most convenient first.

    Days are those of the first State. Raises `UnknownState`, and `Invalid` as `slots.search`.
    """
    law = await laws.current(db)
    zones = {state: reference.jurisdiction(state).default_zone for state in states}
    # A day more on both sides: the window is in UTC, the calendar in local days.
    since, until = wanted.since.date() - timedelta(days=1), wanted.until.date() + timedelta(days=2)
    calendars = [
        at_offices(await queries.court_calendar(db, law=law, state=state, zone=zone, since=since, until=until))
        for state, zone in zones.items()
    ]
    return slots.search(
        replace(wanted, any_hour=True),
        courts=calendars,
        attendees=[Attendee(part="court", label=state, zone=zone) for state, zone in zones.items()],
        now=now,
        limit=limit,
        per_day=per_day,
    )


def at_offices(calendar: CourtCalendar) -> CourtCalendar:
    """When the authorities of a State work, by the calendar of its courts. Pure."""
    periods = tuple(row for row in calendar.periods if row.kind in AT_OFFICES)
    return replace(calendar, hours=calendar.hours or (WORKING,), periods=periods)
