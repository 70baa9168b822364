"""Rooms, endpoints, judges and interpreters: kept by their State, booked, kept free. Nothing is booked twice."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from hearings import languages, queries
from hearings.errors import NotFound
from hearings.hearing import hearing as diary
from hearings.models import Booking, Resource as ResourceRow
from hearings.models.diary import ResourceKind
from hearings.times import bookings, queries as diary_queries, resources
from web.api import etags, paging, statements
from web.api.access import Caller
from web.api.fields import Day, Instant, Model, Moment, Nothing, Shown, StateCode
from web.api.routes import Resource
from web.hearing.api import Despite, Ref, ResourceNumber, Zone

router = Resource("resources")

Number = Annotated[int, Field(ge=1, lt=2**53, description="Number of the resource.")]
BookingId = Annotated[str, Field(max_length=40, description="Id of the booking.")]
ACT = (404, 409, 412)
Lax = Field(strict=False)


class Pair(Model):
    """A direction an interpreter works in."""

    source: Annotated[str, Field(min_length=2, max_length=35)]
    target: Annotated[str, Field(min_length=2, max_length=35)]


class _Fields(Model):
    name: str = Field(min_length=1, max_length=200)
    city: str = Field(default="", max_length=100)
    zone: Zone
    shared: bool = Field(default=False, description="Whether other States see it, and may book it.")
    accreditation: str = Field(default="", max_length=300, description="Of interpreters only.")
    accredited_until: Day | None = None
    note: str = Field(default="", max_length=500)
    pairs: list[Pair] = Field(default=[], max_length=40, description="Of interpreters only.")


class NewResource(_Fields):
    """Something or somebody that is in one place at a time."""

    kind: Annotated[ResourceKind, Lax]


class Changes(Model):
    """The fields that are sent, and no others."""

    name: str = Field(default="", min_length=1, max_length=200)
    city: str = Field(default="", max_length=100)
    zone: Zone = ""
    shared: bool = False
    accreditation: str = Field(default="", max_length=300)
    accredited_until: Day | None = None
    note: str = Field(default="", max_length=500)
    pairs: list[Pair] = Field(default=[], max_length=40)


class Block(Model):
    """A time at which a resource is not to be booked, and why."""

    starts_at: Instant
    ends_at: Instant
    reason: str = Field(min_length=3, max_length=300)


class ResourceNeeds(Model):
    """What a hearing needs."""

    resources: list[ResourceNumber] = Field(min_length=1, max_length=20)


class Booked(ResourceNeeds):
    """What is to be booked for a hearing."""

    despite: Despite = ""


class ShownPair(Shown):
    """A direction an interpreter works in."""

    source: str
    target: str


class ShownResource(Shown):
    """A resource. The note is its own State's; `active`: it can be booked."""

    number: int
    state: str
    kind: ResourceKind
    name: str
    city: str
    zone: str
    shared: bool
    accreditation: str
    accredited_until: date | None
    pairs: list[ShownPair]
    note: str
    active: bool
    created_at: Moment


class ResourceList(Shown):
    """A page of resources, by State, kind and name."""

    items: list[ShownResource]
    next: str


class InterpreterList(Shown):
    """Interpreters in use, by State and name."""

    items: list[ShownResource]


class ShownBooking(Shown):
    """A stretch of a resource's time, margins included. Empty `hearing`: a block, or another State's business.

    `reason`: of a block, or why an interpreter is booked in spite of what speaks against her.
    """

    id: str
    resource: int
    starts_at: Moment
    ends_at: Moment
    hearing: str
    day: int | None
    reason: str


class BookingList(Shown):
    """A page of bookings, the one that ends first, first."""

    items: list[ShownBooking]
    next: str


class HearingBookings(Shown):
    """What is booked for a hearing of what this State may see, by time."""

    items: list[ShownBooking]


def _of(row: ResourceRow, pairs: list[tuple[str, str]], state: str) -> ShownResource:
    return ShownResource.from_row(
        row,
        number=row.resource_no,
        state=row.owner_state,
        pairs=[ShownPair(source=source, target=target) for source, target in pairs],
        note=row.note if row.owner_state == state else "",
    )


async def _all(caller: Caller, rows: Any) -> list[ShownResource]:
    pairs = await diary_queries.pairs(caller.db, [row.id for row in rows])
    return [_of(row, pairs.get(row.id, []), caller.state) for row in rows]


async def _tagged(caller: Caller, row: ResourceRow) -> ShownResource:
    await caller.db.flush()
    return etags.tag(caller, (await _all(caller, [row]))[0])


async def _locked(caller: Caller, number: int) -> ResourceRow:
    """A resource as the caller may see it, to be changed. That another State's cannot be is `hearings`' to say."""
    row = await diary_queries.resource(caller.db, number, state=caller.state)
    etags.allow(caller, (await _all(caller, [row]))[0])
    return row


async def _booked(caller: Caller, rows: list[Booking], owners: dict[int, str]) -> list[ShownBooking]:
    """Bookings as the caller may see them: hearings of its own State, reasons of these and of its own resources."""
    names = await diary_queries.hearing_names(
        caller.db, [row.hearing_id for row in rows if row.hearing_id], state=caller.state
    )
    return [
        ShownBooking(
            id=row.id,
            resource=row.resource_no,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            hearing=names.get(row.hearing_id or "", ("", ""))[0],
            day=row.day if row.hearing_id in names else None,
            reason=row.reason if owners[row.resource_no] == caller.state or row.hearing_id in names else "",
        )
        for row in rows
    ]


@router.create("/resources", scope="slots:write", tagged=True, gives={"resource": "number"})
async def add_resource(caller: Caller, body: NewResource) -> ShownResource:
    """Add a room, an endpoint, a judge or an interpreter of one's own State."""
    fields = {name: getattr(body, name) for name in resources.FIELDS}
    row = await resources.add(
        caller.db,
        kind=body.kind,
        pairs=[(pair.source, pair.target) for pair in body.pairs],
        actor=caller.actor,
        now=caller.now,
        **fields,
    )
    caller.headers["Location"] = caller.url(f"/resources/{row.resource_no}")
    return await _tagged(caller, row)


@router.read("/resources", scope="slots:read", paged=True, gives={"resource": "items/0/number"})
async def list_resources(
    caller: Caller,
    kind: ResourceKind | None = None,
    state: Annotated[StateCode | None, Field(description="Only those of this State.")] = None,
    active: Annotated[bool | None, Field(description="Only those that can, or cannot, be booked.")] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> ResourceList:
    """One's own resources, and those other States share."""
    owners = [state] if state else []
    page = await diary_queries.resources(
        caller.db, state=caller.state, owners=owners, kind=kind, active=active, after=after, limit=limit
    )
    return ResourceList(items=await _all(caller, page.rows), next=paging.link(caller, page.after))


@router.read("/interpreters", scope="slots:read", gives={"resource": "items/0/number"})
async def list_interpreters(
    caller: Caller,
    source: Annotated[str, Field(max_length=35, description="Who render from this language.")] = "",
    target: Annotated[str, Field(max_length=35, description="Who render into this language.")] = "",
) -> InterpreterList:
    """Interpreters by the directions they work in: one's own, and those other States share."""
    found = await diary_queries.interpreters(
        caller.db,
        state=caller.state,
        source=languages.language(source) if source else "",
        target=languages.language(target) if target else "",
    )
    return InterpreterList(items=await _all(caller, found))


@router.read("/resources/{resource}", scope="slots:read", errors=(404,), tagged=True)
async def read_resource(caller: Caller, resource: Number) -> ShownResource:
    """Read a resource of one's own, or one another State shares."""
    return await _tagged(caller, await diary_queries.resource(caller.db, resource, state=caller.state))


@router.change("/resources/{resource}", scope="slots:write", errors=(404,))
async def change_resource(caller: Caller, resource: Number, body: Changes) -> ShownResource:
    """Change a resource of one's own: the fields that are sent, and no others."""
    row = await diary_queries.resource(caller.db, resource, state=caller.state)
    etags.require(caller, (await _all(caller, [row]))[0])
    sent = body.model_fields_set
    await resources.change(
        caller.db,
        resource=row,
        fields={name: getattr(body, name) for name in resources.FIELDS if name in sent},
        pairs=[(pair.source, pair.target) for pair in body.pairs] if "pairs" in sent else None,
        actor=caller.actor,
        now=caller.now,
    )
    return await _tagged(caller, row)


@router.act("/resources/{resource}/deactivate", scope="slots:write", errors=ACT, tagged=True)
async def deactivate_resource(caller: Caller, resource: Number, body: Nothing | None = None) -> ShownResource:
    """Take a resource out of use: what is booked stays, nothing new is booked."""
    row = await _locked(caller, resource)
    await resources.deactivate(caller.db, resource=row, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row)


@router.act("/resources/{resource}/activate", scope="slots:write", errors=ACT, tagged=True)
async def activate_resource(caller: Caller, resource: Number, body: Nothing | None = None) -> ShownResource:
    """Take a resource into use again."""
    row = await _locked(caller, resource)
    await resources.activate(caller.db, resource=row, actor=caller.actor, now=caller.now)
    return await _tagged(caller, row)


# --- bookings ----------------------------------------------------------------------------------------------------


@router.read("/resources/{resource}/bookings", scope="slots:read", errors=(404,), paged=True)
async def list_bookings(
    caller: Caller,
    resource: Number,
    since: Annotated[datetime | None, Field(description="That end after this instant; now if left out.")] = None,
    after: paging.After = "",
    limit: paging.Limit = 50,
) -> BookingList:
    """When a resource is booked. Another State's hearings and reasons are not named."""
    row = await diary_queries.resource(caller.db, resource, state=caller.state)
    page = await diary_queries.bookings_of(
        caller.db,
        row.resource_no,
        since=statements.instant(since, "since") or caller.now,
        after=after,
        limit=limit,
    )
    items = await _booked(caller, page.rows, {row.resource_no: row.owner_state})
    return BookingList(items=items, next=paging.link(caller, page.after))


@router.create(
    "/resources/{resource}/blocks",
    scope="slots:write",
    errors=(404, 409),
    gives={"resource": "resource", "booking": "id"},
)
async def block_resource(caller: Caller, resource: Number, body: Block) -> ShownBooking:
    """Keep a resource of one's own free of hearings: leave, maintenance."""
    row = await diary_queries.resource(caller.db, resource, state=caller.state)
    made = await bookings.block(
        caller.db,
        resource=row,
        starts_at=statements.instant(body.starts_at, "starts_at") or caller.now,
        ends_at=statements.instant(body.ends_at, "ends_at") or caller.now,
        reason=body.reason,
        actor=caller.actor,
        now=caller.now,
    )
    caller.headers["Location"] = caller.url(f"/resources/{row.resource_no}/bookings")
    return (await _booked(caller, [made], {row.resource_no: row.owner_state}))[0]


@router.act("/resources/{resource}/blocks/{booking}/end", scope="slots:write", errors=(404, 409))
async def end_block(caller: Caller, resource: Number, booking: BookingId, body: Nothing | None = None) -> ShownBooking:
    """End a block. A hearing's booking is not ended so: change the hearing."""
    row = await diary_queries.resource(caller.db, resource, state=caller.state)
    found = await queries.get(caller.db, Booking, booking, lock=True)
    if found.resource_no != row.resource_no or not found.active:
        raise NotFound
    await bookings.unblock(caller.db, booking=found, resource=row, actor=caller.actor, now=caller.now)
    return (await _booked(caller, [found], {row.resource_no: row.owner_state}))[0]


@router.read("/hearings/{ref}/bookings", scope="slots:read", errors=(404,))
async def list_hearing_bookings(caller: Caller, ref: Ref) -> HearingBookings:
    """What is booked for a hearing: of one's own State, and of what the other shares."""
    return await _of_hearing(caller, ref)


@router.act("/hearings/{ref}/bookings", scope="slots:write", errors=(404, 409))
async def book_for_hearing(caller: Caller, ref: Ref, body: Booked) -> HearingBookings:
    """Book resources for every day of a hearing still to come, margins included, or none of them.

    An interpreter without the language pair, without a valid accreditation or without the rest she needs is refused
    (409 `interpreter_unfit`), unless `despite` says why she is booked all the same.
    """
    hearing = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    await diary.book(
        caller.db,
        hearing=hearing,
        numbers=body.resources,
        despite=body.despite,
        actor=caller.actor,
        now=caller.now,
    )
    return await _of_hearing(caller, ref)


@router.act("/hearings/{ref}/bookings/release", scope="slots:write", errors=(404, 409))
async def release_from_hearing(caller: Caller, ref: Ref, body: ResourceNeeds) -> HearingBookings:
    """Give resources of one's own back that are booked for a hearing. A room in signed terms voids the agreement."""
    hearing = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    for number in sorted(set(body.resources)):
        row = await diary_queries.resource(caller.db, number, state=caller.state)
        await diary.give_back(caller.db, hearing=hearing, resource=row, actor=caller.actor, now=caller.now)
    return await _of_hearing(caller, ref)


async def _of_hearing(caller: Caller, ref: str) -> HearingBookings:
    hearing = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(hearing)
    found = await diary_queries.bookings_of_hearing(caller.db, hearing.id, state=caller.state)
    owners = {row.resource_no: row.owner_state for _booking, row in found}
    return HearingBookings(items=await _booked(caller, [booking for booking, _row in found], owners))
