"""Newer time-zone data: the days of hearings they would move, and the decision of the requesting State."""

from typing import Annotated, Literal

from hearings.clocks import tzdb_version
from hearings.hearing import zone_data
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import ACT, Ref, ShownHearing, hearing_answer, locked

router = Resource("clock changes")

WAYS = {"wall_time": zone_data.keep_wall_time, "instant": zone_data.keep_instant}


class Decision(Model):
    """What is kept: the wall time, so that the instant moves and the other State has to agree anew; or the instant."""

    keep: Literal["wall_time", "instant"]


class ShownMoved(Shown):
    """A future day. `would_start_at`: the instant of its wall time by the installed data; null when the clocks skip
    it."""

    hearing: Annotated[str, Column("hearing.ref")]
    day: Annotated[int, Column("day.number")]
    wall_start: Annotated[str, Column("day.wall_start")]
    wall_zone: Annotated[str, Column("day.wall_zone")]
    reckoned_with: Annotated[str, Column("day.tzdb_version")]
    starts_at: Annotated[Moment, Column("day.starts_at")]
    would_start_at: Annotated[Moment | None, Column("instant")]


class MovedList(Shown):
    """Days of this State's hearings, the earliest first. `tzdb_version`: version of the installed time-zone data."""

    tzdb_version: str
    items: list[ShownMoved]


@router.read("/clock-changes", scope="hearings:read", gives={"ref": "items/0/hearing"})
async def list_clock_changes(caller: Caller) -> MovedList:
    """Future days that newer time-zone data would move. None moves before the requesting State decides."""
    found = await zone_data.moved(caller.db, now=caller.now, state=caller.state)
    return MovedList(tzdb_version=tzdb_version(), items=[ShownMoved.from_row(one) for one in found])


@router.act("/hearings/{ref}/clock-change", scope="hearings:write", errors=ACT, tagged=True)
async def decide_clock_change(caller: Caller, ref: Ref, body: Decision) -> ShownHearing:
    """Keep the wall time of a hearing that newer time-zone data would move, or keep its instant.

    For the requesting State.
    """
    row = await locked(caller, ref)
    await WAYS[body.keep](caller.db, hearing=row, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)
