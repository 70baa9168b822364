"""Rooms, endpoints, judges and interpreters of a State: kept by it, shown to others where it says so."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlmodel import col, delete, func, select, text
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, languages
from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import LanguagePair, Resource
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
    """Change fields of `FIELDS`, and an interpreter's pairs where given. Raises as `add`. Effects: the row."""
    require_own(resource, actor, "edit_resource")
    if unknown := set(fields) - set(FIELDS):
        raise Invalid(tell("Not a field of a resource: {name}", name=sorted(unknown)[0][:40]), sorted(unknown)[0])
    for name, value in _checked(resource.kind, fields).items():
        setattr(resource, name, value)
    db.add(resource)
    await db.flush()
    if pairs is not None:
        await _put_pairs(db, resource, pairs)


async def deactivate(db: AsyncSession, *, resource: Resource, actor: Actor, now: datetime) -> None:
    """Take out of use: it can no longer be booked; what is booked stays. Effects: the row."""
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
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if name in _LENGTHS:
            value = clean(str(value), name, most=_LENGTHS[name], least=1 if name == "name" else 0)
        elif name == "zone":
            clocks.zone(value)
        found[name] = value
    if kind is not ResourceKind.interpreter and (found.get("accreditation") or found.get("accredited_until")):
        raise Invalid(tell("Only interpreters are accredited"), "accreditation")
    return found


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
