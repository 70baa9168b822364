"""What one connection may make this process do, whatever it sends: units of work a second, not only datagrams.

A unit is about what sending one packet costs. What is spent beyond the budget is a debt: until it is made good, the
connection's datagrams are dropped at the door of the port, which is the cheapest place.
"""

IN_THE_ROOM = 24_000  # units a second: twice a camera of 1080 lines with its voice, forwarded to fifteen people
OUTSIDE = 1_000  # of a seat that is not in the room: its handshake, and that it is there at all
CHECKS_PER_SECOND = 50  # ICE checks and answers of one connection
PER_DATAGRAM = 4  # units: to read, decrypt and parse one
PER_HANDSHAKE = 8  # units: a DTLS record
OCTETS = 16  # of an RTCP packet that cost a unit


class Budget:
    """`rate` units a second, of which those of one second can be saved up."""

    __slots__ = ("_at", "_left", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._left = float(rate)
        self._at = 0.0

    def take(self, units: int, now: float) -> bool:
        """Spend `units`; False, and nothing is spent, while nothing is left. The last of them may make a debt."""
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
        """Work that was done already."""
        self._left -= units


def unlimited(units: int) -> None:
    """Where nobody counts."""
