"""When courts sit: the calendar of any State's courts, and what one's own State enters about its own."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import Field
from starlette.responses import Response

from hearings import clocks, reference
from hearings.errors import Invalid
from hearings.law import law as laws
from hearings.models.diary import PeriodKind
from hearings.outward import feeds
from hearings.sentences import tell
from hearings.times import availability, calendars, court_periods, queries as diary_queries
from hearings.times.calendars import CourtCalendar
from hearings.times.court_periods import OTHER_STATES_ZONE
from web.api import files, paging
from web.api.access import Caller, parts_of
from web.api.fields import Day, Model, Moment, Nothing, Shown, StateCode
from web.api.routes import Resource

router = Resource("calendars")

PeriodId = Annotated[str, Field(max_length=40, description="Id of the period.")]
LONGEST = 120
"""Days of a calendar in one answer."""
Clock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]


class NewPeriod(Model):
    """Days on which the courts of one's own State are closed, or open at these times; an empty zone: all its zones."""

    kind: Annotated[PeriodKind, Field(strict=False)]
    zone: str = Field(default="", max_length=60)
    first_day: Day
    last_day: Day
    weekdays: str = Field(default="", pattern="^[1-7]{0,7}$", description="Of `hours`: `12345` is Monday to Friday.")
    opens: Clock | None = None
    closes: Clock | None = None
    reason: str = Field(default="", max_length=300)


class ShownPeriod(Shown):
    """What one's own State has entered. Struck out, it no longer counts."""

    id: str
    kind: PeriodKind
    zone: str
    first_day: date
    last_day: date
    weekdays: str
    opens: str | None
    closes: str | None
    reason: str
    created_at: Moment
    struck_at: Moment | None

    @classmethod
    def from_row(cls, row: Any, **more: Any) -> Self:
        return super().from_row(row, opens=_clock(row.opens), closes=_clock(row.closes), **more)


class PeriodList(Shown):
    """A page of periods, the one that ends first, first."""

    items: list[ShownPeriod]
    next: str


class Hours(Shown):
    """Weekly hours, whether the State has confirmed them, and the days on which they count (null: always).

    `version` is that of the row an administrator of the installation has written, 0 for its default.
    """

    weekdays: str
    opens: str
    closes: str
    confirmed: bool
    first_day: date | None
    last_day: date | None
    version: int


class Opening(Shown):
    """An interval in which the courts sit."""

    starts_at: Moment
    ends_at: Moment


class ClosedDay(Shown):
    """A day on which the courts do not sit, and why: `holiday`, `recess`, `closure`, `not_a_court_day`."""

    day: date
    code: str
    detail: str


class ShownCalendar(Shown):
    """The calendar of the courts of a State in one zone. What nobody has confirmed says so."""

    state: str
    zone: str
    hours: list[Hours]
    holidays_known: bool
    openings: list[Opening]
    closed: list[ClosedDay]


def _clock(minutes: int | None) -> str | None:
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _minutes(clock: str | None) -> int | None:
    return None if clock is None else int(clock[:2]) * 60 + int(clock[3:])


@router.read("/calendars/{state}", scope="slots:read")
async def read_calendar(
    caller: Caller,
    state: StateCode,
    since: Annotated[date, Field(description="The first day.")],
    until: Annotated[date, Field(description=f"The last day, at most {LONGEST} later.")],
    zone: Annotated[str, Field(max_length=60, description="Nothing: the State's first.")] = "",
) -> ShownCalendar:
    """When the courts of a State sit. Why another State has closed its courts is not told."""
    zones = reference.jurisdiction(state)
    zone = zone or zones.default_zone
    if clocks.zone(zone).key not in zones.zones:
        raise Invalid(tell(OTHER_STATES_ZONE), "zone")
    if not 2000 <= since.year <= 2100 or not timedelta() <= until - since <= timedelta(days=LONGEST):
        raise Invalid(f"Between 2000 and 2100, and at most {LONGEST} days", "until")
    law = await laws.current(caller.db)
    found = await diary_queries.court_calendar(caller.db, law=law, state=state, zone=zone, since=since, until=until)
    return _calendar(found, since, until, own=state == caller.state)


def _calendar(found: CourtCalendar, since: date, until: date, *, own: bool) -> ShownCalendar:
    opened = calendars.openings(found, since, until)
    return ShownCalendar(
        state=found.state,
        zone=found.zone,
        hours=[
            Hours(
                weekdays="".join(map(str, sorted(row.weekdays))),
                opens=_clock(row.opens) or "",
                closes=_clock(row.closes) or "",
                confirmed=confirmed,
                first_day=None if row.first == date.min else row.first,
                last_day=None if row.last in (date.max, court_periods.ALWAYS) else row.last,
                version=row.version,
            )
            for row, confirmed in availability.hours_of(found)
        ],
        holidays_known=found.holidays is not None,
        openings=[Opening(starts_at=_at(begins), ends_at=_at(ends)) for begins, ends in opened.spans],
        closed=[
            ClosedDay(day=day, code=why.code, detail=why.detail if own or why.code == "holiday" else "")
            for day, why in sorted(opened.closed.items())
        ],
    )


def _at(second: int) -> datetime:
    return calendars.at(second)


@router.create("/court-periods", scope="slots:write", gives={"period": "id"})
async def add_court_period(caller: Caller, body: NewPeriod) -> ShownPeriod:
    """Enter a closure, a recess, a special opening or the hours that really hold, for one's own State."""
    row = await court_periods.add(
        caller.db,
        kind=body.kind,
        zone=body.zone,
        first_day=body.first_day,
        last_day=body.last_day,
        weekdays=body.weekdays,
        opens=_minutes(body.opens),
        closes=_minutes(body.closes),
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/court-periods/{row.id}")
    return ShownPeriod.from_row(row)


@router.read("/court-periods", scope="slots:read", paged=True, gives={"period": "items/0/id"})
async def list_court_periods(
    caller: Caller,
    since: Annotated[date | None, Field(description="Only those that end on or after this day.")] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> PeriodList:
    """What one's own State has entered and not struck out."""
    page = await diary_queries.periods(caller.db, state=caller.state, since=since, after=after, limit=limit)
    return PeriodList(items=[ShownPeriod.from_row(row) for row in page.rows], next=paging.link(caller, page.after))


@router.read("/court-periods/{period}", scope="slots:read", errors=(404,))
async def read_court_period(caller: Caller, period: PeriodId) -> ShownPeriod:
    """Read one of one's own periods."""
    return ShownPeriod.from_row(await diary_queries.period(caller.db, period, state=caller.state))


@router.act("/court-periods/{period}/strike", scope="slots:write", errors=(404, 409))
async def strike_court_period(caller: Caller, period: PeriodId, body: Nothing | None = None) -> ShownPeriod:
    """Strike out what was entered: it no longer counts, and stays readable."""
    row = await diary_queries.period(caller.db, period, state=caller.state)
    await court_periods.strike(caller.db, period=row, actor=caller.actor, now=caller.now)
    return ShownPeriod.from_row(row)


@router.read("/calendar.ics", scope="hearings:read", **files.answers("text/calendar"))
async def export_calendar(caller: Caller) -> Response:
    """The hearings of this State as iCalendar (RFC 5545), from 90 days ago to two years ahead. No person in it."""
    origin = parts_of(caller.request).settings.origin
    found = await feeds.of_state(caller.db, state=caller.state, origin=origin, now=caller.now)
    return files.download(found, name="vivavoce.ics", media_type="text/calendar; charset=utf-8")
