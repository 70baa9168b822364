"""The cosigner over HTTP, as an ASGI application: `POST /add-checkpoint`, and what it has seen, for anybody.

`GET /checkpoint/<origin>` is the newest head with the cosignature, `GET /heads/<origin>` a tar file of all of them, as
`vivavoce verify --kept` takes them unpacked, `GET /` the public line, `GET /healthz` whether heads can be kept.
Reads nothing of a request but its path and body, and logs neither addresses nor headers. Work is done in threads.
"""

import asyncio
import io
import logging
import sqlite3
import tarfile
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from media.evidence.cosigning.cosigner import Answer, Cosigner
from media.evidence.cosigning.submission import MAX_BODY

logger = logging.getLogger("vivavoce.media.evidence.cosigning.served")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_NOT_FOUND = Answer(404, b"there is nothing here\n")
_TOO_LONG = Answer(413, b"the submission is too long\n")
_AWAY = Answer(503, b"heads cannot be kept now: nothing was cosigned\n")


class ServedCosigner:
    """The application. `now`: seconds since 1970."""

    def __init__(self, cosigner: Cosigner, now: Callable[[], float] = time.time) -> None:
        self.cosigner = cosigner
        self._now = now

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        try:
            answer = await self._answer(scope["method"], scope["path"], receive)
        except sqlite3.Error:
            logger.exception("heads cannot be kept")
            answer = _AWAY
        headers = [
            (b"content-type", answer.kind.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if answer is _TOO_LONG:
            headers.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, method: str, path: str, receive: Receive) -> Answer:
        if path == "/add-checkpoint":
            if method != "POST":
                return Answer(405, b"heads are submitted by POST\n")
            body = await _body(receive)
            if body is None:
                return _TOO_LONG
            return await asyncio.to_thread(self.cosigner.add_checkpoint, body, int(self._now()))
        if method not in ("GET", "HEAD"):
            return Answer(405, b"this is read by GET\n")
        return await asyncio.to_thread(self._read, path)

    def _read(self, path: str) -> Answer:
        if path == "/":
            return Answer(200, f"{self.cosigner.key.vkey}\n".encode())
        if path == "/healthz":
            with self.cosigner.seen.deciding():  # waits for the lock of the file, as a submission does
                return Answer(200, b"ok\n")
        what, _, origin = path[1:].partition("/")
        if not self.cosigner.knows(origin):
            return _NOT_FOUND
        if what == "checkpoint":
            newest = self.cosigner.seen.latest(origin)
            return Answer(200, newest.note) if newest is not None else _NOT_FOUND
        if what == "heads":
            return Answer(200, self._archive(origin), "application/x-tar")
        return _NOT_FOUND

    def _archive(self, origin: str) -> bytes:
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for seen in self.cosigner.seen.all_of(origin):
                member = tarfile.TarInfo(f"{seen.head.size:012}.checkpoint")
                member.size, member.mtime, member.mode = len(seen.note), seen.at, 0o644
                archive.addfile(member, io.BytesIO(seen.note))
        return made.getvalue()


async def _body(receive: Receive) -> bytes | None:
    """The body of a request; None when it is longer than a submission can be."""
    pieces, length = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
        if length > MAX_BODY:
            return None
        if not message.get("more_body", False):
            return b"".join(pieces)
