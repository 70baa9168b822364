"""The docket as pictures: the lanes of a day, the columns of a week, the cells of a month.

Pure: places on a grid of half-hours are computed from the days of the hearings and from the hours of the courts.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from hearings import clocks
from hearings.models import Sitting
from hearings.overview.docket_days import DocketDay
from hearings.status import HearingStatus
from hearings.times import calendars
from hearings.times.calendars import Closed, CourtCalendar
from web.words.court_clocks import CourtClock, of_hearing, own_first
from web.words.i18n import wall

HALF = 1800
"""Seconds of a column of the grid."""
FIRST, LAST = 8, 18
"""Hours the grid has at least."""
BESIDE = 6
"""Columns that the words beside an event need."""
OVER = {HearingStatus.concluded, HearingStatus.part_heard, HearingStatus.cancelled, HearingStatus.aborted}


@dataclass(frozen=True, kw_only=True)
class GridSpan:
    """A place on the grid: first column, from 1, and number of columns."""

    at: int
    wide: int


@dataclass(frozen=True, kw_only=True)
class Hour:
    """A label of the axis: its column and what the clock shows then."""

    at: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Lane:
    """One day of a hearing on the board: its block, where words stand beside it, and the other court's hours."""

    entry: DocketDay
    places: list[CourtClock]
    kind: str
    """Of the block: `live`, `done` or empty."""
    block: GridSpan
    beside: GridSpan | None
    hours: list[Hour] = field(default_factory=list)
    """By the other court's clock."""
    open: list[GridSpan] = field(default_factory=list)
    """When the other court sits."""


@dataclass(frozen=True, kw_only=True)
class Board:
    """A day by the reader's own clock."""

    columns: int
    hours: list[Hour]
    open: list[GridSpan]
    closed: Closed | None
    lanes: list[Lane]
    now: int | None
    """The column of the present moment, if it is on the board."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The hours of one day that are drawn: seconds since 1970, and the zone of its labels."""

    begin: int
    columns: int
    zone: str

    @property
    def end(self) -> int:
        """The end of the last column."""
        return self.begin + self.columns * HALF

    def block(self, begin: int, end: int) -> GridSpan | None:
        """The columns a time touches; None outside the axis."""
        begin, end = max(begin, self.begin), min(end, self.end)
        if begin >= end:
            return None
        first = (begin - self.begin) // HALF
        last = -(-(end - self.begin) // HALF)
        return GridSpan(at=first + 1, wide=last - first)

    def labels(self, zone: str) -> list[Hour]:
        """What the clocks of a zone show at every second column: the hour, with minutes where it is not a full one."""
        labels = []
        for column in range(0, self.columns, 2):
            at = wall(calendars.at(self.begin + column * HALF), zone)
            labels.append(Hour(at=column + 1, text=at.strftime("%H") if at.minute == 0 else at.strftime("%H:%M")))
        return labels


def axis(day: date, zone: str, spans: Iterable[tuple[int, int]]) -> Axis:
    """The hours of a day that hold all these times, in whole hours, at least from `FIRST` to `LAST`."""
    midnight, following = calendars.edge(zone, day, 0), calendars.edge(zone, day + timedelta(days=1), 0)
    begin, end = calendars.edge(zone, day, FIRST * 60), calendars.edge(zone, day, LAST * 60)
    for first, last in spans:
        begin, end = min(begin, first), max(end, last)
    begin, end = max(begin, midnight), min(end, following)
    begin -= (begin - midnight) % 3600
    return Axis(begin=begin, columns=-(-(end - begin) // 3600) * 2, zone=zone)


def spans_of(entries: Iterable[DocketDay]) -> list[tuple[int, int]]:
    """The times of these days, in seconds since 1970."""
    return [(int(entry.day.starts_at.timestamp()), int(entry.day.ends_at.timestamp())) for entry in entries]


def kind(entry: DocketDay, sitting: Sitting | None) -> str:
    """How the block of a day is drawn: `live` while a sitting is open, `done` when it is over."""
    if sitting is not None:
        return "live"
    return "done" if entry.day.heard_at is not None or entry.hearing.status in OVER else ""


def board(
    day: date,
    own: CourtCalendar,
    entries: Sequence[DocketDay],
    *,
    state: str,
    others: Mapping[tuple[str, str], CourtCalendar],
    sittings: Mapping[str, Sitting],
    now: datetime,
) -> Board:
    """The board of one day by the clock of the reader's court. `others`: the calendars of the other courts by State and
    zone; `sittings`: the open sittings by the id of the hearing.
    """
    opening = calendars.openings(own, day, day)
    drawn = axis(day, own.zone, [*opening.spans, *spans_of(entries)])
    lanes = []
    for entry in entries:
        places = own_first(of_hearing(entry.hearing), state)
        begin, end = spans_of([entry])[0]
        block = drawn.block(begin, end)
        if block is None:
            continue
        other = others.get((places[1].state, places[1].zone))
        lanes.append(
            Lane(
                entry=entry,
                places=places,
                kind=kind(entry, sittings.get(entry.hearing.id)),
                block=block,
                beside=_beside(block, drawn.columns),
                hours=drawn.labels(places[1].zone),
                open=_blocks(drawn, other) if other else [],
            )
        )
    second = int(now.timestamp())
    return Board(
        columns=drawn.columns,
        hours=drawn.labels(own.zone),
        open=[block for span in opening.spans if (block := drawn.block(*span))],
        closed=opening.closed.get(day),
        lanes=lanes,
        now=(second - drawn.begin) // HALF + 1 if drawn.begin <= second < drawn.end else None,
    )


def _blocks(drawn: Axis, court: CourtCalendar) -> list[GridSpan]:
    first = calendars.local_date(drawn.begin, court.zone)
    last = calendars.local_date(drawn.end - 1, court.zone)
    return [block for span in calendars.openings(court, first, last).spans if (block := drawn.block(*span))]


def _beside(block: GridSpan, columns: int) -> GridSpan | None:
    """Where words stand beside a block: after it, or before it where there is no room."""
    after = block.at + block.wide
    if columns - after + 1 >= BESIDE:
        return GridSpan(at=after, wide=columns - after + 1)
    if block.at - 1 >= BESIDE:
        return GridSpan(at=block.at - BESIDE, wide=BESIDE)
    return None


@dataclass(frozen=True, kw_only=True)
class WeekEntry:
    """A day of a hearing in a week: rows of half-hours, and the column it has beside others of the same time."""

    entry: DocketDay
    places: list[CourtClock]
    kind: str
    row: int
    rows: int
    column: int


@dataclass(frozen=True, kw_only=True)
class WeekDay:
    """One day of a week."""

    day: date
    at: datetime
    """Noon of the day, for its name."""
    closed: Closed | None
    entries: list[WeekEntry]


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week by the reader's own clock, with the clock of the other court where all hearings have the same one."""

    days: list[WeekDay]
    rows: int
    hours: list[Hour]
    other: CourtClock | None
    other_hours: list[Hour]


def week(
    monday: date,
    own: CourtCalendar,
    entries: Sequence[DocketDay],
    *,
    state: str,
    sittings: Mapping[str, Sitting],
) -> Week:
    """The week that begins with a Monday: five days, or seven where something is on the other two."""
    by_day: dict[date, list[DocketDay]] = {monday + timedelta(days=number): [] for number in range(7)}
    for entry in entries:
        on = wall(entry.day.starts_at, own.zone).date()
        if on in by_day:
            by_day[on].append(entry)
    shown = [day for day in by_day if day.isoweekday() <= 5 or by_day[day]]
    if any(day.isoweekday() > 5 for day in shown):
        shown = list(by_day)
    minutes = [_minutes(entry, own.zone) for entry in entries]
    first = min([FIRST * 60, *(begin for begin, _end in minutes)]) // 60
    last = -(-max([LAST * 60, *(end for _begin, end in minutes)]) // 60)
    closed = calendars.openings(own, monday, monday + timedelta(days=6)).closed
    days = [
        WeekDay(
            day=day,
            at=_noon(day, own.zone),
            closed=closed.get(day),
            entries=_columns(by_day[day], own.zone, state, sittings, first * 60),
        )
        for day in shown
    ]
    other = _same_place(entries, state)
    return Week(
        days=days,
        rows=(last - first) * 2,
        hours=[Hour(at=2 * number + 1, text=f"{first + number:02d}:00") for number in range(last - first)],
        other=other,
        other_hours=_other_hours(monday, own.zone, other, first, last) if other else [],
    )


def _columns(
    entries: Sequence[DocketDay], zone: str, state: str, sittings: Mapping[str, Sitting], first: int
) -> list[WeekEntry]:
    ends: list[int] = []
    placed = []
    for entry in entries:
        begin, end = _minutes(entry, zone)
        column = next((number for number, until in enumerate(ends) if until <= begin), len(ends))
        ends[column : column + 1] = [end]
        placed.append(
            WeekEntry(
                entry=entry,
                places=own_first(of_hearing(entry.hearing), state),
                kind=kind(entry, sittings.get(entry.hearing.id)),
                row=(begin - first) // 30 + 1,
                rows=min(24, max(1, -(-(end - begin) // 30))),
                column=column + 1,
            )
        )
    return placed


def _minutes(entry: DocketDay, zone: str) -> tuple[int, int]:
    """Minutes of the day by a clock; the end at most midnight."""
    begin, end = wall(entry.day.starts_at, zone), wall(entry.day.ends_at, zone)
    first = begin.hour * 60 + begin.minute
    return first, 1440 if end.date() > begin.date() else max(first + 1, end.hour * 60 + end.minute)


def _noon(day: date, zone: str) -> datetime:
    return datetime.fromtimestamp(calendars.edge(zone, day, 720), UTC)


def _same_place(entries: Sequence[DocketDay], state: str) -> CourtClock | None:
    places = {own_first(of_hearing(entry.hearing), state)[1] for entry in entries}
    return places.pop() if len({place.zone for place in places}) == 1 else None


def _other_hours(monday: date, zone: str, other: CourtClock, first: int, last: int) -> list[Hour]:
    """The other clock at each full hour of the week; nothing where the two clocks shift against each other in it."""
    hours = []
    for number in range(last - first):
        times = {
            wall(
                datetime.fromtimestamp(calendars.edge(zone, monday + timedelta(days=day), (first + number) * 60), UTC),
                other.zone,
            ).strftime("%H:%M")
            for day in range(7)
        }
        if len(times) > 1:
            return []
        hours.append(Hour(at=2 * number + 1, text=times.pop()))
    return hours


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A day of a month or of the next two weeks: how many hearings, and why the court does not sit."""

    day: date
    at: datetime
    entries: int
    closed: Closed | None
    today: bool
    within: bool = True
    """In the month that is shown."""


def cells(first: date, last: date, own: CourtCalendar, entries: Sequence[DocketDay], *, today: date) -> list[Cell]:
    """The days from one date to another, both inclusive, by the clock of the reader's court."""
    closed = calendars.openings(own, first, last).closed
    numbers: dict[date, int] = {}
    for entry in entries:
        on = wall(entry.day.starts_at, own.zone).date()
        numbers[on] = numbers.get(on, 0) + 1
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        Cell(
            day=day,
            at=_noon(day, own.zone),
            entries=numbers.get(day, 0),
            closed=closed.get(day),
            today=day == today,
        )
        for day in days
    ]


def month_bounds(day: date) -> tuple[date, date]:
    """The Monday of the first week and the Sunday of the last week of a month."""
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    last = following - timedelta(days=1)
    return first - timedelta(days=first.isoweekday() - 1), last + timedelta(days=7 - last.isoweekday())


def today_in(zone: str, now: datetime) -> date:
    """The date on the calendar of a court."""
    return now.astimezone(clocks.zone(zone)).date()
