"""The docket: the hearings of a State, day by day, in both local times, and what waits for this person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import queries, reference
from hearings.models import Hearing, HearingRequest, Participant, Person, Sitting
from hearings.permissions import may_staff
from hearings.roles import HEARD, Role
from hearings.status import HearingStatus, RequestStatus
from web.actors import signed_in
from web.i18n import _, ngettext, wall
from web.places import Place, of_hearing, of_zone, own_first
from web.rendering import render

PAGE = 25
PAST = timedelta(hours=12)
"""How long ago a hearing may have begun to stand on the docket; earlier ones are one click away."""


@dataclass(frozen=True)
class Line:
    """One hearing on the docket."""

    hearing: Hearing
    places: list[Place]
    with_state: str
    with_city: str
    people: str
    sitting: Sitting | None
    seat: Participant | None


@dataclass(frozen=True)
class Task:
    """Something that waits for this person."""

    href: str
    subject: str
    text: str
    button: str


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
        lines = []
        for hearing in page.rows:
            people = await queries.participants(db, hearing.id)
            sitting = await queries.open_sitting(db, hearing.id)
            lines.append(_line(hearing, signed.person, people, sitting))
        tasks = await _tasks(db, signed.person)
    days: dict[date, list[Line]] = defaultdict(list)
    for line in lines:
        days[_own_day(line)].append(line)
    context = {
        "days": list(days.values()),
        "tasks": tasks,
        "next": page.after,
        "earlier": earlier,
        "places": _now_places(lines, signed.person),
        "may_request": "clerk" in signed.person.functions,
    }
    return render(request, "docket.html", context)


def _line(hearing: Hearing, person: Person, people: Any, sitting: Sitting | None) -> Line:
    ours = hearing.requesting_state == person.owner_state
    return Line(
        hearing=hearing,
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


async def _tasks(db: Any, person: Person) -> list[Task]:
    """What waits for this person, from the rows themselves."""
    functions = frozenset(person.functions)
    found: list[Task] = []
    for status, action, outgoing, text, button in (
        (RequestStatus.submitted, "acknowledge_request", False, _("A request has arrived"), _("Acknowledge")),
        (RequestStatus.under_review, "answer_request", False, _("A request waits for an answer"), _("Answer")),
        (RequestStatus.received, "answer_request", False, _("A request waits for review"), _("Review")),
        (RequestStatus.information_requested, "answer_information", True, _("A question was asked"), _("Answer")),
        (RequestStatus.draft, "submit_request", True, _("A draft has not been submitted"), _("Continue")),
        (RequestStatus.accepted, "propose_hearing", True, _("Accepted: no time yet"), _("Set a time")),
        (
            RequestStatus.accepted_with_conditions,
            "propose_hearing",
            True,
            _("Accepted with conditions: no time yet"),
            _("Set a time"),
        ),
    ):
        page = await queries.requests(db, state=person.owner_state, outgoing=outgoing, status=status, limit=10)
        for one in page.rows:
            if _may(action, functions, person, one):
                found.append(Task(f"/requests/{one.reference}", one.reference, text, button))
    for stage, text, button in (
        (HearingStatus.proposed, _("A time has been proposed"), _("Decide")),
        (HearingStatus.countered, _("Another time has been proposed"), _("Decide")),
        (HearingStatus.agreed, _("The time is agreed: name the people"), _("Prepare")),
    ):
        page_of = await queries.docket(db, state=person.owner_state, status=stage, limit=10)
        for hearing in page_of.rows:
            asked = {
                HearingStatus.proposed: ("agree_hearing", hearing.requested_state),
                HearingStatus.countered: ("agree_hearing", hearing.requesting_state),
                HearingStatus.agreed: ("prepare_hearing", hearing.requesting_state),
            }[stage]
            if asked[1] == person.owner_state and _may(asked[0], functions, person, hearing):
                found.append(Task(f"/h/{hearing.ref}", hearing.case_number or hearing.ref, text, button))
    return found


def _may(action: str, functions: frozenset[str], person: Person, subject: Hearing | HearingRequest) -> bool:
    return may_staff(
        action,
        functions,
        own_state=person.owner_state,
        requesting_state=subject.requesting_state,
        requested_state=subject.requested_state,
    ).allowed


routes = [Route("/docket", docket)]
