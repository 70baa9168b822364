"""The days of a hearing: which are held and which still to come; going on, adjourning, postponing."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.hearing import adjournments
from hearings.times import queries as diary_queries
from web.api.access import Caller
from web.api.fields import Moment, Nothing, Shown
from web.api.routes import Resource
from web.hearing.api import Ref, ShownHearing, Times, asked, hearing_answer, locked

router = Resource("days")

ACT = (404, 409, 412)


class ShownDay(Shown):
    """One day. `heard_at`: it was held; `dropped_at`: it will not be."""

    hearing: str
    number: int
    starts_at: Moment
    ends_at: Moment
    wall_start: str
    wall_zone: str
    wall_fold: int
    heard_at: Moment | None
    dropped_at: Moment | None
    dropped_why: str


class DayList(Shown):
    """The days in order, those that were dropped too."""

    items: list[ShownDay]


class Another(Times):
    """One to three other times, and why the old one does not do."""

    reason: Annotated[str, Field(min_length=3, max_length=500)]


@router.read("/hearings/{ref}/days", scope="hearings:read", errors=(404,))
async def list_days(caller: Caller, ref: Ref) -> DayList:
    """The days of a hearing. Its own time is that of the day that comes next."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    return DayList(
        items=[ShownDay.from_row(one, hearing=row.ref) for one in await diary_queries.days_of(caller.db, row.id)]
    )


@router.act("/hearings/{ref}/next-day", scope="hearings:write", errors=ACT, tagged=True)
async def go_on_next_day(caller: Caller, ref: Ref, body: Nothing | None = None) -> ShownHearing:
    """A part-heard hearing goes on on the next day both States have agreed to."""
    row = await locked(caller, ref)
    await adjournments.next_day(caller.db, hearing=row, actor=caller.actor, now=caller.now)
    return await hearing_answer(caller, row)


@router.act("/hearings/{ref}/adjourn", scope="hearings:write", errors=ACT, tagged=True)
async def adjourn_hearing(caller: Caller, ref: Ref, body: Another) -> ShownHearing:
    """A part-heard hearing goes on at a time both States have to agree to anew."""
    row = await locked(caller, ref)
    await adjournments.adjourn(
        caller.db,
        hearing=row,
        to=body.asked(),
        alternatives=asked(body.alternatives),
        resources=body.resources,
        reason=body.reason,
        despite=body.despite,
        actor=caller.actor,
        now=caller.now,
    )
    return await hearing_answer(caller, row)


@router.act("/hearings/{ref}/postpone", scope="hearings:write", errors=ACT, tagged=True)
async def postpone_hearing(caller: Caller, ref: Ref, body: Another) -> ShownHearing:
    """An agreed hearing cannot take place then: offer other times, with the reason. The agreement is void."""
    row = await locked(caller, ref)
    await adjournments.postpone(
        caller.db,
        hearing=row,
        to=body.asked(),
        alternatives=asked(body.alternatives),
        resources=body.resources,
        reason=body.reason,
        despite=body.despite,
        actor=caller.actor,
        now=caller.now,
    )
    return await hearing_answer(caller, row)
