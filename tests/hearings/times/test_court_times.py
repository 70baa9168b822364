"""What courts' calendars say against a time: against an oracle asked minute by minute, and for days and offers."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from hearings import queries
from hearings.actors import Actor, person_actor
from hearings.db import Database
from hearings.hearing import hearing as diary
from hearings.models import Hearing, HearingRequest
from hearings.models.diary import PeriodKind
from hearings.times import court_periods, court_times
from hearings.times.calendars import CourtCalendar, Period, Weekly
from hearings.times.court_times import Warned
from hearings.times.wall_times import WallTime

BUCHAREST, BANGKOK = "Europe/Bucharest", "Asia/Bangkok"
HOLIDAY = ("holiday", "requesting", "2027-12-01", "National Day")


# --- pure --------------------------------------------------------------------------------------------------------


def sits(calendar: CourtCalendar, at: datetime) -> str:
    """Why a court does not sit at an instant, asked of its clock on the wall; empty when it does."""
    local = at.astimezone(ZoneInfo(calendar.zone))
    day, minute = local.date(), local.hour * 60 + local.minute
    rows = [row for row in calendar.periods if row.first <= day <= row.last]
    kinds = {row.kind for row in rows}
    special = [row for row in rows if row.kind is PeriodKind.special_opening]
    if PeriodKind.closure in kinds:
        return "closure"
    if any(row.opens <= minute < row.closes for row in special):
        return ""
    shut = "recess" if PeriodKind.recess in kinds else "holiday" if day in dict(calendar.holidays or ()) else ""
    if shut:
        return "outside_hours" if special else shut
    if not calendar.hours:
        return "outside_hours" if special else "hours_unknown"
    weekly = [row for row in calendar.hours if day.isoweekday() in row.weekdays]
    return "" if any(row.opens <= minute < row.closes for row in weekly) else "outside_hours"


@st.composite
def cases(draw: st.DrawFn) -> tuple[CourtCalendar, datetime, datetime]:
    first = date(2027, 1, 4)
    kinds = [PeriodKind.closure, PeriodKind.recess, PeriodKind.special_opening]
    hours = draw(st.lists(st.tuples(st.integers(0, 12), st.integers(13, 24)), max_size=1))
    calendar = CourtCalendar(
        key="RO x",
        state="RO",
        zone=draw(st.sampled_from([BUCHAREST, BANGKOK, "Asia/Kathmandu", "America/New_York"])),
        hours=tuple(
            Weekly(weekdays=frozenset(range(1, 6)), opens=60 * opens, closes=60 * closes) for opens, closes in hours
        ),
        periods=tuple(
            Period(
                kind=kind, first=first + timedelta(days=day), last=first + timedelta(days=day), opens=420, closes=720
            )
            for kind, day in draw(st.lists(st.tuples(st.sampled_from(kinds), st.integers(0, 6)), max_size=3))
        ),
        holidays=tuple(
            (first + timedelta(days=day), "Day") for day in draw(st.lists(st.integers(0, 6), max_size=2, unique=True))
        ),
    )
    start = datetime(2027, 1, 4, tzinfo=UTC) + timedelta(minutes=15) * draw(st.integers(0, 660))
    return calendar, start, start + timedelta(minutes=draw(st.sampled_from([15, 60, 300])))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_a_time_is_warned_of_exactly_when_a_court_does_not_sit_in_all_of_it(case: Any) -> None:
    calendar, start, end = case
    whys = [sits(calendar, start + timedelta(minutes=at)) for at in range(int((end - start) / timedelta(minutes=1)))]
    found = court_times.warned([calendar, calendar], [(start, end)])
    requesting = [one for one in found if one.side == "requesting"]
    assert len(found) == 2 * len(requesting)
    assert bool(requesting) == any(whys)
    assert {one.code for one in requesting} <= {why for why in whys if why}
    # A day without any sitting says why; hours are only named where no day does.
    days = {why for why in whys if why and why != "outside_hours"}
    assert {one.code for one in requesting} >= days


# --- days and offers ---------------------------------------------------------------------------------------------


def wall(text: str, hours: float = 1) -> WallTime:
    return WallTime(wall_start=datetime.fromisoformat(text), wall_zone=BUCHAREST, duration=timedelta(hours=hours))


async def propose(
    database: Database, request: HearingRequest, clerk: Actor, now: datetime, *texts: str, **words: Any
) -> Hearing:
    first, *others = [wall(text, words.pop("hours", 1)) for text in texts]
    words = {"requested_zone": BANGKOK, "alternatives": others} | words
    async with database.transaction() as db:
        return await diary.propose(
            db,
            request=await queries.get(db, HearingRequest, request.id),
            wall_start=first.wall_start,
            wall_zone=first.wall_zone,
            duration=first.duration,
            requesting_zone=BUCHAREST,
            requesting_city="Bucharest",
            requested_city="Bangkok",
            actor=clerk,
            now=now,
            **words,
        )


async def told(database: Database, hearing: Hearing) -> list[tuple[str, str, str, str]]:
    async with database.reading() as db:
        found = await court_times.of_hearing(db, hearing)
    return [_short(one) for one in found]


def _short(one: Warned) -> tuple[str, str, str, str]:
    return one.code, one.side, str(one.day), one.detail


@pytest.mark.parametrize(
    ("start", "hours", "expected"),
    [
        # Bucharest 08:30–16:00, Bangkok 08:30–16:30 (+5 h in winter), weekdays; the end is exclusive.
        ("2026-12-03T08:30", 3, []),
        ("2026-12-03T08:30", 3.1, [("outside_hours", "requested", "2026-12-03", "")]),
        ("2026-12-03T08:00", 1, [("outside_hours", "requesting", "2026-12-03", "")]),
        (
            "2026-12-12T09:00",
            1,
            [("outside_hours", "requesting", "2026-12-12", ""), ("outside_hours", "requested", "2026-12-12", "")],
        ),
        ("2027-12-01T10:00", 1, [HOLIDAY]),
    ],
)
async def test_hours_weekends_and_holidays_are_warned_of(
    database: Database,
    accepted: HearingRequest,
    staff: Any,
    now: datetime,
    start: str,
    hours: float,
    expected: list[Any],
) -> None:
    hearing = await propose(database, accepted, person_actor(staff["clerk"]), now, start, hours=hours)
    assert await told(database, hearing) == expected


async def test_unknown_hours_are_said_to_be_unknown(
    database: Database, accepted: HearingRequest, staff: Any, now: datetime
) -> None:
    clerk = person_actor(staff["clerk"])
    hearing = await propose(database, accepted, clerk, now, "2026-12-03T10:00", requested_zone="Asia/Tokyo")
    assert await told(database, hearing) == [("hours_unknown", "requested", "2026-12-03", "")]


@pytest.mark.both_databases
async def test_what_a_state_has_entered_counts_for_every_day_and_every_offer(
    database: Database, accepted: HearingRequest, staff: Any, now: datetime
) -> None:
    clerk = person_actor(staff["clerk"])
    authority = Actor(id="t", label="t", state="TH", functions=frozenset({"clerk"}))
    times = ("2026-12-03T09:00", "2026-12-04T09:00", "2026-12-08T09:00")
    hearing = await propose(database, accepted, clerk, now, *times)
    assert await told(database, hearing) == []
    async with database.transaction() as db:
        words: dict[str, Any] = {"now": now}
        for actor, kind, day, more in (
            (clerk, PeriodKind.closure, date(2026, 12, 3), {"reason": "Burst pipe"}),
            (authority, PeriodKind.recess, date(2026, 12, 4), {"reason": "Recess"}),
            (authority, PeriodKind.hours, date(2026, 12, 8), {"weekdays": "2", "opens": 480, "closes": 840}),
        ):
            await court_periods.add(
                db, kind=kind, first_day=day, last_day=day, actor=actor, **{"zone": "", **more}, **words
            )
    assert await told(database, hearing) == [
        ("closure", "requesting", "2026-12-03", "Burst pipe"),
        ("recess", "requested", "2026-12-04", "Recess"),
        ("outside_hours", "requested", "2026-12-08", ""),
    ]
    async with database.transaction() as db:
        row = await queries.get(db, Hearing, hearing.id)
        await diary.cancel(db, hearing=row, reason="Settled", actor=clerk, now=now)
    assert await told(database, hearing) == []
    more_days = [wall("2026-12-25T09:00"), wall("2026-12-28T09:00")]
    again = await propose(database, accepted, clerk, now, "2026-12-24T09:00", more_days=more_days)
    assert [one[:3] for one in await told(database, again)] == [("holiday", "requesting", "2026-12-25")]
