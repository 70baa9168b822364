"""Months and weeks as grids: every day once, statuses by hours, bookings at their place on the wall clock."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hearings.models import Booking
from hearings.models.diary import PeriodKind
from hearings.times.calendars import CONFIRMED, CourtCalendar, Period, Weekly
from web.times import calendar_grids

WEEKDAYS = frozenset(range(1, 6))


def court(*periods: Period, hours: tuple[Weekly, ...] = ()) -> CourtCalendar:
    usual = (Weekly(weekdays=WEEKDAYS, opens=510, closes=990),)
    holidays = ((date(2027, 4, 6), "Chakri Memorial Day"),)
    return CourtCalendar(
        key="TH Asia/Bangkok", state="TH", zone="Asia/Bangkok", hours=hours or usual, periods=periods, holidays=holidays
    )


def test_each_day_of_a_month_has_its_status_and_the_source_of_it():
    days = {
        day.court.day.day: (day.status, day.court.source)
        for day in calendar_grids.month(
            court(
                Period(kind=PeriodKind.closure, first=date(2027, 4, 8), last=date(2027, 4, 8), reason="Burst pipe"),
                Period(
                    kind=PeriodKind.special_opening,
                    first=date(2027, 4, 10),
                    last=date(2027, 4, 10),
                    opens=540,
                    closes=720,
                ),
            ),
            date(2027, 4, 1),
        )
    }
    assert sorted(days) == list(range(1, 31))
    assert days[1] == ("open", "default")
    assert days[4] == ("closed", "default")
    assert days[6] == ("closed", "holiday")
    assert days[8] == ("closed", "entered")
    assert days[10] == ("short", "entered")


def test_hours_the_state_has_confirmed_are_said_to_be_given_and_none_to_be_unknown():
    given = (Weekly(weekdays=WEEKDAYS, opens=540, closes=900, confidence=CONFIRMED),)
    assert calendar_grids.month(court(hours=given), date(2027, 4, 1))[0].court.source == "given"
    nothing = CourtCalendar(key="XX UTC", state="XX", zone="UTC")
    assert {(day.status, day.court.source) for day in calendar_grids.month(nothing, date(2027, 4, 1))} == {
        ("closed", "unknown")
    }


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_the_weeks_of_every_month_hold_each_day_once_below_its_weekday(year):
    for number in range(1, 13):
        days = calendar_grids.month(court(), date(year, number, 1))
        weeks = calendar_grids.weeks(days)
        assert [cell for week in weeks for cell in week if cell] == days
        for week in weeks:
            assert len(week) == 7
            assert all(cell.court.day.weekday() == at for at, cell in enumerate(week) if cell)


@pytest.mark.parametrize("text", ["", "nonsense", "2027-13", "9999-12", "0001-01"])
def test_a_month_or_week_that_is_none_is_the_present_one(text):
    today = date(2027, 4, 14)
    assert calendar_grids.first_of_month(text, today) == date(2027, 4, 1)
    assert calendar_grids.monday(text, today) == date(2027, 4, 12)


def booking(begins: datetime, hours: float) -> Booking:
    return Booking(
        owner_state="RO", resource_no=1, starts_at=begins, ends_at=begins + timedelta(hours=hours), booked_by="x"
    )


@pytest.mark.parametrize(
    ("begins", "hours", "places"),
    [
        ("2027-04-13T09:00", 2, [(2, 3, 4)]),
        ("2027-04-13T09:15", 1, [(2, 3, 3)]),
        ("2027-04-18T23:00", 2, [(7, 31, 2)]),
        ("2027-04-12T22:00", 4, [(1, 43, 4), (2, 1, 2)]),
        ("2027-04-11T20:00", 72, [(1, 1, 46), (2, 1, 46), (3, 1, 40)]),
    ],
)
def test_a_booking_lies_at_its_hours_and_over_midnight_on_both_days(begins, hours, places):
    """Of 24 hours the first is left out: 46 half-hours and the heading fit into the rows of the style sheet."""
    at = datetime.fromisoformat(begins).replace(tzinfo=ZoneInfo("Europe/Bucharest")).astimezone(UTC)
    grid = calendar_grids.week(date(2027, 4, 12), [booking(at, hours)], "Europe/Bucharest")
    first = grid.hours[0][1].astimezone(ZoneInfo("Europe/Bucharest")).hour
    assert all(block.row + block.rows <= 48 and 1 <= block.day <= 7 for block in grid.blocks)
    if first == 8:
        assert [(block.day, block.row, block.rows) for block in grid.blocks] == places
    else:
        assert [block.day for block in grid.blocks] == [day for day, _row, _rows in places]


def test_the_month_of_a_court_is_a_grid_with_its_table_and_its_csv(service):
    clerk = service.signed_in("clerk")
    page = "/calendars/TH?month=2027-04"
    words = clerk.words(clerk.get(page))
    assert "April 2027" in words and "Public holiday: Chakri Memorial Day" in words and "No court day" in words
    rows = list(csv.reader(io.StringIO(clerk.get("/calendars/TH.csv?month=2027-04").text)))
    assert len(rows) == 31 and rows[1][0] == "2027-04-01" and rows[1][4] == "Asia/Bangkok"
    assert rows[6][2:4] == ["Public holiday: Chakri Memorial Day", "Public holidays of the State"]
    assert service.client().get("/calendars/TH.csv").status_code == 401
    assert clerk.get("/calendars/XX.csv").status_code == 404


def test_the_week_of_a_room_shows_a_hearing_on_the_clocks_of_both_courts(service):
    clerk, authority = service.signed_in("clerk"), service.signed_in("authority")
    fields = {
        "kind": "interpreter", "name": "=Dana", "zone": "Europe/Bucharest", "city": "București", "shared": "yes",
        "accreditation": "Register 7", "source1": "th", "target1": "ro", "source2": "ro", "target2": "th",
    }  # fmt: skip
    made = clerk.post("/resources/new", fields, page="/resources/new").headers["location"].partition("?")[0]
    times = f"/h/{service.ref}/times"
    booked = {"resource": made.rpartition("/")[2], "despite": "The only one"}
    assert clerk.post(f"{times}/assign", booked, page=times).status_code == 303
    page = clerk.get(made)
    assert "Second clock: Bangkok" in clerk.words(page) and f'href="{times}"' in page.text
    assert "Bookings of the week" in page.text
    # Another State's reader sees the sitting of its own hearing; a week without it has no second clock.
    assert "Second clock: Bangkok" not in clerk.words(clerk.get(f"{made}?week=2030-01-01"))
    assert authority.get(made).status_code == 200
    rows = list(csv.reader(io.StringIO(clerk.get("/interpreters.csv").text)))
    ours = next(row for row in rows if row[0] == "'=Dana")
    assert float(ours[-2]) > 0 and sum(float(hours) for hours in ours[2:9]) == pytest.approx(float(ours[-2]), abs=0.2)
    words = clerk.words(clerk.get("/interpreters"))
    assert f"{ours[-2]} h a week" in words and "at most" in words
