"""What waits for one's own State with the day it is due, the queue by priority, and the search over its own cases."""

from typing import Annotated, Any, Literal

from fastapi import Query

from hearings.models import HearingRequest
from hearings.overview import worklist
from hearings.overview.worklist import Waiting
from hearings.permissions import may_staff
from hearings.requests import queries as request_queries
from web.api import examples, paging
from web.api.access import Calling
from web.api.fields import Moment, Shown
from web.api.routes import Resource
from web.requests.api import RequestList

router = Resource("worklist")

TASK = {
    "step": "answer",
    "subject": "request",
    "id": examples.ID,
    "reference": "RO-2027-0001",
    "due": "2027-03-03T16:59:59Z",
    "late": False,
    "priority": 6,
    "assigned": False,
}


class Task(Shown):
    """One thing on which one's own State has the next step. `reference` names the request or hearing; the words of
    `step` are in docs/requests.md.
    """

    step: str
    subject: Literal["request", "hearing"]
    id: str
    reference: str
    due: Moment | None
    late: bool
    priority: int
    assigned: bool

    @classmethod
    def of(cls, one: Waiting, state: str) -> "Task":
        row = one.subject
        own: dict[str, Any] = {"subject": "hearing", "reference": getattr(row, "ref", ""), "assigned": False}
        if isinstance(row, HearingRequest):
            mine = row.requesting_assignee if state == row.requesting_state else row.requested_assignee
            own = {"subject": "request", "reference": row.reference, "assigned": bool(mine)}
        return cls(step=one.step, id=row.id, due=one.due, late=one.late, priority=one.priority, **own)


class TaskList(Shown):
    """A page of what waits: the earliest due first, then the most urgent, then the newest."""

    items: list[Task]
    next: str


@router.read("/worklist", scope="requests:read", example={"items": [TASK], "next": ""}, paged=True)
async def read_worklist(caller: Calling, after: paging.After = "", limit: paging.Limit = 50) -> TaskList:
    """What waits for this State, with due dates: the steps that can be taken with the token's scopes."""
    found = await worklist.waiting(
        caller.db,
        person=caller.actor,
        now=caller.now,
        everything=True,
        scopes=caller.scopes,
        after=after,
        limit=limit,
    )
    items = [Task.of(one, caller.state) for one in found.rows]
    return TaskList(items=items, next=paging.link(caller, found.after))


@router.read("/queue", scope="requests:read", example=examples.REQUEST_LIST, paged=True)
async def read_queue(caller: Calling, after: paging.After = "", limit: paging.Limit = 50) -> RequestList:
    """Requests this State has been sent and not answered, the most urgent first."""
    page = await request_queries.queue(caller.db, state=caller.state, after=after, limit=limit)
    return RequestList.of(caller, page)


@router.read("/search", scope="requests:read", example=examples.REQUEST_LIST, paged=True)
async def search_requests(
    caller: Calling,
    words: Annotated[
        str, Query(min_length=2, max_length=100, description="The beginning of a reference or number.", examples=["RO"])
    ],
    after: paging.After = "",
    limit: paging.Limit = 25,
) -> RequestList:
    """Requests whose reference, case number or hearing begins with the words; for who acts on them, the name too."""
    names = may_staff(
        "search_names",
        caller.actor.functions,
        own_state=caller.state,
        requesting_state=caller.state,
        requested_state="",
    ).allowed
    page = await request_queries.search(
        caller.db, state=caller.state, words=words, names=names, person_id=caller.actor.id, after=after, limit=limit
    )
    return RequestList.of(caller, page)
