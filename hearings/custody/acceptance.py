"""What the requested State's conditions of acceptance say about a recording: its destruction, and a copy for that State
(`hearings.requests.conditions`)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.custody.copies import OVER
from hearings.custody.retention_classes import YEAR, Retention
from hearings.models import Hearing, HearingRequest, Recording, RecordingRelease, Sitting, StatusChange
from hearings.requests import conditions
from hearings.requests.conditions import Condition, ConditionKind
from hearings.status import RecordingStatus


@dataclass(frozen=True)
class DestroyAfter:
    """The recording is destroyed some days after the final decision. That decision is not given here: it counts from
    the closing of the request, and whoever then proposes the destruction says when it was given."""

    days: int
    state: str
    """The requested State, whose condition it is."""
    over_since: datetime | None = None
    """When the request was closed or withdrawn; None before that."""

    @property
    def retention(self) -> Retention | None:
        """The dates that follow; None while the request is open. It is reviewed each year."""
        if self.over_since is None:
            return None
        return Retention(self.over_since + timedelta(days=self.days), YEAR, f"after_{self.days}_days")


@dataclass(frozen=True)
class OwedCopy:
    """A copy that the requested State is to get. `until`: None before the recording is closed."""

    state: str
    days: int
    until: datetime | None
    taken: bool
    """Whether one was released to it and taken."""


def condition(rules: Sequence[Mapping[str, Any]], kind: ConditionKind) -> Condition | None:
    """The condition of this kind among those of a request, if there is one. Pure."""
    return next((one for one in conditions.parse(rules) if one.kind is kind), None)


def owed_copy(request: HearingRequest, recording: Recording, releases: Sequence[RecordingRelease]) -> OwedCopy | None:
    """The copy that the requested State is to get by its condition; None without one. `releases`: of the recording.
    Pure."""
    found = condition(request.condition_rules, ConditionKind.copy_to_requested_state)
    if found is None:
        return None
    until = recording.closed_at + timedelta(days=found["days"]) if recording.closed_at is not None else None
    taken = any(row.to_state == request.requested_state and row.bag_sha256 for row in releases)
    return OwedCopy(request.requested_state, found["days"], until, taken)


async def owed_until(db: AsyncSession) -> Mapping[str, datetime]:
    """Of each recording of which a copy is owed to the requested State and was not taken yet, until when. Once the
    request is over none is released any more."""
    query = (
        select(Recording, HearingRequest)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .join(HearingRequest, col(Hearing.request_id) == col(HearingRequest.id))
        .where(col(Recording.status) == RecordingStatus.sealed, col(HearingRequest.status).not_in(OVER))
    )
    rows = [(row, request) for row, request in (await db.exec(query)).all() if request.condition_rules]
    taken: dict[str, list[RecordingRelease]] = {}
    for release in (await db.exec(select(RecordingRelease).where(col(RecordingRelease.bag_sha256) != ""))).all():
        taken.setdefault(release.recording_id, []).append(release)
    found = {row.id: owed_copy(request, row, taken.get(row.id, ())) for row, request in rows}
    return {name: owed.until for name, owed in found.items() if owed and owed.until and not owed.taken}


async def destroy_after(db: AsyncSession, recordings: Collection[str] | None = None) -> Mapping[str, DestroyAfter]:
    """The condition on the destruction of each of these recordings, or of all, that has one."""
    query = (
        select(Recording.id, HearingRequest)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .join(HearingRequest, col(Hearing.request_id) == col(HearingRequest.id))
    )
    if recordings is not None:
        query = query.where(col(Recording.id).in_(recordings))
    rows = [
        (name, request, found["days"])
        for name, request in (await db.exec(query)).all()
        if request.condition_rules and (found := condition(request.condition_rules, ConditionKind.destroy_after))
    ]
    since = await _over_since(db, {request.id for _name, request, _days in rows if request.status in OVER})
    return {name: DestroyAfter(days, request.requested_state, since.get(request.id)) for name, request, days in rows}


async def _over_since(db: AsyncSession, requests: Collection[str]) -> Mapping[str, datetime]:
    """When each of these requests was closed or withdrawn."""
    if not requests:
        return {}
    query = (
        select(StatusChange.subject_id, func.max(StatusChange.at))
        .where(
            StatusChange.subject == str(HearingRequest.__tablename__),
            col(StatusChange.subject_id).in_(requests),
            col(StatusChange.after).in_([status.value for status in OVER]),
        )
        .group_by(col(StatusChange.subject_id))
    )
    return dict((await db.exec(query)).all())
