"""Changes of what an open page displays, as server-sent events (HTML Living Standard, §9.2) for `page.js`.

An event names kind and reference of the last change, when it was committed, and how many there are; nothing else.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from web.outward.change_watch import ChangeWatch, OpenPage, TooManyPages
from web.server.followed import STREAM, followed
from web.server.sign_in import staff
from web.words.i18n import ngettext

ALIVE = 15.0
"""Seconds after which a comment is sent, so that nobody in between ends an idle connection."""
LONGEST = 600.0
"""Seconds after which the page connects anew."""
STEP = 1.0
"""Seconds within which a stream ends when the process has been told to stop."""


class ChangeStream(StreamingResponse):
    """The events of one page, which is disconnected with the response, even if nothing was sent."""

    media_type = "text/event-stream"

    def __init__(self, watch: ChangeWatch, page: OpenPage, ending: asyncio.Event) -> None:
        super().__init__(_events(page, ending), headers={"X-Accel-Buffering": "no"})
        self._close = partial(watch.close, page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()


async def stream(request: Request) -> Response:
    """The stream of one page. 404 for a page that follows nothing, or that the reader may not see; 429 for too many."""
    signed, person = staff(request)
    page = followed(request.query_params.get("page", ""))
    if page is None:
        raise HTTPException(404, "not_found")
    watch: ChangeWatch = request.app.state.change_watch
    now = datetime.now(UTC)
    try:
        opened = await watch.open(
            page,
            login_id=signed.login.id,
            state=person.owner_state,
            person_id=person.id,
            since=_since(request.query_params.get("since", ""), now),
            now=now,
        )
    except TooManyPages:
        raise HTTPException(429, "too_many_requests", {"Retry-After": "60"}) from None
    return ChangeStream(watch, opened, request.app.state.parts.ending)


def _since(text: str, now: datetime) -> datetime:
    """When the page was made; now, if it does not say."""
    try:
        since = datetime.fromisoformat(text)
    except ValueError:
        return now
    return since if since.tzinfo is not None else now


async def _events(page: OpenPage, ending: asyncio.Event) -> AsyncIterator[bytes]:
    begun = spoken = time.monotonic()
    yield b"retry: 3000\n\n"
    while not page.ended and not ending.is_set() and time.monotonic() - begun < LONGEST:
        if page.news.is_set():
            page.news.clear()
            spoken = time.monotonic()
            yield _event(page)
        elif time.monotonic() - spoken >= ALIVE:
            spoken = time.monotonic()
            yield b": still here\n\n"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STEP):
                await page.news.wait()


def _event(page: OpenPage) -> bytes:
    assert page.last is not None
    count = len(page.counted)
    data = {
        "kind": page.last.change.subject,
        "about": page.last.about,
        "count": count,
        "text": ngettext("Show {n} change", "Show {n} changes", count).format(n=count),
        "at": page.last.change.at.isoformat(),
        "sent": datetime.now(UTC).isoformat(),
    }
    return f"event: changes\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


routes = [Route(STREAM, stream)]
