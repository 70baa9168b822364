"""Counting: which past is read for whom, and the figures of it.

Three sets: those of a central authority, of the requests of its own State or of those with one other State; the
installation's, without States; and those that a State lets everybody see. In the last two small numbers are hidden
(`hearings.statistics.suppression`), and only years that are over are counted: two days cannot be compared.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import NamedTuple

from sqlmodel import col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, reference
from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import HearingRequest
from hearings.permissions import require_staff
from hearings.sentences import N_, tell
from hearings.statistics import reading
from hearings.statistics.cells import Figure, Window
from hearings.statistics.measures import AN_HOUR, MEASURES, PERCENT, Measure
from hearings.statistics.past import Past
from hearings.statistics.suppression import coarse, small, suppressed

SEEN_BY_OTHERS = frozenset({"state", "ground"})
"""Cuts that are not made in figures that others see."""
NOT_A_YEAR = N_("Choose a year that is over")
FIRST_YEAR = 2000
YEARS = 5
"""Years offered to others."""


class CountedFigure(NamedTuple):
    """A figure with its measure and direction: `received`, `sent`, or empty where it is of no State."""

    measure: Measure
    direction: str
    figure: Figure


@dataclass(frozen=True, kw_only=True)
class AskedFigures:
    """What a central authority asks about its own State. Days are those of its clock, the last one included."""

    state: str
    since: date
    until: date
    as_of: date
    other: str = ""
    """Only requests with this State; empty: with all."""
    instrument: str = ""
    """Only requests that rely on this one; empty: on any or none."""

    @property
    def zone(self) -> tzinfo:
        """Of its days and months."""
        return clocks.zone(reference.jurisdiction(self.state).default_zone)

    @property
    def states(self) -> list[str]:
        """Whose past is read."""
        return [self.state, self.other] if self.other else [self.state]


def asked(
    *,
    state: str,
    now: datetime,
    since: date | None = None,
    until: date | None = None,
    as_of: date | None = None,
    other: str = "",
    instrument: str = "",
) -> AskedFigures:
    """What is asked, with what is not said: as of today, and from the beginning of that year to that day.

    Raises `Invalid` naming the field: a day to come, an end before the beginning, another State that is the own one.
    """
    today = now.astimezone(clocks.zone(reference.jurisdiction(state).default_zone)).date()
    day = as_of or today
    last = until or day
    first = since or date(last.year, 1, 1)
    if day > today:
        raise Invalid(tell("Figures are of today or of a day in the past"), "as_of")
    if last > day:
        raise Invalid(tell("The period ends no later than the day of the figures"), "until")
    if first > last or first.year < FIRST_YEAR:
        raise Invalid(tell("The period begins before it ends, and not before the year 2000"), "since")
    if other and reference.jurisdiction(other).state == state:
        raise Invalid(tell("Choose another State than the own one"), "other")
    return AskedFigures(state=state, since=first, until=last, as_of=day, other=other, instrument=instrument)


def asked_year(*, state: str, year: int, now: datetime) -> AskedFigures:
    """What is asked for the yearly table: the year as it stood at its end, or today. Raises `Invalid`."""
    today = now.astimezone(clocks.zone(reference.jurisdiction(state).default_zone)).date()
    if not FIRST_YEAR <= year <= today.year:
        raise Invalid(tell("Choose this year or one in the past, from 2000 on"), "year")
    last = min(date(year, 12, 31), today)
    return AskedFigures(state=state, since=date(year, 1, 1), until=last, as_of=last)


def instant(asked: AskedFigures, now: datetime) -> datetime:
    """The instant of the figures: the end of their day, or now."""
    return min(_after(asked.as_of, asked.zone), now)


async def read(db: AsyncSession, *, asked: AskedFigures, actor: Actor, now: datetime) -> Past:
    """The past of what is asked. Raises `NotAllowed` unless it is the actor's own State and right."""
    require_staff("see_statistics", actor, requesting_state=asked.state, requested_state=asked.state)
    found = await reading.past(db, as_of=instant(asked, now), states=asked.states)
    if asked.instrument:
        found = found.only(lambda one: asked.instrument in one.instruments)
    return found


def own(past: Past, asked: AskedFigures, *, measures: Iterable[Measure] = MEASURES.values()) -> Iterator[CountedFigure]:
    """The figures of a State, of the requests it received and of those it sent. Pure; heavy for many requests."""
    measures = list(measures)
    for received, side in sides(past, asked.state):
        window = window_of(asked, past.as_of, received=received)
        for measure in measures:
            for figure in measure.count(side, window):
                yield CountedFigure(measure, "received" if received else "sent", figure)


def sides(past: Past, state: str) -> Iterator[tuple[bool, Past]]:
    """What a State received (True), and what it sent."""
    yield True, past.only(lambda one: one.requested_state == state)
    yield False, past.only(lambda one: one.requesting_state == state)


def window_of(asked: AskedFigures, as_of: datetime, *, received: bool) -> Window:
    """The window of a State's figures; `until` is never after the instant of the figures."""
    until = min(_after(asked.until, asked.zone), as_of + timedelta(microseconds=1))
    since = _begins(asked.since, asked.zone)
    return Window(since=since, until=until, as_of=as_of, zone=asked.zone, own=asked.state, received=received)


def _begins(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _after(day: date, zone: tzinfo) -> datetime:
    return _begins(day + timedelta(days=1), zone)


# --- seen by others ----------------------------------------------------------------------------------------------


def last_year(now: datetime) -> int:
    """The last year that is over everywhere on earth."""
    return (now - timedelta(hours=14)).year - 1


def require_year(year: int, now: datetime) -> int:
    """The year itself. Raises `Invalid` for one that is not over."""
    if not FIRST_YEAR <= year <= last_year(now):
        raise Invalid(tell(NOT_A_YEAR), "year")
    return year


async def first_year(db: AsyncSession, *, state: str = "") -> int | None:
    """The year (UTC) of the first submission, of all or of a State's requests; None where nothing was submitted."""
    query = select(func.min(HearingRequest.submitted_at))
    if state:
        own = or_(col(HearingRequest.requesting_state) == state, col(HearingRequest.requested_state) == state)
        query = query.where(own)
    first = (await db.exec(query)).one()
    return None if first is None else first.astimezone(UTC).year


def years_told(first: int | None, now: datetime) -> range:
    """The last `YEARS` years that are over, the newest first, and none before the first submission."""
    last = last_year(now)
    return range(last, max(last - YEARS, last if first is None else first - 1), -1)


async def read_year(db: AsyncSession, *, year: int, state: str = "", now: datetime) -> Past:
    """The past of all requests, or of those of a State, as it stood at the end of a year that is over (UTC)."""
    end = datetime(require_year(year, now) + 1, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)
    return await reading.past(db, as_of=end, states=[state] if state else [])


def for_others(past: Past, year: int, *, state: str = "") -> list[CountedFigure]:
    """The figures of a year for others: of the whole installation, or of one State's requests; small numbers hidden,
    and all others rounded where there is a small one."""
    parts: Sequence[tuple[bool | None, Past]] = list(sides(past, state)) if state else [(None, past)]
    since = datetime(year, 1, 1, tzinfo=UTC)
    counted: list[tuple[Measure, str, list[Figure]]] = []
    for received, side in parts:
        window = Window(
            since=since,
            until=datetime(year + 1, 1, 1, tzinfo=UTC),
            as_of=past.as_of,
            zone=UTC,
            received=received,
            without=SEEN_BY_OTHERS,
        )
        direction = "" if received is None else "received" if received else "sent"
        for measure in MEASURES.values():
            if not measure.own_only:
                counted.append((measure, direction, list(measure.count(side, window))))
    rough = any(small(one) for _measure, _direction, figures in counted for one in figures)
    return [
        CountedFigure(measure, direction, told)
        for measure, direction, figures in counted
        for one in suppressed(figures, partition=measure.partition)
        if (told := _coarse(measure, one, rough=rough))
    ]


def _coarse(measure: Measure, figure: Figure, *, rough: bool) -> Figure | None:
    _label, part, unit = measure.names()[figure.what]
    spread = bool(part) or unit == AN_HOUR
    return coarse(figure, spread=spread, places=1 if unit in (PERCENT, AN_HOUR) else 0, rough=rough)
