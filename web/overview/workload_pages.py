"""Workload and ageing of a State's central authority: open requests, deadlines, durations; each chart with its table,
all of it as CSV. Visible to the staff of that authority, about their own State only.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.models import Person
from hearings.overview import workload as figures
from hearings.overview.workload import AGES, Workload
from hearings.permissions import require_staff
from web.server.rendering import render
from web.server.sign_in import staff
from web.server.tables import csv_answer
from web.words import court_clocks, labels, statuses
from web.words.i18n import _, wall

SIDES = ("received", "sent")
STOPPED = frozenset({"information_requested", "postponed"})
"""Stages that are marked: a request there does not go on by itself."""
FIRST = 8
"""States in the chart; the table has all."""


async def _read(request: Request) -> tuple[Person, str, Workload, datetime]:
    signed, person = staff(request)
    state = person.owner_state
    require_staff("see_workload", signed.actor(), requesting_state=state, requested_state=state)
    side = request.query_params.get("side", "")
    side = side if side in SIDES else SIDES[0]
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        loads = await figures.workload(db, state=state, received=side == "received", now=now)
    return person, side, loads, now


async def show(request: Request) -> Response:
    """The figures of one side."""
    person, side, loads, now = await _read(request)
    places = court_clocks.of_person(person)
    context = {
        "own": person.owner_state,
        "side": side,
        "load": loads,
        "now": now,
        "places": places,
        "ages": _ages(),
        "stage_word": statuses.word,
        "step_word": lambda word: labels.word("step", word),
        "stopped": STOPPED,
        "months": [(month, f"{wall(month.begins, places[0].zone):%Y-%m}") for month in loads.months],
        "first": FIRST,
        "most": figures.MOST,
    }
    return render(request, "workload.html", context)


def _ages() -> list[str]:
    limits = zip((0, *(limit + 1 for limit in AGES)), AGES, strict=False)
    classes = [_("{first} to {last} days").format(first=first, last=last) for first, last in limits]
    return [*classes, _("more than {n} days").format(n=AGES[-1])]


async def table(request: Request) -> Response:
    """All the figures of one side, one a row."""
    person, side, loads, _now = await _read(request)
    return csv_answer(f"figures-{person.owner_state}-{side}", ("figure", "of", "class", "value"), _rows(loads))


def _rows(loads: Workload) -> Iterator[tuple[object, ...]]:
    classes = [*(f"up to {limit} days" for limit in AGES), f"more than {AGES[-1]} days"]
    for stage in loads.stages:
        yield from (("open", stage.status.value, *pair) for pair in zip(classes, stage.by_age, strict=True))
    for state in loads.states:
        yield "open by State", state.state, "open", state.open
        yield "open by State", state.state, "submitted in 12 months", state.period
    for step in loads.deadlines:
        for name in ("late", "soon", "later", "undated"):
            yield "deadlines", step.step, name, getattr(step, name)
    for time in loads.steps:
        yield "days in a stage", time.status.value, "requests", time.number
        yield "days in a stage", time.status.value, "median", f"{time.median_days:.2f}"
        yield "days in a stage", time.status.value, f"slowest: {time.slowest}", f"{time.slowest_days:.2f}"
    for month in loads.months:
        yield "by month", f"{month.begins:%Y-%m-%dT%H:%M:%SZ}", "submitted", month.submitted
        yield "by month", f"{month.begins:%Y-%m-%dT%H:%M:%SZ}", "ended", month.ended


routes = [Route("/figures", show), Route("/figures.csv", table)]
