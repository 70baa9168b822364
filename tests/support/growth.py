"""How the cost of reading grows with what is read: twice as much may cost two and a half times as much, and no more.

Time is the processor time of this thread. What has been measured once and is well is not measured again; what is not is
measured anew, the best of several, so that a busy machine is no failure. What takes less than `SHORTEST` at the largest
size holds nobody up, however it grows: that little cannot be told from chance. Memory is what Python has allocated at
most at a quarter of the size, four times: what needs more than that in proportion takes more time in proportion too.
"""

import contextlib
import time
import tracemalloc
from collections.abc import Callable

MOST_GROWTH = 2.5
MOST_MEMORY = 64 * 1024 * 1024
SHORTEST = 0.02
"""Seconds of a measurement."""
LONGEST = 10.0
"""Seconds after which a single reading is too slow however it grows."""
BEST_OF, TRIES = 3, 5

Read = Callable[[bytes], object]
Make = Callable[[int], bytes]


class GrowsTooFast(AssertionError):
    """The cost of reading more than doubles with the input, or is too high at the allowed size."""


def grows_linearly(
    read: Read,
    make: Make,
    size: int,
    *,
    refused: tuple[type[Exception], ...] = (),
    memory: int = MOST_MEMORY,
    doublings: int = 2,
) -> None:
    """Raise `GrowsTooFast` unless `read(make(n))` grows linearly up to `n = size`, and stays within `memory` there.

    `size` is the most that is allowed; it is compared with its half, and that with its half, `doublings` times.
    `refused` are the exceptions by which `read` refuses what it does not take; any other one is raised.
    """

    def once(data: bytes) -> None:
        with contextlib.suppress(*refused):
            read(data)

    peak = _peak(once, make(size >> 2)) * 4
    if peak > memory:
        raise GrowsTooFast(f"{peak / 1024 / 1024:.1f} MiB for {size} bytes")
    inputs = [make(size >> halvings) for halvings in range(doublings, -1, -1)]
    said = ""
    for attempt in range(TRIES):
        costs = [_seconds(once, data, BEST_OF if attempt else 1) for data in reversed(inputs)]
        said = _too_fast(costs[::-1], [len(data) for data in inputs])
        if not said:
            return
    raise GrowsTooFast(said)


def _too_fast(costs: list[float], sizes: list[int]) -> str:
    if costs[-1] > LONGEST:
        return f"{costs[-1]:.1f} s for {sizes[-1]} bytes"
    for less, more, size in zip(costs, costs[1:], sizes[1:], strict=False):
        if more > max(less * MOST_GROWTH, SHORTEST):
            return f"{size} bytes took {more * 1000:.2f} ms, half of them {less * 1000:.2f} ms: {more / less:.1f} times"
    return ""


def _seconds(once: Callable[[bytes], None], data: bytes, best_of: int) -> float:
    return min(_timed(once, data) for _ in range(best_of))


def _timed(once: Callable[[bytes], None], data: bytes) -> float:
    begun = time.thread_time()
    once(data)
    return max(time.thread_time() - begun, 1e-7)


def _peak(once: Callable[[bytes], None], data: bytes) -> int:
    """Bytes allocated at most while reading, beyond the input."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        once(data)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()
