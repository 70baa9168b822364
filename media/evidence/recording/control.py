"""The control socket of the recorder: links to web processes, numbered events, and answers to commands.

The last `RING` events are kept, so that a web process that takes over receives those it has missed. A command is
carried out once: the same `id` again gets the same answer. Commands of an older conductor are refused (`media.link`).
Owned by the event loop.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from media.link import STALE, Fence, Link, LinkError
from media.messages import Attach, Attached, Message, Order, OrderRefused, Refused, Stop

logger = logging.getLogger("vivavoce.media.evidence.recording.control")

RING = 8192
ANSWERS = 512

Carry = Callable[[Any], Awaitable[Message | None]]


class Control:
    """Links, events and answers. `status()` gives the fields of `attached`; `refuse` makes an exception an answer."""

    def __init__(
        self,
        commands: Mapping[type[Any], Carry],
        status: Callable[[], str],
        refuse: Callable[[Any, Exception], Message],
        stop: Callable[[], None],
        fence: Fence,
    ) -> None:
        self._commands = commands
        self._status = status
        self._refuse = refuse
        self._stop = stop
        self._fence = fence
        self._since = time.time_ns()
        self._seq = 0
        self._ring: deque[Message] = deque(maxlen=RING)
        self._answers: dict[str, Message | None] = {}
        self._links: set[Link[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, link: Link[Any]) -> None:
        """Serve one web process, from `attach` until its link closes."""
        try:
            async for message in link:
                newer = message.token > self._fence.highest
                if not self._fence.admits(message.token):
                    self._refuse_older(link, message)
                    continue
                if newer:
                    await self._part_from(link)
                if isinstance(message, Attach):
                    self._attach(link, message)
                elif isinstance(message, Stop):
                    self._stop()
                elif link in self._links:
                    self.spawn(self._command(link, message))
        except (LinkError, ConnectionError) as error:
            logger.warning("a control link ended: %s", error)
        finally:
            self._links.discard(link)

    def event(self, kind: type[Any], **fields: Any) -> Message:
        """Number an event, keep it for later links, and send it on the present ones."""
        self._seq += 1
        made: Message = kind(seq=self._seq, **fields)
        self._ring.append(made)
        self.send(made)
        return made

    def send(self, message: Message) -> None:
        """Send to every attached web process, without waiting."""
        for link in list(self._links):
            try:
                link.send(message)
            except ConnectionError:
                self._links.discard(link)

    def spawn(self, work: Awaitable[None]) -> None:
        """Run in the background."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Close every link."""
        for link in list(self._links):
            await link.close()

    def _refuse_older(self, link: Link[Any], order: Order) -> None:
        """Refuse the order of an older conductor, and report that to the present one."""
        word, highest = str(order.__struct_config__.tag), self._fence.highest
        logger.error("%s of an older conductor refused: token %d, now %d", word, order.token, highest)
        text = f"the token {order.token} is older than {highest}: another process conducts; nothing was changed"
        with contextlib.suppress(ConnectionError):
            link.send(Refused(re=getattr(order, "id", word), code=STALE, text=text))
        self.event(OrderRefused, at=time.time_ns(), order=word, token=order.token, highest=highest)

    async def _part_from(self, newer: Link[Any]) -> None:
        """Close the links of older conductors: a newer one has attached."""
        older = [link for link in self._links if link is not newer]
        self._links.difference_update(older)
        for link in older:
            await link.close()

    def _attach(self, link: Link[Any], message: Attach) -> None:
        with contextlib.suppress(ConnectionError):
            link.send(Attached(seq=self._seq, pid=os.getpid(), since=self._since, status=self._status()))
            for event in self._ring:
                if event.seq > message.last_seq:  # type: ignore[attr-defined]
                    link.send(event)
            self._links.add(link)

    async def _command(self, link: Link[Any], message: Any) -> None:
        if message.id in self._answers:
            answer = self._answers[message.id]
        else:
            self._answers[message.id] = None
            try:
                answer = await self._commands[type(message)](message)
            except Exception as error:
                answer = self._refuse(message, error)
            self._answers[message.id] = answer
            while len(self._answers) > ANSWERS:
                del self._answers[next(iter(self._answers))]
        if answer is not None and not hasattr(answer, "seq"):  # an answer with a number is an event, for all links
            with contextlib.suppress(ConnectionError):
                link.send(answer)
