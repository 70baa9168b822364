"""The month of a court and the week of a resource as grids, on the wall clock of the place. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hearings.models import Booking
from hearings.times import calendars
from hearings.times.calendars import CourtCalendar, CourtDay

HALF = 30
"""Minutes of a row of a week."""
USUAL = (8 * 60, 18 * 60)
"""Hours a week shows at least, in minutes since midnight."""
MOST_ROWS = 46
"""Half-hours below the heading; the style sheet has 48 rows."""


@dataclass(frozen=True)
class MonthDay:
    """A day of a month. `status`: `open`, `short` (open for less time than the longest day of the month) or
    `closed`."""

    court: CourtDay
    status: str


def first_of_month(text: str, today: date) -> date:
    """The first day of the month in `2027-03`; of this month for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return first if 2000 <= first.year <= 2100 else today.replace(day=1)


def months_around(first: date) -> tuple[date, date]:
    """The first days of the months before and after."""
    return (first - timedelta(days=1)).replace(day=1), (first + timedelta(days=31)).replace(day=1)


def month(calendar: CourtCalendar, first: date) -> list[MonthDay]:
    """Every day of the month that begins on `first`."""
    after = months_around(first)[1]
    days = [calendars.court_day(calendar, first + timedelta(days=number)) for number in range((after - first).days)]
    longest = max(day.minutes for day in days)
    status = {True: "short", False: "open"}
    return [MonthDay(day, status[day.minutes < longest] if day.hours else "closed") for day in days]


def weeks(days: Sequence[MonthDay]) -> list[list[MonthDay | None]]:
    """The days of a month in weeks from Monday; None for days of other months."""
    cells: list[MonthDay | None] = [None] * days[0].court.day.weekday()
    cells += days
    cells += [None] * (-len(cells) % 7)
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


@dataclass(frozen=True)
class WeekBlock:
    """The part of a booking on one day: column (1 is Monday), first row and number of rows below the heading."""

    booking: Booking
    day: int
    row: int
    rows: int


@dataclass(frozen=True)
class WeekGrid:
    """A week of seven days. `hours`: row of each full hour, with its instant on the first day."""

    days: list[date]
    hours: list[tuple[int, datetime]]
    blocks: list[WeekBlock]


def monday(text: str, today: date) -> date:
    """The Monday of the week in which an ISO date lies; of this week for anything else."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    day = day if 2000 <= day.year <= 2100 else today
    return day - timedelta(days=day.weekday())


def week(first: date, bookings: Sequence[Booking], zone: str) -> WeekGrid:
    """The bookings of the week from a Monday, on the wall clock of a zone."""
    parts = [
        (booking, number, span)
        for booking in bookings
        for number in range(7)
        if (span := _within(first + timedelta(days=number), zone, booking)) is not None
    ]
    begin = min([USUAL[0], *(low for _booking, _day, (low, _high) in parts)]) // 60 * 60
    end = -(-max([USUAL[1], *(high for _booking, _day, (_low, high) in parts)]) // 60) * 60
    if (end - begin) // HALF > MOST_ROWS:
        begin, end = (begin + 60, end) if begin == 0 else (begin, end - 60)
    blocks = []
    for booking, number, (low, high) in parts:
        low, high = max(low, begin), min(high, end)
        row = (low - begin) // HALF
        blocks.append(WeekBlock(booking, number + 1, row + 1, max(-(-(high - begin) // HALF) - row, 1)))
    zero = datetime.combine(first, time(), tzinfo=ZoneInfo(zone))
    hours = [
        ((minute - begin) // HALF + 1, (zero + timedelta(minutes=minute)).astimezone(UTC))
        for minute in range(begin, end, 60)
    ]
    return WeekGrid([first + timedelta(days=number) for number in range(7)], hours, blocks)


def _within(day: date, zone: str, booking: Booking) -> tuple[int, int] | None:
    low, high = (_minute(day, at.astimezone(ZoneInfo(zone))) for at in (booking.starts_at, booking.ends_at))
    low, high = max(low, 0), min(high, 24 * 60)
    return (low, high) if low < high else None


def _minute(day: date, wall: datetime) -> int:
    return (wall.date() - day).days * 24 * 60 + wall.hour * 60 + wall.minute
