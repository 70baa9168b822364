"""A seat's connection: one page's WebSocket, its outgoing queue, and the limits that protect the server from it."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from media import messages

logger = logging.getLogger("vivavoce.web.live.connections")

MESSAGES_PER_SECOND = 20
LARGEST_MESSAGE = 16 * 1024
QUEUE = 256
REMEMBERED_ANSWERS = 128
SILENT_AFTER = 6.0
"""Seconds without a `beat` after which a page counts as gone (it sends one every 2 s)."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[messages.Message] = msgspec.json.Decoder(messages.BROWSER_TO_WEB)


class Answers(OrderedDict[str, "messages.Result | None"]):
    """Results of a person's last commands, None while one is being carried out: a command sent twice, also over a new
    connection, is done once."""

    def keep(self, command_id: str, answer: messages.Result | None) -> None:
        """Keeps a result; drops the oldest when there are too many."""
        self[command_id] = answer
        while len(self) > REMEMBERED_ANSWERS:
            self.popitem(last=False)


class Connection:
    """One page. Owned by the task that runs `listen`; others only call `send` and `end`.

    The outgoing queue is bounded: a page that does not read `QUEUE` messages is cut off, since what it would
    show is old; it comes back by itself and gets one complete view.
    """

    def __init__(
        self, websocket: WebSocket, participant_id: str, login_id: str, locale: str, answers: "Answers"
    ) -> None:
        self.participant_id = participant_id
        self.login_id = login_id
        self.locale = locale
        self.line: messages.LineReport | None = None
        self.heard_at = time.monotonic()
        self.ended = False
        """Whether `bye` was sent: further messages of the page are ignored."""
        self.warned = 0
        """Minutes before the end of its login at which the last warning was sent; 0: none yet."""
        self.last_view: messages.View | None = None
        self.answers = answers
        self._websocket = websocket
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._budget = float(MESSAGES_PER_SECOND)
        self._budget_at = time.monotonic()

    @property
    def silent(self) -> bool:
        """Whether nothing was received from the page for `SILENT_AFTER` seconds."""
        return time.monotonic() - self.heard_at > SILENT_AFTER

    def send(self, message: messages.Message) -> None:
        """Queues one message; never waits."""
        self._put(_encoder.encode(message))

    def send_view(self, view: messages.View) -> None:
        """Queues a view unless it equals the one before. The number of seals and the time of the last do not count:
        every `tick` has them."""
        counted = replace(view.recording, sealed=0, last_sealed_at=None)
        shown = replace(view, seq=0, recording=counted)
        if shown != self.last_view:
            self.last_view = shown
            self.send(view)

    def end(self, bye: messages.Bye) -> None:
        """Sends the reason, then closes. Messages received from now on are ignored."""
        self.ended = True
        self.send(bye)
        self._put(None)

    def cut(self) -> None:
        """Closes without a reason."""
        self._put(None)

    def _put(self, data: bytes | None) -> None:
        try:
            self._queue.put_nowait(data)
        except asyncio.QueueFull:
            logger.warning("a page does not read; its connection is cut")
            while not self._queue.empty():
                self._queue.get_nowait()
            self._queue.put_nowait(None)

    async def _write(self) -> None:
        while (data := await self._queue.get()) is not None:
            await self._websocket.send_text(data.decode())
        await self._websocket.close(1000)

    def _take_budget(self) -> bool:
        now = time.monotonic()
        self._budget = min(MESSAGES_PER_SECOND, self._budget + (now - self._budget_at) * MESSAGES_PER_SECOND)
        self._budget_at = now
        if self._budget < 1:
            return False
        self._budget -= 1
        return True

    async def listen(self, handle: Callable[["Connection", messages.Message], Awaitable[None]]) -> None:
        """Passes each message of the page to `handle` until the connection ends. Closes with 1008 for a violation of
        the protocol."""
        writer = asyncio.create_task(self._write())
        reader = asyncio.create_task(self._read(handle))
        try:
            done, _ = await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
                    raise error
        finally:
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)
            if self._websocket.application_state is WebSocketState.CONNECTED:
                try:
                    await self._websocket.close(1001)
                except (RuntimeError, WebSocketDisconnect):
                    logger.debug("the page was gone already")

    async def _read(self, handle: Callable[["Connection", messages.Message], Awaitable[None]]) -> None:
        while True:
            message = await receive(self._websocket)
            if message is None or not self._take_budget():
                await self._websocket.close(1008)
                return
            self.heard_at = time.monotonic()
            await handle(self, message)


async def receive(websocket: WebSocket) -> messages.Message | None:
    """The next message of a page; None for an unknown or malformed message, or one larger than `LARGEST_MESSAGE`.

    Raises WebSocketDisconnect when the page has closed the connection.
    """
    event = await websocket.receive()
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(event.get("code", 1005))
    text = event.get("text")
    return read(text.encode()) if isinstance(text, str) else None


def read(data: bytes) -> messages.Message | None:
    """A parsed message of a page; None for an unknown, malformed, too deeply nested or too large one
    (`LARGEST_MESSAGE`)."""
    if len(data) > LARGEST_MESSAGE:
        return None
    try:
        return _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
