"""Supervision of a process beside the web process: started detached, watched, replaced, or taken over.

Used for the media worker and the recorder. Such a process listens on a Unix socket in a private folder, says `Alive`
every 0.5 s, and continues when the web process ends; the next web process finds it by its pid file and attaches.
It gets the events that the earlier web process has not processed (`media.bookmark`).
An exit is noticed at once (pidfd); after 2 s without `Alive` the process is killed. Either way `on_gone` is called at
that moment, even while a handler waits, then `on_lost`; another is started once the first is dead, and `on_restart` is
called when it answers, so that the caller can send its desired state again.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from media.bookmark import Bookmark
from media.children import Child
from media.link import STALE, Link, Mandate, connect
from media.messages import Alive, Attach, Attached, Order, Refused, Stop

logger = logging.getLogger("vivavoce.media.processes")

SILENT_SECONDS = 2.0  # without Alive before a process is killed
CHECK_SECONDS = 0.25
HELD_UP_SECONDS = 0.5  # between two checks, from which on this process itself was delayed
START_SECONDS = 30.0  # for a new process to answer
CONNECT_SECONDS = 0.02
STOP_SECONDS = 5.0
HANDLER_SECONDS = 1.0  # for a handler under way to end before it is cancelled
PAUSES = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)  # s before a restart, when the one before lived less than STEADY_SECONDS
STEADY_SECONDS = 10.0
AGAIN = (0.2, 0.5, 1.0, 2.0, 5.0)  # s before a failed handler is called again
MOST_TRIES = 3  # calls of a handler that fails for a lasting reason
MAX_WAITING = 10_000  # events not yet taken by on_message
REQUEST_SECONDS = 10.0

Handler = Callable[[Any], Awaitable[bool | None] | bool | None]


class ProcessError(ConnectionError):
    """The process cannot be reached, or went away before it answered."""


class SupersededError(ProcessError):
    """The process obeys a newer conductor: it is left alone, and none is started in its place."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A change of the process's state, and its time on the monotonic clock (s)."""

    at: float
    what: str
    pid: int


class Process:
    """A supervised process. Make one with `start_or_adopt`; end with `stop` or `detach`.

    `on_message(event)`, `on_lost()` and `on_restart()` are called in the order of events, one at a time; each may be a
    coroutine function, and may use `request`. Answers to `request` go to the caller only. `on_gone(at)` is called with
    the time of a loss (ns since 1970), out of order, and must return at once. `last_seq` is the last event received of
    the present process; `lost_by` is "exit" or "hang"; `history` lists the changes of state.

    `on_message` returns True for an event that it has kept in memory only. The next web process gets that event and
    those after it again, until `settle` was called.

    A handler that raises is called again with the same event after a pause that grows to 5 s, while later events wait:
    for as long as `passing(error)` is true (a temporary cause, such as a database that does not answer), else
    `MOST_TRIES` times, so that an event that cannot be processed does not delay the others.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        socket: str,
        incoming: Any,
        on_message: Handler,
        on_lost: Callable[[], Awaitable[None] | None] | None = None,
        on_restart: Callable[[], Awaitable[None] | None] | None = None,
        environment: Mapping[str, str] | None = None,
        mandate: Mandate = Mandate(),  # noqa: B008 frozen
        on_gone: Callable[[int], None] | None = None,
        passing: Callable[[Exception], bool] = lambda error: False,
    ) -> None:
        self.name = name
        self.folder = folder
        self.last_seq = 0
        self.adopted = False
        self.lost_by = ""
        self.superseded = False
        self.attached: Attached | None = None
        self.history: deque[Moment] = deque(maxlen=200)
        self.last_alive = 0.0
        self._mandate = mandate
        self._argv = list(argv)
        self._socket = folder / socket
        self._bookmark = Bookmark(folder / f"{name}.seen")
        self._taken = 0
        self._unsettled = False
        self._handling = asyncio.Lock()
        self._caught_up = asyncio.Event()
        self._incoming = incoming
        self._on_message = on_message
        self._on_lost = on_lost
        self._on_restart = on_restart
        self._on_gone = on_gone
        self._passing = passing
        self._environment = dict(environment or {})
        self._running: Child | None = None
        self._link: Link[Any] | None = None
        self._replies: dict[str, asyncio.Future[Any]] = {}
        self._events: asyncio.Queue[tuple[Callable[..., Any], tuple[Any, ...], Child | None]]
        self._events = asyncio.Queue(MAX_WAITING)
        self._numbers = itertools.count(1)
        self._tasks: list[asyncio.Task[None]] = []
        self._ending = False
        self._failures = 0

    @classmethod
    async def start_or_adopt(
        cls,
        name: str,
        argv: Sequence[str],
        folder: Path,
        socket: str,
        incoming: Any,
        on_message: Handler,
        on_lost: Callable[[], Awaitable[None] | None] | None = None,
        on_restart: Callable[[], Awaitable[None] | None] | None = None,
        environment: Mapping[str, str] | None = None,
        mandate: Mandate = Mandate(),  # noqa: B008 frozen
        on_gone: Callable[[int], None] | None = None,
        passing: Callable[[Exception], bool] = lambda error: False,
    ) -> "Process":
        """Take over the process that runs in `folder`, or start one; attached when this returns.

        The events that an earlier web process has not processed come again, oldest first. Raises ProcessError when no
        process answers within 30 s, SupersededError when it obeys a newer conductor than `mandate` says.
        """
        handlers = (on_message, on_lost, on_restart)
        process = cls(name, argv, folder, socket, incoming, *handlers, environment, mandate, on_gone, passing)
        await process._begin()
        return process

    @property
    def pid(self) -> int:
        """Pid of the present process; 0 while there is none."""
        return self._running.pid if self._running is not None else 0

    @property
    def since(self) -> int:
        """When the present process began, ns: another value is another process."""
        return self.attached.since if self.attached is not None else 0

    async def caught_up(self, within: float) -> bool:
        """Wait until the events from before the take-over have been handled; False when `within` s were too short."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._caught_up.wait()
        return self._caught_up.is_set()

    def settle(self) -> None:
        """What was kept in memory is durable now: no event handled so far comes again."""
        if self._unsettled:
            self._unsettled = False
            self._bookmark.write(self._taken)

    # --- messages to the process -------------------------------------------------------------------------------

    def send(self, message: msgspec.Struct) -> bool:
        """Send a message; False when the process is not connected now (`on_restart` will be called)."""
        if self._link is None:
            return False
        if isinstance(message, Order):
            message.token = self._mandate.token
        try:
            self._link.send(message)
        except ConnectionError:
            return False
        return True

    def new_id(self) -> str:
        """An id for a command, unique to this object."""
        return f"{os.getpid()}-{id(self) & 0xFFFF:x}-{next(self._numbers)}"

    async def request(self, message: Any, timeout: float = REQUEST_SECONDS) -> Any:  # noqa: ASYNC109 callers' word
        """Send a command that has an `id` and wait for the answer, whose `re` is the same.

        Raises ProcessError when the process goes away first or cannot be reached, TimeoutError after `timeout` s.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._replies[message.id] = future
        try:
            if not self.send(message):
                raise ProcessError(f"the {self.name} cannot be reached")
            async with asyncio.timeout(timeout):
                return await future
        finally:
            self._replies.pop(message.id, None)

    async def stop(self) -> None:
        """End the process by `stop`, with SIGKILL after 5 s; one that obeys a newer conductor is left alone."""
        self._ending = True
        running = self._running
        if running is not None and not self._is_superseded():
            if not self.send(Stop()):
                running.signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await running.gone.wait()
            except TimeoutError:
                running.signal(signal.SIGKILL)
                await running.gone.wait()
            self._note("stopped", running.pid)
            (self.folder / f"{self.name}.pid").unlink(missing_ok=True)
            self._bookmark.remove()
        await self.detach()

    async def detach(self) -> None:
        """Disconnect and leave the process running, for the next web process to adopt. A handler under way may end
        before, for `HANDLER_SECONDS`: one that is cut off in a transaction keeps the database locked."""
        self._ending = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HANDLER_SECONDS):
                await self._handling.acquire()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        if self._link is not None:
            await self._link.close()
            self._link = None
        self._forget()
        self._fail_replies()

    # --- starting and taking over ------------------------------------------------------------------------------

    def _note(self, what: str, pid: int) -> None:
        self.history.append(Moment(time.monotonic(), what, pid))

    async def _begin(self) -> None:
        self._running = self._left_process()
        self.adopted = self._running is not None
        if self._running is None:
            self._running = self._start()
        else:
            self.last_seq = self._taken = self._bookmark.read()
            self._note("adopted", self._running.pid)
        try:
            await self._attach(self._running, START_SECONDS if not self.adopted else SILENT_SECONDS)
        except SupersededError:
            self._forget()
            raise
        except ProcessError:
            await self._give_up(self._running)
            if not self.adopted:
                raise
            self.adopted = False
            self._running = self._start()
            try:
                await self._attach(self._running, START_SECONDS)
            except ProcessError:
                await self._give_up(self._running)
                raise
        self._tasks = [asyncio.create_task(self._supervise()), asyncio.create_task(self._dispatch())]

    def _left_process(self) -> Child | None:
        """The process an earlier web process has left."""
        child = Child.find(self.name, self.folder)
        if child is not None:
            self._watch(child)
        return child

    def _start(self) -> Child:
        self._require_mandate()
        self._socket.unlink(missing_ok=True)
        self._bookmark.remove()
        self.last_seq = self._taken = 0
        self._unsettled = False
        child = Child.start(self.name, self._argv, self.folder, self._environment)
        self._note("started", child.pid)
        self._watch(child)
        return child

    def _watch(self, child: Child) -> None:
        child.watch(lambda: self._note("exit", child.pid))

    def _forget(self) -> None:
        """Stop watching the present process."""
        running, self._running = self._running, None
        if running is not None:
            running.forget()

    def _is_superseded(self) -> bool:
        self.superseded = self.superseded or not self._mandate.stands()
        return self.superseded

    def _require_mandate(self) -> None:
        if self._is_superseded():
            raise SupersededError(f"the {self.name} obeys a newer conductor")

    def _kill(self, running: Child) -> None:
        self._require_mandate()
        self._note("killed", running.pid)
        running.signal(signal.SIGKILL)

    async def _give_up(self, running: Child) -> None:
        """End a process that does not answer, and forget it."""
        self._kill(running)
        await running.gone.wait()
        self._forget()

    async def _attach(self, running: Child, within: float) -> None:
        """Connect and wait for `Attached`. Raises ProcessError when it ends, or does not answer in time."""
        until = time.monotonic() + within
        link: Link[Any] | None = None
        while not running.gone.is_set() and time.monotonic() < until:
            try:
                link = await connect(self._socket, self._incoming)
                break
            except OSError:
                await asyncio.sleep(CONNECT_SECONDS)
        if link is None:
            raise ProcessError(f"the {self.name} does not listen")
        try:
            link.send(Attach(last_seq=self.last_seq, token=self._mandate.token))
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.1, until - time.monotonic())):
                async for message in link:
                    if isinstance(message, Refused) and message.code == STALE:
                        self.superseded = True
                        self._require_mandate()
                    if isinstance(message, Attached):
                        self.attached = message
                        break
                else:
                    raise ProcessError(f"the {self.name} closed the link")
        except SupersededError:
            await link.close()
            raise
        except (TimeoutError, ConnectionError) as error:
            await link.close()
            raise ProcessError(f"the {self.name} does not answer") from error
        self._link = link
        self.last_alive = time.monotonic()
        self._note("attached", running.pid)
        self._look_caught_up()

    # --- watching ----------------------------------------------------------------------------------------------

    async def _supervise(self) -> None:
        """One iteration per process: watch it to its end, then start the next; detach when a newer conductor has it."""
        try:
            while self._running is not None:
                await self._watch_to_end(self._running)
                self._fail_replies()
                if self._ending:
                    return
                await self._replace()
        except SupersededError as error:
            logger.error("%s; this process lets go of it", error)
            self._note("superseded", self.pid)
            self._ending = True
            self._forget()
            self._fail_replies()

    async def _watch_to_end(self, running: Child) -> None:
        """Return when the process is dead. Its loss is reported before: a process that waits for a disk dies late."""
        while True:
            reader = asyncio.create_task(self._read())
            try:
                reason = await self._watchdog(running, reader)
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
            if self._link is not None:
                self._link.abort()
                self._link = None
            if reason == "link" and not self._ending:
                try:
                    await self._attach(running, SILENT_SECONDS - 0.5)
                    continue
                except SupersededError:
                    raise
                except ProcessError:
                    reason = "exit" if running.gone.is_set() else "hang"
            if not self._ending:
                self._require_mandate()
                if not running.gone.is_set():
                    self._note(reason, running.pid)
                    self._kill(running)
                self._lose(reason, running)
            await running.gone.wait()
            return

    def _lose(self, reason: str, running: Child) -> None:
        """Report that the process is lost, with the cause: "exit", or "hang" when it has to be killed."""
        self._note("lost", running.pid)
        self.lost_by = reason
        self._fail_replies()
        if self._on_gone is not None:
            try:
                self._on_gone(time.time_ns())
            except Exception:
                logger.exception("a handler for the %s failed", self.name)
        self._queue_call(self._on_lost)

    async def _watchdog(self, running: Child, reader: asyncio.Task[None]) -> str:
        """Wait for the loss of the process; returns its cause. The wait is extended once when this web process was
        delayed: messages have not been read yet, and the process may have been delayed too."""
        before = time.monotonic()
        held_up_in = patient_until = 0.0
        gone = asyncio.create_task(running.gone.wait())
        try:
            while True:
                await asyncio.wait({gone, reader}, timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                now = time.monotonic()
                if running.gone.is_set():
                    return "exit"
                if reader.done():
                    # An exit closes the socket a moment before the process is gone.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.2):
                            await running.gone.wait()
                    return "exit" if running.gone.is_set() else "link"
                if now - before > HELD_UP_SECONDS and held_up_in != self.last_alive:
                    held_up_in, patient_until = self.last_alive, now + SILENT_SECONDS / 2
                before = now
                if now - self.last_alive > SILENT_SECONDS and now >= patient_until and not self._ending:
                    return "hang"
        finally:
            gone.cancel()

    async def _read(self) -> None:
        assert self._link is not None
        try:
            async for message in self._link:
                if isinstance(message, Alive):
                    self.last_alive = time.monotonic()
                    continue
                future = self._replies.get(getattr(message, "re", ""))
                seq = getattr(message, "seq", 0)
                if isinstance(message, Attached) or 0 < seq <= self.last_seq:
                    continue
                self.last_seq = max(self.last_seq, seq)
                if future is not None:
                    if not future.done():
                        future.set_result(message)
                    continue
                self._queue_call(self._on_message, message)
        except ConnectionError:
            logger.error("the %s said something that is not in the table", self.name)

    def _queue_call(self, handler: Callable[..., Any] | None, *arguments: Any) -> None:
        """Queue an event, loss or restart for the caller's handlers, which are called in order, one at a time."""
        if handler is None:
            return
        if self._events.full():
            logger.error("the %s says more than is taken in; the oldest event is dropped", self.name)
            self._events.get_nowait()
        self._events.put_nowait((handler, arguments, self._running))

    async def _dispatch(self) -> None:
        while True:
            handler, arguments, child = await self._events.get()
            async with self._handling:
                in_memory = await self._handle(handler, arguments)
            seq = getattr(arguments[0], "seq", 0) if arguments else 0
            if seq and child is self._running:  # events of the process before have other numbers
                self._taken = seq
                self._unsettled = self._unsettled or in_memory
                if not self._unsettled:
                    self._bookmark.write(seq)
                self._look_caught_up()

    async def _handle(self, handler: Callable[..., Any], arguments: tuple[Any, ...]) -> bool:
        """Call a handler until it has taken the event; whether it has kept it in memory only."""
        for tried in itertools.count(1):
            try:
                result = handler(*arguments)
                if asyncio.iscoroutine(result):
                    result = await result
            except Exception as error:
                why = error if tried == 1 else None  # its traceback once
                if tried >= MOST_TRIES and not self._passing(error):
                    logger.exception("a handler for the %s failed %d times: the event is passed over", self.name, tried)
                    return False
                pause = AGAIN[min(tried, len(AGAIN)) - 1]
                message = "a handler for the %s failed (%s); it is called again in %.1f s, and later events wait"
                logger.error(message, self.name, type(error).__name__, pause, exc_info=why)
                await asyncio.sleep(pause)
            else:
                if tried > 1:
                    logger.warning("the handler for the %s has taken the event, the %d. time", self.name, tried)
                return result is True
        return False

    def _look_caught_up(self) -> None:
        if self.attached is not None and self._taken >= self.attached.seq:
            self._caught_up.set()

    def _fail_replies(self) -> None:
        replies, self._replies = self._replies, {}
        for future in replies.values():
            if not future.done():
                future.set_exception(ProcessError(f"the {self.name} went away"))

    async def _replace(self) -> None:
        """Start another process, and report it."""
        status = self._running.status if self._running is not None else None
        logger.warning("the %s is gone (%s, status %s); starting another", self.name, self.lost_by, status)
        lived = time.monotonic() - self._running.since if self._running is not None else 0.0
        self._failures = 0 if lived > STEADY_SECONDS else self._failures + 1
        self._forget()
        self._require_mandate()
        while True:
            await asyncio.sleep(PAUSES[min(max(0, self._failures - 1), len(PAUSES) - 1)])
            self._running = self._start()
            try:
                await self._attach(self._running, START_SECONDS)
                break
            except ProcessError as error:
                logger.error("%s", error)
                self._failures += 1
                await self._give_up(self._running)
        self._note("restarted", self._running.pid)
        self._queue_call(self._on_restart)


def python(module: str, *arguments: str) -> list[str]:
    """The command line that runs a module of this code with this interpreter."""
    return [sys.executable, "-m", module, *arguments]
