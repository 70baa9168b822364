"""Wall time and zone of a court to UTC and back, by the IANA time-zone database; nothing is guessed.

A wall time the clocks skip is refused, naming the gap; one they show twice is refused until it is said which.
"""

import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

from hearings import reference
from hearings.errors import AmbiguousTime, Invalid, NaiveTime, NonexistentTime, StaleTimeZones, UnknownZone
from hearings.sentences import N_, tell

NOT_A_ZONE = N_("Not a time zone: {name}")

_AREAS = frozenset(
    ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"]
)
"""Zones of places. `Etc/…`, `GMT+3`, `posixrules` and the like are no place where a court sits."""


@dataclass(frozen=True, kw_only=True)
class LocalTime:
    """An instant as local time of one court's zone. Never print it without city and offset."""

    city: str
    zone: str
    offset: str
    datetime: datetime

    def __str__(self) -> str:
        return f"{self.datetime:%Y-%m-%d %H:%M} {self.city} ({self.offset})"


@cache
def _known() -> frozenset[str]:
    return frozenset(name for name in zoneinfo.available_timezones() if name.split("/")[0] in _AREAS)


def zone(name: str) -> ZoneInfo:
    """The zone of a place. Raises `UnknownZone`."""
    if name not in _known():
        raise UnknownZone(tell(NOT_A_ZONE, name=repr(name[:60])), "zone")
    return ZoneInfo(name)


@cache
def tzdb_version() -> str:
    """The version of the time-zone data in use, such as `2026b`: the system's if it has some, else the package's."""
    for folder in zoneinfo.TZPATH:
        if not (Path(folder) / "Europe").is_dir():
            continue
        for name in ("+VERSION", "tzdata.zi"):
            try:
                with (Path(folder) / name).open(encoding="utf-8") as file:
                    return file.readline().removeprefix("# version").strip()[:20]
            except OSError:
                continue
        return "unknown"
    return str(tzdata.IANA_VERSION)


@cache
def _needs() -> Mapping[str, str]:
    """By State, the first tzdata version with its current rules (data/README.md, rule 6)."""
    return {row["state"]: row["version"] for row in reference.defaults()["tzdata_by_state"]}


def states_with_changes() -> list[str]:
    """States that need at least a certain version of the time-zone data."""
    return sorted(_needs())


def too_old(state: str, version: str) -> str:
    """The version a State needs if `version` is older, else empty. An unknown version is accepted."""
    needed = _needs().get(state, "")
    return needed if version[:4].isdigit() and version < needed else ""


def require_fresh(states: Iterable[str]) -> None:
    """Raises `StaleTimeZones` if the installed time-zone data are too old for a State."""
    for state in states:
        if needed := too_old(state, tzdb_version()):
            raise StaleTimeZones(
                f"The time-zone data are version {tzdb_version()}; for {state} at least {needed} is needed. "
                "Nothing was changed: update the data and try again"
            )


def to_utc(wall: datetime, zone_name: str, fold: int | None = None) -> datetime:
    """The instant at which the clocks of a zone show `wall` (without offset).

    Raises `NonexistentTime`, and `AmbiguousTime` unless `fold` says which: 0 the first, 1 the second.
    """
    if wall.tzinfo is not None:
        raise NaiveTime(tell("Give the local time without an offset and the time zone beside it"), "wall_start")
    if not 1900 <= wall.year <= 9000:  # at its ends the calendar has no room for an offset
        raise Invalid(tell("Not a valid calendar time"), "wall_start")
    place = zone(zone_name)
    wall = wall.replace(fold=0)
    early = wall.replace(tzinfo=place)
    late = wall.replace(tzinfo=place, fold=1)
    instants = [moment.astimezone(UTC) for moment in (early, late)]
    real = [moment for moment in instants if moment.astimezone(place).replace(tzinfo=None, fold=0) == wall]
    if not real:
        change = _change(instants[1], instants[0], place)
        before = (change - timedelta(seconds=1)).astimezone(place)
        raise NonexistentTime(wall, zone_name, before, change.astimezone(place))
    if instants[0] != instants[1] and len(real) == 2:
        if fold is None:
            raise AmbiguousTime(wall, zone_name, early, late)
        if fold not in (0, 1):
            raise Invalid(tell("State which: 0 for the first, 1 for the second"), "fold")
        return instants[fold]
    return real[0]


def end_of_day(day: date, zone_name: str) -> datetime:
    """The last second of a local day, also if the clocks show its last hour twice."""
    midnight = datetime(day.year, day.month, day.day) + timedelta(days=1)  # noqa: DTZ001 (a wall time)
    return first_instant(midnight, zone_name) - timedelta(seconds=1)


def local_time(instant: datetime, *, city: str, zone_name: str) -> LocalTime:
    """How a court's clocks show an instant."""
    if instant.tzinfo is None:
        raise NaiveTime
    local = instant.astimezone(zone(zone_name))
    offset = f"{local:%z}"
    return LocalTime(city=city, zone=zone_name, offset=f"{offset[:3]}:{offset[3:5]}", datetime=local)


def _change(low: datetime, high: datetime, place: ZoneInfo) -> datetime:
    """The first second after `low` at which the offset of `high` is in force."""
    target = high.astimezone(place).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            middle = low + timedelta(seconds=1)
        if middle.astimezone(place).utcoffset() == target:
            high = middle
        else:
            low = middle
    return high


def first_instant(wall: datetime, zone_name: str) -> datetime:
    """The first instant at which the clocks of a zone show `wall` or, where they skip it, have passed it."""
    place = zone(zone_name)
    early = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    if early.astimezone(place).replace(tzinfo=None, fold=0) == wall:
        return early
    return _change(wall.replace(tzinfo=place, fold=1).astimezone(UTC), early, place)
