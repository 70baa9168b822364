"""Convenience of a time: weighted for the person heard first, then the parties, then the court; night weighs most."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from hearings import clocks

BANDS: tuple[tuple[int, int, int], ...] = (
    (0, 360, 10),
    (360, 480, 3),
    (480, 540, 1),
    (540, 720, 0),
    (720, 780, 1),
    (780, 1080, 0),
    (1080, 1200, 1),
    (1200, 1320, 3),
    (1320, 1440, 10),
)
"""Minutes of the day, and how inconvenient each of them is. Night weighs most, lunch a little."""
WEIGHTS = {"heard": 4, "party": 2, "court": 1, "interpreter": 1}
"""Weights by part in the hearing."""


@dataclass(frozen=True, kw_only=True)
class Attendee:
    """A person whose local time counts for the ranking. `part` is a key of `WEIGHTS`."""

    part: str
    label: str
    zone: str


@cache
def _inconvenience() -> tuple[int, ...]:
    """Cumulated inconvenience over two days, minute by minute."""
    total, sums = 0, [0]
    for _day in range(2):
        for first, last, each in BANDS:
            for _minute in range(first, last):
                total += each
                sums.append(total)
    return tuple(sums)


def inconvenience(minute: int, minutes: int) -> int:
    """Inconvenience of a sitting from this minute of the day, of this length in minutes."""
    sums = _inconvenience()
    return sums[minute + min(minutes, 1440)] - sums[minute]


def offset(second: int, zone: str) -> int:
    """Seconds by which the clocks of a zone are ahead of UTC at an instant."""
    difference = datetime.fromtimestamp(second, clocks.zone(zone)).utcoffset()
    return int(difference.total_seconds()) if difference is not None else 0


def ranked(starts: list[int], length: int, attendees: Sequence[Attendee], bounds: list[int]) -> list[int]:
    """The starts, the most convenient first, then the earliest. `bounds` are the midnights the starts lie between."""
    totals = dict.fromkeys(starts, 0)
    minutes = length // 60
    for zone in {attendee.zone for attendee in attendees}:
        weight = sum(WEIGHTS[attendee.part] for attendee in attendees if attendee.zone == zone)
        costs = [inconvenience(minute, minutes) * weight for minute in range(1440)]
        until, usual, steady = bounds[0], 0, False
        for start in starts:
            if start >= until:
                day = bisect_right(bounds, start) - 1
                usual, until = offset(bounds[day], zone), bounds[day + 1]
                steady = offset(until, zone) == usual
            here = usual if steady else offset(start, zone)
            totals[start] += costs[(start + here) // 60 % 1440]
    return sorted(starts, key=lambda start: (totals[start], start))
