"""Rooms, endpoints, judges and interpreters of a State, which may share them with others."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import col, delete, func, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, languages
from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.models import Booking, Hearing, LanguagePair, Resource
from hearings.models.diary import ResourceKind
from hearings.permissions import require_staff
from hearings.sentences import tell, tell_n
from hearings.texts import clean
from hearings.times.bookings import require_own

MOST_PAIRS = 40
FIELDS = ("name", "city", "zone", "shared", "accreditation", "accredited_until", "note")
_LENGTHS = {"name": 200, "city": 100, "accreditation": 300, "note": 500}


async def add(
    db: AsyncSession,
    *,
    kind: ResourceKind,
    name: str,
    zone: str,
    city: str = "",
    shared: bool = False,
    accreditation: str = "",
    accredited_until: date | None = None,
    pairs: Iterable[tuple[str, str]] = (),
    note: str = "",
    person_id: str | None = None,
    actor: Actor,
    now: datetime,
) -> Resource:
    """Add a resource of the actor's State. Raises `UnknownZone`, `UnknownLanguage`, `Invalid`.

    Effects: the next number is taken; adds the resource and, of an interpreter, her language pairs.
    """
    require_staff("edit_resource", actor, requesting_state=actor.state, requested_state=actor.state)
    fields = {
        "name": name,
        "city": city,
        "zone": zone,
        "shared": shared,
        "accreditation": accreditation,
        "accredited_until": accredited_until,
        "note": note,
    }
    checked = _checked(kind, fields)
    if (await db.connection()).dialect.name == "postgresql":
        await (await db.connection()).execute(text("LOCK TABLE resource IN SHARE ROW EXCLUSIVE MODE"))
    last = (await db.exec(select(func.max(Resource.resource_no)))).one()
    resource = Resource(
        owner_state=actor.state,
        resource_no=(last or 0) + 1,
        kind=kind,
        person_id=person_id,
        created_by=actor.id,
        created_at=now,
        **checked,
    )
    db.add(resource)
    await db.flush()
    await _put_pairs(db, resource, pairs)
    return resource


async def change(
    db: AsyncSession,
    *,
    resource: Resource,
    fields: dict[str, Any],
    pairs: Iterable[tuple[str, str]] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change fields of `FIELDS`, and an interpreter's pairs where given.

    Raises as `add`, and `NotReady` for name or city of a room in the signed terms of a hearing still to be held.
    Effects: the row.
    """
    require_own(resource, actor, "edit_resource")
    if unknown := set(fields) - set(FIELDS):
        raise Invalid(tell("Not a field of a resource: {name}", name=sorted(unknown)[0][:40]), sorted(unknown)[0])
    checked = _checked(resource.kind, fields)
    await _require_not_agreed(db, resource, checked, now)
    for name, value in checked.items():
        setattr(resource, name, value)
    db.add(resource)
    await db.flush()
    if pairs is not None:
        await _put_pairs(db, resource, pairs)


async def _require_not_agreed(db: AsyncSession, resource: Resource, fields: Mapping[str, Any], now: datetime) -> None:
    query = (
        select(Hearing)
        .join(Booking, col(Booking.hearing_id) == col(Hearing.id))
        .where(Booking.resource_no == resource.resource_no, col(Booking.active), col(Booking.ends_at) > now)
    )
    for hearing in (await db.exec(query)).all() if {"name", "city"} & set(fields) else ():
        for room in hearing.agreed_rooms:
            if room["resource"] == resource.resource_no and any(
                room[name] and fields.get(name, room[name]) != room[name] for name in ("name", "city")
            ):
                message = "{name} stands in the signed terms of hearing {ref}: add the other room as one of its own"
                raise NotReady(tell(message, name=room["name"], ref=hearing.ref))


async def deactivate(db: AsyncSession, *, resource: Resource, actor: Actor, now: datetime) -> None:
    """Take out of use: it can no longer be booked; its bookings stay. Effects: the row."""
    require_own(resource, actor, "edit_resource")
    resource.active = False
    db.add(resource)
    await db.flush()


async def activate(db: AsyncSession, *, resource: Resource, actor: Actor, now: datetime) -> None:
    """Take into use again. Effects: the row."""
    require_own(resource, actor, "edit_resource")
    resource.active = True
    db.add(resource)
    await db.flush()


def _checked(kind: ResourceKind, fields: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _LENGTHS:
            value = clean(str(value), name, most=_LENGTHS[name], least=1 if name == "name" else 0)
        elif name == "zone":
            clocks.zone(value)
        values[name] = value
    if kind is not ResourceKind.interpreter and (values.get("accreditation") or values.get("accredited_until")):
        raise Invalid(tell("Only interpreters are accredited"), "accreditation")
    return values


async def _put_pairs(db: AsyncSession, resource: Resource, pairs: Iterable[tuple[str, str]]) -> None:
    wanted = sorted({(languages.language(source), languages.language(target)) for source, target in pairs})
    if wanted and resource.kind is not ResourceKind.interpreter:
        raise Invalid(tell("Only interpreters have languages"), "pairs")
    if len(wanted) > MOST_PAIRS:
        raise Invalid(tell_n("At most {n} direction", "At most {n} directions", MOST_PAIRS), "pairs")
    if any(source == target for source, target in wanted):
        raise Invalid(tell("From one language into another"), "pairs")
    await db.exec(delete(LanguagePair).where(col(LanguagePair.resource_id) == resource.id))
    for source, target in wanted:
        db.add(LanguagePair(owner_state=resource.owner_state, resource_id=resource.id, source=source, target=target))
    await db.flush()
