"""The statistics of the own State for its systems: measures with their definitions, their figures, the yearly table."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import paging as marks
from hearings.errors import NotFound
from hearings.statistics import counting, yearly
from hearings.statistics.counting import AskedFigures, CountedFigure
from hearings.statistics.measures import MEASURES, Measure
from hearings.statistics.past import Past
from hearings.statistics.yearly import YearRow
from web.api import paging
from web.api.access import Caller
from web.api.fields import Day, Moment, Shown
from web.api.routes import Resource

router = Resource("statistics")

Since = Annotated[Day | None, Field(description="First day of the period; 1 January of the year of its last.")]
Until = Annotated[Day | None, Field(description="Last day of the period; that of the figures if left out.")]
AsOf = Annotated[Day | None, Field(description="The figures as they stood at the end of this day; now if left out.")]
Other = Annotated[str, Field(pattern="^([A-Z]{2})?$", description="Only requests with this State.")]
Instrument = Annotated[str, Field(max_length=60, description="Only requests that rely on this instrument.")]


class ShownMeasure(Shown):
    """A measure. `version` is raised when what it counts becomes another; `figures` are the names of what it counts."""

    id: str
    title: str
    definition: str
    version: int
    figures: list[str]
    units: list[str]


class MeasureList(Shown):
    """All measures, in the order of the page."""

    items: list[ShownMeasure]


class ShownFigure(Shown):
    """One number. Without a `cut` it is of all cases, else of those whose group in the cut is `group`."""

    direction: str
    what: str
    unit: str
    cut: str
    group: str
    value: float
    cases: int


class FigureList(Shown):
    """A page of the figures of a measure, with its definition; `as_of` is the instant they are of."""

    measure: ShownMeasure
    since: Day
    until: Day
    as_of: Moment
    items: list[ShownFigure]
    next: str


class ShownYear(Shown):
    """A line of the yearly table: requests with one State under one instrument, received or sent."""

    year: int
    reporting_state: str
    other_state: str
    instrument: str
    direction: str
    received_or_sent: int
    executed: int
    refused: int
    withdrawn: int
    pending_end: int
    median_days_decision: float | None
    p90_days_decision: float | None
    hearings_held: int


class YearTable(Shown):
    """A page of the yearly table, as it stood at the end of the year or today; `version` is that of its columns."""

    version: int
    as_of: Moment
    items: list[ShownYear]
    next: str


def _measure(one: Measure) -> ShownMeasure:
    names = one.names()
    units = [unit for _label, _part, unit in names.values()]
    return ShownMeasure.from_row(one, figures=list(names), units=units)


async def _past(caller: Caller, asked: AskedFigures) -> Past:
    """Read beside the session of the request, in a look: the statements are few and their rows many."""

    async def look(db: AsyncSession) -> Past:
        return await counting.read(db, asked=asked, actor=caller.actor, now=caller.now)

    return await caller.database.look(look)


@router.read("/statistics/measures", scope="statistics:read", gives={"measure": "items/0/id"})
async def list_measures(caller: Caller) -> MeasureList:
    """The measures there are, each with its definition, which is that of the pages and tables."""
    return MeasureList(items=[_measure(one) for one in MEASURES.values()])


@router.read("/statistics/measures/{measure}", scope="statistics:read", paged=True, waits=True, errors=(404,))
async def read_measure(
    caller: Caller,
    measure: Annotated[str, Field(max_length=40)],
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    other: Other = "",
    instrument: Instrument = "",
    after: paging.After = "",
    limit: paging.Limit = 100,
) -> FigureList:
    """The figures of one measure, of requests the own State received and of those it sent, as they stood on a day."""
    found = MEASURES.get(measure)
    if found is None:
        raise NotFound
    asked = counting.asked(
        state=caller.state, now=caller.now, since=since, until=until, as_of=as_of, other=other, instrument=instrument
    )
    past = await _past(caller, asked)
    told = await asyncio.to_thread(lambda: list(counting.own(past, asked, measures=[found])))
    page = marks.listed({_key(one): one for one in told}, after=after, limit=limit)
    return FigureList(
        measure=_measure(found),
        since=asked.since,
        until=asked.until,
        as_of=past.as_of,
        items=_figures(page.rows),
        next=paging.link(caller, page.after),
    )


def _key(one: CountedFigure) -> str:
    return "/".join((one.direction, *one.figure[:3]))


def _figures(told: Sequence[CountedFigure]) -> list[ShownFigure]:
    return [
        ShownFigure(
            direction=one.direction,
            what=one.figure.what,
            unit=one.measure.names()[one.figure.what][2],
            cut=one.figure.cut,
            group=one.figure.key,
            value=one.figure.value or 0,
            cases=one.figure.cases,
        )
        for one in told
    ]


@router.read("/statistics/yearly", scope="statistics:read", paged=True, waits=True)
async def read_yearly(
    caller: Caller,
    year: Annotated[int | None, Field(strict=False, ge=2000, le=9999, description="This year if left out.")] = None,
    after: paging.After = "",
    limit: paging.Limit = 100,
) -> YearTable:
    """The yearly table for questionnaires of international organisations: by other State, instrument and direction."""
    asked = counting.asked_year(state=caller.state, year=year or caller.now.year, now=caller.now)
    past = await _past(caller, asked)
    lines: list[YearRow] = await asyncio.to_thread(lambda: list(yearly.rows(past, asked)))
    page = marks.listed({"/".join(map(str, line[2:5])): line for line in lines}, after=after, limit=limit)
    return YearTable(
        version=yearly.VERSION,
        as_of=past.as_of,
        items=[ShownYear(**line._asdict()) for line in page.rows],
        next=paging.link(caller, page.after),
    )
