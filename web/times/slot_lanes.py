"""The days of a slot search as lanes on the reader's clock: bands of both courts' hours, and the times as blocks.

Places are half-hours on the wall clock of the reader's court. Pure.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hearings.times.calendars import Span
from hearings.times.slots import Slot
from web.words.court_clocks import CourtClock

DAY = 24 * 60
HALF = 30
"""Minutes of a column."""
BLOCKS = 3
"""Blocks in a lane; the other times of the day are in the table."""
USUAL = (8 * 60, 18 * 60)
"""Hours shown where no court is open, in minutes since midnight."""


@dataclass(frozen=True)
class SlotRow:
    """A time of the search with what the page says of it. `value`: as sent in the field `slot`."""

    slot: Slot
    value: str
    good: bool
    """Convenient for everyone, and nothing speaks against it."""
    against: list[str]


@dataclass(frozen=True)
class SlotBlock:
    """A time in a lane: first column, number of columns."""

    row: SlotRow
    at: int
    width: int


@dataclass(frozen=True)
class Band:
    """Hours in which a court is open: `own` of the reader's, first column, number of columns."""

    own: bool
    at: int
    width: int


@dataclass(frozen=True)
class SlotLane:
    """A day on the reader's clock. `times`: of the day in all; those without a block are in the table."""

    day: date
    bands: list[Band]
    blocks: list[SlotBlock]
    times: int


@dataclass(frozen=True)
class SlotBoard:
    """The lanes of a week. `hours`: first column, and the time by each clock (as an instant of the first day)."""

    hours: list[tuple[int, datetime]]
    lanes: list[SlotLane]


def week_of(moment: datetime, zone: str) -> date:
    """The Monday of the week of an instant on the clock of a zone."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=day.weekday())


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day on the clock of a zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def board(
    days: Sequence[date],
    rows: Sequence[SlotRow],
    hours: Sequence[Sequence[Span]],
    places: Sequence[CourtClock],
    *,
    apart: int,
) -> SlotBoard:
    """Lanes for these days. `hours` has the open spans of each court and `places` their clocks, the reader's first;
    blocks of a day lie at least `apart` seconds from each other."""
    zone = places[0].zone
    by_day: dict[date, list[SlotRow]] = {day: [] for day in days}
    for row in rows:
        by_day.setdefault(row.slot.starts_at.astimezone(ZoneInfo(zone)).date(), []).append(row)
    chosen = {day: _apart(by_day[day], apart) for day in days}
    spans = {
        day: [_within(day, zone, _instant(begin), _instant(end)) for begin, end in hours[0]] for day in days
    }  # of the reader's own court
    taken = [_within(day, zone, row.slot.starts_at, row.slot.ends_at) for day in days for row in chosen[day]]
    seen = [span for span in (*taken, *(span for day in days for span in spans[day])) if span is not None]
    first = min((begin for begin, _end in seen), default=USUAL[0]) // 60 * 60
    last = -(-max((end for _begin, end in seen), default=USUAL[1]) // 60) * 60
    column = _columns(first, last)
    lanes = []
    for day in days:
        bands = [
            Band(number == 0, *place)
            for number, court in enumerate(hours)
            for begin, end in court
            if (place := column(_within(day, zone, _instant(begin), _instant(end)))) is not None
        ]
        blocks = [
            SlotBlock(row, *place)
            for row in chosen[day]
            if (place := column(_within(day, zone, row.slot.starts_at, row.slot.ends_at))) is not None
        ]
        lanes.append(SlotLane(day, bands, sorted(blocks, key=lambda block: block.at), len(by_day[day])))
    zero = datetime.combine(days[0], time(), tzinfo=ZoneInfo(zone))
    axis = [
        ((minute - first) // HALF + 1, (zero + timedelta(minutes=minute)).astimezone(UTC))
        for minute in range(first, last, 60)
    ]
    return SlotBoard(axis, lanes)


def _instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _within(day: date, zone: str, begins: datetime, ends: datetime) -> tuple[int, int] | None:
    """The part of a span on a day, in minutes of its wall clock; None where there is none."""
    low, high = (_minute(day, moment.astimezone(ZoneInfo(zone))) for moment in (begins, ends))
    low, high = max(low, 0), min(high, DAY)
    return (low, high) if low < high else None


def _minute(day: date, wall: datetime) -> int:
    return (wall.date() - day).days * DAY + wall.hour * 60 + wall.minute


def _columns(first: int, last: int) -> Callable[[tuple[int, int] | None], tuple[int, int] | None]:
    def column(span: tuple[int, int] | None) -> tuple[int, int] | None:
        if span is None:
            return None
        low, high = max(span[0], first), min(span[1], last)
        if low >= high:
            return None
        begin = (low - first) // HALF
        return begin + 1, -(-(high - first) // HALF) - begin

    return column


def _apart(rows: Sequence[SlotRow], apart: int) -> list[SlotRow]:
    chosen: list[SlotRow] = []
    for row in sorted(rows, key=lambda row: (row.slot.penalty, row.slot.starts_at)):
        starts = row.slot.starts_at
        if len(chosen) < BLOCKS and all(
            abs((starts - other.slot.starts_at).total_seconds()) >= apart for other in chosen
        ):
            chosen.append(row)
    return chosen


def by_reason(excluded: Mapping[date, Sequence[str]]) -> list[tuple[str, list[date]]]:
    """The reasons for which days have no time, each with its days, the one with the most days last."""
    days: dict[str, list[date]] = {}
    for day, reasons in excluded.items():
        for reason in reasons:
            days.setdefault(reason, []).append(day)
    return sorted(days.items(), key=lambda pair: (len(pair[1]), pair[1][0]))
