"""What has changed lately, for those who follow: changes of status of the requests and hearings a State may see."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, HearingRequest, StatusChange


def floor(at: datetime) -> str:
    """The smallest id (UUID version 7) a row made at this moment can have."""
    return str(uuid.UUID(int=max(0, int(at.timestamp() * 1000)) << 80))


async def changes(db: AsyncSession, *, state: str, after: str, limit: int = 500) -> Sequence[tuple[StatusChange, str]]:
    """Changes with ids above `after` and the reference of what changed, in the order of their ids.

    The other State's requests count from their submission on.
    """
    request, hearing = HearingRequest, Hearing
    sent = and_(
        col(request.requested_state) == state,
        col(request.submitted_at).is_not(None),
        col(StatusChange.at) >= col(request.submitted_at),
    )
    query = (
        select(StatusChange, request.reference, hearing.ref)
        .join(
            request,
            and_(col(StatusChange.subject) == "hearing_request", col(StatusChange.subject_id) == col(request.id)),
            isouter=True,
        )
        .join(
            hearing,
            and_(col(StatusChange.subject) == "hearing", col(StatusChange.subject_id) == col(hearing.id)),
            isouter=True,
        )
        .where(
            col(StatusChange.id) > after,
            or_(
                col(request.requesting_state) == state,
                sent,
                col(hearing.requesting_state) == state,
                col(hearing.requested_state) == state,
            ),
        )
        .order_by(col(StatusChange.id))
        .limit(limit)
    )
    return [(change, reference or ref) for change, reference, ref in (await db.exec(query)).all()]
