"""A live hearing without its two processes: the real conductor over a database, and pages whose wire is a queue."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
from starlette.websockets import WebSocket, WebSocketState

from hearings.db import Database
from hearings.models import Login
from hearings.people import logins
from hearings.roles import Role
from media import messages
from tests.support.court import Court
from web.live.conductor import Conductor
from web.live.conductors import Conductors
from web.live.relays import NO_RELAYS, Relays
from web.logins import LoginWatch
from web.seal_keeper import SealKeeper
from web.settings import Settings


class Wire:
    """The server's end of a WebSocket, as far as a connection uses it."""

    def __init__(self) -> None:
        self.application_state = WebSocketState.CONNECTED
        self.said: list[dict[str, Any]] = []
        """What the server has said."""
        self.closed_at = 0.0
        """Seconds since 1970."""
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def say(self, message: messages.Message) -> None:
        """What the page says."""
        self._inbox.put_nowait({"type": "websocket.receive", "text": msgspec.json.encode(message).decode()})

    def leave(self) -> None:
        """The page goes."""
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def receive(self) -> dict[str, Any]:
        return await self._inbox.get()

    async def send_text(self, text: str) -> None:
        self.said.append(json.loads(text))

    async def close(self, code: int = 1000) -> None:
        self.application_state = WebSocketState.DISCONNECTED
        self.closed_at = self.closed_at or time.time()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a type it has sent."""
        return [one for one in self.said if one["type"] == kind]

    async def until(self, kind: str) -> dict[str, Any]:
        """The first message of a type."""
        async with asyncio.timeout(30):
            while not self.of(kind):  # noqa: ASYNC110 the server brings it about
                await asyncio.sleep(0.01)
        return self.of(kind)[0]


@dataclass
class Page:
    """A page that says hello on a wire of its own."""

    wire: Wire
    task: asyncio.Task[None]

    async def gone(self) -> str:
        """Wait until the server has closed; why, as it has said."""
        async with asyncio.timeout(30):
            await self.task
        return str(self.wire.of("bye")[-1]["why"])


@dataclass
class Conducted:
    """One web process with one live hearing."""

    court: Court
    conductors: Conductors
    conductor: Conductor
    watch: LoginWatch
    pages: list[Page] = field(default_factory=list)

    @classmethod
    async def make(cls, database: Database, folder: Path, relays: Relays = NO_RELAYS) -> "Conducted":
        (folder / "run").mkdir(exist_ok=True)
        settings = Settings(data=folder, udp_host="127.0.0.1")
        court = await Court.load(database)
        conductors = Conductors(settings, database, SealKeeper(settings), relays)
        assert await conductors.conducting.take()
        conductor = Conductor(
            settings,
            database,
            court.hearing.id,
            conductors._forget,
            folder / "seal.sock",
            conductors.conducting,
            relays,
        )
        conductors._all[court.hearing.id] = conductor
        return cls(court, conductors, conductor, LoginWatch(database, [conductors.tickets, conductors]))

    async def login(self, role: Role) -> Login:
        """A login of whoever has this role: of the person, or by a link."""
        async with self.court.database.transaction() as db:
            seat = await self.court.seat(db, role)
            person = next((one for one in self.court.people.values() if one.id == seat.person_id), None)
            holder: dict[str, Any] = {"person": person} if person else {"participant": seat}
            return (await logins.create_login(db, **holder, now=datetime.now(UTC)))[0]

    def open(self, role: Role, login: Login, *, take_over: bool = False) -> Page:
        """A page of a login says hello for this role's seat."""
        wire, hello = Wire(), messages.Hello(ticket="", take_over=take_over)
        joins = self.conductor.join(cast(WebSocket, wire), self.court.ids[role], login.id, "en", hello)
        self.pages.append(Page(wire, asyncio.create_task(joins)))
        return self.pages[-1]

    async def close(self) -> None:
        """The process ends."""
        await self.watch.stop()
        for page in self.pages:
            page.wire.leave()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await page.task
        await self.conductor.room.end_tasks()
        await self.conductors.conducting.let_go()


@contextlib.asynccontextmanager
async def conducted(database: Database, folder: Path, relays: Relays = NO_RELAYS) -> AsyncIterator[Conducted]:
    """One web process over this database, until the end."""
    made = await Conducted.make(database, folder, relays)
    yield made
    await made.close()
