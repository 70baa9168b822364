"""The informal thread of the two authorities: it complements a request, never replaces it, and is never evidence."""

from pydantic import Field

from hearings import queries
from hearings.models import InformalMessage
from hearings.requests import informal
from web.api import examples, paging
from web.api.access import Calling
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("messages")

MESSAGE = {
    "id": examples.ID,
    "state": "TH",
    "by": "Office of the Attorney General",
    "text": "Would an afternoon suit the witness better?",
    "at": examples.AT,
}


class ShownMessage(Shown):
    """A line both States read. Nothing formal is made from it."""

    id: str
    state: str
    by: str
    text: str
    at: Moment

    @classmethod
    def of(cls, row: InformalMessage) -> "ShownMessage":
        return cls(id=row.id, state=row.owner_state, by=row.author_label, text=row.text, at=row.at)


class MessageList(Shown):
    """A page of the thread, newest first."""

    items: list[ShownMessage]
    next: str


class NewMessage(Model):
    """What is written."""

    text: str = Field(min_length=1, max_length=4000, examples=[MESSAGE["text"]])


@router.create("/requests/{request_id}/messages", scope=EITHER, errors=ACT, example=MESSAGE)
async def write_message(caller: Calling, request_id: RequestId, body: NewMessage) -> ShownMessage:
    """Write a line to the other authority, once the request is submitted. It cannot be changed or taken back."""
    row = await locked(caller, request_id)
    found = await informal.write(caller.db, request=row, text=body.text, actor=caller.actor, now=caller.now)
    caller.shown.append(row)
    caller.headers["Location"] = caller.url(f"/requests/{row.id}/messages")
    return ShownMessage.of(found)


@router.read(
    "/requests/{request_id}/messages",
    scope="requests:read",
    example={"items": [MESSAGE], "next": ""},
    errors=(404,),
    paged=True,
)
async def list_messages(
    caller: Calling, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> MessageList:
    """The thread of a request, newest first."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await informal.thread(caller.db, row.id, before=after, limit=limit)
    return MessageList(items=[ShownMessage.of(one) for one in page.rows], next=paging.link(caller, page.after))
