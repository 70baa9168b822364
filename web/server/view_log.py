"""View log: records, for the owning State, that a page displayed one of its rows, before the response is sent.

The functions by which pages look up a request or a hearing for a person (`web.requests.access.find`,
`web.hearing.access.find`, `web.minutes.access.access_to`) add the row here. `ViewsMiddleware` records each row once for
each response that displays it, as the API does (`hearings.outward.view_notes`); rows of the viewer's own State are not
recorded. That the content of a request was handed over is recorded for either of its two States, where the page says
so (`hand_over`) and its answer is a success: evidence of transmission follows from it (docs/transmission.md).
"""

from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings.models import HearingRequest
from hearings.models.columns import Row
from hearings.outward import view_notes
from web.parts import Parts
from web.server.sign_in import SignedIn

SHOWING = frozenset({200, 401, 409, 422})
"""Statuses of a response that displays the rows: the page, or its form again with an error."""


def add(request: Request, *rows: Row) -> None:
    """Note that the response to this request displays these rows.

    Only views by staff are recorded: a participant who came by a link acts for no State and is in the hearing's log.
    The data are copied from the rows at once, since a later rollback of the transaction expires them.
    """
    signed = cast(SignedIn | None, request.scope["actor"])
    if signed is not None and signed.person is not None:
        who, now = signed.actor(), datetime.now(UTC)
        request.scope["shown"].update({line.subject_id: line for line in view_notes.notes(rows, actor=who, now=now)})


def hand_over(request: Request, row: HearingRequest) -> None:
    """Note that a successful response to this request holds the content of the other. The row's data are copied."""
    signed = cast(SignedIn | None, request.scope["actor"])
    if request.method == "GET" and signed is not None and signed.person is not None:
        lines = view_notes.readings([row], actor=signed.actor(), now=datetime.now(UTC))
        request.scope["handed_over"].update({line.request_id: line for line in lines})


class ViewsMiddleware:
    """Records the rows that a response displays to staff of the other State. Effects: one line for each, committed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["shown"], scope["handed_over"] = {}, {}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in SHOWING:
                read = scope["handed_over"].values() if message["status"] == 200 else ()
                await cast(Parts, scope["app"].state.parts).database.append([*scope["shown"].values(), *read])
            await send(message)

        await self.app(scope, receive, noting)
