"""A seat in the room without a browser: commands over the page's connection, and the view that comes back."""

import asyncio
import json
import uuid
from collections.abc import Callable
from typing import Any

READY = {"notice": True, "camera": True, "microphone": True, "speaker": True}
"""What a page says of its devices when it joins."""


class Seat:
    """A page's connection that remembers its last view."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.view: dict[str, Any] = {}
        self.bye = ""

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        if message["type"] == "view":
            self.view = message
        if message["type"] == "bye":
            self.bye = message["why"]
        return message

    async def act(self, kind: str, **fields: Any) -> dict[str, Any]:
        """One command and its result."""
        number = uuid.uuid4().hex
        await self.socket.send(json.dumps({"type": kind, "id": number, **fields}))
        while True:
            message = await self.read()
            if message["type"] == "result" and message["re"] == number:
                return message

    async def see(self, what: Callable[[dict[str, Any]], bool]) -> None:
        """Read until the view is as wanted."""
        async with asyncio.timeout(20):
            while not (self.view and what(self.view)):
                await self.read()

    def person(self, seat: str) -> dict[str, Any]:
        people: list[dict[str, Any]] = self.view["people"]
        return next(person for person in people if person["participant"] == seat)
