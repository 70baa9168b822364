"""The stage of a recording's case, by which the law of copies decides (`hearings.permission_table.COPIES`)."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, HearingRequest, Minutes, Recording
from hearings.permission_table import CaseStage
from hearings.queries import get
from hearings.status import MinutesStatus, RecordingStatus, RequestStatus

ENDED = frozenset({RecordingStatus.sealed, RecordingStatus.failed})
OVER = frozenset({RequestStatus.closed, RequestStatus.withdrawn})


def stage(recording: RecordingStatus, request: RequestStatus, *, minutes_signed: bool) -> CaseStage:
    """The stage, by the statuses of recording and request, and whether both States have signed its minutes. Pure."""
    if recording not in ENDED:
        return CaseStage.being_recorded
    if request in OVER:
        return CaseStage.over
    return CaseStage.signed if minutes_signed else CaseStage.sealed


async def stage_of(db: AsyncSession, recording: Recording, hearing: Hearing) -> CaseStage:
    """The stage of a recording's case now."""
    request = await get(db, HearingRequest, hearing.request_id)
    query = select(Minutes).where(Minutes.hearing_id == hearing.id, col(Minutes.status) == MinutesStatus.signed)
    signed = any(recording.sitting_id in minutes.sittings for minutes in (await db.exec(query)).all())
    return stage(recording.status, request.status, minutes_signed=signed)
