"""What was done to the installation as a whole: a demonstration made, a copy restored, one that took over, a loss.

A restored copy stands by: a process serving it takes over no hearing and sends nothing, until a person has confirmed
that the original installation is gone. Both States of every open case are then mailed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotReady
from hearings.models import Hearing, HearingRequest, InstallationEvent
from hearings.models.history import InstallationKind
from hearings.outward.notices import notify
from hearings.sentences import N_, Say, english, tell
from hearings.status import HEARINGS_OVER, REQUEST_MOVES, RequestStatus
from hearings.texts import clean

K = InstallationKind
TAKEN_OVER = N_("The service was restored from a backup; please compare what you have with what it shows")
NOT_TOLD = {RequestStatus.draft} | {status for status, following in REQUEST_MOVES.items() if not following}


async def note(
    db: AsyncSession, *, kind: InstallationKind, now: datetime, actor: str = "", reason: str = "", **data: Any
) -> InstallationEvent:
    """Effects: adds the event."""
    made = InstallationEvent(owner_state="", kind=kind, at=now, actor=actor, reason=reason, data=data)
    db.add(made)
    await db.flush()
    return made


async def events(db: AsyncSession) -> Sequence[InstallationEvent]:
    """All of them, oldest first."""
    query = select(InstallationEvent).order_by(col(InstallationEvent.at), col(InstallationEvent.id))
    return (await db.exec(query)).all()


async def is_demo(db: AsyncSession) -> bool:
    """Whether the installation was made as a demonstration."""
    return any(event.kind is K.demo_made for event in await events(db))


async def pending_restore(db: AsyncSession) -> InstallationEvent | None:
    """The restore after which nobody has taken over; None if the installation does not stand by."""
    moves = [event for event in await events(db) if event.kind in (K.restored, K.taken_over)]
    return moves[-1] if moves and moves[-1].kind is K.restored else None


async def open_cases(db: AsyncSession) -> list[Hearing | HearingRequest]:
    """Every hearing that is not over, and every request that is not over and has no such hearing."""
    hearings = (await db.exec(select(Hearing).where(col(Hearing.status).not_in(HEARINGS_OVER)))).all()
    with_hearing = {hearing.request_id for hearing in hearings}
    requests = (await db.exec(select(HearingRequest).where(col(HearingRequest.status).not_in(NOT_TOLD)))).all()
    return [*hearings, *(request for request in requests if request.id not in with_hearing)]


async def take_over(
    db: AsyncSession, *, actor: str, reason: str, origin: str, say: Say = english, now: datetime
) -> InstallationEvent:
    """Take over from the installation copied, which a person confirms is gone. Raises `NotReady`, `Invalid`.

    Effects: the event; a mail to those concerned of both States, for every request that is not over.
    """
    if await pending_restore(db) is None:
        raise NotReady(tell("This installation is not on standby: there is nothing to take over"))
    reason = clean(reason, "reason", most=500, least=3)
    made = await note(db, kind=K.taken_over, actor=actor, reason=reason, now=now)
    for subject in await open_cases(db):
        await notify(
            db,
            subject=subject,
            to="both",
            text=TAKEN_OVER,
            key=f"taken_over:{made.id}:{subject.id}",
            origin=origin,
            say=say,
            now=now,
        )
    return made
