"""The log of a request: what was done to it besides changes of status, by whom and why."""

from typing import Annotated

from hearings import queries
from hearings.models.request_parts import RequestAct
from hearings.requests import log as request_log
from web.api import paging
from web.api.access import Caller
from web.api.fields import Column, Json, Moment, Shown
from web.api.routes import Resource
from web.requests.api import RequestId

router = Resource("log of a request")


class ShownRequestEvent(Shown):
    """One act. `state`: whose; `data`: what belongs to it, by the act."""

    id: str
    state: Annotated[str, Column("owner_state")]
    act: RequestAct
    at: Moment
    by: Annotated[str, Column("actor_label")]
    reason: str
    data: Json


class Log(Shown):
    """A page of the log, the newest first."""

    items: list[ShownRequestEvent]
    next: str


@router.read("/requests/{request_id}/log", scope="requests:read", errors=(404,), paged=True)
async def read_request_log(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> Log:
    """What was done to a request besides changes of status: priority, files, consultations, one's own delegations."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await request_log.of_request(caller.db, row, state=caller.state, after=after, limit=limit)
    return Log(items=[ShownRequestEvent.from_row(one) for one in page.rows], next=paging.link(caller, page.after))
