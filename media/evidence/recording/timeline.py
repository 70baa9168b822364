"""The recording's timeline: ms since `zero`, from the monotonic clock and one pairing of it with UTC.

A step of the system clock does not move the timeline; it shows in the next `anchor`, which holds both clocks.
"""

import time
from dataclasses import dataclass
from typing import Any

_LATEST = 60_000_000_000
"""A batch may have waited this long (ns) before it is read: a stopped recorder finds old ones."""
_EARLY = 250_000_000
STEP = 1_000_000_000
"""A difference between system clock and timeline from which it is reported, ns."""


@dataclass(frozen=True)
class Timeline:
    """At monotonic time `mono` it was `utc`, and `t` ms since `zero`; all but `t` in ns."""

    zero: int
    utc: int
    mono: int
    t: int

    @classmethod
    def begin(cls) -> "Timeline":
        """A new timeline that begins now."""
        utc = time.time_ns()
        return cls(zero=utc, utc=utc, mono=time.monotonic_ns(), t=0)

    @classmethod
    def again(cls, zero: int, after: int) -> "Timeline":
        """The timeline of an earlier process, going on later than `after` ms whatever the clock says."""
        utc = time.time_ns()
        return cls(zero=zero, utc=utc, mono=time.monotonic_ns(), t=max((utc - zero) // 1_000_000, after + 1))

    def utc_now(self) -> int:
        """UTC in ns as this timeline counts it."""
        return self.utc + time.monotonic_ns() - self.mono

    def now(self) -> int:
        """ms on the timeline."""
        return self.at(self.utc_now())

    def at(self, utc: int) -> int:
        """The place of an instant on the timeline, in ms; negative before its beginning."""
        return self.t + (utc - self.utc) // 1_000_000

    def step(self) -> int:
        """How far the system clock is ahead of this timeline, in ns."""
        return time.time_ns() - self.utc_now()

    def shift(self, sent: int) -> int:
        """What to add to times of a sender whose clock said `sent` just now, or a little earlier, in ns.

        0 if it counts as we do; minus the step if it follows a system clock that was stepped.
        """
        now, step = self.utc_now(), self.step()
        if -_EARLY <= now - sent <= _LATEST:
            return 0
        if -_EARLY <= now + step - sent <= _LATEST:
            return -step
        return now - sent

    def anchor(self) -> dict[str, Any]:
        """The `anchor` line that pairs the clocks now."""
        return {"type": "anchor", "t": self.now(), "utc": str(time.time_ns()), "mono": str(time.monotonic_ns())}
