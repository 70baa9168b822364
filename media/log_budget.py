"""A limit to what is logged: whoever can bring about a record can bring it about a thousand times a second."""

import logging
import time
from collections.abc import Callable

PER_MINUTE = 10


class LogBudget(logging.Filter):
    """Of each place in the code, `PER_MINUTE` records a minute pass; the next one that passes says how many did not.

    Places are bounded by the code. `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._counts: dict[tuple[str, int], list[float]] = {}
        """By file and line: when its minute began, how many came in it, how many have been left out."""

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
    """Every handler there is now keeps to the limit."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(LogBudget())
