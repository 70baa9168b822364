"""Bookings of resources. A constraint of the database prevents double bookings; this module names them.

An interpreter with objections (`hearings.times.interpreters`) is booked for a hearing only with a reason, which is
stored with the booking. A booking covers margins and line test. Rows of resources are locked in the order of their
numbers, so that two writers wait for one another instead of blocking each other for good.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import DoubleBooking, InterpreterUnfit, Invalid, NotFound, NotReady
from hearings.models import Booking, Hearing, HearingDay, Offer, Resource
from hearings.models.diary import ResourceKind
from hearings.permissions import require_staff
from hearings.sentences import tell, tell_n
from hearings.texts import clean
from hearings.times import queries as diary_queries
from hearings.times.interpreters import Interpreter, InterpreterNeed, in_team, needs_team, objections
from hearings.times.queries import LONGEST_BOOKING, visible
from hearings.times.wall_times import TOO_FAR_AHEAD

CONSTRAINT = "ex_booking_no_double_booking"
MOST = 20
"""Greatest number of resources in one booking."""
TOO_MANY = tell_n("At most {n} resource at once", "At most {n} resources at once", MOST)
MOST_ASKED, MOST_FREE = 100, 5
"""Of how many interpreters it is asked whether they are free instead, and how many are named."""
SLACK = timedelta(days=2)
"""How far around a time bookings are read to judge an interpreter's rest."""

Time = tuple[datetime, datetime]


def footprint(hearing: Hearing, starts_at: datetime, ends_at: datetime) -> Time:
    """The times for which a sitting occupies a resource: line test, margin, the sitting, margin."""
    before = timedelta(minutes=hearing.margin_before + hearing.line_test)
    return starts_at - before, ends_at + timedelta(minutes=hearing.margin_after)


async def _locked(db: AsyncSession, wanted: Sequence[int], actor: Actor) -> Sequence[Resource]:
    """The resources with these numbers, locked in their order. Raises `NotFound` unless all are in use and visible to
    the actor."""
    if len(wanted) > MOST:
        raise Invalid(TOO_MANY, "resources")
    if not all(0 < number < 2**63 for number in wanted):
        raise NotFound
    query = select(Resource).where(col(Resource.resource_no).in_(wanted)).order_by(col(Resource.resource_no))
    if actor is not SYSTEM:
        query = query.where(visible(actor.state))
    rows = (await db.exec(query.with_for_update().execution_options(populate_existing=True))).all()
    if len(rows) != len(wanted):
        raise NotFound
    for resource in rows:
        if not resource.active:
            raise NotReady(tell("No longer in use: {name}", name=resource.name))
    return rows


def _booking(resource: Resource, time: Time, **columns: Any) -> Booking:
    begins, ends = time
    if not timedelta() < ends - begins <= LONGEST_BOOKING:
        raise Invalid(tell("A booking ends after it begins and lasts a month at most"), "ends_at")
    owner, number = resource.owner_state, resource.resource_no
    return Booking(owner_state=owner, resource_no=number, starts_at=begins, ends_at=ends, **columns)


async def book(
    db: AsyncSession,
    *,
    numbers: Sequence[int],
    times: Sequence[Time],
    hearing: Hearing | None = None,
    offer: Offer | None = None,
    day: int | None = None,
    kept: Sequence[Booking] = (),
    reason: str = "",
    actor: Actor,
    told: Actor | None = None,
    now: datetime,
) -> list[Booking]:
    """Book every one of these resources for every one of these times.

    `reason`: of a block, or of booking an interpreter despite objections. `kept`: the released bookings that these
    replace; objections to them need no reason again. `told`: reader of a refusal, if not `actor`. Raises `NotFound` for
    a resource the actor's State may not see, `NotReady` for one that is not in use any more, `Invalid`,
    `DoubleBooking`, and `InterpreterUnfit` without a reason where there has to be one. Effects: locks the resources,
    adds the bookings.
    """
    if not numbers:
        return []
    wanted = sorted(set(numbers))
    resources = await _locked(db, wanted, actor)
    reason = clean(reason, "despite" if hearing else "reason", most=300, least=3 if reason else 0)
    before = {booking.resource_no: booking.reason for booking in kept}
    against: Mapping[int, Collection[str]] = {}
    if hearing is not None:
        against = await speaks_against(db, resources, hearing=hearing, day=day, times=times, kept=kept)
    why = {no: reason if hearing is None or no in against else before.get(no, "") for no in wanted}
    of = {"hearing_id": hearing.id if hearing else None, "offer_id": offer.id if offer else None, "day": day}
    rows = [
        _booking(resource, time, reason=why[resource.resource_no], created_by=actor.id, created_at=now, **of)
        for resource in resources
        for time in sorted(times)
    ]
    try:
        async with db.begin_nested():
            db.add_all(rows)
            await db.flush()
            if against and not reason and hearing is not None:
                unfit = [resource for resource in resources if resource.resource_no in against]
                reader = told or actor
                free = await _free(db, wanted, hearing=hearing, day=day, times=times, reader=reader)
                raise _unfit(unfit, against, reader, free)
    except IntegrityError as error:
        if CONSTRAINT not in str(error.orig):
            raise
        raise await _clash(db, wanted, times, told or actor) from error
    return rows


async def block(
    db: AsyncSession,
    *,
    resource: Resource,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Booking:
    """Keep a resource free of hearings: leave, maintenance. Raises `DoubleBooking`. Effects: adds the booking."""
    require_own(resource, actor, "edit_resource")
    if starts_at.year < 2000 or ends_at > now + timedelta(days=5 * 366):
        raise Invalid(tell(TOO_FAR_AHEAD), "starts_at")
    reason = clean(reason, "reason", most=300, least=3)
    made = await book(
        db, numbers=[resource.resource_no], times=[(starts_at, ends_at)], reason=reason, actor=actor, now=now
    )
    return made[0]


async def unblock(db: AsyncSession, *, booking: Booking, resource: Resource, actor: Actor, now: datetime) -> None:
    """End a block. Raises `NotReady` for a hearing's booking. Effects: the booking is released."""
    require_own(resource, actor, "edit_resource")
    if booking.hearing_id is not None:
        raise NotReady(tell("This time is booked for a hearing: change the hearing"))
    _release(booking, now)
    db.add(booking)
    await db.flush()


async def assign(
    db: AsyncSession,
    *,
    hearing: Hearing,
    numbers: Sequence[int],
    times: Iterable[tuple[int, datetime, datetime]],
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Books resources for the days of a hearing, given as (number, start, end). `despite` is the `reason` of `book`.

    Raises and effects as `book`, day by day.
    """
    require_staff(
        "book_resource", actor, requesting_state=hearing.requesting_state, requested_state=hearing.requested_state
    )
    for day, begins, ends in times:
        time = footprint(hearing, begins, ends)
        await book(db, numbers=numbers, times=[time], hearing=hearing, day=day, reason=despite, actor=actor, now=now)


async def unassign(db: AsyncSession, *, hearing: Hearing, resource: Resource, actor: Actor, now: datetime) -> None:
    """Releases one resource of a hearing. Effects: its bookings for the hearing are released."""
    require_own(resource, actor, "book_resource")
    await release(db, hearing=hearing, numbers=[resource.resource_no], now=now)


async def release(
    db: AsyncSession,
    *,
    hearing: Hearing,
    numbers: Sequence[int] | None = None,
    offers: Sequence[str] | None = None,
    days: Sequence[int] | None = None,
    now: datetime,
) -> list[Booking]:
    """Releases bookings of a hearing: all, or those of some resources, offers or days. Effects: they are released, and
    returned."""
    query = select(Booking).where(Booking.hearing_id == hearing.id, col(Booking.active))
    if numbers is not None:
        query = query.where(col(Booking.resource_no).in_(numbers))
    if offers is not None:
        query = query.where(col(Booking.offer_id).in_(offers))
    if days is not None:
        query = query.where(col(Booking.day).in_(days))
    bookings = list((await db.exec(query.execution_options(populate_existing=True))).all())
    for booking in bookings:
        _release(booking, now)
        db.add(booking)
    await db.flush()
    return bookings


async def book_again(
    db: AsyncSession,
    released: Sequence[Booking],
    *,
    hearing: Hearing,
    day: HearingDay,
    despite: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Book the resources just released for the new time of a hearing's day.

    Raises `DoubleBooking` and `InterpreterUnfit`, which name resources that `actor` may see. Effects: adds the
    bookings, as the service: some resources may be the other State's.
    """
    await book(
        db,
        numbers=[booking.resource_no for booking in released],
        times=[footprint(hearing, day.starts_at, day.ends_at)],
        hearing=hearing,
        day=day.number,
        kept=released,
        reason=despite,
        actor=SYSTEM,
        told=actor,
        now=now,
    )


async def granted(
    db: AsyncSession, booked: Sequence[Booking], *, hearing: Hearing, rows: Iterable[Resource]
) -> dict[int, frozenset[str]]:
    """Objections to the interpreters among `rows` at the times they are booked for a hearing, by number."""
    if not booked:
        return {}
    people = await diary_queries.interpreters_of(
        db,
        rows,
        since=min(booking.starts_at for booking in booked) - SLACK,
        until=max(booking.ends_at for booking in booked) + SLACK,
        but=hearing.id,
    )
    return {
        number: frozenset(
            code
            for booking in booked
            if booking.resource_no == number
            for code in objections(who, *_asked(hearing, booking.starts_at, booking.ends_at))
        )
        for number, who in people.items()
    }


async def speaks_against(
    db: AsyncSession,
    resources: Sequence[Resource],
    *,
    hearing: Hearing,
    day: int | None,
    times: Sequence[Time],
    kept: Sequence[Booking] = (),
) -> dict[int, list[str]]:
    """New objections to the interpreters among these resources at these times, by number.

    Other times offered for the same day of the hearing do not count: only one of them will be.
    """
    people = await diary_queries.interpreters_of(
        db,
        resources,
        since=min(begins for begins, _ends in times) - SLACK,
        until=max(ends for _begins, ends in times) + SLACK,
        but=hearing.id,
        day=day,
    )
    known = await granted(
        db, kept, hearing=hearing, rows=[resource for resource in resources if resource.resource_no in people]
    )
    against = {
        number: [
            code
            for code in dict.fromkeys(code for time in times for code in objections(who, *_asked(hearing, *time)))
            if code not in known.get(number, ())
        ]
        for number, who in people.items()
    }
    for number in await _alone(db, people, hearing=hearing, times=times):
        if number not in {booking.resource_no for booking in kept}:
            against[number].append("alone")
    return {number: codes for number, codes in against.items() if codes}


async def _alone(
    db: AsyncSession, people: Mapping[int, Interpreter], *, hearing: Hearing, times: Sequence[Time]
) -> list[int]:
    """Those of these interpreters who would be the only one of the hearing at a time that is too long for one."""
    long = [
        time for time in times if any(needs_team(who.rest, _asked(hearing, *time)[0].length) for who in people.values())
    ]
    if not long or sum(in_team(who, hearing.languages) for who in people.values()) > 1:
        return []
    for begins, ends in long:
        query = (
            select(Resource)
            .join(Booking, col(Booking.resource_no) == col(Resource.resource_no))
            .where(
                Booking.hearing_id == hearing.id,
                col(Booking.active),
                col(Booking.starts_at) < ends,
                col(Booking.ends_at) > begins,
                Resource.kind == ResourceKind.interpreter,
                col(Resource.resource_no).not_in(list(people)),
            )
        )
        colleagues = await diary_queries.interpreters_of(
            db, (await db.exec(query)).all(), since=begins, until=ends, but=hearing.id
        )
        if not any(in_team(who, hearing.languages) for who in colleagues.values()):
            return list(people)
    return []


async def _free(
    db: AsyncSession,
    but: Sequence[int],
    *,
    hearing: Hearing,
    day: int | None,
    times: Sequence[Time],
    reader: Actor,
) -> list[tuple[int, str]]:
    """Number and name of interpreters the reader's State may book at all these times, and against whom nothing speaks,
    by name; at most `MOST_FREE`."""
    if reader is SYSTEM:
        return []
    owners = [hearing.requesting_state, hearing.requested_state]
    kind = ResourceKind.interpreter
    found = await diary_queries.resources(db, state=reader.state, owners=owners, kind=kind, limit=MOST_ASKED)
    others = {row.resource_no: row for row in found.rows if row.resource_no not in but}
    people = await diary_queries.interpreters_of(
        db,
        others.values(),
        since=min(begins for begins, _ends in times) - SLACK,
        until=max(ends for _begins, ends in times) + SLACK,
        day=day,
    )
    fit = [
        (number, others[number].name)
        for number, who in people.items()
        if not any(objections(who, *_asked(hearing, *time)) for time in times)
    ]
    return sorted(fit, key=lambda pair: (pair[1], pair[0]))[:MOST_FREE]


def _asked(hearing: Hearing, begins: datetime, ends: datetime) -> tuple[InterpreterNeed, int]:
    """The requirement that a booking stands for, and the start of its sitting."""
    before, after = 60 * (hearing.margin_before + hearing.line_test), 60 * hearing.margin_after
    start = int(begins.timestamp()) + before
    need = InterpreterNeed(
        length=int(ends.timestamp()) - after - start,
        before=before,
        after=after,
        languages=hearing.languages,
    )
    return need, start


def _unfit(
    resources: Sequence[Resource],
    against: Mapping[int, Collection[str]],
    reader: Actor,
    free: Sequence[tuple[int, str]],
) -> InterpreterUnfit:
    """The exception for unfit interpreters, which names only those that the reader's State may see."""
    seen = [resource for resource in resources if _seen(resource, reader)]
    return InterpreterUnfit(
        [(resource.resource_no, resource.name, tuple(against[resource.resource_no])) for resource in seen],
        len(resources) - len(seen),
        free,
    )


def _seen(row: Resource, actor: Actor) -> bool:
    return actor is SYSTEM or row.owner_state == actor.state or row.shared


def require_own(resource: Resource, actor: Actor, action: str) -> None:
    """Raise `NotFound` for another State's resource, `NotAllowed` without the function."""
    if actor is not SYSTEM and resource.owner_state != actor.state:
        raise NotFound
    require_staff(action, actor, requesting_state=resource.owner_state, requested_state=resource.owner_state)


def _release(booking: Booking, now: datetime) -> None:
    booking.active, booking.released_at = False, now


async def _clash(db: AsyncSession, numbers: Sequence[int], times: Sequence[Time], actor: Actor) -> DoubleBooking:
    """The exception for bookings in conflict, which names only those that the actor's State may see."""
    taken: dict[int, Resource] = {}
    for begins, ends in times:
        query = (
            select(Resource)
            .join(Booking, col(Booking.resource_no) == col(Resource.resource_no))
            .where(
                col(Booking.resource_no).in_(numbers),
                col(Booking.active),
                col(Booking.starts_at) < ends,
                col(Booking.ends_at) > begins,
            )
        )
        taken |= {row.resource_no: row for row in (await db.exec(query)).all()}
    seen = [row for row in taken.values() if _seen(row, actor)]
    return DoubleBooking(sorted((row.resource_no, row.name) for row in seen), len(taken) - len(seen))
