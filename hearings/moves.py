"""Changing a status, which appends who, when and why.

`move` refuses what the status table does not have (`IllegalMove`, naming what was allowed), sets the status, and adds
the `StatusChange` to the same session, so both are committed or neither.
"""

from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import IllegalMove, NaiveTime
from hearings.models import HearingRequest, StatusChange, UnfollowedChange
from hearings.models.columns import Row
from hearings.status import LIFECYCLES, SINCE, STATUS_FIELDS


def allowed(current: StrEnum) -> frozenset[StrEnum]:
    """The statuses that may follow `current`."""
    return LIFECYCLES[type(current)][current]


def check(subject: str, current: StrEnum, wanted: StrEnum) -> None:
    """Raise `IllegalMove` unless `wanted` may follow `current`."""
    if wanted not in allowed(current):
        raise IllegalMove(subject, current.value, wanted.value, [status.value for status in allowed(current)])


def _append(
    db: AsyncSession,
    row: Row,
    before: str,
    after: str,
    *,
    owner: str,
    actor: Actor,
    now: datetime,
    reason: str,
    followed: bool = True,
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
    if followed:
        db.add(UnfollowedChange(id=change.id, owner_state=owner))  # the clock makes mails and webhooks of it
    return change


def born(db: AsyncSession, row: Row, status: StrEnum, *, actor: Actor, now: datetime, reason: str = "") -> StatusChange:
    """Append the first line of a new row's history."""
    return _append(db, row, "", status.value, owner=row.owner_state, actor=actor, now=now, reason=reason)


def move(db: AsyncSession, row: Row, to: StrEnum, *, actor: Actor, now: datetime, reason: str = "") -> StatusChange:
    """Move a row to another status, note since when, and count the change of a request (`version`).

    Raises `IllegalMove`, and `TypeError` for a status of another lifecycle. Effects: the status; its `StatusChange`.
    """
    field = STATUS_FIELDS.get(type(to), "status")
    current = getattr(row, field)
    if type(current) is not type(to):
        raise TypeError(f"{type(to).__name__} is no status of {type(row).__name__}")
    check(str(type(row).__tablename__).replace("_", " "), current, to)
    change = _append(db, row, current.value, to.value, owner=row.owner_state, actor=actor, now=now, reason=reason)
    setattr(row, field, to)
    if type(to) in SINCE:
        setattr(row, SINCE[type(to)], now)
    if isinstance(row, HearingRequest):
        row.version += 1
    db.add(row)
    return change


def noted(db: AsyncSession, row: Row, status: StrEnum, *, actor: Actor, now: datetime, reason: str) -> StatusChange:
    """Append a line of history without a change of status, for an event that both States are notified of."""
    return _append(db, row, status.value, status.value, owner=row.owner_state, actor=actor, now=now, reason=reason)


def administered(
    db: AsyncSession, row: Row, act: str, *, actor: Actor, now: datetime, reason: str = ""
) -> StatusChange:
    """Append who did an act of administration to a row without a status: a key, a client, a webhook. Nobody is
    mailed; `hearings.overview.audit` lists it."""
    owner = row.owner_state
    return _append(db, row, "", act, owner=owner, actor=actor, now=now, reason=reason, followed=False)
