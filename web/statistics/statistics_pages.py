"""The statistics of a State: each measure with its definition, chart and tables, each as CSV, and the yearly table.

A central authority sees those of its own State, or of the requests with one other State; an administrator those of the
installation, without States; everybody those of States that let everybody see them (`VIVAVOCE_STATISTICS_PUBLIC`).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import reference
from hearings.errors import Invalid
from hearings.law import law
from hearings.models import Person
from hearings.outward import installation
from hearings.permissions import require_staff
from hearings.statistics import counting, yearly
from hearings.statistics.cells import Figure
from hearings.statistics.counting import AskedFigures, CountedFigure
from hearings.statistics.measures import MEASURES, Measure
from hearings.statistics.past import Past
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import administrator, staff
from web.server.tables import csv_answer
from web.statistics import figure_words as words
from web.words import court_clocks
from web.words.i18n import _
from web.words.refusals import ENTER_DATE
from web.words.sentences import translated

RIGHT = "see_statistics"
OF_ALL = "see_installation_statistics"
DAYS = ("since", "until", "as_of")
FIRST = 10
"""Bars of a chart; the table has all."""
KINDS = ("f1", "f2", "f3", "f4", "f5")


@dataclass(frozen=True)
class MeasureView:
    """A measure as a page shows it: bars of each chart, and its figures in words by what is counted and cut."""

    measure: Measure
    charts: Sequence[tuple[str, Sequence[tuple[str, float, str, str]]]]
    tables: Sequence[tuple[str, Sequence[tuple[str, str, str, str]]]]


@dataclass(frozen=True)
class Filters:
    """What was typed: `values`; `errors` where it cannot be asked."""

    asked: AskedFigures
    values: Mapping[str, str]
    errors: Sequence[FormError] = field(default_factory=list)


def _filters(params: Mapping[str, str], person: Person, now: datetime) -> Filters:
    """What an address asks; where something cannot be asked, what is asked without any filter, and the errors."""
    values = {name: params[name].strip()[:60] for name in (*DAYS, "other", "instrument") if params.get(name)}
    days: dict[str, date] = {}
    errors = []
    for name in DAYS:
        try:
            if name in values:
                days[name] = date.fromisoformat(values[name])
        except ValueError:
            errors.append(FormError(name, _(ENTER_DATE)))
    other = values.get("other", "")
    if other and other not in reference.jurisdictions():
        errors.append(FormError("other", _("Choose a State of the list.")))
    bare = counting.asked(state=person.owner_state, now=now)
    if errors:
        return Filters(bare, values, errors)
    try:
        more = {"other": other, "instrument": values.get("instrument", "")}
        return Filters(counting.asked(state=person.owner_state, now=now, **days, **more), values)  # type: ignore[arg-type]
    except Invalid as error:
        return Filters(bare, values, [FormError(error.field, translated(str(error)))])


async def _read(request: Request) -> tuple[Person, Filters, Past, datetime]:
    signed, person = staff(request)
    state, now = person.owner_state, datetime.now(UTC)
    require_staff(RIGHT, signed.actor(), requesting_state=state, requested_state=state)
    filters = _filters(request.query_params, person, now)

    async def look(db: AsyncSession) -> Past:
        return await counting.read(db, asked=filters.asked, actor=signed.actor(), now=now)

    return person, filters, await request.app.state.parts.database.look(look), now


async def show(request: Request) -> Response:
    """The figures of the requests a State received, or of those it sent."""
    person, filters, past, now = await _read(request)
    side = "sent" if request.query_params.get("side") == "sent" else "received"
    told = await asyncio.to_thread(lambda: list(counting.own(past, filters.asked)))
    told = [one for one in told if one.direction == side]
    known, demo = await _known(request)
    query = {name: value for name, value in filters.values.items() if not filters.errors}
    context = {
        "own": person.owner_state,
        "side": side,
        "measures": _measures(told, known),
        "asked": filters.asked,
        "now": counting.instant(filters.asked, now),
        "places": court_clocks.of_person(person),
        "any": bool(past.requests),
        "values": filters.values,
        "errors": filters.errors,
        "states": _states(person.owner_state),
        "instruments": [(key, str(row["name"])) for key, row in known.items()],
        "query": urlencode(query),
        "sides": {each: urlencode({"side": each, **query}) for each in ("received", "sent")},
        "year": filters.asked.until.year,
        "demo": demo,
    }
    return render(request, "statistics.html", context, status=422 if filters.errors else 200)


async def _known(request: Request) -> tuple[Mapping[str, Any], bool]:
    """The instruments of the law in force, and whether the installation holds a demonstration."""
    async with request.app.state.parts.database.reading() as db:
        return (await law.current(db)).instruments, await installation.is_demo(db)


def _states(own: str) -> list[tuple[str, str]]:
    found = [(state, words.WORDS["state"](state)) for state in reference.jurisdictions() if state != own]
    return sorted(found, key=lambda one: one[1])


def _measures(told: Sequence[CountedFigure], known: Mapping[str, Any]) -> list[MeasureView]:
    """The measures of one side that have a figure."""
    found = []
    for measure in MEASURES.values():
        figures = [one.figure for one in told if one.measure is measure]
        if any(one.value is None or one.cases for one in figures):
            found.append(MeasureView(measure, _charts(measure, figures, known), _tables(measure, figures, known)))
    return found


def _charts(
    measure: Measure, figures: Sequence[Figure], known: Mapping[str, Any]
) -> list[tuple[str, list[tuple[str, float, str, str]]]]:
    """Each chart with its title and bars; one without a value to draw is left out."""
    charts = []
    for whats, cut in measure.charts:
        drawn = [one for one in figures if one.what in whats and one.cut == cut and one.value is not None]
        if cut == "month":
            drawn = sorted(drawn, key=lambda one: one.key)[-FIRST:]
        elif cut:
            drawn = sorted(drawn, key=lambda one: -(one.value or 0))[:FIRST]
        bars = [
            (
                words.group(cut, one.key, known) if cut else words.label(measure, one.what),
                max(one.value or 0, 0),
                f"{words.number(one.value)} {words.unit(measure, one.what)}",
                KINDS[0 if cut else index % len(KINDS)],
            )
            for index, one in enumerate(drawn)
        ]
        if any(bar[1] for bar in bars):
            charts.append((f"{_(measure.title)}: {words.cut(cut)}", bars))
    return charts


def _tables(
    measure: Measure, figures: Sequence[Figure], known: Mapping[str, Any]
) -> list[tuple[str, list[tuple[str, str, str, str]]]]:
    """By cut, the figures: what, group, value with unit, cases."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for one in sorted(figures, key=lambda one: (one.cut != "", one.cut, one.key)):
        found.setdefault(one.cut, []).append(
            (
                words.label(measure, one.what),
                words.group(one.cut, one.key, known) if one.cut else _("In all"),
                f"{words.number(one.value)} {words.unit(measure, one.what)}",
                words.number(None if one.value is None else one.cases),
            )
        )
    return [(words.cut(cut), rows) for cut, rows in found.items()]


async def table(request: Request) -> Response:
    """The figures of one measure, of both sides, as CSV."""
    staff(request)
    measure = MEASURES.get(request.path_params["measure"])
    if measure is None:
        raise HTTPException(404, "not_found")
    person, filters, past, _now = await _read(request)
    if filters.errors:
        raise Invalid(filters.errors[0].text, filters.errors[0].field)
    asked = filters.asked
    told = await asyncio.to_thread(lambda: list(counting.own(past, asked, measures=[measure])))
    lines = words.rows(told, asked.since.isoformat(), asked.until.isoformat(), asked.as_of.isoformat())
    return csv_answer(f"statistics-{person.owner_state}-{measure.id}", words.COLUMNS, lines)


async def yearly_table(request: Request) -> Response:
    """The yearly table of the own State as CSV: as it stood at the end of the year, or now."""
    signed, person = staff(request)
    state, now = person.owner_state, datetime.now(UTC)
    asked = counting.asked_year(state=state, year=_year(request, now), now=now)

    async def look(db: AsyncSession) -> Past:
        return await counting.read(db, asked=asked, actor=signed.actor(), now=now)

    past = await request.app.state.parts.database.look(look)
    lines = await asyncio.to_thread(lambda: list(yearly.rows(past, asked)))
    cells = [tuple("" if cell is None else cell for cell in line) for line in lines]
    return csv_answer(f"statistics-{state}-{asked.until.year}", yearly.YearRow._fields, cells)


def _year(request: Request, now: datetime) -> int:
    text = request.query_params.get("year", str(now.year))
    return int(text) if text.isdecimal() and len(text) == 4 else 0


# --- seen by others ----------------------------------------------------------------------------------------------


async def of_all(request: Request) -> Response:
    """The figures of the installation, without States, for its administrators."""
    administrator(OF_ALL, request)
    return await _for_others(request, "")


async def of_all_table(request: Request) -> Response:
    """They as CSV."""
    administrator(OF_ALL, request)
    return await _others_table(request, "")


async def public(request: Request) -> Response:
    """The figures of a State that lets everybody see them; the first of them where none is named."""
    return await _for_others(request, _public_state(request))


async def public_table(request: Request) -> Response:
    """They as CSV."""
    return await _others_table(request, _public_state(request))


def _public_state(request: Request) -> str:
    states = request.app.state.parts.settings.statistics_public_states
    state = str(request.query_params.get("state", next(iter(states), "")))
    if state not in states:
        raise HTTPException(404, "not_found")
    return state


async def _of_year(request: Request, state: str) -> tuple[int, Sequence[CountedFigure]]:
    now = datetime.now(UTC)
    year = _year(request, now) if "year" in request.query_params else counting.last_year(now)
    return year, await request.app.state.year_figures.of(year, state, now)


async def _for_others(request: Request, state: str) -> Response:
    now = datetime.now(UTC)
    first = await request.app.state.parts.database.look(lambda db: counting.first_year(db, state=state))
    years = counting.years_told(first, now)
    year, told = await _of_year(request, state) if years or "year" in request.query_params else (now.year, ())
    known, demo = await _known(request)
    sides = [(side, _measures([one for one in told if one.direction == side], known)) for side in words.SIDES]
    context = {
        "state": state,
        "states": request.app.state.parts.settings.statistics_public_states,
        "year": year,
        "years": years,
        "first": first or now.year,
        "sides": [(side, _(words.SIDES[side]), measures) for side, measures in sides if measures],
        "path": request.url.path,
        "query": urlencode({"year": year, **({"state": state} if state else {})}),
        "demo": demo,
    }
    return render(request, "statistics_others.html", context)


async def _others_table(request: Request, state: str) -> Response:
    year, told = await _of_year(request, state)
    lines = words.rows(told, f"{year}-01-01", f"{year}-12-31", f"{year}-12-31")
    return csv_answer(f"statistics-{state or 'installation'}-{year}", words.COLUMNS, lines)


routes = [
    Route("/statistics", show),
    Route("/statistics/yearly.csv", yearly_table),
    Route("/statistics/{measure}.csv", table),
    Route("/admin/statistics", of_all),
    Route("/admin/statistics.csv", of_all_table),
    Route("/public/statistics", public),
    Route("/public/statistics.csv", public_table),
]
