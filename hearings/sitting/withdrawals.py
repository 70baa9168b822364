"""Withdrawal of the consent of the person heard.

During a sitting the floor closes in the same transaction; before one, a ready hearing goes back to agreed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.models import Hearing, HearingRequest, Sitting
from hearings.models.sitting import HoldCause, HoldCode
from hearings.moves import move
from hearings.queries import get
from hearings.requests.log import require
from hearings.requests.person_consents import withdrawn
from hearings.sentences import N_
from hearings.sitting import sittings
from hearings.status import HearingStatus, SittingStatus
from hearings.texts import clean

CONSENT_WITHDRAWN = N_("a consent was withdrawn")

_OVER = (SittingStatus.closing, SittingStatus.closed)
_TO_COME = (HearingStatus.agreed, HearingStatus.ready)


async def withdraw(
    db: AsyncSession, *, request: HearingRequest, consent_id: str, reason: str, actor: Actor, now: datetime
) -> list[str]:
    """Withdraw a consent, at any time. Returns the ids of the hearings whose sitting is now on hold.

    Effects, in order: consent to withdrawn, its history; in every open sitting of the request's hearings a hold: the
    floor closes, and the presiding judge opens it again or closes the hearing; a hearing that is ready and has no open
    sitting goes back to agreed. Raises `IllegalMove` when it was not given.
    """
    require("record_consent", request, actor)
    reason = clean(reason, "reason", most=1000, lines=True)
    waiting = await lock_hearings(db, request)
    await withdrawn(db, request=request, consent_id=consent_id, reason=reason, actor=actor, now=now)
    on_hold = []
    for sitting in await _open_sittings(db, request):  # also a lobby that was being opened meanwhile
        await sittings.hold(
            db, sitting=sitting, reason=HoldCode.consent_withdrawn, actor=SYSTEM, now=now, cause=HoldCause.fault
        )
        on_hold.append(sitting.hearing_id)
    for hearing in waiting:
        if hearing.status is HearingStatus.ready and hearing.id not in on_hold:
            to = HearingStatus.agreed
            move(db, hearing, to, actor=actor, now=now, reason="a consent was withdrawn")
    return on_hold


async def lock_hearings(db: AsyncSession, request: HearingRequest) -> Sequence[Hearing]:
    """Lock and read again the rows a withdrawal changes: open sittings, coming hearings (returned), last the request.

    Acts in a sitting, cancelling and aborting lock in the same order, so that there is no deadlock. Call it before
    the request is locked by itself.
    """
    await _open_sittings(db, request)
    to_come = select(Hearing).where(Hearing.request_id == request.id, col(Hearing.status).in_(_TO_COME))
    to_come = to_come.order_by(col(Hearing.id)).with_for_update().execution_options(populate_existing=True)
    waiting = (await db.exec(to_come)).all()
    await get(db, HearingRequest, request.id, lock=True)
    return waiting


async def _open_sittings(db: AsyncSession, request: HearingRequest) -> Sequence[Sitting]:
    """The request's hearings that are not over, locked. Waits for a hearing that is being closed."""
    query = (
        select(Sitting)
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(Hearing.request_id == request.id, col(Sitting.status).not_in(_OVER))
        .order_by(col(Sitting.id))
        .with_for_update(of=Sitting)
    )
    return (await db.exec(query.execution_options(populate_existing=True))).all()
