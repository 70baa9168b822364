"""How well the machine's clock is kept, as far as the system can say: the `clock` line of a journal.

Asked in turn: chrony, systemd-timesyncd, the kernel. What is not known is said as not known; nothing here fails. It
may take seconds: never on the event loop.
"""

import ctypes
import re
import subprocess
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from media.evidence.log.journal import Line

SECONDS = 2.0
"""How long a command may take to answer."""
UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): the kernel's clock is not disciplined."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """`offset`: ns by which the clock is ahead of its source; `error`: ns that it may be wrong; both as text."""

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
    """What the first one that can say something says."""
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
    """systemd-timesyncd names its server and the stratum; whether the clock follows it, the kernel says."""
    said = _said("timedatectl", "show-timesync", "--all")
    server = re.search(r"^ServerName=(\S+)$", said, re.MULTILINE)
    kernel = _kernel()
    if server is None or kernel is None:
        return None
    stratum = re.search(r"\bStratum=([0-9]+)\b", said)
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
    """adjtimex(2) with no modes: it only reads. It does not know from whom the clock is set, nor how far it is off."""
    found = _Timex()
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(found)) < 0:
            return None
    except (OSError, AttributeError):
        return None
    following = not found.status & UNSYNCHRONISED
    return Quality(source="kernel", synchronised=following, error=str(found.maxerror * 1000) if following else "")


def _said(*command: str) -> str:
    """What a command prints; empty when it is not there, fails or takes too long."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=True, text=True
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return done.stdout


def _nanoseconds(seconds: Decimal) -> str:
    return str(int((seconds * 1_000_000_000).to_integral_value()))
