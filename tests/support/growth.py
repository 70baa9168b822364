"""How the cost of reading grows with what is read: twice as much may cost two and a half times as much, and no more.

Time is the processor time of this thread, the best of several; a measurement that a busy machine has spoilt is made
again. Memory is what Python has allocated at most, while the largest input is read once.
"""

import contextlib
import time
import tracemalloc
from collections.abc import Callable

MOST_GROWTH = 2.5
MOST_MEMORY = 64 * 1024 * 1024
SHORTEST = 0.004
"""Seconds of a measurement: a reading that takes less is repeated so often that it takes as long."""
LONGEST = 10.0
"""Seconds after which a single reading is too slow however it grows."""
BEST_OF, TRIES = 4, 5

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

    `size` is the most that is allowed: a quarter, the half and the whole are compared. `refused` are the exceptions by
    which `read` refuses what it does not take; any other one is raised.
    """
    inputs = [make(size >> halvings) for halvings in range(doublings, -1, -1)]

    def once(data: bytes) -> None:
        with contextlib.suppress(*refused):
            read(data)

    once(inputs[0])  # whatever is made at the first call only
    said = ""
    for _try in range(TRIES):
        said = _too_fast([_seconds(once, data) for data in inputs], [len(data) for data in inputs])
        if not said:
            break
    else:
        raise GrowsTooFast(said)
    peak = _peak(once, inputs[-1])
    if peak > memory:
        raise GrowsTooFast(f"{peak / 1024 / 1024:.1f} MiB for {len(inputs[-1])} bytes")


def _too_fast(costs: list[float], sizes: list[int]) -> str:
    for less, more, size in zip(costs, costs[1:], sizes[1:], strict=False):
        if more > LONGEST:
            return f"{more:.1f} s for {size} bytes"
        if more > less * MOST_GROWTH:
            return f"{size} bytes took {more * 1000:.2f} ms, half of them {less * 1000:.2f} ms: {more / less:.1f} times"
    return ""


def _seconds(once: Callable[[bytes], None], data: bytes) -> float:
    """Of one reading, the best of several."""
    first = _timed(once, data, 1)
    if first > 0.5:  # nothing else is as long as this by chance
        return first
    times = max(1, int(SHORTEST / max(first, 1e-7)) + 1) if first < SHORTEST else 1
    return min(_timed(once, data, times) for _ in range(BEST_OF)) / times


def _timed(once: Callable[[bytes], None], data: bytes, times: int) -> float:
    begun = time.thread_time()
    for _ in range(times):
        once(data)
    return time.thread_time() - begun


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
