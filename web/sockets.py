"""Connections as uvicorn takes them: how many there may be, and how long one may be about to send something.

A request that is never finished costs its sender nothing. So a head must come within `HEAD_SECONDS`, a body at
`LEAST_RATE` or faster, an answer be read within `WRITE_SECONDS`; and a connection that waits for its next request
makes room when there are too many, the one that has waited longest first. All of this holds before the application
is asked. One timer looks after all connections: a request costs a few assignments.
"""

import asyncio
import gc
import resource
from collections.abc import Callable
from socket import socket
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from web.buckets import counted_as
from web.settings import Settings

HEAD_SECONDS = 10.0
"""From the connection, or from the first byte of a later request, to the end of its head."""
IDLE_SECONDS = 30.0
"""Between two requests."""
BODY_SECONDS, LEAST_RATE = 20.0, 4096
"""A body takes at most so many seconds and one more for so many bytes of it."""
WRITE_SECONDS = 60.0
"""An answer that nobody reads is given up."""
CLOSE_SECONDS = 3.0
"""What is closed and still there after these seconds is cut off."""
HEAD_BYTES, MOST_HEADERS = 32_768, 100
MOST_PIPELINED = 16
"""Requests sent before the answers to those before them."""
MOST_THROWN_AWAY = 1 << 26
"""Bytes of a refused body that are read and discarded, so that the sender gets to read the refusal."""
MOST_FRAMES = 64
"""Pieces of one message of a WebSocket."""
MOST_UNREAD = 1 << 20
"""Bytes a WebSocket may leave unread: the pongs it asks for, say."""
OTHER_FILES = 256
"""Files besides the connections: databases, sockets of workers, what is being read."""
LOOK_SECONDS = 0.5
NEVER = float("inf")


class Lingering:
    """A transport whose end loses no answer: while the rest of a refused body is under way, a plain `close` would reset
    the connection, and whoever still sends would never read why. So the answer is ended, and the rest thrown away.
    """

    def __init__(self, transport: asyncio.Transport, connection: "HttpConnection") -> None:
        self._transport = transport
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._connection.place.closing or self._transport.is_closing()

    def close(self) -> None:
        if not self._connection.linger(self._transport):
            self._transport.close()


class ConnectionTable:
    """The connections of a server, by address, and the one timer over them."""

    def __init__(self, most: int, most_of_address: int, trusted: str = "") -> None:
        self.most = most
        self.most_of_address = most_of_address
        self.is_proxy: Callable[[str], bool] = ProxyHeadersMiddleware(
            None,  # type: ignore[arg-type]
            trusted,
        ).trusted_hosts.__contains__
        self.inside: dict[OpenConnection, None] = {}
        self.waiting: dict[OpenConnection, None] = {}
        """Without a request in progress; who has waited longest is first."""
        self.of_address: dict[str, dict[OpenConnection, None]] = {}
        self.timer: asyncio.TimerHandle | None = None

    def enter(self, place: "OpenConnection") -> bool:
        """Take a connection in; False when there is no room and nobody who waits."""
        there = self.of_address.setdefault(place.address, {})
        if place.address and len(there) >= self.most_of_address:
            self._make_room(next((one for one in there if one in self.waiting), None))
        if len(self.inside) >= self.most:
            self._make_room(next(iter(self.waiting), None))
        if len(self.inside) >= self.most or (place.address and len(there) >= self.most_of_address):
            if not there:
                del self.of_address[place.address]
            return False
        self.of_address.setdefault(place.address, there)[place] = None
        self.inside[place] = self.waiting[place] = None
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        return True

    def _make_room(self, place: "OpenConnection | None") -> None:
        if place is not None:
            self.leave(place)
            place.transport.abort()

    def leave(self, place: "OpenConnection") -> None:
        """Forget a connection; one that is forgotten already is no matter."""
        self.inside.pop(place, None)
        self.waiting.pop(place, None)
        there = self.of_address.get(place.address, {})
        there.pop(place, None)
        if not there:
            self.of_address.pop(place.address, None)

    def waits(self, place: "OpenConnection", waits: bool) -> None:
        """Whether a connection has no request in progress; who begins to wait is last."""
        self.waiting.pop(place, None)
        there = self.of_address.get(place.address)
        if waits and place in self.inside and there is not None:
            del there[place]
            there[place] = self.waiting[place] = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for place in [one for one in self.inside if one.until < now or one.written_until < now]:
            place.late(now)
        self.timer = loop.call_later(LOOK_SECONDS, self._look) if self.inside else None


class OpenConnection:
    """One connection in the room: until when the next thing must have happened, and what is done when it has not."""

    __slots__ = ("address", "closing", "late_is", "room", "transport", "until", "written_until")

    def __init__(
        self, room: ConnectionTable, transport: asyncio.Transport, address: str, late: Callable[[float], None]
    ) -> None:
        self.room = room
        self.transport = transport
        self.address = address
        self.late_is = late
        self.until = self.written_until = NEVER
        self.closing = False

    def late(self, now: float) -> None:
        """The time is over: say so and close, or cut off what was closed before or does not read."""
        if self.closing or self.written_until < now:
            self.transport.abort()
        else:
            self.late_is(now)

    def close(self, now: float) -> None:
        """Close, and cut off what is still there a little later."""
        self.closing = True
        self.until = now + CLOSE_SECONDS
        self.transport.close()


class HttpConnection(HttpToolsProtocol):
    """HTTP/1.1 with an end to everything a client can leave unfinished."""

    room: ConnectionTable

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.place: OpenConnection = None  # type: ignore[assignment]
        self.in_head = True
        self.in_body = False
        self.head_bytes = self.body_bytes = self.thrown_away = 0
        self.body_begun = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        known = self.client is not None and not self.room.is_proxy(self.client[0])
        self.place = OpenConnection(
            self.room, transport, counted_as(self.client[0]) if self.client and known else "", self.late
        )
        self.place.until = self.loop.time() + HEAD_SECONDS
        self.transport = cast(asyncio.Transport, Lingering(transport, self))
        if not self.room.enter(self.place):
            transport.abort()

    def linger(self, transport: asyncio.Transport) -> bool:
        """Whether a body is under way; then no more is answered, and what comes is thrown away for a little."""
        if not self.in_body or self.place.closing or transport.is_closing():
            return False
        self.place.closing = True
        self.place.until = self.loop.time() + CLOSE_SECONDS
        self.flow.resume_reading()
        if transport.can_write_eof():
            transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.room.leave(self.place)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.place.closing:
            self.thrown_away += len(data)
            if self.thrown_away > MOST_THROWN_AWAY:
                self.transport.abort()
            return
        if not self.in_head and not self.in_body and (self.cycle is None or self.cycle.response_complete):
            self.in_head, self.head_bytes = True, 0
            self.place.until = self.loop.time() + HEAD_SECONDS
        before = self.head_bytes
        super().data_received(data)
        if self.in_head and not self.transport.is_closing():
            self.head_bytes = max(self.head_bytes, before + len(data))
            if self.head_bytes > HEAD_BYTES:
                self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.in_head, self.head_bytes = True, 0
        if len(self.pipeline) >= MOST_PIPELINED:
            raise ValueError("too many requests at once")

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if self.in_head:  # what comes after a body is of no use to anybody here
            super().on_header(name, value)
        if len(self.headers) > MOST_HEADERS:
            raise ValueError("too many headers")

    def _count(self, size: int) -> None:
        self.head_bytes += size
        if self.head_bytes > HEAD_BYTES:
            raise ValueError("too long a head")  # httptools makes it a fault of the request: 400, and closed

    def on_headers_complete(self) -> None:
        self.in_head, self.in_body = False, True
        self.body_bytes, self.body_begun = 0, self.loop.time()
        self.place.until = self.body_begun + BODY_SECONDS
        self.room.waits(self.place, False)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        self.place.until = self.body_begun + BODY_SECONDS + self.body_bytes / LEAST_RATE
        super().on_body(body)

    def on_message_complete(self) -> None:
        self.in_body = False
        self.place.until = NEVER
        super().on_message_complete()
        self._rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._rest()

    def _rest(self) -> None:
        """Nothing is asked and nothing is being answered: the next request may come."""
        cycle = self.cycle
        if cycle is None or not cycle.response_complete or self.pipeline or self.in_body or self.transport.is_closing():
            return
        self.place.until = self.loop.time() + (HEAD_SECONDS if self.in_head else IDLE_SECONDS)
        self.room.waits(self.place, True)

    def pause_writing(self) -> None:
        self.place.written_until = self.loop.time() + WRITE_SECONDS
        super().pause_writing()

    def resume_writing(self) -> None:
        self.place.written_until = NEVER
        super().resume_writing()

    def late(self, now: float) -> None:
        """What was to come has not come in time."""
        if self.in_body and self.flow.read_paused:  # it is we who do not read
            waited = now - self.place.until
            self.body_begun += waited + LOOK_SECONDS
            self.place.until += waited + LOOK_SECONDS
            return
        answered = self.cycle is not None and (self.cycle.response_started and not self.cycle.response_complete)
        if not answered and (self.in_head or self.in_body):
            self._refuse(b"408 Request Timeout")
        else:
            self.place.close(now)

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self.place.close(self.loop.time())

    def _refuse(self, status: bytes) -> None:
        """An answer without the application."""
        if not self.transport.is_closing():
            head = (b"connection: close", b"content-length: 0", b"cache-control: no-store")
            self.transport.write(b"\r\n".join((b"HTTP/1.1 " + status, *head, b"", b"")))
            self.place.close(self.loop.time())

    def handle_websocket_upgrade(self) -> None:
        self.place.until = NEVER
        super().handle_websocket_upgrade()
        found = self.transport.get_protocol()
        if isinstance(found, SocketConnection):
            found.place = self.place
            self.place.late_is = self.place.close


class SocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket whose messages come in few pieces and whose pongs are read. `web.sitting` waits for its hello."""

    place: OpenConnection | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self.place is not None:
            self.place.room.leave(self.place)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        if self.place is not None:
            self.place.written_until = self.loop.time() + WRITE_SECONDS
        super().pause_writing()

    def resume_writing(self) -> None:
        if self.place is not None:
            self.place.written_until = NEVER
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if len(self.frames) > MOST_FRAMES or self.transport.get_write_buffer_size() > MOST_UNREAD:
            self.transport.abort()


class Server(uvicorn.Server):
    """Leaves what it begins with to itself; tells the application first when it is to stop, so that no stream has to
    be broken off."""

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Of uvicorn: the application begins."""
        await super().startup(sockets)
        # A later collection holds every thread while it looks through modules, routes and models: 0.3 s, and some
        # thousand values in one request bring it about.
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Of uvicorn: a signal has come."""
        cast(Starlette, self.config.app).state.parts.ending.set()
        super().handle_exit(sig, frame)


def open_files(settings: Settings) -> int:
    """Have the system give the process as many files as the connections need; how many connections it can have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = settings.connections + OTHER_FILES
    if soft < wanted and soft != resource.RLIM_INFINITY:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return settings.connections if soft == resource.RLIM_INFINITY else min(settings.connections, soft - OTHER_FILES)


def http_protocol(settings: Settings) -> type[HttpConnection]:
    """The protocol of a server, with a room of its own."""
    room = ConnectionTable(settings.connections, settings.connections_per_address, settings.trusted_proxies)
    return type("HttpConnection", (HttpConnection,), {"room": room})
