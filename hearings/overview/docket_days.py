"""The days of hearings of a State in a period of time, and how many requests it has at each status: what the docket
draws."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, HearingDay, HearingRequest, Participant, Sitting
from hearings.queries import request_visible
from hearings.status import RequestStatus, SittingStatus

MOST = 400
"""The maximum number of days of hearings of one period."""


@dataclass(frozen=True)
class DocketDay:
    """One day of a hearing."""

    hearing: Hearing
    day: HearingDay


async def days(db: AsyncSession, *, state: str, since: datetime, until: datetime) -> Sequence[DocketDay]:
    """The days of hearings of a State that end after `since` and begin before `until`, the earliest first, at most
    `MOST`; without those that were dropped.
    """
    query = (
        select(Hearing, HearingDay)
        .join(HearingDay, col(HearingDay.hearing_id) == col(Hearing.id))
        .where(
            or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state),
            col(HearingDay.dropped_at).is_(None),
            col(HearingDay.starts_at) < until,
            col(HearingDay.ends_at) > since,
        )
        .order_by(col(HearingDay.starts_at), col(HearingDay.id))
        .limit(MOST)
    )
    return [DocketDay(hearing, day) for hearing, day in (await db.exec(query)).all()]


async def rooms(db: AsyncSession, *, person_id: str) -> frozenset[str]:
    """The ids of the hearings whose sitting is open and in which this member of staff has a seat."""
    query = (
        select(Sitting.hearing_id)
        .join(Participant, col(Participant.hearing_id) == col(Sitting.hearing_id))
        .where(
            Participant.person_id == person_id,
            col(Participant.vacated_at).is_(None),
            Sitting.status != SittingStatus.closed,
        )
    )
    return frozenset((await db.exec(query)).all())


async def stages(db: AsyncSession, *, state: str) -> Mapping[RequestStatus, int]:
    """The number of requests visible to a State by status; a status without requests is not included."""
    query = (
        select(HearingRequest.status, func.count()).where(request_visible(state)).group_by(col(HearingRequest.status))
    )
    return {RequestStatus(status): number for status, number in (await db.exec(query)).all()}
