"""What waits for the person who is signed in, with the day it is due; the docket shows the first of it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.models import HearingRequest, Person
from hearings.outward import joint_changes
from hearings.overview import worklist
from hearings.roles import StaffFunction
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import places, terms
from web.words.i18n import N_, _
from web.words.places import Place

PAGE = 50
CHANGES = 5
BUTTONS = {
    "submit": N_("Continue"),
    "answer_question": N_("Answer"),
    "set_time": N_("Set a time"),
    "close": N_("File"),
    "acknowledge": N_("Acknowledge"),
    "answer": N_("Answer"),
    "review": N_("Look at it again"),
    "confirm_in_writing": N_("Confirm"),
    "record_consent": N_("Record"),
    "decide_time": N_("Decide"),
    "sign_time": N_("Sign"),
    "prepare": N_("Prepare"),
    "open_lobby": N_("Open"),
    "decide_clock_change": N_("Decide"),
    "answer_terms": N_("Answer"),
    "sign_terms": N_("Sign"),
    "test_line": N_("Test"),
    "set_next_day": N_("Set a time"),
    "complete_minutes": N_("Complete"),
    "read_minutes_back": N_("Read them back"),
    "sign_minutes": N_("Sign"),
    "acknowledge_minutes": N_("Acknowledge"),
}
PLACES = {
    "record_consent": "/consents",
    "answer_terms": "/technical",
    "sign_terms": "/technical",
    "sign_time": "/times/sign",
    "test_line": "/test",
    "set_next_day": "/times",
    "complete_minutes": "/minutes",
    "read_minutes_back": "/minutes",
    "sign_minutes": "/minutes",
    "acknowledge_minutes": "/minutes",
}
"""Below the page of the request or hearing, where it is not done on that page itself."""
ELSEWHERE = {"decide_clock_change": "/admin/clock-changes"}
"""Pages for all hearings of a State."""


@dataclass(frozen=True)
class Task:
    """Something that waits for this person."""

    href: str
    subject: str
    text: str
    button: str
    due: datetime | None
    late: bool
    priority: int
    places: list[Place]


@dataclass(frozen=True)
class Tasks:
    """Some of what waits, and the mark of the next page, empty at the end."""

    rows: list[Task]
    after: str


async def tasks(
    db: Any, person: Person, now: datetime, *, everything: bool = False, after: str = "", limit: int
) -> Tasks:
    """What waits for a person, as pages show it. Raises `Invalid` for a mark nobody has given out."""
    found = await worklist.waiting(db, person=person, now=now, everything=everything, after=after, limit=limit)
    first = [] if after else await _changes(db, person)
    return Tasks([*first, *(_task(one, person.owner_state) for one in found.rows)], found.after)


async def _changes(db: Any, person: Person) -> list[Task]:
    """Changes of data that wait for the word of this person's State, for its administrators; on the first page only."""
    if StaffFunction.administrator not in person.functions:
        return []
    return [
        Task(
            href=f"/admin/changes/{one.id}",
            subject=one.owner_state,
            text=_("A change of data waits to be confirmed"),
            button=_("See the change"),
            due=None,
            late=False,
            priority=0,
            places=[],
        )
        for one in await joint_changes.to_decide(db, state=person.owner_state, limit=CHANGES)
    ]


def _task(one: worklist.Waiting, state: str) -> Task:
    row = one.subject
    if isinstance(row, HearingRequest):
        href, subject = f"/requests/{row.reference}", row.reference
        both = places.of_states(row.requesting_state, row.requested_state)
    else:
        href, subject = f"/h/{row.ref}", row.case_number or row.ref
        both = places.of_hearing(row)
    return Task(
        href=ELSEWHERE.get(one.step) or href + PLACES.get(one.step, ""),
        subject=subject,
        text=terms.word("step", one.step),
        button=_(BUTTONS[one.step]),
        due=one.due,
        late=one.late,
        priority=one.priority,
        places=places.own_first(both, state),
    )


async def page(request: Request) -> Response:
    """Everything that waits for this person, the earliest due first."""
    _signed, person = staff(request)
    everything = "all" in request.query_params
    after = request.query_params.get("after", "")
    async with request.app.state.parts.database.reading() as db:
        found = await tasks(db, person, datetime.now(UTC), everything=everything, after=after, limit=PAGE)
    context = {"tasks": found.rows, "next": found.after, "everything": everything}
    return render(request, "waiting.html", context)


routes = [Route("/waiting", page)]
