"""Recordings of a State's hearings by when they were closed. Read only: nothing is destroyed here."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, Recording, Sitting
from hearings.status import RecordingStatus


async def closed_before(
    db: AsyncSession, *, state: str, before: datetime, limit: int = 2000
) -> Sequence[tuple[Recording, Hearing]]:
    """The sealed recordings closed before an instant, of hearings of a State, the oldest first."""
    query = (
        select(Recording, Hearing)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(
            or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state),
            col(Recording.status) == RecordingStatus.sealed,
            col(Recording.closed_at) < before,
        )
    )
    return (await db.exec(query.order_by(col(Recording.closed_at), col(Recording.id)).limit(limit))).all()
