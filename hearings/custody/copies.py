"""The stage of a recording's case, by which the law of copies decides (`hearings.permission_table.COPIES`)."""

from collections.abc import Mapping

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotAllowed
from hearings.models import Hearing, HearingRequest, Minutes, Recording
from hearings.permission_table import CaseStage
from hearings.permissions import may_copy
from hearings.queries import get
from hearings.roles import Role
from hearings.sentences import N_, tell
from hearings.status import MinutesStatus, RecordingStatus, RequestStatus

ENDED = frozenset({RecordingStatus.sealed, RecordingStatus.failed})
OWN_USE = frozenset({"deliberation", "minutes", "interpretation", "integrity"})
"""Purposes for which a copy stays with the court."""
HANDED_OVER = frozenset({"party", "copy"})
"""Purposes for which it leaves the court by order of the judge, for somebody of the case in the own State."""
EXPORT_FOR: Mapping[CaseStage, frozenset[str]] = {
    CaseStage.being_recorded: frozenset(),
    CaseStage.sealed: OWN_USE | HANDED_OVER,
    CaseStage.signed: OWN_USE | HANDED_OVER,
    CaseStage.over: OWN_USE | HANDED_OVER,
}
"""What for one person may take a copy alone, by the stage of the case; anything else is a release by two."""
RELEASE_IT = N_(
    "What goes to the other State is released by two persons, and acknowledged there: propose a release instead"
)
_ASK = N_("A copy for your State is released by the other State's court: ask it for one")
WAYS: Mapping[Role, str] = {
    Role.clerk: N_(
        "Nobody takes a copy alone but the presiding judge: propose a release, which somebody else confirms"
    ),
    Role.requested_authority: _ASK,
    Role.central_authority: _ASK,
}
"""How those who take no copy alone come by one."""
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


def require(action: str, role: Role | None, stage: CaseStage, state: str) -> None:
    """Raises `NotAllowed` unless the law of copies allows somebody in this role of `state` to do this; of a copy, it
    names the way that is open. Pure."""
    decision = may_copy(action, role, stage=stage, state=state)
    if decision.allowed:
        return
    way = WAYS.get(role) if role and action == "export_recording" and stage is not CaseStage.being_recorded else None
    raise NotAllowed(tell(way) if way else decision.reason, decision.who_can)


def require_purpose(why: str, stage: CaseStage) -> None:
    """Raises `NotAllowed`, naming the way that is open, unless one person may take a copy for this purpose at this
    stage of the case. Pure."""
    if why not in EXPORT_FOR[stage]:
        raise NotAllowed(tell(RELEASE_IT))
