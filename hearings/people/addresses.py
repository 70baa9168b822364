"""Mail addresses of a member of staff: the one in use, and those it has lately replaced.

What concerns how somebody signs in is mailed to all of them: whoever changes an address to keep such a mail from its
person does not.
"""

from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import FormerAddress, Person

MAILED = timedelta(days=7)
"""How long an address is still mailed, and kept, after it was replaced."""


async def replace(db: AsyncSession, *, person: Person, email: str, now: datetime) -> None:
    """Give a person another address. Effects: `email`; a row with the former one."""
    db.add(FormerAddress(owner_state=person.owner_state, person_id=person.id, email=person.email, replaced_at=now))
    person.email = email
    await db.flush()


async def of(db: AsyncSession, *, person: Person, now: datetime) -> list[str]:
    """The address of a person, then those replaced within `MAILED`, each once, the newest first."""
    query = select(FormerAddress.email).where(
        FormerAddress.person_id == person.id, col(FormerAddress.replaced_at) > now - MAILED
    )
    former = (await db.exec(query.order_by(col(FormerAddress.id).desc()))).all()
    return list(dict.fromkeys([person.email, *former]))


async def changed_at(db: AsyncSession, *, person_id: str) -> datetime | None:
    """When the address of a person was last changed; None if it was not lately."""
    query = select(FormerAddress.replaced_at).where(FormerAddress.person_id == person_id)
    return (await db.exec(query.order_by(col(FormerAddress.id).desc()).limit(1))).first()
