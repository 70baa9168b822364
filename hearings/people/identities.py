"""Identities of staff at OpenID Connect issuers: the pair of issuer and subject, never an e-mail address.

One is bound by the person, signed in, or by an administrator for somebody who has never had a passkey or an identity.
An issuer names people of one State; roles come from the list of staff alone.
"""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import moves
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady, SignInRefused
from hearings.models import Person, StaffIdentity
from hearings.people import credentials, proofs
from hearings.people.logins import LoginEnd, authenticated, end_logins_by
from hearings.people.staff import StaffStatus
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.texts import clean


async def bind(
    db: AsyncSession,
    *,
    person: Person,
    issuer: str,
    state: str,
    subject: str,
    login_id: str,
    proved_at: datetime,
    actor: Actor,
    now: datetime,
) -> StaffIdentity:
    """Bind the person of a login to a subject that the issuer of `state` proved at `proved_at`. Raises as
    `proofs.require`, `SignInRefused`. The caller mails the person.

    Effects: adds the row, a line of the person's history; the login is proved; of a first one, `proofs.end_others`.
    """
    first = await proofs.require(db, person=person, login_id=login_id, now=now)
    made = await _bind(db, person=person, issuer=issuer, state=state, subject=subject, actor=actor, now=now)
    await authenticated(db, login_id=login_id, at=proved_at)
    if first:
        await proofs.end_others(db, person=person, login_id=login_id, now=now)
    return made


async def _bind(
    db: AsyncSession, *, person: Person, issuer: str, state: str, subject: str, actor: Actor, now: datetime
) -> StaffIdentity:
    if person.owner_state != state:
        raise SignInRefused("foreign_state")
    if await _by_subject(db, issuer, subject) is not None:
        raise SignInRefused("identity_known")
    made = StaffIdentity(
        owner_state=person.owner_state,
        person_id=person.id,
        issuer=issuer,
        subject=subject,
        bound_by=actor.id,
        bound_label=actor.label,
        created_at=now,
    )
    db.add(made)
    await db.flush()
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="identity_added")
    return made


async def bind_for(
    db: AsyncSession, *, person: Person, issuer: str, state: str, subject: str, actor: Actor, now: datetime
) -> StaffIdentity:
    """Bind a person to a subject in their absence, for their first entry. Raises `NotAllowed`, `NotReady` for who has
    had a passkey or an identity, `Invalid` naming the field. The caller mails the person.

    Effects: adds the row, a line of the person's history; their logins and unused sign-in links end.
    """
    owner = person.owner_state
    require_staff("manage_staff", actor, requesting_state=owner, requested_state=owner)
    if await credentials.ever(db, person_id=person.id):
        raise NotReady(tell("This person has a way to sign in and adds others at “Your sign-ins”. Nothing was changed"))
    subject = clean(subject, "subject", most=255, least=1)
    try:
        made = await _bind(db, person=person, issuer=issuer, state=state, subject=subject, actor=actor, now=now)
    except SignInRefused as error:
        raise Invalid(tell("Somebody has this identity already, or it is of another State"), "subject") from error
    await proofs.end_others(db, person=person, login_id="", now=now)
    return made


async def authenticate(
    db: AsyncSession, *, issuer: str, state: str, subject: str, person_id: str = "", now: datetime
) -> tuple[Person, StaffIdentity]:
    """The person bound to a subject that the issuer of `state` has just proved. `person_id`: the only one it may be.

    Raises `SignInRefused`. Effects: `used_at`.
    """
    identity = await _by_subject(db, issuer, subject)
    if identity is None:
        raise SignInRefused("identity_unknown")
    person = await db.get(Person, identity.person_id)
    if person is None or not person.active:
        raise SignInRefused("deactivated")
    if person.owner_state != state:
        raise SignInRefused("foreign_state")
    if person_id not in ("", person.id):
        raise SignInRefused("identity_foreign")
    identity.used_at = now
    db.add(identity)
    await db.flush()
    return person, identity


async def remove(
    db: AsyncSession, *, person: Person, identity_id: str, login_id: str, actor: Actor, now: datetime
) -> None:
    """Remove an own identity. Raises and effects: as `passkeys.remove`."""
    await proofs.require(db, person=person, login_id=login_id, now=now)
    identity = await db.get(StaffIdentity, identity_id, with_for_update=True, populate_existing=True)
    if identity is None or identity.person_id != person.id or identity.removed_at is not None:
        raise NotFound
    await credentials.require_another(db, person_id=person.id)
    identity.removed_at = now
    db.add(identity)
    await end_logins_by(db, credential_id=identity.id, but=login_id, now=now, why=LoginEnd.credential_removed)
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="identity_removed")
    await db.flush()


async def _by_subject(db: AsyncSession, issuer: str, subject: str) -> StaffIdentity | None:
    query = select(StaffIdentity).where(
        StaffIdentity.issuer == issuer, StaffIdentity.subject == subject, col(StaffIdentity.removed_at).is_(None)
    )
    return (await db.exec(query.with_for_update().execution_options(populate_existing=True))).first()
