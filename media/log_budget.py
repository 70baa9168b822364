"""A rate limit for log records: input that causes a record can be sent a thousand times a second."""

import logging
import time
from collections.abc import Callable

PER_MINUTE = 10


class LogBudget(logging.Filter):
    """Passes `PER_MINUTE` records a minute from each logging call; the next that passes states how many were dropped.

    Memory is bounded by the number of logging calls in the code. `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[tuple[str, int], list[float]] = {}
        """By file and line: begin of the current minute, records in it, records dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        count = self._counts.setdefault((record.pathname, record.lineno), [now, 0, 0])
        if now - count[0] >= 60:
            count[0], count[1] = now, 0
        count[1] += 1
        if count[1] > PER_MINUTE:
            count[2] += 1
            return False
        if count[2]:
            record.msg = f"{record.getMessage()} [and {count[2]:.0f} more like it, left out]"
            record.args = None
            count[2] = 0
        return True


def limit_log() -> None:
    """Apply the limit to every present log handler."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(LogBudget())
