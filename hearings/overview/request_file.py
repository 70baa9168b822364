"""What the head of a request's file shows: its stages, open steps and how much is in each of its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.models import (
    Attachment,
    Consent,
    Consultation,
    Hearing,
    HearingRequest,
    InformalMessage,
    Minutes,
    StatusChange,
)
from hearings.overview import worklist
from hearings.overview.milestones import ReachedMilestone, milestones
from hearings.overview.worklist import OpenStep


@dataclass(frozen=True, kw_only=True)
class RequestFile:
    """A request with what belongs to it. `counts`: rows of each part; `history`: changes of its status only;
    `hearing_history`: those of its hearings."""

    request: HearingRequest
    hearings: Sequence[Hearing]
    history: Sequence[StatusChange]
    hearing_history: Sequence[StatusChange]
    stages: Sequence[ReachedMilestone]
    steps: Sequence[OpenStep]
    counts: Mapping[str, int]


PARTS: Mapping[str, Any] = {
    "documents": Attachment,
    "consents": Consent,
    "consultations": Consultation,
    "informal": InformalMessage,
}
"""The parts of a file that are counted, by the last part of their address."""


async def gather(db: AsyncSession, request: HearingRequest, *, own: str, now: datetime) -> RequestFile:
    """The file of a request as the State `own` sees it. The caller ensures that it may."""
    hearings = await queries.hearings_of_request(db, request.id)
    changes = await queries.history(db, request, *hearings)
    ids = [hearing.id for hearing in hearings]
    minutes = (await db.exec(select(Minutes).where(col(Minutes.hearing_id).in_(ids)))).all() if ids else []
    rows = [
        select(func.count()).select_from(table).where(table.request_id == request.id).scalar_subquery().label(name)
        for name, table in PARTS.items()
    ]
    counts: Any = (await db.exec(select(*rows))).one()
    return RequestFile(
        request=request,
        hearings=hearings,
        history=[change for change in changes if change.subject_id == request.id],
        hearing_history=[change for change in changes if change.subject_id in ids],
        stages=milestones(request, changes, hearings, minutes),
        steps=await worklist.of_request(db, request=request, hearings=hearings, own=own, now=now),
        counts=dict(zip(PARTS, counts, strict=True)),
    )
