"""A place in a hearing that becomes free: somebody is replaced by another, also in mid-sitting, or taken off the list.

Whoever is replaced keeps the row with all they did and the tracks they were recorded on; the successor has a row, an
identity check, an oath and tracks of their own. The person heard cannot be replaced: another person needs another
request.
"""

from datetime import datetime

from sqlmodel import col, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.agreement import agreements, room_rules
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.events import EventKind, record
from hearings.hearing import companions, floor, naming, participants
from hearings.hearing.links import OVER, kill_links
from hearings.hearing.naming import OWN_PEOPLE
from hearings.models import Hearing, Participant, Person, SoundCheck
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import move
from hearings.people.logins import LoginEnd, end_logins_of
from hearings.queries import get, open_sitting
from hearings.roles import HEARD
from hearings.sentences import tell
from hearings.sitting import sittings
from hearings.status import IN_ROOM, LIVE_SITTINGS, PresenceStatus
from hearings.texts import HEARING_OVER, clean

_OUT = frozenset({PresenceStatus.removed, PresenceStatus.released})


async def locked(db: AsyncSession, hearing: Hearing, participant_id: str) -> tuple[Hearing, Participant]:
    """Hearing and participant for an act of this module, locked in the order of the acts in the room: open sitting,
    participant, hearing. Raises `NotFound` for somebody of another hearing."""
    await open_sitting(db, hearing.id, lock=True)
    participant = await get(db, Participant, participant_id, lock=True)
    if participant.hearing_id != hearing.id:
        raise NotFound
    return await get(db, Hearing, hearing.id, lock=True), participant


async def replace(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    display_name: str,
    city: str,
    speaks: str,
    hears: str | None = None,
    person: Person | None = None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> Participant:
    """Put somebody else in a participant's place, in the same role and of the same State. Returns the successor.

    Raises `NotAllowed`, `NotReady` when the hearing is over or the place is free already, `Invalid` naming the field,
    also for a person heard.
    Effects, in order: those of `_vacate` with presence released; those of `participants.add`; those who sit at the
    device are now at the successor's; event replaced; in a running sitting the floor is held when the place was
    essential and its holder in the room, until the presiding judge opens it.
    """
    naming.require_side(hearing, participant.state, actor)
    if participant.role in HEARD:
        raise Invalid(tell("The person heard cannot be replaced: another person needs another request"), "participant")
    if participant.role in naming.STAFF_ROLES and person is None and actor is not SYSTEM:
        raise Invalid(tell("Name a member of staff in their place"), "person")
    reason = clean(reason, "reason", most=500, least=3)
    essential, was_here = participant.essential, participant.presence in IN_ROOM
    await _vacate(db, hearing, participant, PresenceStatus.released, reason=reason, actor=actor, now=now)
    device = await db.get(Participant, participant.device_of_id) if participant.device_of_id else None
    successor = await participants.add(
        db,
        hearing=hearing,
        role=participant.role,
        display_name=display_name,
        state=participant.state,
        city=city,
        speaks=speaks,
        hears=hears,
        person=person,
        needs_identity=participant.needs_identity,
        essential=essential,
        device_of=device,
        replaces=participant,
        actor=actor,
        now=now,
    )
    await db.flush()
    for companion in await companions.of_device(db, participant):
        companion.device_of_id = successor.id
        db.add(companion)
    data = {"participant": participant.id, "by": successor.id, "reason": reason}
    await record(db, hearing=hearing, kind=EventKind.replaced, actor=actor, now=now, **data)
    needed = essential or participant.role in (await room_rules.of_hearing(db, hearing)).present
    if needed and was_here:
        await _hold(db, hearing, successor, now)
    return successor


async def _hold(db: AsyncSession, hearing: Hearing, successor: Participant, now: datetime) -> None:
    """Holds the floor of a running sitting until the presiding judge opens it."""
    sitting = await open_sitting(db, hearing.id, lock=True)
    if sitting is not None and sitting.status in LIVE_SITTINGS:
        why = f"{HoldCode.replaced.value}:{successor.id}"
        await sittings.hold(db, sitting=sitting, reason=why, actor=SYSTEM, now=now, cause=HoldCause.fault)


async def take_off(
    db: AsyncSession, *, hearing: Hearing, participant: Participant, reason: str, actor: Actor, now: datetime
) -> None:
    """Take somebody off the list of a hearing who is not in the room. The row stays, with what was done.

    Raises as `replace` does, and `NotReady` for somebody in the room, who can be removed there.
    Effects: those of `_vacate` with presence removed; event taken_off.
    """
    naming.require_guest(hearing, participant, actor)
    if participant.state != actor.state and actor is not SYSTEM and participant.presence is not PresenceStatus.invited:
        raise NotAllowed(tell(OWN_PEOPLE))
    reason = clean(reason, "reason", most=500, least=3)
    if participant.presence in IN_ROOM:
        raise NotReady(tell("The person is in the room: remove them there"))
    if await companions.of_device(db, participant):
        raise NotReady(tell("Others sit at this person's device: take them off first"))
    await _vacate(db, hearing, participant, PresenceStatus.removed, reason=reason, actor=actor, now=now)
    await agreements.void_if_changed(db, hearing=hearing, now=now)
    await record(
        db,
        hearing=hearing,
        kind=EventKind.taken_off,
        actor=actor,
        now=now,
        participant=participant.id,
        reason=reason,
    )


async def _vacate(
    db: AsyncSession,
    hearing: Hearing,
    participant: Participant,
    to: PresenceStatus,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Effects: `vacated_at`, presence, nothing switched on, not essential; links and join logins end."""
    if hearing.status in OVER:
        raise NotReady(tell(HEARING_OVER))
    if participant.vacated_at is not None:
        raise NotReady(tell("Somebody else has this place already, or the person was taken off the list"))
    if participant.presence not in _OUT:
        move(db, participant, to, actor=actor, now=now, reason=reason)
    floor.silence(participant)
    participant.camera = participant.essential = False
    participant.end_calls()
    participant.vacated_at = now
    db.add(participant)
    await companions.follow(db, participant, actor=actor, now=now)
    await db.exec(
        update(SoundCheck)
        .where(col(SoundCheck.participant_id) == participant.id, col(SoundCheck.lang) == "")
        .values(required=False)
    )
    await end_logins_of(db, participant_ids=[participant.id], now=now, why=LoginEnd.removed)
    await kill_links(db, participant_ids=[participant.id], now=now, why="replaced")
    await db.flush()
