"""Every page and every operation of the API answers by the law in force, an administrator's changes included."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings import reference
from hearings.law.law import LawWatch
from web.parts import Parts
from web.server.security import SAFE_METHODS

WITHOUT_LAW = re.compile(r"/static/.*|/healthz(/.*)?|/metrics|/csp-report", re.DOTALL)


class LawMiddleware:
    """Outside whatever names a State or a zone, the pages of errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._watch: LawWatch | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "websocket" or (scope["type"] == "http" and not WITHOUT_LAW.fullmatch(scope["path"]))
        if not asked:
            await self.app(scope, receive, send)
            return
        parts: Parts = scope["app"].state.parts
        if self._watch is None or self._watch.database is not parts.database:
            self._watch = LawWatch(parts.database)
        watch = self._watch
        writes = scope["type"] == "http" and scope["method"] not in SAFE_METHODS

        async def answer(message: Message) -> None:
            if writes and message["type"] == "http.response.start":
                watch.changed()
            await send(message)

        with reference.in_force(await watch.newest()):
            await self.app(scope, receive, answer if writes else send)
