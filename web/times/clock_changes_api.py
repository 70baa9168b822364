"""Newer time-zone data: the days of hearings they would move, and what the requesting State decides."""

from typing import Any, Literal

from pydantic import ConfigDict

from hearings.clocks import tzdb_version
from hearings.hearing import zone_data
from hearings.hearing.zone_data import Moved
from web.api import examples
from web.api.access import Calling
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import ACT, Ref, ShownHearing, locked, shown

router = Resource("clock changes")

MOVED: dict[str, Any] = {
    "hearing": "7F3K-22QD",
    "day": 1,
    "wall_start": "2027-03-29T09:00:00",
    "wall_zone": "Europe/Bucharest",
    "reckoned_with": "2026a",
    "starts_at": "2027-03-29T06:00:00Z",
    "would_start_at": "2027-03-29T07:00:00Z",
}
WAYS = {"wall_time": zone_data.keep_wall_time, "instant": zone_data.keep_instant}


class Decision(Model):
    """What is kept: the wall time, so that the instant moves and the other State is asked anew; or the instant."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"keep": "instant"}, {"keep": "wall_time"}]})

    keep: Literal["wall_time", "instant"]


class ShownMoved(Shown):
    """A day to come. `would_start_at`: where the running data put its wall time; null: their clocks skip it."""

    hearing: str
    day: int
    wall_start: str
    wall_zone: str
    reckoned_with: str
    starts_at: Moment
    would_start_at: Moment | None

    @classmethod
    def of(cls, one: Moved) -> "ShownMoved":
        day = one.day
        return cls(
            hearing=one.hearing.ref,
            day=day.number,
            wall_start=day.wall_start,
            wall_zone=day.wall_zone,
            reckoned_with=day.tzdb_version,
            starts_at=day.starts_at,
            would_start_at=one.instant,
        )


class MovedList(Shown):
    """Days of this State's hearings, the earliest first. `tzdb_version`: of the data that run."""

    tzdb_version: str
    items: list[ShownMoved]


@router.read(
    "/clock-changes",
    scope="hearings:read",
    example={"tzdb_version": "2026c", "items": [MOVED]},
    gives={"ref": "items/0/hearing"},
)
async def list_clock_changes(caller: Calling) -> MovedList:
    """Days to come that newer time-zone data would move. None has moved: the requesting State decides."""
    found = await zone_data.moved(caller.db, now=caller.now, state=caller.state)
    return MovedList(tzdb_version=tzdb_version(), items=[ShownMoved.of(one) for one in found])


@router.act("/hearings/{ref}/clock-change", scope="hearings:write", errors=ACT, example=examples.HEARING, tagged=True)
async def decide_clock_change(caller: Calling, ref: Ref, body: Decision) -> ShownHearing:
    """Keep the wall time of a hearing that the data would move, or its instant. For the requesting State."""
    row = await locked(caller, ref)
    await WAYS[body.keep](caller.db, hearing=row, actor=caller.actor, now=caller.now)
    return await shown(caller, row)
