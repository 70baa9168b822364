"""What this process knows of itself: how late its event loop is, and how often some things have happened.

Numbers without content: no names, no addresses, no texts.
"""

import asyncio
import contextlib
import time
from collections import Counter, deque

EVERY = 0.5
KEPT = 60.0
"""Seconds of which the worst lag is told."""


class Pulse:
    """Owned by the event loop that starts it; `counts` may be added to from anywhere in it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._lags: deque[tuple[float, float]] = deque()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._task = asyncio.create_task(self._measure(), name="pulse")

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @property
    def lag(self) -> float:
        """Seconds by which the loop was late at worst, in the last minute."""
        return max((lag for _at, lag in self._lags), default=0.0)

    async def _measure(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(EVERY)
            now = time.monotonic()
            self._lags.append((now, max(0.0, now - before - EVERY)))
            while self._lags[0][0] < now - KEPT:
                self._lags.popleft()
