"""The API's place in the application. FastAPI is imported at the first request: `serve` need not wait for it."""

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send


class LazyApi:
    """Builds the API when it is first asked for something, in a thread; those who come meanwhile wait for it."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self.build = build
        self.api: ASGIApp | None = None
        self.building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.api is None:
            async with self.building:
                if self.api is None:
                    self.api = await run_in_threadpool(self.build)
        await self.api(scope, receive, send)
