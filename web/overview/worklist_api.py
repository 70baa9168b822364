"""What waits for one's own State with the day it is due, the queue by priority, and the search over its own cases."""

from typing import Annotated, Literal

from pydantic import Field

from hearings.models import HearingRequest
from hearings.overview import worklist
from hearings.overview.worklist import Waiting
from hearings.permissions import may_staff
from hearings.requests import queries as request_queries
from web.api import paging
from web.api.access import Caller
from web.api.fields import Column, Moment, Shown
from web.api.routes import Resource
from web.requests.api import RequestList, request_list

router = Resource("worklist")


class Task(Shown):
    """One thing on which one's own State has the next step. `reference` names the request or hearing; the words of
    `step` are in docs/requests.md.
    """

    step: str
    subject: Literal["request", "hearing"]
    id: Annotated[str, Column("subject.id")]
    reference: str
    due: Moment | None
    late: bool
    priority: int
    assigned: bool


def _task(one: Waiting, state: str) -> Task:
    row = one.subject
    if not isinstance(row, HearingRequest):
        return Task.from_row(one, subject="hearing", reference=getattr(row, "ref", ""), assigned=False)
    mine = row.requesting_assignee if state == row.requesting_state else row.requested_assignee
    return Task.from_row(one, subject="request", reference=row.reference, assigned=bool(mine))


class TaskList(Shown):
    """A page of what waits: the earliest due first, then the most urgent, then the newest."""

    items: list[Task]
    next: str


@router.read("/worklist", scope="requests:read", paged=True)
async def read_worklist(caller: Caller, after: paging.After = "", limit: paging.Limit = 50) -> TaskList:
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
    items = [_task(row, caller.state) for row in found.rows]
    return TaskList(items=items, next=paging.link(caller, found.after))


@router.read("/queue", scope="requests:read", paged=True)
async def read_queue(caller: Caller, after: paging.After = "", limit: paging.Limit = 50) -> RequestList:
    """Requests this State has been sent and not answered, the most urgent first."""
    page = await request_queries.queue(caller.db, state=caller.state, after=after, limit=limit)
    return request_list(caller, page)


@router.read("/search", scope="requests:read", paged=True)
async def search_requests(
    caller: Caller,
    words: Annotated[
        str, Field(min_length=2, max_length=100, description="Beginnings of references or numbers, or parts of names.")
    ],
    after: paging.After = "",
    limit: paging.Limit = 25,
) -> RequestList:
    """Requests with each of the words at the beginning of a reference or number; for who acts on them, in names too."""
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
    return request_list(caller, page)
