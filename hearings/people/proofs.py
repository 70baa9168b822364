"""The gate before every change of how a member of staff signs in: a login in force, and a fresh proof of who they are.

Whoever has a passkey, or an identity at an issuer, proves it with that (`credentials.FRESH`); whoever has none, with
the sign-in link that they have just opened. A stolen cookie has neither.
"""

from datetime import datetime, timedelta

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NewLinkNeeded, StepUpNeeded
from hearings.models import Login, Person
from hearings.people import credentials
from hearings.people.logins import LoginEnd, Way, end_logins_of_person, require_live
from hearings.sentences import tell

LINK_FRESH = timedelta(minutes=15)
"""How long a login by a sign-in link proves who somebody is who has nothing else."""
LINKS = frozenset({Way.operator_link, Way.administrator_link})


def link_is_fresh(login: Login, now: datetime) -> bool:
    """Whether this login came by a sign-in link within `LINK_FRESH`. Pure."""
    return login.way in LINKS and now - login.created_at <= LINK_FRESH


async def require(db: AsyncSession, *, person: Person, login_id: str, now: datetime) -> bool:
    """Raises `LoginEnded`, `StepUpNeeded`, `NewLinkNeeded` unless this login may change how its person signs in.
    Returns whether the person has neither passkey nor identity.

    Locks the person and the login until the end of the transaction, so that neither a recovery nor the end of the
    login comes in between.
    """
    (await db.exec(select(Person).where(Person.id == person.id).with_for_update())).one()
    login = await require_live(db, login_id=login_id, now=now)
    if login.person_id != person.id:
        raise StepUpNeeded
    passkeys, identities = await credentials.in_use(db, person_id=person.id)
    if passkeys or identities:
        if not credentials.is_fresh(login, now):
            raise StepUpNeeded
        return False
    if not link_is_fresh(login, now):
        raise NewLinkNeeded(
            tell(
                "The first passkey is added within {n} minutes of opening a sign-in link. Ask for a new link (if "
                "this one was a new way in, for another new way in), open it and add the passkey then. Nothing was "
                "changed",
                n=LINK_FRESH // timedelta(minutes=1),
            )
        )
    return True


async def end_others(db: AsyncSession, *, person: Person, login_id: str, now: datetime) -> None:
    """End what a person has come in by before their first passkey or identity. Effects: their other logins end, their
    unused sign-in links are withdrawn."""
    await end_logins_of_person(db, person_id=person.id, but=login_id, now=now, why=LoginEnd.credential_added)
