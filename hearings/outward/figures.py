"""Counts of rows for monitoring, without content."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import OutboxMessage, Sitting, StatusChange, UnfollowedChange
from hearings.models.outbox import OutboxStatus
from hearings.status import SittingStatus

OVERDUE = timedelta(minutes=5)
"""The delay after which due work counts as late; the clock looks every few seconds."""


@dataclass(frozen=True)
class RowCounts:
    """Counts of rows."""

    sittings_open: int
    outbox_waiting: int
    jobs_overdue: int
    """Number of messages and changes overdue: no clock runs, or it fails."""


async def count(db: AsyncSession, *, now: datetime) -> RowCounts:
    """Each by an index."""
    waiting = [OutboxStatus.waiting, OutboxStatus.sending, OutboxStatus.unconfirmed]
    message, late = select(func.count()).select_from(OutboxMessage), now - OVERDUE
    overdue = message.where(col(OutboxMessage.status).in_(waiting), col(OutboxMessage.next_at) < late)
    unfollowed = (
        select(func.count())
        .select_from(UnfollowedChange)
        .join(StatusChange, col(StatusChange.id) == col(UnfollowedChange.id))
        .where(col(StatusChange.at) < late)
    )
    return RowCounts(
        sittings_open=await _number(
            db, select(func.count()).select_from(Sitting).where(Sitting.status != SittingStatus.closed)
        ),
        outbox_waiting=await _number(db, message.where(col(OutboxMessage.status).in_(waiting))),
        jobs_overdue=await _number(db, overdue) + await _number(db, unfollowed),
    )


async def _number(db: AsyncSession, query: object) -> int:
    return int((await db.exec(query)).one())  # type: ignore[call-overload]
