"""A consent withdrawn: whoever is being heard is heard no further.

While the person is being heard the floor closes at once, in the same transaction; before that a ready hearing is taken
back.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.models import Hearing, HearingRequest, Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import move_hearing
from hearings.queries import get
from hearings.requests.log import require
from hearings.requests.person_consents import withdrawn
from hearings.sitting import sittings
from hearings.status import HearingStatus, SittingStatus
from hearings.texts import clean

_OVER = (SittingStatus.closing, SittingStatus.closed)
_TO_COME = (HearingStatus.agreed, HearingStatus.ready)


async def withdraw(
    db: AsyncSession, *, request: HearingRequest, consent_id: str, reason: str, actor: Actor, now: datetime
) -> list[str]:
    """The person withdraws a consent, at any time; returns the ids of the hearings whose sitting is now on hold.

    Effects, in order: consent to withdrawn, its history; in every open sitting of the request's hearings a hold: the
    floor closes, and the presiding judge opens it again or closes the hearing; a hearing that is ready and has no open
    sitting goes back to agreed. Raises `IllegalMove` when it was not given.
    """
    require("record_consent", request, actor)
    reason = clean(reason, "reason", most=1000, lines=True)
    waiting = await lock_hearings(db, request)
    await withdrawn(db, request=request, consent_id=consent_id, reason=reason, actor=actor, now=now)
    held = []
    for sitting in await _open_sittings(db, request):  # also a lobby that was being opened meanwhile
        await sittings.hold(
            db, sitting=sitting, reason=HoldCode.consent_withdrawn, actor=SYSTEM, now=now, cause=HoldCause.fault
        )
        held.append(sitting.hearing_id)
    for hearing in waiting:
        if hearing.status is HearingStatus.ready and hearing.id not in held:
            to = HearingStatus.agreed
            move_hearing(db, hearing, to, actor=actor, now=now, reason="a consent was withdrawn")
    return held


async def lock_hearings(db: AsyncSession, request: HearingRequest) -> Sequence[Hearing]:
    """Lock what a withdrawal touches, read anew: open sittings, hearings to come (returned), and last the request.

    Whoever acts in a sitting, cancels or breaks off locks in this order, and so do we, or each would wait for the
    other. Call it before the request is locked by itself.
    """
    await _open_sittings(db, request)
    to_come = select(Hearing).where(Hearing.request_id == request.id, col(Hearing.status).in_(_TO_COME))
    to_come = to_come.order_by(col(Hearing.id)).with_for_update().execution_options(populate_existing=True)
    waiting = (await db.exec(to_come)).all()
    await get(db, HearingRequest, request.id, lock=True)
    return waiting


async def _open_sittings(db: AsyncSession, request: HearingRequest) -> Sequence[Sitting]:
    """Those of the request's hearings that are not over, locked: one being closed is waited for."""
    query = (
        select(Sitting)
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Hearing.request_id == request.id, col(Sitting.status).not_in(_OVER))
        .order_by(col(Sitting.id))
        .with_for_update(of=Sitting)
    )
    return (await db.exec(query.execution_options(populate_existing=True))).all()
