"""Queries of the diary: calendars of courts, resources with bookings, offers, days, consents to terms.

Tenancy as in `hearings.queries`: a State sees its own resources and periods, and resources others share with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.coordination import state_notices
from hearings.coordination.state_notices import Stopped
from hearings.errors import NotFound
from hearings.law.handling import public_holidays
from hearings.law.law import Law, current
from hearings.models import (
    Booking,
    CourtPeriod,
    Hearing,
    HearingDay,
    LanguagePair,
    Offer,
    Resource,
    StateNotice,
    TermsConsent,
)
from hearings.models.diary import PeriodKind, ResourceKind
from hearings.paging import Page, page
from hearings.status import OfferStatus
from hearings.times import calendars
from hearings.times.calendars import CourtCalendar, Period, Span, Weekly
from hearings.times.interpreters import Interpreter, rules

LONGEST_BOOKING = timedelta(days=31)

# --- calendars ---------------------------------------------------------------------------------------------------


async def periods(
    db: AsyncSession, *, state: str, since: date | None = None, after: str = "", limit: int = 200
) -> Page[CourtPeriod]:
    """Entries of one State about its courts that are not struck out, by their end."""
    query = select(CourtPeriod).where(CourtPeriod.owner_state == state, col(CourtPeriod.struck_at).is_(None))
    if since is not None:
        query = query.where(CourtPeriod.last_day >= since)
    return await page(db, query, col(CourtPeriod.last_day), col(CourtPeriod.id), after=after, limit=limit)


async def period(db: AsyncSession, period_id: str, *, state: str) -> CourtPeriod:
    """One of a State's own periods. Raises `NotFound`."""
    row = (await db.exec(select(CourtPeriod).where(CourtPeriod.id == period_id))).first()
    if row is None or row.owner_state != state:
        raise NotFound
    return row


async def court_calendar(
    db: AsyncSession, *, law: Law, state: str, zone: str, city: str = "", since: date, until: date
) -> CourtCalendar:
    """The calendar of the courts of a State in a zone for some days, from the law and the State's entries."""
    rows = (
        await db.exec(
            select(CourtPeriod)
            .where(
                CourtPeriod.owner_state == state,
                CourtPeriod.last_day >= since,
                CourtPeriod.first_day <= until,
                col(CourtPeriod.struck_at).is_(None),
                or_(CourtPeriod.zone == "", CourtPeriod.zone == zone),
            )
            .order_by(col(CourtPeriod.first_day), col(CourtPeriod.id))
            .execution_options(populate_existing=True)
        )
    ).all()
    notices = await state_notices.on_days(db, states=[state], first=since, last=until)
    return CourtCalendar(
        key=f"{state} {zone}",
        state=state,
        zone=zone,
        city=city,
        hours=tuple(row for row in calendars.from_law(law, state, zone) if row.first <= until and row.last >= since)
        + tuple(_weekly(row) for row in rows if row.kind is PeriodKind.hours),
        periods=tuple(_period(row) for row in rows if row.kind is not PeriodKind.hours)
        + tuple(_closed(row, until) for row in state_notices.stopping(notices, Stopped.hearing)),
        holidays=public_holidays.holidays_between(state, since, until),
    )


def _weekly(row: CourtPeriod) -> Weekly:
    return Weekly(
        weekdays=frozenset(int(weekday) for weekday in row.weekdays),
        opens=row.opens or 0,
        closes=row.closes or 0,
        first=row.first_day,
        last=row.last_day,
        confidence=calendars.CONFIRMED,
    )


def _closed(row: StateNotice, until: date) -> Period:
    """The days on which a notice of the State stops hearings."""
    return Period(kind=PeriodKind.closure, first=row.first_day, last=row.last_day or until, reason=row.reason)


def _period(row: CourtPeriod) -> Period:
    return Period(
        kind=row.kind,
        first=row.first_day,
        last=row.last_day,
        reason=row.reason,
        opens=row.opens or 0,
        closes=row.closes or 0,
    )


# --- resources ---------------------------------------------------------------------------------------------------


def visible(state: str) -> Any:
    """The condition for resources that a State may see: its own, and those that others share."""
    return or_(col(Resource.owner_state) == state, col(Resource.shared))


async def resource(db: AsyncSession, number: int, *, state: str) -> Resource:
    """A resource by its number, as a State may see it. Raises `NotFound`."""
    if not 0 < number < 2**63:
        raise NotFound
    query = select(Resource).where(Resource.resource_no == number, visible(state))
    row = (await db.exec(query.execution_options(populate_existing=True))).first()
    if row is None:
        raise NotFound
    return row


async def resources(
    db: AsyncSession,
    *,
    state: str,
    owners: Sequence[str] = (),
    kind: ResourceKind | None = None,
    active: bool | None = True,
    after: str = "",
    limit: int = 50,
) -> Page[Resource]:
    """Resources a State may see, by owner, kind and name; only those of `owners` when given."""
    query = select(Resource).where(visible(state))
    if owners:
        query = query.where(col(Resource.owner_state).in_(owners))
    if kind is not None:
        query = query.where(Resource.kind == kind)
    if active is not None:
        query = query.where(col(Resource.active) == active)
    order = (col(Resource.owner_state), col(Resource.kind), col(Resource.name), col(Resource.id))
    return await page(db, query, *order, after=after, limit=limit)


async def pairs(db: AsyncSession, resource_ids: Iterable[str]) -> Mapping[str, list[tuple[str, str]]]:
    """The directions of interpreters, by the id of the resource."""
    by_resource: dict[str, list[tuple[str, str]]] = defaultdict(list)
    query = select(LanguagePair).where(col(LanguagePair.resource_id).in_(list(resource_ids)))
    for row in (await db.exec(query.order_by(col(LanguagePair.source), col(LanguagePair.target)))).all():
        by_resource[row.resource_id].append((row.source, row.target))
    return by_resource


async def interpreters(
    db: AsyncSession, *, state: str, source: str = "", target: str = "", limit: int = 100
) -> Sequence[Resource]:
    """Active interpreters a State may see, only those who render from `source` or into `target` where given."""
    query = select(Resource).where(visible(state), Resource.kind == ResourceKind.interpreter, col(Resource.active))
    if source or target:
        matching = select(LanguagePair.resource_id)
        if source:
            matching = matching.where(LanguagePair.source == source)
        if target:
            matching = matching.where(LanguagePair.target == target)
        query = query.where(col(Resource.id).in_(matching))
    query = query.order_by(col(Resource.owner_state), col(Resource.name), col(Resource.id)).limit(limit)
    return (await db.exec(query)).all()


async def busy(
    db: AsyncSession, numbers: Sequence[int], *, since: datetime, until: datetime, but: str = "", day: int | None = None
) -> Mapping[int, tuple[Span, ...]]:
    """Bookings of these resources between two instants: spans in order of time, by the resource's number.

    `but` is the id of a hearing whose own bookings are left out; with `day`, only those for that day of it.
    """
    if not numbers:
        return {}
    query = select(Booking.resource_no, Booking.starts_at, Booking.ends_at)
    by_number: dict[int, list[Span]] = {number: [] for number in numbers}
    for number, begins, ends in (await db.exec(_between(query, numbers, since, until, but, day))).all():
        by_number[number].append((int(begins.timestamp()), int(ends.timestamp())))
    return {number: tuple(spans) for number, spans in by_number.items()}


async def interpreters_of(
    db: AsyncSession,
    rows: Iterable[Resource],
    *,
    since: datetime,
    until: datetime,
    but: str = "",
    day: int | None = None,
) -> Mapping[int, Interpreter]:
    """The interpreters among these resources by number, with bookings as in `busy`. `work` has the sittings of hearings
    only, without margins; leave is not work.
    """
    people = {row.resource_no: row for row in rows if row.kind is ResourceKind.interpreter}
    if not people:
        return {}
    known = await pairs(db, [row.id for row in people.values()])
    booked = await busy(db, list(people), since=since, until=until, but=but, day=day)
    query = select(Booking, Hearing.margin_before + Hearing.line_test, Hearing.margin_after).join(
        Hearing, col(Booking.hearing_id) == col(Hearing.id)
    )
    work: dict[int, list[Span]] = defaultdict(list)
    for row, before, after in (await db.exec(_between(query, list(people), since, until, but, day))).all():
        begins, ends = row.starts_at + timedelta(minutes=before), row.ends_at - timedelta(minutes=after)
        work[row.resource_no].append((int(begins.timestamp()), int(ends.timestamp())))
    rest = rules(await current(db))
    return {
        number: Interpreter(
            zone=row.zone,
            rest=rest,
            pairs=frozenset(known.get(row.id, ())),
            accredited=bool(row.accreditation),
            accredited_until=row.accredited_until,
            busy=booked[number],
            work=tuple(work[number]),
        )
        for number, row in people.items()
    }


def _between(query: Any, numbers: Sequence[int], since: datetime, until: datetime, but: str, day: int | None) -> Any:
    query = query.where(
        col(Booking.resource_no).in_(numbers),
        col(Booking.active),
        col(Booking.ends_at) > since,
        # No booking is longer: the index needs only look at so many.
        col(Booking.ends_at) < until + LONGEST_BOOKING,
        col(Booking.starts_at) < until,
    ).order_by(col(Booking.resource_no), col(Booking.starts_at))
    if but:
        others = [col(Booking.hearing_id).is_(None), col(Booking.hearing_id) != but]
        query = query.where(or_(*others, *([] if day is None else [col(Booking.day) != day])))
    return query


async def bookings_of(
    db: AsyncSession, number: int, *, since: datetime, after: str = "", limit: int = 50
) -> Page[Booking]:
    """Active bookings of one resource that end after an instant, the earliest first."""
    query = select(Booking).where(Booking.resource_no == number, col(Booking.active), col(Booking.ends_at) > since)
    return await page(db, query, col(Booking.ends_at), col(Booking.id), after=after, limit=limit)


async def bookings_of_hearing(
    db: AsyncSession, hearing_id: str, *, state: str = ""
) -> Sequence[tuple[Booking, Resource]]:
    """Active bookings of a hearing; with `state`, only those of resources that State may see."""
    query = (
        select(Booking, Resource)
        .join(Resource, col(Booking.resource_no) == col(Resource.resource_no))
        .where(Booking.hearing_id == hearing_id, col(Booking.active))
        .order_by(col(Booking.starts_at), col(Booking.resource_no))
        .execution_options(populate_existing=True)
    )
    return (await db.exec(query.where(visible(state)) if state else query)).all()


async def hearing_names(db: AsyncSession, hearing_ids: Sequence[str], *, state: str) -> Mapping[str, tuple[str, str]]:
    """Reference and case number of those of these hearings that a State takes part in, by id."""
    if not hearing_ids:
        return {}
    query = select(Hearing.id, Hearing.ref, Hearing.case_number).where(
        col(Hearing.id).in_(hearing_ids),
        or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state),
    )
    return {row_id: (ref, case) for row_id, ref, case in (await db.exec(query)).all()}


async def hearings_named(db: AsyncSession, hearing_ids: Sequence[str], *, state: str) -> Mapping[str, Hearing]:
    """Those of these hearings that a State takes part in, by id."""
    if not hearing_ids:
        return {}
    query = select(Hearing).where(
        col(Hearing.id).in_(hearing_ids),
        or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state),
    )
    return {row.id: row for row in (await db.exec(query)).all()}


async def bookings_between(db: AsyncSession, number: int, *, since: datetime, until: datetime) -> Sequence[Booking]:
    """Active bookings of one resource that overlap a span of time, the earliest first."""
    query: Any = _between(select(Booking), [number], since, until, "", None)
    return list((await db.exec(query)).all())


# --- a hearing's times -------------------------------------------------------------------------------------------


async def offers_of(db: AsyncSession, hearing_id: str, *, open_only: bool = False) -> Sequence[Offer]:
    """Times offered for a hearing, in the order they were made."""
    query = select(Offer).where(Offer.hearing_id == hearing_id).order_by(col(Offer.round), col(Offer.number))
    if open_only:
        query = query.where(Offer.status == OfferStatus.offered)
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def offer(db: AsyncSession, offer_id: str, *, hearing: Hearing) -> Offer:
    """A time offered for this hearing. Raises `NotFound`, also for one of another hearing."""
    row = next((offered for offered in await offers_of(db, hearing.id) if offered.id == offer_id), None)
    if row is None:
        raise NotFound
    return row


async def days_of(db: AsyncSession, hearing_id: str) -> Sequence[HearingDay]:
    """The days of a hearing in order, including dropped ones."""
    query = select(HearingDay).where(HearingDay.hearing_id == hearing_id).order_by(col(HearingDay.number))
    return (await db.exec(query.execution_options(populate_existing=True))).all()


async def consents_of(db: AsyncSession, hearing_id: str) -> Sequence[TermsConsent]:
    """Who has agreed to which terms of a hearing, oldest first."""
    query = select(TermsConsent).where(TermsConsent.hearing_id == hearing_id).order_by(col(TermsConsent.id))
    return (await db.exec(query)).all()


async def days_by_older_data(
    db: AsyncSession, *, version: str, now: datetime, state: str = "", limit: int = 2000
) -> Sequence[tuple[HearingDay, Hearing]]:
    """Future days that were computed with other time-zone data than the installed, with their hearings."""
    query = (
        select(HearingDay, Hearing)
        .join(Hearing, col(HearingDay.hearing_id) == col(Hearing.id))
        .where(
            col(HearingDay.starts_at) > now,
            col(HearingDay.heard_at).is_(None),
            col(HearingDay.dropped_at).is_(None),
            col(HearingDay.tzdb_version) != version,
        )
        .order_by(col(HearingDay.starts_at), col(HearingDay.id))
        .limit(limit)
    )
    if state:
        query = query.where(or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state))
    return (await db.exec(query)).all()
