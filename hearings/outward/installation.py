"""What was done to the installation as a whole: a demonstration made, a copy restored, one that took over, a loss.

A restored copy stands by: whoever serves it takes over no hearing and sends nothing, until a person has said that the
installation it was copied from is gone. Both States of everything open are told then.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotReady
from hearings.minutes.phrases import N_
from hearings.models import Hearing, HearingRequest, InstallationEvent
from hearings.models.history import InstallationKind
from hearings.outward.mail_words import Say, english
from hearings.outward.notices import tell as tell_those_concerned
from hearings.sentences import tell
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
    """Whether it was made as a demonstration."""
    return any(one.kind is K.demo_made for one in await events(db))


async def standing_by(db: AsyncSession) -> InstallationEvent | None:
    """The restore that nobody has taken over after; None where the installation is the one."""
    moves = [one for one in await events(db) if one.kind in (K.restored, K.taken_over)]
    return moves[-1] if moves and moves[-1].kind is K.restored else None


async def open_cases(db: AsyncSession) -> list[Hearing | HearingRequest]:
    """Every hearing that is not over, and every request that is not over and has no such hearing."""
    hearings = (await db.exec(select(Hearing).where(col(Hearing.status).not_in(HEARINGS_OVER)))).all()
    told = {one.request_id for one in hearings}
    requests = (await db.exec(select(HearingRequest).where(col(HearingRequest.status).not_in(NOT_TOLD)))).all()
    return [*hearings, *(one for one in requests if one.id not in told)]


async def take_over(
    db: AsyncSession, *, actor: str, reason: str, origin: str, say: Say = english, now: datetime
) -> InstallationEvent:
    """A person says that the installation this one was copied from is gone. Raises `NotReady`, `Invalid`.

    Effects: the event; a mail to those concerned of both States, for every request that is not over.
    """
    if await standing_by(db) is None:
        raise NotReady(tell("This installation does not stand by: there is nothing to take over"))
    reason = clean(reason, "reason", most=500, least=3)
    made = await note(db, kind=K.taken_over, actor=actor, reason=reason, now=now)
    for subject in await open_cases(db):
        await tell_those_concerned(
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
