"""One installation: made once per process as `vivavoce init` makes it, copied for a test, and opened in some way."""

import asyncio
import contextlib
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx
import jinja2
import uvicorn
from jinja2.bccache import Bucket
from starlette.applications import Starlette

from hearings.db import Database
from web import cli
from web.settings import Settings

BASE = "http://localhost:8000"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(data: Path) -> Path:
    """A data folder as `vivavoce init` makes it, to copy."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(cli.init, Settings(data=data), cli._parser().parse_args(["init"])).result()
    return data


class Compiled(jinja2.BytecodeCache):
    """Templates as they were compiled first: each application has an environment of its own, and would begin anew."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (code := self.known.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)  # of another source it is not taken

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class Installation:
    """A data folder with its settings, and the application over it."""

    http: httpx.AsyncClient
    """Requests without a port, while `in_process`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @classmethod
    def copy(cls, prepared: Path, folder: Path, **settings: Any) -> Self:
        """One of its own for a test, with some settings unlike those shipped."""
        return cls(Settings(data=Path(shutil.copytree(prepared, folder / "data")), **settings))

    @cached_property
    def configuration(self) -> uvicorn.Config:
        """As `vivavoce serve` configures it."""
        made = cli.configuration(self.settings)
        made.app.state.parts.templates.bytecode_cache = COMPILED  # type: ignore[union-attr]
        return made

    @property
    def app(self) -> Starlette:
        return self.configuration.app  # type: ignore[return-value]

    @property
    def database(self) -> Database:
        """The application's own."""
        found: Database = self.app.state.parts.database
        return found

    @property
    def sandbox(self) -> Database:
        found: Database = self.app.state.parts.sandbox
        return found

    @contextlib.asynccontextmanager
    async def in_process(self) -> AsyncIterator[Self]:
        """Without a port and without the lifespan, so that no worker starts."""
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url=self.settings.public_url, timeout=20) as self.http:
            yield self
        await self.database.close()
        if self.app.state.parts.sandbox is not None:
            await self.sandbox.close()

    @contextlib.asynccontextmanager
    async def on_port(self, port: int) -> AsyncIterator[int]:
        """On a port, in the test's own loop; likewise without the lifespan."""
        self.configuration.port, self.configuration.lifespan = port, "off"
        server = uvicorn.Server(self.configuration)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn offers a flag, no event
            await asyncio.sleep(0.02)
        yield port
        server.should_exit = True
        await serving
        self.require_no_reports()

    @contextlib.contextmanager
    def in_thread(self) -> Iterator[Self]:
        """On its port, in a thread, with everything that belongs to it."""
        server = uvicorn.Server(self.configuration)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            thread.join(0.02)
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(20)
        self.require_no_reports()

    def require_no_reports(self) -> None:
        """No browser has said that a page broke its content security policy."""
        assert self.reports() == 0

    def reports(self) -> int:
        """How many times a browser has said so since this was asked last."""
        return int(self.app.state.parts.pulse.counts.pop("csp_reports", 0))
