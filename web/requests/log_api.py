"""The log of a request: what was done to it besides changes of status, by whom and why."""

from typing import Any

from hearings import queries
from hearings.errors import Invalid
from hearings.models import RequestEvent
from hearings.models.request_parts import RequestAct
from hearings.requests import log as request_log
from web.api import examples, paging
from web.api.access import Calling
from web.api.fields import Json, Moment, Shown
from web.api.routes import Resource
from web.requests.api import RequestId

router = Resource("log of a request")

LINE: dict[str, Any] = {
    "id": examples.ID,
    "state": "TH",
    "act": "consultation_recorded",
    "at": examples.AT,
    "by": "Office of the Attorney General",
    "reason": "",
    "data": {},
}


class ShownRequestEvent(Shown):
    """One act. `state`: whose; `data`: what belongs to it, by the act."""

    id: str
    state: str
    act: RequestAct
    at: Moment
    by: str
    reason: str
    data: Json

    @classmethod
    def of(cls, row: RequestEvent) -> "ShownRequestEvent":
        own = {name: getattr(row, name) for name in ("id", "act", "at", "reason", "data")}
        return cls(**own, state=row.owner_state, by=row.actor_label)


class Log(Shown):
    """A page of the log, the newest first."""

    items: list[ShownRequestEvent]
    next: str


@router.read(
    "/requests/{request_id}/log",
    scope="requests:read",
    example={"items": [LINE], "next": ""},
    errors=(404,),
    paged=True,
)
async def read_request_log(
    caller: Calling, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> Log:
    """What was done to a request besides changes of status: priority, files, consultations, one's own delegations."""
    if len(after) not in (0, 36):
        raise Invalid("This is not the mark of a page", "after")
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    found = await request_log.of_request(caller.db, row, state=caller.state, before=after, limit=limit + 1)
    lines = found[::-1]
    more = lines[limit - 1].id if len(lines) > limit else ""
    return Log(items=[ShownRequestEvent.of(one) for one in lines[:limit]], next=paging.link(caller, more))
