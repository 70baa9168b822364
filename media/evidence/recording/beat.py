"""The recorder's own clock: ticks that ride on what comes in anyway, and a timer for when nothing does.

Waking a process costs more than the tick itself, so a batch from the worker also moves the clock. After a tick that is
far too late (the process was stopped, or the machine was busy) ticks wait a moment: what waits in the sockets is read
before anything is called silent.
"""

import asyncio
import contextlib
from collections.abc import Callable

TICK = 0.2
"""Seconds between ticks while batches come."""
IDLE_TICK = 0.4
"""Seconds between ticks while none do."""
ALIVE_EVERY = 0.5
HELD_UP = 0.8
CATCH_UP = 0.5
"""Seconds: after a tick that comes so long after the one before, ticks wait so long."""


class Beat:
    """`tick()` does what is due; `alive(lag)` says that the process lives, with its worst delay in ms."""

    def __init__(self, tick: Callable[[], None], alive: Callable[[int], None]) -> None:
        self._tick = tick
        self._alive = alive
        self._at = self._said = self._wait_until = 0.0
        self._lag = 0.0

    def move(self) -> None:
        """Something came in: tick if it is time."""
        now = asyncio.get_running_loop().time()
        if now - self._at >= TICK:
            self._beat(now)

    async def run(self, done: asyncio.Event) -> None:
        """Until done, also while nothing comes in."""
        loop = asyncio.get_running_loop()
        self._at = loop.time()
        while not done.is_set():
            due = self._at + IDLE_TICK
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await done.wait()
            now = loop.time()
            self._lag = max(self._lag, now - due)
            if now - self._at >= IDLE_TICK:
                self._beat(now)

    def _beat(self, now: float) -> None:
        if now - self._at > HELD_UP:
            self._wait_until = now + CATCH_UP
        self._at = now
        if now >= self._wait_until:
            self._tick()
        if now - self._said >= ALIVE_EVERY - TICK / 2:
            self._alive(round(max(0.0, self._lag) * 1000))
            self._said, self._lag = now, 0.0
