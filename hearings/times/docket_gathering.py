"""Gathers the docket of a State to be planned: its accepted requests without a hearing, rooms and interpreters.

Calendars of both courts decide when each request could begin (`hearings.times.slots`); of these, the full hours of the
requesting court's clock are tried. Rooms are the State's own, and one the requested State shares, where there is any.
If the court's language is not the person's, an interpreter without objections (`hearings.times.interpreters`) is needed
of each State that provides one by the request (`hearings.times.availability.providers`), of the requesting State if it
is not stated. Of the requested State, only shared interpreters can be planned; it books the others itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, languages
from hearings.errors import Invalid
from hearings.law import law
from hearings.models import Hearing, HearingRequest, Resource as ResourceRow
from hearings.models.diary import ResourceKind
from hearings.sentences import tell
from hearings.status import ACCEPTED_REQUESTS, HearingStatus, RequestStatus
from hearings.times import queries as diary_queries
from hearings.times.availability import providers
from hearings.times.bookings import SLACK
from hearings.times.calendars import CourtCalendar
from hearings.times.docket import MOST_JOBS, Docket, Job, PlannedResource
from hearings.times.interpreters import LASTING, Interpreter, InterpreterNeed, needs_team, objections
from hearings.times.slots import SlotSearch, search
from hearings.times.wall_times import SITTING_LENGTH

MOST_DAYS = 42
MOST_RESOURCES = 200
OVER = (HearingStatus.cancelled, HearingStatus.aborted)


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A docket to plan, and the rows of its ids."""

    docket: Docket
    requests: Mapping[str, HearingRequest]
    resources: Mapping[str, ResourceRow]
    zones: Mapping[str, str]
    """By State, the zone of its court."""
    without_interpreter: Mapping[str, str] = field(default_factory=dict)
    """By request, why it needs no interpreter of the plan: `same_language`, or `neither` State provides one; or why
    nobody can tell: `languages_unknown`."""
    notes: tuple[str, ...] = ()
    """Codes: `no_rooms` when the State has entered none, `more` when there are more requests than are planned."""


def _check(days: int, duration: timedelta, margin: timedelta) -> None:
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(tell("Plan between one day and {most}", most=MOST_DAYS), "days")
    if not timedelta(minutes=5) <= duration <= timedelta(hours=12):
        raise Invalid(tell(SITTING_LENGTH), "duration")
    if not timedelta() <= margin <= timedelta(hours=4):
        raise Invalid(tell("Between nothing and four hours"), "margin")


async def gather(
    db: AsyncSession,
    *,
    state: str, since: datetime, days: int, duration: timedelta, margin: timedelta,
) -> Gathered:  # fmt: skip
    """The docket of a State from an instant on. Raises `Invalid` for a horizon or length out of range."""
    _check(days, duration, margin)
    since = since.astimezone(UTC).replace(second=0, microsecond=0)
    until = since + timedelta(days=days)
    rows = await _waiting(db, state)
    notes = ["more"] if len(rows) > MOST_JOBS else []
    rows = rows[:MOST_JOBS]
    known_law = await law.current(db)
    zones = {
        code: known_law.jurisdiction(code).default_zone for code in {state, *(row.requested_state for row in rows)}
    }
    courts = {
        code: await diary_queries.court_calendar(
            db,
            law=known_law,
            state=code,
            zone=zone,
            since=since.date() - timedelta(days=1),
            until=until.date() + timedelta(days=1),
        )
        for code, zone in zones.items()
    }
    owners = list(zones)
    rooms = await diary_queries.resources(db, state=state, owners=owners, kind=ResourceKind.room, limit=MOST_RESOURCES)
    kind = ResourceKind.interpreter
    people = await diary_queries.resources(db, state=state, owners=owners, kind=kind, limit=MOST_RESOURCES)
    if not any(room.owner_state == state for room in rooms.rows):
        notes.append("no_rooms")
    every = [*rooms.rows, *people.rows]
    first, last = since - SLACK, until + SLACK
    busy = await diary_queries.busy(db, [resource.resource_no for resource in every], since=first, until=last)
    diaries = await diary_queries.interpreters_of(db, people.rows, since=first, until=last)
    starts: dict[str, tuple[datetime, ...]] = {}
    for code in {row.requested_state for row in rows}:
        starts[code] = _starts([courts[state], courts[code]], since, until, duration)
    return Gathered(
        docket=Docket(
            jobs=tuple(
                _job(row, starts[row.requested_state], duration, rooms.rows, people.rows, diaries) for row in rows
            ),
            resources=tuple(
                _resource(resource, busy[resource.resource_no], diaries.get(resource.resource_no)) for resource in every
            ),
            until=until,
            margin=margin,
        ),
        requests={row.id: row for row in rows},
        resources={resource.id: resource for resource in every},
        zones=zones,
        without_interpreter={row.id: why for row in rows if (why := needs_none(row))},
        notes=tuple(notes),
    )


async def _waiting(db: AsyncSession, state: str) -> list[HearingRequest]:
    """Accepted requests of a State without a hearing that is not over; the most urgent first."""
    with_hearing = select(Hearing.request_id).where(col(Hearing.status).not_in(OVER))
    query = (
        select(HearingRequest)
        .where(
            HearingRequest.requesting_state == state,
            col(HearingRequest.status).in_([*ACCEPTED_REQUESTS, RequestStatus.executing]),
            col(HearingRequest.id).not_in(with_hearing),
        )
        .order_by(col(HearingRequest.priority).desc(), col(HearingRequest.id))
        .limit(MOST_JOBS + 1)
    )
    return list((await db.exec(query)).all())


def _starts(
    courts: Sequence[CourtCalendar], since: datetime, until: datetime, duration: timedelta
) -> tuple[datetime, ...]:
    """Full hours of the first court's local time at which a sitting fits into both courts' hours."""
    place = clocks.zone(courts[0].zone)
    slots = search(SlotSearch(since=since, until=until, duration=duration), courts=courts)
    moments = (datetime.fromtimestamp(second, UTC) for second in slots.starts)
    return tuple(moment for moment in moments if moment.astimezone(place).minute == 0)


def needs_none(row: HearingRequest) -> str:
    """Why the request needs no interpreter of the plan, as in `Gathered.without_interpreter`; empty if it needs one."""
    court, person = row.language_of_court, row.language_of_person
    if not (court and person):
        return "languages_unknown"
    if languages.same(court, person):
        return "same_language"
    return "neither" if row.interpreter_side and not providers(row) else ""


def _job(
    row: HearingRequest,
    starts: tuple[datetime, ...],
    duration: timedelta,
    rooms: Sequence[ResourceRow],
    people: Sequence[ResourceRow],
    diaries: Mapping[int, Interpreter],
) -> Job:
    needs = [
        tuple(room.id for room in rooms if room.owner_state == code)
        for code in (row.requesting_state, row.requested_state)
    ]
    needs = [need for need in needs if need]
    court, person = row.language_of_court, row.language_of_person
    between = (court, person) if court and person and not languages.same(court, person) else None
    if between is not None:
        need = InterpreterNeed(length=int(duration.total_seconds()), languages=between)
        able = {number for number, interpreter in diaries.items() if _ever(interpreter, need, starts)}
        for code in providers(row) if row.interpreter_side else [row.requesting_state]:
            theirs = tuple(
                resource.id for resource in people if resource.resource_no in able and resource.owner_state == code
            )
            if theirs or code == row.requesting_state:
                team = any(needs_team(diaries[number].rest, need.length) for number in able)
                needs += [theirs, theirs] if team else [theirs]
    return Job(
        id=row.id,
        priority=row.priority,
        received=row.submitted_at or row.created_at,
        duration=duration,
        starts=starts,
        needs=tuple(needs),
        label=row.reference,
        languages=between,
    )


def _ever(interpreter: Interpreter, need: InterpreterNeed, starts: Sequence[datetime]) -> bool:
    """Whether her languages and her accreditation allow any of these starts."""
    return any(LASTING.isdisjoint(objections(interpreter, need, int(start.timestamp()))) for start in starts)


def _resource(row: ResourceRow, busy: Sequence[tuple[int, int]], diary: Interpreter | None) -> PlannedResource:
    return PlannedResource(
        id=row.id,
        kind=row.kind.value,
        label=row.name,
        busy=tuple((datetime.fromtimestamp(begin, UTC), datetime.fromtimestamp(end, UTC)) for begin, end in busy),
        interpreter=diary,
    )
