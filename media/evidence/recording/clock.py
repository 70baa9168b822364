"""Synchronisation state of the machine's clock, for the `clock` line of a journal; and the recording's timeline.

Sources, in this order: chrony, systemd-timesyncd, the kernel. Unknown values are reported as unknown; nothing here
raises. It may block for seconds: never call it on the event loop.
"""

import ctypes
import re
import subprocess
import time
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from media.evidence.log.journal import Line

SECONDS = 2.0
"""How long a command may take to answer."""
UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): the kernel's clock is not disciplined."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """`offset`: ns by which the clock is ahead of its source; `error`: maximum error in ns; both as text."""

    source: str = "unknown"
    synchronised: bool = False
    offset: str = ""
    error: str = ""
    stratum: str = ""

    def line(self) -> Line:
        """Its journal line."""
        return {
            "type": "clock",
            "source": self.source,
            "synchronised": self.synchronised,
            "offset": self.offset,
            "error": self.error,
            "stratum": self.stratum,
        }


def read() -> Quality:
    """The state from the first source that is available."""
    return _chrony() or _timesyncd() or _kernel() or Quality()


def _chrony() -> Quality | None:
    """`chronyc -c tracking`: 1 source, 2 stratum, 4 by how much the clock is slow, 10 delay, 11 dispersion, 13 leap."""
    fields = _said("chronyc", "-n", "-c", "tracking").strip().split(",")
    if len(fields) != 14:
        return None
    try:
        slow, delay, dispersion = (Decimal(fields[place]) for place in (4, 10, 11))
    except InvalidOperation:
        return None
    return Quality(
        source=f"chrony {fields[1]}".strip(),
        synchronised=fields[13] != "Not synchronised",
        offset=_nanoseconds(-slow),
        error=_nanoseconds(abs(slow) + delay / 2 + dispersion),
        stratum=fields[2],
    )


def _timesyncd() -> Quality | None:
    """systemd-timesyncd gives server and stratum; whether the clock is synchronised comes from the kernel."""
    output = _said("timedatectl", "show-timesync", "--all")
    server = re.search(r"^ServerName=(\S+)$", output, re.MULTILINE)
    kernel = _kernel()
    if server is None or kernel is None:
        return None
    stratum = re.search(r"\bStratum=([0-9]+)\b", output)
    return Quality(
        source=f"timesyncd {server[1]}",
        synchronised=kernel.synchronised,
        error=kernel.error,
        stratum=stratum[1] if stratum else "",
    )


class _Timex(ctypes.Structure):
    """The beginning of `struct timex` (adjtimex(2)), and room for its end."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 32),
    )


def _kernel() -> Quality | None:
    """adjtimex(2) with `modes` 0, which only reads. The kernel knows neither the time source nor the offset from it."""
    timex = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
            return None
    except (OSError, AttributeError):
        return None
    following = not timex.status & UNSYNCHRONISED
    return Quality(source="kernel", synchronised=following, error=str(timex.maxerror * 1000) if following else "")


def _said(*command: str) -> str:
    """Standard output of a command; empty when it is not installed, fails or exceeds the time limit."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True, text=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _nanoseconds(seconds: Decimal) -> str:
    return str(int((seconds * 1_000_000_000).to_integral_value()))


_LATEST = 60_000_000_000
"""Longest time (ns) a batch may have waited before it is read, such as while the recorder was suspended."""
_EARLY = 250_000_000
STEP = 1_000_000_000
"""Difference between system clock and timeline, in ns, from which a step is reported."""


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
        """The timeline of an earlier process, continued later than `after` ms even if the clock is behind that."""
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
        """Correction in ns to add to times of a sender whose clock showed `sent` just now, or a little earlier.

        0 if its clock agrees with the timeline; minus the step if it follows a system clock that was stepped.
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
