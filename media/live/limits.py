"""Limits of what a page may send: arguments of a worker, which puts them into every SDP answer; and work budgets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`bitrate` (bit/s) of a camera with its voice. `voice_hz`, the highest frequency, and `voice_bitrate` (bit/s) of
    Opus; 0: the browser's default."""

    bitrate: int = 1_200_000
    voice_hz: int = 0
    voice_bitrate: int = 0

    def opus(self) -> dict[str, str]:
        """Opus format parameters (RFC 7587 section 6.1) that ask the sender to keep to these limits."""
        parameters = {}
        if 0 < self.voice_hz <= 12_000:  # 48 kHz, the full band of Opus, is the default
            parameters["maxplaybackrate"] = str(2 * self.voice_hz)
        if self.voice_bitrate:
            parameters["maxaveragebitrate"] = str(self.voice_bitrate)
        return parameters


NO_LIMITS = Limits()


IN_THE_ROOM = 24_000  # units a second: twice a camera of 1080 lines with its voice, forwarded to fifteen people
OUTSIDE = 1_000  # units a second of a seat that is not in the room: for its handshake and keeping the connection alive
CHECKS_PER_SECOND = 50  # ICE checks and answers of one connection
CHECKS_FROM_UNKNOWN_PER_SECOND = 40  # that name one connection, from addresses which have not passed one for it
PER_DATAGRAM = 4  # units: to read, decrypt and parse one
PER_HANDSHAKE = 8  # units: a DTLS record
OCTETS = 16  # of an RTCP packet that cost a unit


class Budget:
    """A token bucket: `rate` units a second, with a capacity of one second."""

    __slots__ = ("_at", "_left", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._left = float(rate)
        self._at = 0.0

    def take(self, units: int, now: float) -> bool:
        """Spend `units`; False, and nothing is spent, when the bucket is empty. The last take may overdraw it."""
        left = self._left + (now - self._at) * self.rate
        self._at = now
        if left > self.rate:
            left = self.rate
        if left <= 0:
            self._left = left
            return False
        self._left = left - units
        return True

    def spend(self, units: int) -> None:
        """Charge work that was done already; may overdraw the bucket."""
        self._left -= units


def unlimited(units: int) -> None:
    """A `spend` without a limit."""
