"""A link: typed messages over a Unix socket, each MessagePack behind a four-byte big-endian length.

The socket lies in a private folder (mode 0700). Paths longer than a Unix socket address allows are reached through
the folder's descriptor (`/proc/self/fd/N/name`), so the data folder may lie anywhere.
"""

import asyncio
import contextlib
import os
import struct
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, cast

import msgspec

from media.bookmark import Bookmark

MAX_MESSAGE = 3 * 1024 * 1024
"""Largest message in bytes: a batch and the largest frame. The decoded objects take up to sixteen times as much."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes waiting to be sent from which on the peer counts as not reading."""
READ_AHEAD = 128 * 1024
"""Bytes of complete messages not taken by the user, from which on reading from the socket stops."""
_LENGTH = struct.Struct("!I")
_encoder = msgspec.msgpack.Encoder()

Incoming = TypeVar("Incoming")


class LinkError(ConnectionError):
    """The peer sent bytes that are no message of the table."""


class Link(asyncio.Protocol, Generic[Incoming]):
    """One connection. `incoming` is the union of message types the other side may send.

    Iterating yields messages until the other side goes away; `send` never blocks: it queues, and raises
    `ConnectionError` when the link is closed or more than `limit` bytes wait to be written. The iterating task is woken
    for complete messages only; without one, at most `READ_AHEAD` bytes or one message are read.
    """

    def __init__(self, incoming: Any, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)
        self._transport: asyncio.Transport
        self._read = bytearray()
        self._paused = self._ended = False
        loop = asyncio.get_running_loop()
        self._more: asyncio.Future[None] | None = None
        self._lost: asyncio.Future[None] = loop.create_future()

    # --- of asyncio ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio when the connection is made."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio with received bytes."""
        self._read += data
        needed = self._needed()
        if len(self._read) < needed:
            return
        if len(self._read) >= READ_AHEAD and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Called by asyncio when the peer has closed its sending side; it may still be written to."""
        self._end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio when the connection has ended."""
        self._end()
        if not self._lost.done():
            self._lost.set_result(None)

    def _end(self) -> None:
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._more is not None and not self._more.done():
            self._more.set_result(None)

    # --- of its user ---------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """Bytes queued and not yet taken by the socket."""
        return self._transport.get_write_buffer_size()

    @property
    def closed(self) -> bool:
        """True when nothing more can be sent."""
        return self._transport.is_closing()

    def send(self, message: msgspec.Struct) -> None:
        """Queue one message. Raises ConnectionError when closed or the peer does not read."""
        if self._transport.is_closing():
            raise ConnectionError("the link is closed")
        if self.waiting > self._limit:
            raise ConnectionError(f"the other side does not read: {self.waiting} bytes wait")
        whole = bytearray(_LENGTH.size)
        _encoder.encode_into(message, whole, _LENGTH.size)
        _LENGTH.pack_into(whole, 0, len(whole) - _LENGTH.size)
        self._transport.write(whole)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Incoming:
        while len(self._read) < (needed := self._needed()):
            if self._paused:
                self._paused = False
                self._transport.resume_reading()
            if self._ended:
                raise StopAsyncIteration
            self._more = asyncio.get_running_loop().create_future()
            await self._more
        if needed == _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._read)
            raise LinkError(f"a message of {length} bytes; 1 to {MAX_MESSAGE} are allowed")
        with memoryview(self._read) as read, read[_LENGTH.size : needed] as body:
            try:
                message = self._decoder.decode(body)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise LinkError(str(error)) from error
        del self._read[:needed]
        return message

    def _needed(self) -> int:
        """Bytes up to the end of the next message; of its length field while that is incomplete or not allowed."""
        if len(self._read) < _LENGTH.size:
            return _LENGTH.size
        (length,) = _LENGTH.unpack_from(self._read)
        return _LENGTH.size + length if length <= MAX_MESSAGE else _LENGTH.size

    def abort(self) -> None:
        """Close at once and discard queued messages: the peer does not read any more."""
        self._transport.abort()

    async def close(self) -> None:
        """Close once what waits is written; safe to call twice."""
        self._transport.close()
        await asyncio.shield(self._lost)


@contextlib.contextmanager
def short_path(path: Path) -> Iterator[str]:
    """A path to the same socket that fits into a Unix socket address (107 bytes)."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


async def connect(path: Path, incoming: Any) -> Link[Any]:
    """Connect to the socket at `path`. Raises OSError when nobody listens there."""
    with short_path(path) as address:
        _transport, link = await asyncio.get_running_loop().create_unix_connection(lambda: Link[Any](incoming), address)
    return link


async def serve(path: Path, incoming: Any, handler: Callable[[Link[Any]], Awaitable[None]]) -> asyncio.Server:
    """Listen at `path` (an old socket there is replaced); `handler` owns each link until it returns."""
    loop = asyncio.get_running_loop()
    handled: set[asyncio.Task[None]] = set()

    async def handle(link: Link[Any]) -> None:
        try:
            await handler(link)
        finally:
            await link.close()

    def ended(task: asyncio.Task[None]) -> None:
        handled.discard(task)
        if not task.cancelled() and (error := task.exception()):
            loop.call_exception_handler({"message": "a link's handler failed", "exception": error, "task": task})

    class Accepted(Link[Any]):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            task = loop.create_task(handle(self))
            handled.add(task)
            task.add_done_callback(ended)

    path.unlink(missing_ok=True)
    with short_path(path) as address:
        server = await loop.create_unix_server(lambda: Accepted(incoming), address)
    path.chmod(0o600)
    return server


STALE = "stale_conductor"
"""Code of the refusal."""


class Fence:
    """The highest fencing token a worker or recorder has seen; in a file, too, so that the next process in this folder
    continues from it."""

    def __init__(self, path: Path) -> None:
        self._kept = Bookmark(path)
        self.highest = self._kept.read()

    def admits(self, token: int) -> bool:
        """Whether an order with this token is accepted. Effects: lower tokens are refused from now on."""
        if token > self.highest:
            self.highest = token
            self._kept.write(token)
        return token == self.highest


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Mandate:
    """The fencing token of a web process. `stands`: whether it knows of no newer conductor; checked before it starts or
    kills a process, which a token cannot prevent."""

    token: int = 0
    stands: Callable[[], bool] = field(default=_always)
