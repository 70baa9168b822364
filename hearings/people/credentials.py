"""What a member of staff has besides links: whether any, and what is in use. `passkeys` and `identities` change it."""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotReady
from hearings.models import Login, Passkey, Person, StaffIdentity
from hearings.sentences import tell

FRESH = timedelta(minutes=5)
"""How long after a passkey or an issuer has proved who somebody is acts of two people are taken from them."""


async def ever(db: AsyncSession, *, person_id: str) -> bool:
    """Whether this person has, or has had, a passkey or an identity at an issuer: then a link of one administrator no
    longer signs them in."""
    for table in (Passkey, StaffIdentity):
        query = select(col(table.id)).where(col(table.person_id) == person_id).limit(1)
        if (await db.exec(query)).first() is not None:
            return True
    return False


async def in_use(db: AsyncSession, *, person_id: str) -> tuple[list[Passkey], list[StaffIdentity]]:
    """The passkeys and identities by which this person signs in, the oldest first."""
    passkeys = select(Passkey).where(Passkey.person_id == person_id, col(Passkey.removed_at).is_(None))
    identities = select(StaffIdentity).where(
        StaffIdentity.person_id == person_id, col(StaffIdentity.removed_at).is_(None)
    )
    return (
        list((await db.exec(passkeys.order_by(col(Passkey.id)))).all()),
        list((await db.exec(identities.order_by(col(StaffIdentity.id)))).all()),
    )


async def require_another(db: AsyncSession, *, person_id: str) -> None:
    """Raises `NotReady` for the last way in of a person. Locks the person, so that two are not removed at once."""
    (await db.exec(select(Person).where(Person.id == person_id).with_for_update())).one()
    passkeys, identities = await in_use(db, person_id=person_id)
    if len(passkeys) + len(identities) < 2:
        raise NotReady(
            tell(
                "This is your only way to sign in: with a link you would not come in again. Add another passkey first. "
                "Nothing was changed"
            )
        )


def is_fresh(login: Login, now: datetime) -> bool:
    """Whether the person of this login has proved within `FRESH` who they are. Pure."""
    return login.authenticated_at is not None and now - login.authenticated_at <= FRESH


async def since(db: AsyncSession, login: Login) -> datetime | None:
    """Since when the person of a login has had the passkey or identity it came about by; None of other logins."""
    if not login.credential_id:
        return None
    row: Passkey | StaffIdentity | None = await db.get(Passkey, login.credential_id)
    if row is None:
        row = await db.get(StaffIdentity, login.credential_id)
    return row.created_at if row is not None else None
