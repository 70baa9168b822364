"""Calendars of courts: hours, holidays, recesses, closures and openings as UTC spans, against the clocks themselves."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from hearings.models.diary import PeriodKind
from hearings.times import calendars
from hearings.times.calendars import CONFIRMED, Closed, CourtCalendar, Period, Weekly, openings

EVERY_DAY = frozenset(range(1, 8))
ZONES = (
    "Europe/Bucharest",
    "America/Santiago",
    "America/Havana",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Auckland",
    "Pacific/Honolulu",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Asia/Almaty",
)
CHANGES = ("2027-03-28", "2027-10-31", "2027-04-04", "2027-09-05", "2027-03-14", "2027-11-07", "2027-09-26")


def court(zone: str = "Europe/Bucharest", state: str = "RO", **words: object) -> CourtCalendar:
    return CourtCalendar(key=f"{state} {zone}", state=state, zone=zone, **words)


def hours(opens: int, closes: int, weekdays: frozenset[int] = EVERY_DAY, **words: object) -> Weekly:
    return Weekly(weekdays=weekdays, opens=opens, closes=closes, **words)


def walked(zone: str, day: date, opens: int, closes: int) -> list[int]:
    """The minutes of a local day on which a court with these hours is open, found by walking along the clock."""
    place = ZoneInfo(zone)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
    begun = ended = False
    found = []
    while not ended and at < datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=52):
        local = at.astimezone(place)
        minute = (local.date() - day).days * 1440 + local.hour * 60 + local.minute
        begun = begun or minute >= opens
        ended = ended or minute >= closes
        if begun and not ended:
            found.append(int(at.timestamp()))
        at += timedelta(minutes=1)
    return found


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    day=st.sampled_from([date.fromisoformat(text) for text in CHANGES])
    | st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    times=st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True),
)
def test_hours_begin_and_end_when_the_clock_on_the_wall_says_so(zone: str, day: date, times: list[int]) -> None:
    opens, closes = sorted(15 * instant for instant in times)
    found = openings(court(zone, hours=(hours(opens, closes),)), day, day).spans
    assert [at for begin, end in found for at in range(begin, end, 60)] == walked(zone, day, opens, closes)


def test_a_court_that_opens_in_a_skipped_hour_opens_when_the_clocks_have_passed_it() -> None:
    found = openings(court("Europe/Paris", hours=(hours(150, 300),)), date(2027, 3, 28), date(2027, 3, 28)).spans
    assert found == ((ts("2027-03-28T01:00Z"), ts("2027-03-28T03:00Z")),)


def ts(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@pytest.mark.parametrize(
    ("zone", "begin"),
    [
        ("Asia/Kolkata", "2027-01-05T03:30Z"),  # +05:30
        ("Asia/Kathmandu", "2027-01-05T03:15Z"),  # +05:45
        ("Pacific/Chatham", "2027-01-04T19:15Z"),  # +13:45 in summer
        ("Pacific/Kiritimati", "2027-01-04T19:00Z"),  # +14:00: the day before, by UTC
        ("Pacific/Honolulu", "2027-01-05T19:00Z"),  # -10:00
        ("Asia/Almaty", "2027-01-05T04:00Z"),  # +05:00 since 1 March 2024
    ],
)
def test_zones_of_half_hours_and_beyond_the_date_line_open_at_their_own_nine(zone: str, begin: str) -> None:
    day = date(2027, 1, 5)
    assert openings(court(zone, hours=(hours(540, 600),)), day, day).spans == ((ts(begin), ts(begin) + 3600),)


def test_a_closure_beats_everything_and_a_special_opening_beats_recess_holiday_and_weekend() -> None:
    weekdays = frozenset(range(1, 6))
    days = {
        "2027-01-04": [Period(kind=PeriodKind.recess, first=date(2027, 1, 4), last=date(2027, 1, 8), reason="Winter")],
        "2027-01-05": [Period(kind=PeriodKind.closure, first=date(2027, 1, 5), last=date(2027, 1, 5), reason="Strike")],
    }
    special = [
        Period(kind=PeriodKind.special_opening, first=day, last=day, opens=600, closes=660)
        for day in (date(2027, 1, 2), date(2027, 1, 5), date(2027, 1, 6), date(2027, 1, 11))
    ]
    calendar = court(
        hours=(hours(540, 600, weekdays),),
        periods=(*(row for rows in days.values() for row in rows), *special),
        holidays=((date(2027, 1, 11), "A holiday"), (date(2027, 1, 12), "Another")),
    )
    found = openings(calendar, date(2027, 1, 2), date(2027, 1, 13))
    assert [calendars.local_date(begin, "Europe/Bucharest").day for begin, _end in found.spans] == [2, 6, 11, 13]
    assert found.closed == {
        date(2027, 1, 3): Closed(code="not_a_court_day"),
        date(2027, 1, 4): Closed(code="recess", detail="Winter"),
        date(2027, 1, 5): Closed(code="closure", detail="Strike"),
        date(2027, 1, 7): Closed(code="recess", detail="Winter"),
        date(2027, 1, 8): Closed(code="recess", detail="Winter"),
        date(2027, 1, 9): Closed(code="not_a_court_day"),
        date(2027, 1, 10): Closed(code="not_a_court_day"),
        date(2027, 1, 12): Closed(code="holiday", detail="Another"),
    }


def test_a_special_evening_is_added_to_the_usual_hours() -> None:
    evening = Period(
        kind=PeriodKind.special_opening, first=date(2027, 1, 4), last=date(2027, 1, 4), opens=1080, closes=1200
    )
    found = openings(court("Europe/London", hours=(hours(540, 600),), periods=(evening,)), evening.first, evening.last)
    assert found.spans == (
        (ts("2027-01-04T09:00Z"), ts("2027-01-04T10:00Z")),
        (ts("2027-01-04T18:00Z"), ts("2027-01-04T20:00Z")),
    )


def test_hours_a_state_has_given_replace_those_of_the_data_while_they_hold() -> None:
    data = hours(540, 600, confidence="knowledge-low")
    own = hours(600, 720, first=date(2027, 1, 5), confidence=CONFIRMED)
    calendar = court("Europe/London", hours=(data, own))
    found = openings(calendar, date(2027, 1, 4), date(2027, 1, 5)).spans
    assert found == (
        (ts("2027-01-04T09:00Z"), ts("2027-01-04T10:00Z")),
        (ts("2027-01-05T10:00Z"), ts("2027-01-05T12:00Z")),
    )
    assert (calendar.unverified, court(hours=(own,)).unverified) == (True, False)


def test_any_hour_opens_the_whole_of_a_day_on_which_the_court_sits_and_no_other() -> None:
    calendar = court("Asia/Bangkok", hours=(hours(540, 600, frozenset({1, 2, 4})),))
    found = openings(calendar, date(2027, 1, 4), date(2027, 1, 8), any_hour=True).spans
    assert found == (
        (ts("2027-01-03T17:00Z"), ts("2027-01-05T17:00Z")),
        (ts("2027-01-06T17:00Z"), ts("2027-01-07T17:00Z")),
    )


def test_without_any_hours_a_court_is_not_called_open() -> None:
    found = openings(court(), date(2027, 1, 4), date(2027, 1, 4))
    assert (found.spans, found.closed) == ((), {date(2027, 1, 4): Closed(code="hours_unknown")})
