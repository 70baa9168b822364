"""The docket: the hearings of a State, day by day, in both local times, and what waits for this person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import queries, reference
from hearings.models import Hearing, Participant, Person, Sitting
from hearings.roles import HEARD, Role
from web.overview.waiting_pages import tasks
from web.server.rendering import render
from web.server.sign_in import signed_in
from web.words.i18n import _, ngettext, wall
from web.words.places import Place, of_hearing, of_zone, own_first

PAGE = 25
FIRST = 30
"""How much of what waits the docket shows; the rest is on a page of its own."""
PAST = timedelta(hours=12)
"""How long ago a hearing may have begun to stand on the docket; earlier ones are one click away."""


@dataclass(frozen=True)
class Line:
    """One hearing on the docket."""

    hearing: Hearing
    request: str
    """The reference of the request it is for."""
    places: list[Place]
    with_state: str
    with_city: str
    people: str
    sitting: Sitting | None
    seat: Participant | None


async def docket(request: Request) -> Response:
    """The page after sign-in."""
    signed = signed_in(request)
    if signed.person is None:
        return RedirectResponse("/", 303)
    now = datetime.now(UTC)
    earlier = "earlier" in request.query_params
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        page = await queries.docket(
            db,
            state=signed.person.owner_state,
            since=None if earlier else now - PAST,
            until=now - PAST if earlier else None,
            after=after,
            limit=PAGE,
        )
        references = await queries.references(db, page.rows)
        lines = []
        for hearing in page.rows:
            people = await queries.participants(db, hearing.id)
            sitting = await queries.open_sitting(db, hearing.id)
            lines.append(_line(hearing, references[hearing.request_id], signed.person, people, sitting))
        waiting = (await tasks(db, signed.person, now, limit=FIRST)).rows
    days: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        days[_own_day(line)].append(line)
    context = {
        "days": list(days.values()),
        "tasks": waiting,
        "next": page.after,
        "earlier": earlier,
        "places": _now_places(lines, signed.person),
        "may_request": "clerk" in signed.person.functions,
    }
    return render(request, "docket.html", context)


def _line(hearing: Hearing, request: str, person: Person, people: Any, sitting: Sitting | None) -> Line:
    ours = hearing.requesting_state == person.owner_state
    return Line(
        hearing=hearing,
        request=request,
        places=own_first(of_hearing(hearing), person.owner_state),
        with_state=hearing.requested_state if ours else hearing.requesting_state,
        with_city=hearing.requested_city if ours else hearing.requesting_city,
        people=_people(people),
        sitting=sitting,
        seat=next((one for one in people if one.person_id == person.id), None),
    )


def _people(people: Any) -> str:
    heard = sum(one.role in HEARD for one in people)
    interpreters = sum(one.role is Role.interpreter for one in people)
    found = []
    if heard:
        found.append(ngettext("{n} person to be heard", "{n} persons to be heard", heard).format(n=heard))
    if interpreters:
        found.append(ngettext("{n} interpreter", "{n} interpreters", interpreters).format(n=interpreters))
    return " · ".join(found) or _("Nobody named yet")


def _own_day(line: Line) -> date:
    return wall(line.hearing.starts_at, line.places[0].zone).date()


def _now_places(lines: list[Line], person: Person) -> list[Place]:
    """The courts whose present time the page shows: those of the next hearing."""
    if lines:
        return lines[0].places
    state = person.owner_state
    return [of_zone(state, reference.jurisdiction(state).default_zone, person.city)]


routes = [Route("/docket", docket)]
