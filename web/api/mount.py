"""The API's place in the application. FastAPI is imported at the first request: `serve` need not wait for it."""

import asyncio
import time
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

if TYPE_CHECKING:
    from web.app import Parts

BASE = "/api/v1"


def within(path: str) -> bool:
    """Whether a path is the API's, which has its own limits and no cookies, forms or languages."""
    return path == BASE or path.startswith(BASE + "/")


class LazyApi:
    """Builds the API when it is first asked for something, in a thread; those who come meanwhile wait for it."""

    def __init__(self, parts: "Parts") -> None:
        self.parts = parts
        self.started = time.time()
        self.api: ASGIApp | None = None
        self.building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.api is None:
            async with self.building:
                if self.api is None:
                    self.api = await run_in_threadpool(self._build)
        await self.api(scope, receive, send)

    def _build(self) -> ASGIApp:
        from web.api.app import create_api  # slow imports
        from web.api.routes import Reads

        return Reads(create_api(self.parts, started=self.started))
