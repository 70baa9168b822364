"""Events as they happen: changes of status of what a State may see, and what else webhooks tell of, as server-sent
events that can be resumed.

Events are rows of the docket, and their ids rise with time. Two processes may commit in another order than their
ids say, so a stream goes back a little at every look and leaves out what it has sent; after a break the client may get
an event again, and knows it by its id. A look costs what has happened since the last one, however long the history is.
"""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field
from starlette.responses import StreamingResponse

from hearings.errors import DatabaseRefused
from hearings.outward import api_clients, changes
from hearings.outward.changes import ChangeBatch, Occasion, VisibleChange
from web.api.access import Caller, parts_of
from web.api.params import Header
from web.api.problems import ApiError
from web.api.routes import Resource

router = Resource("events")

EVERY = 1.0
"""Seconds between two looks at the database."""
ALIVE = 15.0
"""Seconds after which a comment is sent, so that nobody in between ends an idle connection."""
BACK = timedelta(seconds=10)
"""Longer than a transaction takes."""
STREAMS = 4
"""Of one client at a time."""


class EventStream(StreamingResponse):
    """Server-sent events (HTML Living Standard, §9.2)."""

    media_type = "text/event-stream"


@router.read("/events", scope="events", waits=True, content={"text/event-stream": {"schema": {"type": "string"}}})
async def follow_events(
    caller: Caller,
    last_event_id: Annotated[
        str, Header(), Field(max_length=36, description="Id of the last event that was received.")
    ] = "",
) -> EventStream:
    """Changes of status of what this State may see, as they happen: of whatever webhooks tell of.

    `about` is the reference of the request or hearing; `number` that of an agreement or of minutes. What is no change
    of status comes as an event of its own name, such as `cosignature.refused`. Begins after
    `Last-Event-ID` (anything it had up to ten seconds before may come again), or now. Ends when the token does: ask for
    another and go on from the last event.
    """
    since = min(_time_of(last_event_id), caller.now) if last_event_id else caller.now
    streams = caller.request.app.state.streams
    if streams.get(caller.client.id, 0) >= STREAMS:
        raise ApiError("too_many_requests", f"At most {STREAMS} streams at a time", {"Retry-After": "60"})
    streams[caller.client.id] = streams.get(caller.client.id, 0) + 1
    lines = _lines(caller, since, fresh=not last_event_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(lines, headers=headers)


def _time_of(event_id: str) -> datetime:
    """When an event was made, out of its id (UUID version 7, RFC 9562 §5.7)."""
    try:
        found = uuid.UUID(event_id)
        if found.version != 7:
            raise ValueError(event_id)
        return datetime.fromtimestamp((found.int >> 80) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        raise ApiError("invalid_input", "Last-Event-ID is not the id of an event") from None


async def _lines(caller: Caller, since: datetime, *, fresh: bool) -> AsyncIterator[bytes]:
    """The stream. A new one begins with what is yet to happen: what is there already counts as sent."""
    streams, ending = caller.request.app.state.streams, parts_of(caller.request).ending
    try:
        yield b"retry: 2000\n\n"
        sent: dict[str, None] = {}
        quiet, ends = 0.0, caller.token.expires_at
        while datetime.now(UTC) < ends and not ending.is_set() and await _still(caller):
            looked, after = datetime.now(UTC), changes.floor(since - BACK)
            async for name, event in _since(caller, after):
                if name in sent:
                    continue
                sent[name] = None
                if fresh and _time_of(name) < caller.now:
                    continue
                yield event
                quiet = 0.0
            sent = {name: None for name in sent if _time_of(name) >= looked - BACK}
            since = looked
            if quiet >= ALIVE:
                yield b": still here\n\n"
                quiet = 0.0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await ending.wait()
            quiet += EVERY
    except DatabaseRefused:  # the answer has begun: there is no status any more to say it with
        yield b"retry: 10000\n\n: the database does not answer\n\n"
    finally:
        streams[caller.client.id] -= 1


async def _since(caller: Caller, after: str) -> AsyncIterator[tuple[str, bytes]]:
    """Everything since an id, each with its own: changes of status page by page, then what else there was."""
    page_after = after
    while page_after:
        page = await _page(caller, page_after)
        for row in page.rows:
            yield row.change.id, _event(row)
        page_after = page.after
    while after:
        found = await _occasions(caller, after)
        for one in found:
            yield one.id, _occasion(one)
        after = found[-1].id if len(found) == changes.PAGE else ""


async def _page(caller: Caller, after: str) -> ChangeBatch:
    """In a session of its own: a client that reads slowly holds none open."""
    async with caller.database.reading() as db:
        return await changes.changes(db, state=caller.state, after=after)


async def _occasions(caller: Caller, after: str) -> list[Occasion]:
    async with caller.database.reading() as db:
        return await changes.occasions(db, state=caller.state, after=after)


async def _still(caller: Caller) -> bool:
    """Whether the token is still there: it ends with the client, with a key, and with a change of what it may do."""
    async with parts_of(caller.request).database.reading() as live:
        return await api_clients.token_stands(live, caller.token.id)


def _event(one: VisibleChange) -> bytes:
    change = one.change
    data = {
        "subject": change.subject,
        "about": one.about,
        "number": one.number,
        "before": change.before,
        "after": change.after,
        "at": change.at.isoformat().replace("+00:00", "Z"),
    }
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {change.id}\nevent: status\ndata: {text}\n\n".encode()


def _occasion(one: Occasion) -> bytes:
    data = {"about": one.about, **one.more, "at": one.at.isoformat().replace("+00:00", "Z")}
    text = json.dumps(data, separators=(",", ":"))
    return f"id: {one.id}\nevent: {one.event}\ndata: {text}\n\n".encode()
