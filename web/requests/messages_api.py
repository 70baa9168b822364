"""The informal thread of the two authorities: it complements a request, never replaces it, and is never evidence."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.requests import consultations
from web.api import paging
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("messages")


class ShownMessage(Shown):
    """A line both States read. Nothing formal is made from it."""

    id: str
    state: Annotated[str, Column("owner_state")]
    by: Annotated[str, Column("author_label")]
    text: str
    at: Moment


class MessageList(Shown):
    """A page of the thread, newest first."""

    items: list[ShownMessage]
    next: str


class NewMessage(Model):
    """What is written."""

    text: str = Field(min_length=1, max_length=4000)


@router.create("/requests/{request_id}/messages", scope=EITHER, errors=ACT)
async def write_message(caller: Caller, request_id: RequestId, body: NewMessage) -> ShownMessage:
    """Write a line to the other authority, once the request is submitted. It cannot be changed or taken back."""
    row = await locked(caller, request_id)
    found = await consultations.write_informally(
        caller.db, request=row, text=body.text, actor=caller.actor, now=caller.now
    )
    caller.shown.append(row)
    caller.headers["Location"] = caller.url(f"/requests/{row.id}/messages")
    return ShownMessage.from_row(found)


@router.read("/requests/{request_id}/messages", scope="requests:read", errors=(404,), paged=True)
async def list_messages(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 50
) -> MessageList:
    """The thread of a request, newest first."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await consultations.informal_thread(caller.db, row.id, after=after, limit=limit)
    return MessageList(items=[ShownMessage.from_row(one) for one in page.rows], next=paging.link(caller, page.after))
