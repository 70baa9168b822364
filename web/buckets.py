"""How often somebody may ask: token buckets, one for each kind of request and each caller."""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from threading import Lock


@dataclass(frozen=True)
class Rate:
    """`burst` requests at once, refilled at `per_minute`."""

    per_minute: float
    burst: int


RATES: dict[str, Rate] = {
    "sign_in": Rate(per_minute=10, burst=10),
    "entry": Rate(per_minute=120, burst=120),
    "write": Rate(per_minute=100, burst=50),
    "read": Rate(per_minute=600, burst=200),
    "segment": Rate(per_minute=6000, burst=1000),
    "report": Rate(per_minute=30, burst=30),
    "api": Rate(per_minute=100, burst=50),
    "api_token": Rate(per_minute=60, burst=30),
    "api_refused": Rate(per_minute=60, burst=30),
    "api_description": Rate(per_minute=60, burst=30),
}
"""Per address, and for the API per client; there, calls without a token in force count for themselves, so that they
take nothing from who asks for a token behind the same address. Entries are sign-ins that cannot be guessed, each of
which keeps a challenge, and links of which each lets somebody in: a whole court may come at nine o'clock, whatever it
writes meanwhile. What counts as a sign-in is a link or PIN that was refused, and a code that was asked for. Segments of
a recording are many and small, hence their own line."""


@lru_cache(4096)
def counted_as(host: str) -> str:
    """What an address is counted by: itself, and for IPv6 its /64, because one customer has that many."""
    try:
        found = ip_address(host.partition("%")[0][:50])
    except ValueError:
        return host[:50]
    if isinstance(found, IPv4Address):
        return host
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))


class Buckets:
    """Token buckets in this process, at most `size` of them; the one unused for longest is forgotten first.

    Any thread may take.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        size: int = 10_000,
        rates: Mapping[str, Rate] | None = None,
    ) -> None:
        self.clock = clock
        self.size = size
        self.rates = {**RATES, **(rates or {})}
        self.levels: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()
        self.lock = Lock()

    def take(self, rate: str, who: str) -> float:
        """Take one token; 0 when there was one, else the seconds until there is."""
        limit = self.rates[rate]
        with self.lock:
            now = self.clock()
            level, at = self.levels.pop((rate, who), (float(limit.burst), now))
            level = min(limit.burst, level + (now - at) * limit.per_minute / 60)
            wait = 0.0 if level >= 1 else (1 - level) * 60 / limit.per_minute
            self.levels[(rate, who)] = (level - 1 if wait == 0 else level, now)
            if len(self.levels) > self.size:
                self.levels.popitem(last=False)
        return wait

    def wait(self, rate: str, who: str) -> float:
        """The seconds until there is a token, 0 when there is one; takes none."""
        limit = self.rates[rate]
        with self.lock:
            level, at = self.levels.get((rate, who), (float(limit.burst), self.clock()))
            level += (self.clock() - at) * limit.per_minute / 60
        return max(0.0, (1 - level) * 60 / limit.per_minute)

    def charge(self, rate: str, who: str) -> None:
        """Take a token that may not be there yet: then what comes next waits longer, as for a second burst at most."""
        limit = self.rates[rate]
        with self.lock:
            now = self.clock()
            level, at = self.levels.pop((rate, who), (float(limit.burst), now))
            level = min(limit.burst, level + (now - at) * limit.per_minute / 60)
            self.levels[(rate, who)] = (max(level - 1, -float(limit.burst)), now)
            if len(self.levels) > self.size:
                self.levels.popitem(last=False)

    def left(self, rate: str, who: str) -> float:
        """How many tokens there were after the last one was taken."""
        return self.levels.get((rate, who), (float(self.rates[rate].burst), 0.0))[0]
