"""Times for a meeting of authorities: no court hours, the days on which all work, nights last."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hearings.db import Database
from hearings.errors import Invalid
from hearings.models.diary import PeriodKind
from hearings.times import meetings
from hearings.times.calendars import CourtCalendar, Period
from hearings.times.slots import SlotSearch

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)


def wanted(days: int = 7, minutes: int = 60) -> SlotSearch:
    return SlotSearch(since=MONDAY, until=MONDAY + timedelta(days=days), duration=timedelta(minutes=minutes))


async def test_the_first_time_is_convenient_by_the_clocks_of_every_state(database: Database, now: datetime) -> None:
    async with database.reading() as db:
        found = await meetings.find(db, wanted=wanted(), states=["RO", "TH"], now=now)
    best = found.slots[0]
    local = [best.starts_at.astimezone(ZoneInfo(zone)) for zone in ("Europe/Bucharest", "Asia/Bangkok")]
    assert all(8 <= one.hour < 18 for one in local), local
    assert [slot.penalty for slot in found.slots] == sorted(slot.penalty for slot in found.slots)


async def test_no_meeting_falls_on_a_weekend_of_a_state(database: Database, now: datetime) -> None:
    async with database.reading() as db:
        found = await meetings.find(db, wanted=wanted(14), states=["RO", "ES"], now=now, limit=500, per_day=100)
        with pytest.raises(Invalid):
            await meetings.find(db, wanted=wanted(400), states=["RO", "ES"], now=now)
    starts = [datetime.fromtimestamp(one, ZoneInfo("Europe/Bucharest")) for one in found.starts]
    assert starts and {one.isoweekday() for one in starts} <= {1, 2, 3, 4, 5}
    assert {one.hour for one in starts} > {7, 12, 19}  # no court hours


def test_recesses_are_of_courts_and_closures_of_authorities_too() -> None:
    day = date(2027, 3, 1)
    recess, closure = (Period(kind=kind, first=day, last=day) for kind in (PeriodKind.recess, PeriodKind.closure))
    court = CourtCalendar(key="RO", state="RO", zone="Europe/Bucharest", periods=(recess, closure))
    office = meetings.at_offices(court)
    assert office.periods == (closure,) and office.hours == (meetings.WORKING,)
