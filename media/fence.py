"""Fencing tokens: of two web processes that both mean to conduct, the older one's orders are refused.

The number is raised each time a web process becomes the conductor (`web.live.conducting`), and goes with every order.
A stopped process that wakes up, or one whose machine was cut off, orders with a number that is too low.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from media.bookmark import Bookmark

STALE = "stale_conductor"
"""Code of the refusal."""


class Fence:
    """Of a worker or recorder: the highest token it has seen. Kept in a file too: the next process in this folder goes
    on from it."""

    def __init__(self, path: Path) -> None:
        self._kept = Bookmark(path)
        self.highest = self._kept.read()

    def admits(self, token: int) -> bool:
        """Whether an order with this token counts. Effects: no lower one does from now on."""
        if token > self.highest:
            self.highest = token
            self._kept.write(token)
        return token == self.highest


def _always() -> bool:
    return True


@dataclass(frozen=True)
class Mandate:
    """What a web process orders with. `stands`: whether it knows of no newer conductor; asked before it starts or kills
    a process, which no token can keep it from."""

    token: int = 0
    stands: Callable[[], bool] = field(default=_always)
