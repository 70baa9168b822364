"""Recovery: a new way in for a member of staff who has lost every passkey, under four eyes.

One administrator of the State asks, another confirms; neither may be the person. Whoever confirms must have signed in
with a passkey, or at their issuer, that is theirs for `SETTLED`: so that no administrator confirms what they have asked
for themselves through an account they have just made. The person, and every administrator of the State, is told when
it is asked. It can be confirmed once it has waited; until it is confirmed the person can stop it, also by the link in
their mail. After another address was entered for the person it is refused for a day (`ADDRESS_SETTLED`). Where there is
no second administrator, the operator does it by a command.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import moves
from hearings.actors import Actor, person_actor
from hearings.errors import LinkUnknown, NotAllowed, NotFound, NotReady
from hearings.models import Login, Passkey, Person, StaffIdentity, StaffRecovery
from hearings.models.credentials import RecoveryStatus
from hearings.people import addresses, credentials
from hearings.people.logins import LoginEnd, end_logins_of_person, hash_secret, issue_sign_in_link, new_secret
from hearings.people.staff import StaffStatus
from hearings.permissions import require_staff
from hearings.queries import get
from hearings.sentences import N_, tell
from hearings.texts import clean

DEACTIVATED = N_("This account is deactivated: reactivate it first")
SETTLED = timedelta(days=7)
WAITS = timedelta(days=7)
"""How long a recovery can be confirmed after its waiting time."""
ADDRESS_SETTLED = timedelta(days=1)
"""How long after a change of the person's address there is no recovery."""


async def ask(
    db: AsyncSession, *, person: Person, reason: str, waits: timedelta, actor: Actor, now: datetime
) -> tuple[StaffRecovery, str]:
    """Ask for a new way in for this person, which can be confirmed after `waits`. Returns the row, and the secret by
    which the person stops it. Raises `NotAllowed`, `NotReady`, `Invalid` naming the field.

    Effects: adds the row, a line of the person's history; nothing ends yet.
    """
    _require(actor, person.owner_state)
    if actor.id == person.id:
        raise NotAllowed(tell("Another administrator asks for a new way in for you. Nothing was changed"))
    if not person.active:
        raise NotReady(tell(DEACTIVATED))
    if not await credentials.ever(db, person_id=person.id):
        raise NotReady(tell("This person has never had a passkey: make a sign-in link. Nothing was changed"))
    if await waiting(db, person_id=person.id, now=now) is not None:
        raise NotReady(tell("A recovery for this person waits to be confirmed already. Nothing was changed"))
    await _require_settled_address(db, person.id, now)
    secret = new_secret()
    made = StaffRecovery(
        owner_state=person.owner_state,
        person_id=person.id,
        reason=clean(reason, "reason", most=500, least=3),
        asked_by=actor.id,
        asked_label=actor.label,
        at=now,
        opens_at=now + waits,
        stop_hash=hash_secret(secret),
    )
    db.add(made)
    await db.flush()
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="recovery_asked")
    return made, secret


async def _require_settled_address(db: AsyncSession, person_id: str, now: datetime) -> None:
    changed = await addresses.changed_at(db, person_id=person_id)
    if changed is not None and now - changed < ADDRESS_SETTLED:
        raise NotReady(
            tell(
                "The e-mail address of this person was changed less than a day ago, so a new way in is possible from "
                "{when} only. Nothing was changed",
                when=_moment(changed + ADDRESS_SETTLED),
            )
        )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


async def confirm(
    db: AsyncSession, *, recovery_id: str, login: Login, actor: Actor, now: datetime
) -> tuple[Person, str]:
    """Confirm a recovery, with the login of who confirms it. Returns the person and the secret of their new link.

    Raises `NotFound`, `NotAllowed`, `NotReady`. Effects: those of `give`; the row.
    """
    row = await _deciding(db, recovery_id, actor, now)
    if actor.id == row.asked_by:
        raise NotAllowed(tell("Another administrator than the one who asked confirms this. Nothing was changed"))
    if actor.id == row.person_id:
        raise NotAllowed(tell("Nobody confirms a new way in for themselves. Nothing was changed"))
    if now < row.opens_at:
        raise NotReady(
            tell(
                "This can be confirmed from {when} on: until then the person has time to stop it. Nothing was changed",
                when=_moment(row.opens_at),
            )
        )
    await _require_settled_address(db, row.person_id, now)
    since = await credentials.since(db, login)
    if since is None or now - since < SETTLED:
        raise NotAllowed(
            tell(
                "Whoever confirms this has signed in with a passkey, or at the State's sign-in, that has been theirs "
                "for a week. Nothing was changed: ask such an administrator, or whoever runs the service"
            )
        )
    person = await get(db, Person, row.person_id, lock=True)
    secret = await give(db, person=person, actor=actor, now=now)
    _decide(db, row, RecoveryStatus.confirmed, actor, now)
    await db.flush()
    return person, secret


async def give(db: AsyncSession, *, person: Person, actor: Actor, now: datetime) -> str:
    """Give a person a new way in, as the operator does alone. Returns the secret of the link. Raises `NotReady`.

    Effects: every passkey and identity of the person is removed, their logins and links end; a link; history.
    """
    person = await get(db, Person, person.id, lock=True)  # no passkey of theirs is added meanwhile
    if not person.active:
        raise NotReady(tell(DEACTIVATED))
    for table in (Passkey, StaffIdentity):
        mine = (col(table.person_id) == person.id, col(table.removed_at).is_(None))
        await db.exec(update(table).where(*mine).values(removed_at=now))
    await end_logins_of_person(db, person_id=person.id, now=now, why=LoginEnd.recovered)
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="recovered")
    return await issue_sign_in_link(db, person=person, now=now, by=actor, recovery=True)


async def refuse(db: AsyncSession, *, recovery_id: str, actor: Actor, now: datetime) -> Person:
    """Refuse a recovery; whoever asked for it withdraws it. Raises as `confirm`. Effects: the row, history."""
    row = await _deciding(db, recovery_id, actor, now)
    return await _stopped(db, row, actor, now)


async def stop(db: AsyncSession, *, recovery_id: str, person: Person, actor: Actor, now: datetime) -> None:
    """Stop a recovery of the person who is signed in: they have not lost everything. Raises `NotFound`, `NotReady`.

    Effects: those of `refuse`.
    """
    row = await db.get(StaffRecovery, recovery_id, with_for_update=True, populate_existing=True)
    if row is None or row.person_id != person.id:
        raise NotFound
    _require_waiting(row, now)
    await _stopped(db, row, actor, now)


async def stop_by_link(db: AsyncSession, *, secret: str, now: datetime) -> Person:
    """Stop a recovery by the link in the person's mail. Returns the person. Raises `LinkUnknown`, `NotReady`.

    Effects: those of `refuse`, in the name of the person.
    """
    query = select(StaffRecovery).where(StaffRecovery.stop_hash == hash_secret(secret)).with_for_update()
    row = (await db.exec(query.execution_options(populate_existing=True))).first()
    if row is None:
        raise LinkUnknown
    _require_waiting(row, now)
    return await _stopped(db, row, person_actor(await get(db, Person, row.person_id)), now)


async def _stopped(db: AsyncSession, row: StaffRecovery, actor: Actor, now: datetime) -> Person:
    person = await get(db, Person, row.person_id)
    asker = actor.id == row.asked_by
    _decide(db, row, RecoveryStatus.withdrawn if asker else RecoveryStatus.refused, actor, now)
    moves.noted(db, person, StaffStatus.active, actor=actor, now=now, reason="recovery_refused")
    await db.flush()
    return person


async def _deciding(db: AsyncSession, recovery_id: str, actor: Actor, now: datetime) -> StaffRecovery:
    row = await db.get(StaffRecovery, recovery_id, with_for_update=True, populate_existing=True)
    if row is None or row.owner_state != actor.state:
        raise NotFound
    _require(actor, row.owner_state)
    _require_waiting(row, now)
    return row


def _require(actor: Actor, state: str) -> None:
    require_staff("manage_staff", actor, requesting_state=state, requested_state=state)


def _require_waiting(row: StaffRecovery, now: datetime) -> None:
    if row.status is not RecoveryStatus.waiting:
        raise NotReady(tell("This has been decided already. Nothing was changed"))
    if is_old(row, now):
        raise NotReady(tell("This could be confirmed for a week, which is over: ask for it again. Nothing was changed"))


def _decide(db: AsyncSession, row: StaffRecovery, status: RecoveryStatus, actor: Actor, now: datetime) -> None:
    row.status, row.decided_at, row.decided_by, row.decided_label = status, now, actor.id, actor.label
    db.add(row)


# --- reading -----------------------------------------------------------------------------------------------------


def is_old(row: StaffRecovery, now: datetime) -> bool:
    """Whether a recovery can be confirmed no more. Pure."""
    return now - row.opens_at >= WAITS


async def waiting(db: AsyncSession, *, person_id: str, now: datetime) -> StaffRecovery | None:
    """The recovery of this person that waits to be confirmed."""
    query = select(StaffRecovery).where(
        StaffRecovery.person_id == person_id, StaffRecovery.status == RecoveryStatus.waiting
    )
    rows = (await db.exec(query.order_by(col(StaffRecovery.id).desc()).limit(1))).all()
    return next((row for row in rows if not is_old(row, now)), None)


async def listed(db: AsyncSession, *, state: str, limit: int = 50) -> Sequence[tuple[StaffRecovery, Person]]:
    """The newest recoveries of a State, each with its person."""
    query = select(StaffRecovery, Person).join(Person, col(Person.id) == col(StaffRecovery.person_id))
    query = query.where(StaffRecovery.owner_state == state).order_by(col(StaffRecovery.id).desc()).limit(limit)
    return (await db.exec(query)).all()
