"""People who sit at the device of another: one camera and one microphone for several people, each of them named.

They have no link, no login and no track of their own. The court notes who of them is there; when the device leaves the
room they leave with it, and are noted again when it is back.
"""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import IdentityMissing, Invalid, NotReady
from hearings.events import EventKind, record
from hearings.hearing import floor
from hearings.models import Hearing, Participant, Person
from hearings.moves import move
from hearings.permissions import require
from hearings.queries import get, open_sitting
from hearings.roles import Role
from hearings.sentences import N_, tell
from hearings.status import IN_ROOM, PresenceStatus

OWN_DEVICE = N_("The person has a device of their own")
LEFT_WITH_DEVICE = N_("with the device at which the person sits")
NOT_BY_LINK = N_("The person sits at the device of another and needs no link")


def require_device(hearing: Hearing, device_of: Participant, *, state: str, person: Person | None, role: Role) -> None:
    """Raise `Invalid` unless somebody of this State can sit at the device of `device_of`."""
    if device_of.hearing_id != hearing.id or device_of.state != state:
        raise Invalid(tell("Choose the device of somebody of the same State in this hearing"), "device_of")
    if device_of.device_of_id is not None or device_of.vacated_at is not None:
        raise Invalid(tell("Choose somebody who has a device of their own"), "device_of")
    if floor.has_voice(role) and not floor.has_voice(device_of.role):
        raise Invalid(tell("Choose the device of somebody who may speak"), "device_of")
    if role is Role.interpreter or person is not None:
        raise Invalid(tell("Interpreters and staff need a device of their own"), "device_of")


async def of_device(db: AsyncSession, participant: Participant) -> list[Participant]:
    """Those who sit at the device of a participant, locked, in the order they were named."""
    query = select(Participant).where(Participant.device_of_id == participant.id, col(Participant.vacated_at).is_(None))
    return list((await db.exec(query.order_by(col(Participant.id)).with_for_update())).all())


async def note(db: AsyncSession, *, participant: Participant, here: bool, actor: Actor, now: datetime) -> None:
    """Note that somebody at the device of another is there, or has gone.

    Raises `NotAllowed`, `NotReady` while the device is not in the room, and `IdentityMissing` for somebody whose
    identity must be confirmed first. Effects: presence to present or left, event entered or left.
    """
    require("roll_call", actor, target_state=participant.state)
    if participant.device_of_id is None:
        raise NotReady(tell(OWN_DEVICE))
    if here and (await get(db, Participant, participant.device_of_id)).presence is not PresenceStatus.present:
        raise NotReady(tell("The device at which the person sits is not in the room"))
    if here and participant.needs_identity and participant.identity_confirmed_at is None:
        raise IdentityMissing("The requested authority has not confirmed who this is", [participant.id])
    if here == (participant.presence in IN_ROOM):
        return
    if here:
        await require_not_excluded(db, participant)
    move(db, participant, PresenceStatus.present if here else PresenceStatus.left, actor=actor, now=now)
    participant.admitted_at = now if here else participant.admitted_at
    kind = EventKind.entered if here else EventKind.left
    await record(
        db, hearing=participant.hearing_id, kind=kind, actor=actor, now=now, participant=participant.id, why="noted"
    )


async def require_not_excluded(db: AsyncSession, participant: Participant) -> None:
    """Raise `NotReady` while a closed session keeps the person out of the room."""
    sitting = await open_sitting(db, participant.hearing_id)
    if sitting is not None and sitting.excludes(participant):
        raise NotReady(tell("The court sits in closed session: this person is admitted when it has ended"))


async def follow(db: AsyncSession, device: Participant, *, actor: Actor, now: datetime) -> None:
    """Bring those who sit at a device to where it is, after it has moved: with it while its line is lost, back with it,
    or out of the room. Effects for each of them who was in the room: presence, and event left for those who leave."""
    for companion in await of_device(db, device):
        if companion.presence not in IN_ROOM or companion.presence is device.presence:
            continue
        stays = device.presence in IN_ROOM
        move(
            db,
            companion,
            device.presence if stays else PresenceStatus.left,
            actor=actor,
            now=now,
            reason=LEFT_WITH_DEVICE,
        )
        if not stays:
            await record(
                db,
                hearing=companion.hearing_id,
                kind=EventKind.left,
                actor=actor,
                now=now,
                participant=companion.id,
                why="device",
            )
