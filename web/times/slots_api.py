"""Finding a time over the calendars of courts and the diaries of what is to be booked; days without one say why."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from pydantic import Field

from hearings import clocks, queries, reference
from hearings.coordination import state_notices
from hearings.errors import Invalid
from hearings.hearing import law_on_the_day
from hearings.models import Hearing, HearingRequest
from hearings.sentences import tell
from hearings.times import availability, slots
from hearings.times.convenience import Attendee
from hearings.times.court_periods import OTHER_STATES_ZONE
from hearings.times.court_times import Warned
from hearings.times.slots import SlotSearch
from web.api import statements
from web.api.access import Caller
from web.api.fields import Instant, Model, Moment, Shown, StateCode
from web.api.routes import Resource
from web.hearing.api import Margins, ResourceNumber, ShownWarning, Zone, warnings_of

router = Resource("slots")

Lax = Field(strict=False)


class Court(Model):
    """The courts of one State in one of its zones."""

    state: StateCode
    zone: Zone


class Present(Model):
    """Somebody whose clock counts for the ranking: the person heard most, a party, a court, an interpreter."""

    part: Literal["heard", "party", "court", "interpreter"]
    label: str = Field(default="", max_length=100)
    zone: Zone


class Search(Model):
    """What is looked for. Courts are those named, or those of the request or hearing the time is for."""

    request: str = Field(default="", max_length=40, description="Id or reference of a request.")
    hearing: str = Field(default="", max_length=20, description="Reference; what it holds already is in nobody's way.")
    courts: list[Court] = Field(default=[], max_length=24)
    since: Instant
    until: Instant
    duration_minutes: int = Field(default=60, ge=5, le=720)
    margins: Margins = Margins()
    days: int = Field(default=1, ge=1, le=20)
    any_hour: bool = Field(default=False, description="Also outside court hours, on days on which the courts sit.")
    resources: list[ResourceNumber] = Field(default=[], max_length=20)
    attendees: list[Present] = Field(default=[], max_length=24, description="Nobody named: each court once.")
    limit: int = Field(default=20, ge=1, le=100)
    per_day: int = Field(default=3, ge=1, le=20)


class SlotDay(Shown):
    """When one day begins, and what the clocks of the first court show then: as a proposal takes it."""

    starts_at: Moment
    wall_start: str
    wall_zone: str
    fold: int


class ShownConvenience(Shown):
    """What a person's clock shows at the start, and how inconvenient the sitting is for them."""

    part: str
    label: str
    zone: str
    starts: str
    penalty: int


class Slot(Shown):
    """A time that fits everybody."""

    starts_at: Moment
    ends_at: Moment
    days: list[SlotDay]
    penalty: int
    comfort: list[ShownConvenience]
    clock_changes: list[str]
    warnings: list[ShownWarning] = Field(
        description="What the law says against its days, where the time is for a request or a hearing."
    )


class ShownReason(Shown):
    """Who or what is in the way; `key` and `label` of another State's diary do not name it."""

    key: str
    label: str
    code: str
    detail: str


class Excluded(Shown):
    """A day of the first court without a slot."""

    day: date
    reasons: list[ShownReason]


class FoundSlots(Shown):
    """The best times first, how many fit in all, and why days have none."""

    slots: list[Slot]
    count: int
    excluded: list[Excluded]
    notes: list[str]
    notices: list[str] = Field(description="Ids of notices of these States that apply within the days searched.")


@router.act("/slots/search", scope="slots:read", errors=(404,))
async def search_slots(caller: Caller, body: Search) -> FoundSlots:
    """Find times that fit all courts and everything that is to be booked. Changes nothing and holds nothing."""
    row, hearing, courts, shared, languages = await _courts(caller, body)
    since = statements.instant(body.since, "since") or caller.now
    until = statements.instant(body.until, "until") or caller.now
    if not (2000 <= since.year <= 2100 and 2000 <= until.year <= 2100):
        raise Invalid("A time between the years 2000 and 2100", "since")
    for attendee in body.attendees:
        clocks.zone(attendee.zone)
    wanted = SlotSearch(
        since=since.astimezone(UTC),
        until=until.astimezone(UTC),
        duration=timedelta(minutes=body.duration_minutes),
        margin_before=timedelta(minutes=body.margins.margin_before),
        margin_after=timedelta(minutes=body.margins.margin_after),
        line_test=timedelta(minutes=body.margins.line_test),
        days=body.days,
        languages=languages,
        any_hour=body.any_hour,
    )
    present = [Attendee(part=attendee.part, label=attendee.label, zone=attendee.zone) for attendee in body.attendees]
    found = await availability.find(
        caller.db,
        wanted=wanted,
        courts=courts,
        numbers=body.resources,
        attendees=present or [Attendee(part="court", label=state, zone=zone) for state, zone in courts],
        hearing=hearing,
        state=caller.state,
        now=caller.now,
        limit=body.limit,
        per_day=body.per_day,
    )
    told: dict[datetime, list[Warned]] = {}
    if row is not None:
        times = [(day, day + wanted.duration) for day in sorted({day for slot in found.slots for day in slot.days})]
        for warned in await law_on_the_day.of_times(caller.db, row, times, zone=courts[0][1], now=caller.now):
            told.setdefault(warned.starts_at, []).append(warned)
    noticed = await state_notices.of_states(
        caller.db, states={state for state, _zone in courts}, since=wanted.since, until=wanted.until, now=caller.now
    )
    own = {f"{state} {zone}" for state, zone in courts if shared or state == caller.state}
    return FoundSlots(
        slots=[_slot(slot, courts[0][1], told) for slot in found.slots],
        count=found.count,
        excluded=[
            Excluded(day=day, reasons=[_reason(reason, own) for reason in reasons]) for day, reasons in found.excluded
        ],
        notes=list(found.notes),
        notices=[notice.id for notice, _overdue in noticed],
    )


Languages = tuple[str, ...] | None


async def _courts(
    caller: Caller, body: Search
) -> tuple[HearingRequest | None, Hearing | None, Sequence[availability.Court], bool, Languages]:
    """Request and hearing if one is named, the courts that count, whether they are those of a case both States share,
    and between which languages interpreters are needed, where a case says so.
    """
    row, hearing, cases, languages = None, None, None, None
    if body.hearing:
        hearing = await queries.hearing(caller.db, body.hearing, state=caller.state)
        caller.shown.append(hearing)
        row = await queries.get(caller.db, HearingRequest, hearing.request_id)
        cases = [
            (hearing.requesting_state, hearing.requesting_zone),
            (hearing.requested_state, hearing.requested_zone),
        ]
        languages = hearing.languages
    elif body.request:
        row = await queries.request(caller.db, body.request, state=caller.state)
        states = (row.requesting_state, row.requested_state)
        cases = [(state, reference.jurisdiction(state).default_zone) for state in states]
        languages = (row.language_of_court, row.language_of_person)
    named = [(court.state, court.zone) for court in body.courts]
    for number, (state, zone) in enumerate(named):
        if clocks.zone(zone).key not in reference.jurisdiction(state).zones:
            raise Invalid(tell(OTHER_STATES_ZONE), f"courts.{number}.zone")
    if len(set(named)) != len(named):
        raise Invalid("The same courts twice", "courts")
    courts = named or cases or []
    shared = cases is not None and {state for state, _zone in courts} <= {state for state, _zone in cases}
    return row, hearing, courts, shared, languages


def _slot(one: slots.Slot, zone: str, told: Mapping[datetime, Sequence[Warned]]) -> Slot:
    return Slot(
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        days=[_day(day, zone) for day in one.days],
        penalty=one.penalty,
        comfort=[
            ShownConvenience(
                part=each.part,
                label=each.label,
                zone=each.zone,
                starts=f"{each.starts:%H:%M}",
                penalty=each.penalty,
            )
            for each in one.comfort
        ],
        clock_changes=list(one.clock_changes),
        warnings=[ShownWarning.model_validate(found) for day in one.days for found in warnings_of(told.get(day, ()))],
    )


def _day(at: datetime, zone: str) -> SlotDay:
    wall = at.astimezone(clocks.zone(zone))
    return SlotDay(
        starts_at=at, wall_start=wall.replace(tzinfo=None, fold=0).isoformat(), wall_zone=zone, fold=wall.fold
    )


def _reason(one: slots.Reason, own: set[str]) -> ShownReason:
    """What a State has written about its own courts goes to those it shares a case with; holidays are public."""
    detail = one.detail if one.code == "holiday" or one.key in own else ""
    return ShownReason(key=one.key, label=one.label, code=one.code, detail=detail)
