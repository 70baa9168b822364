"""A requested wall time, and the checked time: columns that hearings, days and offers share."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from hearings.clocks import require_fresh, to_utc, tzdb_version
from hearings.errors import Invalid, NonexistentTime
from hearings.sentences import N_, tell

TIME_PASSED = N_("This time has passed")
TOO_FAR_AHEAD = N_("This time is too far ahead")
SITTING_LENGTH = N_("A sitting lasts between five minutes and twelve hours")

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
FURTHEST = timedelta(days=5 * 365)


@dataclass(frozen=True, kw_only=True)
class WallTime:
    """A local time of a court; `fold` selects one of two if the clocks show it twice."""

    wall_start: datetime
    wall_zone: str
    duration: timedelta
    fold: int | None = None


@dataclass(frozen=True, kw_only=True)
class FixedTime:
    """A checked time: the wall time requested, its instants, and the version of the time-zone data used."""

    starts_at: datetime
    ends_at: datetime
    wall_start: str
    wall_zone: str
    wall_fold: int
    tzdb_version: str

    def columns(self) -> dict[str, Any]:
        """The time as columns of a row."""
        return asdict(self)

    def put(self, row: "Timed") -> None:
        """Write the time into a row."""
        for name, value in self.columns().items():
            setattr(row, name, value)


class Timed(Protocol):
    """A row with a time: a hearing, a day of one, an offer."""

    starts_at: datetime
    ends_at: datetime
    wall_start: str
    wall_zone: str
    wall_fold: int
    tzdb_version: str


def fix(asked: WallTime, *, zones: tuple[str, str], states: tuple[str, str], now: datetime) -> FixedTime:
    """Check a time of two courts.

    Raises `NonexistentTime`, `AmbiguousTime`, `UnknownZone`, `StaleTimeZones`, and `Invalid` for another zone than
    the two courts', a length that is no sitting's, a time that has passed or lies more than five years ahead.
    """
    require_fresh(states)
    if asked.wall_zone not in zones:
        raise Invalid(tell("The wall time is that of one of the two courts"), "wall_zone")
    if not SHORTEST <= asked.duration <= LONGEST:
        raise Invalid(tell(SITTING_LENGTH), "duration")
    wall = asked.wall_start.replace(microsecond=0)
    # Near the end of the calendar an offset would lead out of it; refused like every other time too far ahead.
    if wall.year > (now + FURTHEST).year + 1:
        raise Invalid(tell(TOO_FAR_AHEAD), "wall_start")
    start = to_utc(wall, asked.wall_zone, asked.fold)
    if start <= now:
        raise Invalid(tell(TIME_PASSED), "wall_start")
    if start > now + FURTHEST:
        raise Invalid(tell(TOO_FAR_AHEAD), "wall_start")
    wall = wall.replace(fold=0)
    return FixedTime(
        starts_at=start,
        ends_at=start + asked.duration,
        wall_start=wall.isoformat(),
        wall_zone=asked.wall_zone,
        wall_fold=int(start != to_utc(wall, asked.wall_zone, 0)),
        tzdb_version=tzdb_version(),
    )


def time_of(row: Timed) -> FixedTime:
    """The checked time of a row."""
    return FixedTime(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        wall_start=row.wall_start,
        wall_zone=row.wall_zone,
        wall_fold=row.wall_fold,
        tzdb_version=row.tzdb_version,
    )


def resolved(row: Timed) -> datetime | None:
    """The instant of a row's wall time by the installed time-zone data; None if the clocks now skip that time."""
    try:
        return to_utc(datetime.fromisoformat(row.wall_start), row.wall_zone, row.wall_fold)
    except NonexistentTime:
        return None


def has_moved(row: Timed) -> bool:
    """Whether the instant of a row is no longer that of its wall time."""
    return resolved(row) != row.starts_at
