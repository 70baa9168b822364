"""A link: typed messages over a Unix socket, each MessagePack behind a four-byte big-endian length.

The socket lies in a private folder (mode 0700). Paths longer than a Unix socket address allows are reached through
the folder's descriptor (`/proc/self/fd/N/name`), so the data folder may lie anywhere.
"""

import asyncio
import contextlib
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

MAX_MESSAGE = 3 * 1024 * 1024
"""Bytes: a batch of frames and the largest frame. What is made of them when read takes up to sixteen times as much."""
MAX_WAITING = 16 * 1024 * 1024
"""Bytes not yet taken by the other side, from which on it counts as one that does not read."""
_LENGTH = struct.Struct("!I")
_encoder = msgspec.msgpack.Encoder()

Incoming = TypeVar("Incoming")


class LinkError(ConnectionError):
    """The other side sent something that is not a message of the table."""


class Link(Generic[Incoming]):
    """One connection. `incoming` is the union of message types the other side may send.

    Iterating yields messages until the other side goes away; `send` never blocks: it queues, and raises
    `ConnectionError` when the link is closed or more than `limit` bytes wait to be written.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        incoming: Any,
        limit: int = MAX_WAITING,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._limit = limit
        self._decoder: msgspec.msgpack.Decoder[Incoming] = msgspec.msgpack.Decoder(incoming)

    @property
    def waiting(self) -> int:
        """Bytes queued and not yet taken by the socket."""
        return self._writer.transport.get_write_buffer_size()

    @property
    def closed(self) -> bool:
        """True when nothing more can be sent."""
        return self._writer.is_closing()

    def send(self, message: msgspec.Struct) -> None:
        """Queue one message. Raises ConnectionError when closed or the other side does not read."""
        if self._writer.is_closing():
            raise ConnectionError("the link is closed")
        if self.waiting > self._limit:
            raise ConnectionError(f"the other side does not read: {self.waiting} bytes wait")
        body = _encoder.encode(message)
        self._writer.write(_LENGTH.pack(len(body)) + body)

    async def __aiter__(self) -> AsyncIterator[Incoming]:
        while True:
            try:
                (length,) = _LENGTH.unpack(await self._reader.readexactly(4))
                if length > MAX_MESSAGE:
                    raise LinkError(f"a message of {length} bytes; at most {MAX_MESSAGE} are allowed")
                body = await self._reader.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionResetError, BrokenPipeError):
                return
            try:
                message = self._decoder.decode(body)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise LinkError(str(error)) from error
            yield message

    def abort(self) -> None:
        """Close at once, whatever still waits to be written: the other side does not read any more."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close once what waits is written; safe to call twice."""
        self._writer.close()
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            await self._writer.wait_closed()


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
        reader, writer = await asyncio.open_unix_connection(address)
    return Link(reader, writer, incoming)


async def serve(path: Path, incoming: Any, handler: Callable[[Link[Any]], Awaitable[None]]) -> asyncio.Server:
    """Listen at `path` (an old socket there is replaced); `handler` owns each link until it returns."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link: Link[Any] = Link(reader, writer, incoming)
        try:
            await handler(link)
        finally:
            await link.close()

    path.unlink(missing_ok=True)
    with short_path(path) as address:
        server = await asyncio.start_unix_server(accept, address)
    path.chmod(0o600)
    return server
