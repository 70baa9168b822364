"""Changing a status: one function per table, each over the same core, which appends who, when and why.

The core refuses a move the table does not have (`IllegalMove`, naming what was allowed), sets the status, and adds
the `StatusChange` to the same session, so both are committed or neither.
"""

from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import IllegalMove, NaiveTime
from hearings.models import (
    Agreement,
    Consent,
    FingerprintComparison,
    Hearing,
    HearingRequest,
    Minutes,
    Offer,
    Participant,
    Recording,
    Sitting,
    StatusChange,
    UnfollowedChange,
)
from hearings.models.columns import Row
from hearings.status import (
    LIFECYCLES,
    AgreementStatus,
    ComparisonStatus,
    ConsentStatus,
    HearingStatus,
    MinutesStatus,
    OfferStatus,
    PresenceStatus,
    RecordingStatus,
    RequestStatus,
    SittingStatus,
)


def allowed(current: StrEnum) -> frozenset[StrEnum]:
    """What may follow `current`."""
    return LIFECYCLES[type(current)][current]


def check(subject: str, current: StrEnum, wanted: StrEnum) -> None:
    """Raise `IllegalMove` unless `wanted` may follow `current`."""
    if wanted not in allowed(current):
        raise IllegalMove(subject, current.value, wanted.value, [status.value for status in allowed(current)])


def _append(
    db: AsyncSession, row: Row, before: str, after: str, *, owner: str, actor: Actor, now: datetime, reason: str
) -> StatusChange:
    if now.tzinfo is None:
        raise NaiveTime
    change = StatusChange(
        owner_state=owner,
        subject=str(type(row).__tablename__),
        subject_id=row.id,
        before=before,
        after=after,
        at=now,
        actor=actor.id,
        actor_label=actor.label,
        reason=reason,
    )
    db.add(change)
    db.add(UnfollowedChange(id=change.id, owner_state=owner))  # the clock makes mails and webhooks of it
    return change


def born(db: AsyncSession, row: Row, status: StrEnum, *, actor: Actor, now: datetime, reason: str = "") -> StatusChange:
    """Append the first line of a new row's history."""
    return _append(db, row, "", status.value, owner=row.owner_state, actor=actor, now=now, reason=reason)


def _move(
    db: AsyncSession, row: Row, field: str, to: StrEnum, *, actor: Actor, now: datetime, reason: str
) -> StatusChange:
    current: StrEnum = getattr(row, field)
    check(str(type(row).__tablename__).replace("_", " "), current, to)
    change = _append(db, row, current.value, to.value, owner=row.owner_state, actor=actor, now=now, reason=reason)
    setattr(row, field, to)
    db.add(row)
    return change


def move_request(
    db: AsyncSession, request: HearingRequest, to: RequestStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a request, and count the change (`version`)."""
    change = _move(db, request, "status", to, actor=actor, now=now, reason=reason)
    request.version += 1
    return change


def move_hearing(
    db: AsyncSession, hearing: Hearing, to: HearingStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a hearing."""
    return _move(db, hearing, "status", to, actor=actor, now=now, reason=reason)


def move_sitting(
    db: AsyncSession, sitting: Sitting, to: SittingStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a sitting and note since when."""
    change = _move(db, sitting, "status", to, actor=actor, now=now, reason=reason)
    sitting.since = now
    return change


def move_recording(
    db: AsyncSession, recording: Recording, to: RecordingStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a recording and note since when."""
    change = _move(db, recording, "status", to, actor=actor, now=now, reason=reason)
    recording.since = now
    return change


def move_presence(
    db: AsyncSession, participant: Participant, to: PresenceStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a participant and note since when."""
    change = _move(db, participant, "presence", to, actor=actor, now=now, reason=reason)
    participant.presence_since = now
    return change


def move_comparison(
    db: AsyncSession,
    comparison: FingerprintComparison,
    to: ComparisonStatus,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> StatusChange:
    """Move a comparison of fingerprints and note since when."""
    change = _move(db, comparison, "status", to, actor=actor, now=now, reason=reason)
    comparison.since = now
    return change


def move_consent(
    db: AsyncSession, consent: Consent, to: ConsentStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a consent and note since when."""
    change = _move(db, consent, "status", to, actor=actor, now=now, reason=reason)
    consent.since = now
    return change


def move_minutes(
    db: AsyncSession, minutes: Minutes, to: MinutesStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move minutes."""
    return _move(db, minutes, "status", to, actor=actor, now=now, reason=reason)


def move_offer(
    db: AsyncSession, offer: Offer, to: OfferStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move an offered time."""
    return _move(db, offer, "status", to, actor=actor, now=now, reason=reason)


def noted(db: AsyncSession, row: Row, status: StrEnum, *, actor: Actor, now: datetime, reason: str) -> StatusChange:
    """Append a line of history that changes no status: something happened that both sides are to be told."""
    return _append(db, row, status.value, status.value, owner=row.owner_state, actor=actor, now=now, reason=reason)


def move_agreement(
    db: AsyncSession, agreement: Agreement, to: AgreementStatus, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Move a technical agreement."""
    return _move(db, agreement, "status", to, actor=actor, now=now, reason=reason)
