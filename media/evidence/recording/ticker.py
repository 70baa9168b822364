"""The recorder's periodic tick: on incoming batches, and by a timer when none come.

Waking a process costs more than the tick itself, so a batch from the worker also triggers one. After a tick that is far
too late (the process was suspended, or the machine was busy) ticks pause briefly: the sockets' backlog is read before
a track can count as silent.
"""

import asyncio
import contextlib
from collections.abc import Callable

TICK = 0.15
"""Seconds between ticks while batches come."""
IDLE_TICK = 0.4
"""Seconds between ticks while none do."""
ALIVE_EVERY = 0.5
HELD_UP = 0.8
CATCH_UP = 0.5
"""Seconds between two ticks from which the process counts as suspended, and for which ticks then pause."""


class Ticker:
    """`tick()` does what is due; `alive(lag)` sends the sign of life, with the longest delay in ms."""

    def __init__(self, tick: Callable[[], None], alive: Callable[[int], None]) -> None:
        self._tick = tick
        self._alive = alive
        self._at = self._said = self._wait_until = 0.0
        self._lag = 0.0

    def move(self) -> None:
        """Tick if due; called for each incoming batch."""
        now = asyncio.get_running_loop().time()
        if now - self._at >= TICK:
            self._advance(now)

    async def run(self, done: asyncio.Event) -> None:
        """Tick by the timer until cancelled, also while no batch comes."""
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
                self._advance(now)

    def _advance(self, now: float) -> None:
        if now - self._at > HELD_UP:
            self._wait_until = now + CATCH_UP
        self._at = now
        if now >= self._wait_until:
            self._tick()
        if now - self._said >= ALIVE_EVERY - IDLE_TICK / 4:
            self._alive(round(max(0.0, self._lag) * 1000))
            self._said, self._lag = now, 0.0
