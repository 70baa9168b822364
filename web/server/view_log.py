"""What a page shows of the other State's: noted for the State whose it is, before the answer goes out.

The functions by which pages find a request or a hearing for a person (`web.requests.access.find`,
`web.hearing.access.find`, `web.minutes.access.access_to`) put the row here. `ViewsMiddleware` notes each row once
for each answer that shows it, as the API does (`hearings.outward.looked_at`): every view, and none of the own State's.
"""

from datetime import UTC, datetime
from typing import cast

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings.models.columns import Row
from hearings.outward import looked_at
from web.parts import Parts
from web.server.sign_in import SignedIn

SHOWING = frozenset({200, 401, 409, 422})
"""An answer that shows what was found: the page, or its form again with what was refused."""


def add(request: Request, *rows: Row) -> None:
    """The answer to this request shows these rows."""
    request.scope["shown"].update({row.id: row for row in rows})


class ViewsMiddleware:
    """Notes the rows an answer shows to staff of the other State. Effects: one line for each, committed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["shown"] = {}

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in SHOWING:
                await _note(scope)
            await send(message)

        await self.app(scope, receive, noting)


async def _note(scope: Scope) -> None:
    """Who came by a link is in the log of their hearing and looks for no State: only staff are noted."""
    signed = cast(SignedIn | None, scope["actor"])
    if signed is None or signed.person is None:
        return
    actor = signed.actor()
    lines = looked_at.notes(list(scope["shown"].values()), actor=actor, now=datetime.now(UTC))
    await cast(Parts, scope["app"].state.parts).database.append(lines)
