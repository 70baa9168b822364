"""The tasks that wait for the person who is signed in, with the day they are due; the docket displays the first
ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.models import HearingRequest, Person
from hearings.models.law import JointStatus
from hearings.outward import joint_changes
from hearings.overview import worklist
from hearings.roles import StaffFunction
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import court_clocks, labels, tasks as words
from web.words.court_clocks import CourtClock
from web.words.i18n import N_, _, wall

PAGE = 50
CHANGES = 5
WEEK = 7
"""Days of a week."""
GROUPS: Mapping[str, str] = {
    "late": N_("Overdue"),
    "today": N_("Today"),
    "week": N_("This week"),
    "later": N_("Later"),
    "undated": N_("Without a date"),
}
"""The groups of the page of all tasks, in order."""


@dataclass(frozen=True)
class WaitingTask:
    """A task that waits for this person."""

    href: str
    subject: str
    text: str
    button: str
    due: datetime | None
    late: bool
    priority: int
    places: list[CourtClock]
    other: str = ""
    """The other State; empty for a task that is about no request or hearing."""

    def group(self, now: datetime) -> str:
        """The group of the page the task belongs to (`GROUPS`), by the day of the own court."""
        if self.late:
            return "late"
        if self.due is None:
            return "undated"
        zone = self.places[0].zone
        days = (wall(self.due, zone).date() - wall(now, zone).date()).days
        return "today" if days == 0 else "week" if days < WEEK else "later"


@dataclass(frozen=True)
class Tasks:
    """A page of tasks, with the mark of the next page; empty after the last."""

    rows: list[WaitingTask]
    after: str


async def tasks(
    db: Any, person: Person, now: datetime, *, everything: bool = False, after: str = "", limit: int
) -> Tasks:
    """A page of the tasks that wait for a person. Raises `Invalid` for an unknown mark `after`."""
    waiting = await worklist.waiting(db, person=person, now=now, everything=everything, after=after, limit=limit)
    first = [] if after else await _changes(db, person)
    return Tasks([*first, *(_task(row, person.owner_state) for row in waiting.rows)], waiting.after)


async def _changes(db: Any, person: Person) -> list[WaitingTask]:
    """The joint changes that wait for this person's State to decide, if the person is an administrator."""
    if StaffFunction.administrator not in person.functions:
        return []
    return [
        WaitingTask(
            href=f"/admin/changes/{change.id}",
            subject=change.owner_state,
            text=_(joint_changes.TOLD[JointStatus.waiting]),
            button=_("See the change"),
            due=None,
            late=False,
            priority=0,
            places=[],
        )
        for change in await joint_changes.to_decide(db, state=person.owner_state, limit=CHANGES)
    ]


def _task(task: worklist.Waiting, state: str) -> WaitingTask:
    row = task.subject
    if isinstance(row, HearingRequest):
        subject = row.reference
        both = court_clocks.of_states(row.requesting_state, row.requested_state)
    else:
        subject = row.case_number or row.ref
        both = court_clocks.of_hearing(row)
    return WaitingTask(
        href=words.address(task.step, row),
        subject=subject,
        text=labels.word("step", task.step),
        button=_(words.BUTTONS[task.step]),
        due=task.due,
        late=task.late,
        priority=task.priority,
        places=court_clocks.own_first(both, state),
        other=row.requested_state if row.requesting_state == state else row.requesting_state,
    )


async def page(request: Request) -> Response:
    """The page of all tasks that wait for this person, the earliest due first."""
    _signed, person = staff(request)
    everything = "all" in request.query_params
    after = request.query_params.get("after", "")
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        waiting = await tasks(db, person, now, everything=everything, after=after, limit=PAGE)
    grouped: dict[str, list[WaitingTask]] = {name: [] for name in GROUPS}
    for task in waiting.rows:
        grouped[task.group(now)].append(task)
    context = {
        "groups": [(name, _(GROUPS[name]), some) for name, some in grouped.items() if some],
        "next": waiting.after,
        "everything": everything,
    }
    return render(request, "waiting.html", context)


routes = [Route("/waiting", page)]
