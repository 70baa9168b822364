"""When a court sits: weekly hours, recesses, closures, special openings and public holidays as half-open UTC spans.

Everything here is pure: a `CourtCalendar` holds its data, `openings` computes with them. Instants are whole seconds
since 1970 in UTC, so that a search over many calendars works on integers. A local day's hours begin at the first
instant at which the court's clocks have reached `opens` and end at the first at which they have reached `closes`,
which gives a skipped hour and a repeated one a meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from hearings import clocks
from hearings.law.law import Law
from hearings.models.diary import PeriodKind
from hearings.reference import VERIFIED

Span = tuple[int, int]
"""Half-open, seconds since 1970 in UTC."""

CONFIRMED = "confirmed-by-state"


@dataclass(frozen=True, kw_only=True)
class Weekly:
    """One opening interval on some weekdays (ISO 8601), in minutes since midnight, the end exclusive."""

    weekdays: frozenset[int]
    opens: int
    closes: int
    first: date = date.min
    last: date = date.max
    confidence: str = ""
    version: int = 0
    """Version of its row of law; 0 for the files and for entries of a State."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """Days, both inclusive, on which a court is closed, or open between these minutes."""

    kind: PeriodKind
    first: date
    last: date
    reason: str = ""
    opens: int = 0
    closes: int = 0


@dataclass(frozen=True, kw_only=True)
class Closed:
    """Why a court does not sit on a day: `holiday`, `recess`, `closure` or `not_a_court_day`."""

    code: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class CourtCalendar:
    """The calendar of the courts of one State in one zone. `holidays` is None if unknown."""

    key: str
    state: str
    zone: str
    city: str = ""
    hours: tuple[Weekly, ...] = ()
    periods: tuple[Period, ...] = ()
    holidays: tuple[tuple[date, str], ...] | None = None

    @property
    def hours_known(self) -> bool:
        """Whether there are any opening hours at all."""
        return bool(self.hours)

    @property
    def unverified(self) -> bool:
        """Whether any of its hours are unverified."""
        return any(row.confidence not in VERIFIED | {CONFIRMED} for row in self.hours)


@dataclass(frozen=True, kw_only=True)
class CourtDay:
    """One local day of a court: opening intervals in minutes since midnight, why it does not sit as usual, and where
    that comes from: `entered` (a period the State has entered), `holiday`, `given` (hours confirmed by the State),
    `default` (hours nobody has confirmed) or `unknown`."""

    day: date
    hours: tuple[tuple[int, int], ...]
    closed: Closed | None
    source: str

    @property
    def minutes(self) -> int:
        """Minutes for which the court is open."""
        return sum(closes - opens for opens, closes in self.hours)


@dataclass(frozen=True)
class Openings:
    """Opening times of a court over some days, and the reason for each day without one."""

    spans: tuple[Span, ...]
    closed: Mapping[date, Closed]


def from_law(law: Law, state: str, zone: str) -> tuple[Weekly, ...]:
    """The opening hours of the law's data, an administrator's versions with the days they count on; or none."""
    return tuple(
        Weekly(
            weekdays=period.hours.weekdays,
            opens=period.hours.opens,
            closes=period.hours.closes,
            first=period.first,
            last=period.last,
            confidence=period.hours.confidence,
            version=period.version,
        )
        for period in law.court_hours(state, zone)
    )


# --- computing ---------------------------------------------------------------------------------------------------


def local_date(second: int, zone: str) -> date:
    """The date on a court's calendar at an instant."""
    return datetime.fromtimestamp(second, clocks.zone(zone)).date()


@lru_cache(maxsize=65_536)
def _midnight(zone: str, day: date) -> tuple[int, int]:
    """The first instant of a local date, as if the clocks did not skip, and the offset then in force."""
    place = clocks.zone(zone)
    offset = datetime(day.year, day.month, day.day, tzinfo=place).utcoffset() or timedelta()
    seconds = int(offset.total_seconds())
    return (day.toordinal() - 719_163) * 86_400 - seconds, seconds


def edge(zone: str, day: date, minutes: int) -> int:
    """The first instant at which the clocks have reached this time of this date; 1440 is the end of the day."""
    start, offset = _midnight(zone, day)
    if _midnight(zone, day + timedelta(days=1))[1] == offset:
        return start + minutes * 60
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 (a wall time)
    return int(clocks.first_instant(wall, zone).timestamp())


@lru_cache(maxsize=512)
def openings(calendar: CourtCalendar, first: date, last: date, *, any_hour: bool = False) -> Openings:
    """When the court sits from one local date to another, both inclusive.

    A closure has precedence over everything; a special opening over recess, holiday and weekend; these over the weekly
    hours. Hours a State has given for a day replace those of the data. `any_hour` opens the whole of every day on which
    the court would sit at all.
    """
    names = dict(calendar.holidays or ())
    spans: list[Span] = []
    closed: dict[date, Closed] = {}
    for number in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(number)
        intervals, why = _day(calendar, day, names)
        if why is not None and not intervals:
            closed[day] = why
        for opens, closes in [(0, 1440)] if any_hour and intervals else intervals:
            begin, end = edge(calendar.zone, day, opens), edge(calendar.zone, day, closes)
            if begin < end:
                spans.append((begin, end))
    return Openings(merged(spans), closed)


def court_day(calendar: CourtCalendar, day: date) -> CourtDay:
    """One day of a court by its own calendar, with the source of what is said of it."""
    hours, closed = _day(calendar, day, dict(calendar.holidays or ()))
    entered = any(
        row.first <= day <= row.last and (row.kind is PeriodKind.special_opening or closed is not None)
        for row in calendar.periods
    )
    given = any(row.first <= day <= row.last and row.confidence == CONFIRMED for row in calendar.hours)
    source = "given" if given else "default"
    if entered:
        source = "entered"
    elif closed is not None and closed.code in ("holiday", "hours_unknown"):
        source = {"holiday": "holiday", "hours_unknown": "unknown"}[closed.code]
    return CourtDay(day=day, hours=tuple(sorted(hours)), closed=closed, source=source)


def _day(calendar: CourtCalendar, day: date, names: Mapping[date, str]) -> tuple[list[tuple[int, int]], Closed | None]:
    """Opening intervals of one day in minutes, or the reason why there are none."""
    rows = [row for row in calendar.periods if row.first <= day <= row.last]
    for row in rows:
        if row.kind is PeriodKind.closure:
            return [], Closed(code="closure", detail=row.reason)
    special = [(row.opens, row.closes) for row in rows if row.kind is PeriodKind.special_opening]
    recess = next((row for row in rows if row.kind is PeriodKind.recess), None)
    if recess is not None:
        return special, Closed(code="recess", detail=recess.reason)
    if day in names:
        return special, Closed(code="holiday", detail=names[day])
    weekday = day.isoweekday()
    valid = [row for row in calendar.hours if row.first <= day <= row.last]
    given = [row for row in valid if row.confidence == CONFIRMED]
    regular = [(row.opens, row.closes) for row in given or valid if weekday in row.weekdays]
    if regular:
        return regular + special, None
    return special, Closed(code="not_a_court_day" if calendar.hours else "hours_unknown")


def merged(spans: list[Span]) -> tuple[Span, ...]:
    """The same time as sorted spans that neither overlap nor touch."""
    united: list[Span] = []
    for begin, end in sorted(spans):
        if united and begin <= united[-1][1]:
            if end > united[-1][1]:
                united[-1] = (united[-1][0], end)
        else:
            united.append((begin, end))
    return tuple(united)


def at(second: int) -> datetime:
    """Whole seconds since 1970 as an instant."""
    return datetime.fromtimestamp(second, UTC)
