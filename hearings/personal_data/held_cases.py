"""Cases of which nothing is erased that waits for them: those that are open, and those under a legal hold."""

from typing import Any

from sqlalchemy import ColumnElement, Select
from sqlmodel import col, or_, select

from hearings.models import (
    Agreement,
    Attachment,
    Hearing,
    HearingRequest,
    KeepingDecision,
    Minutes,
    OutboxMessage,
    Recording,
    SharedView,
    Sitting,
)
from hearings.models.sitting import KeepingKind
from hearings.status import HEARINGS_OVER, REQUEST_MOVES, RequestStatus

NOT_OPEN = frozenset({RequestStatus.draft, *(status for status, following in REQUEST_MOVES.items() if not following)})
"""Statuses of a request whose case is not open: those that are final, and drafts, which nobody has received."""


def requests_on_hold() -> Any:
    """A select of the ids of requests of which a recording is under a legal hold that was not lifted."""
    ended = select(KeepingDecision.refers_to).where(col(KeepingDecision.refers_to) != "")
    return (
        select(Hearing.request_id)
        .join(KeepingDecision, col(KeepingDecision.hearing_id) == col(Hearing.id))
        .where(KeepingDecision.kind == KeepingKind.hold, col(KeepingDecision.id).not_in(ended))
    )


def requests() -> Any:
    """A select of the ids of requests whose case is open or under a legal hold: a request is on its way, a hearing is
    not over, or a hold was not lifted."""
    going_on = select(Hearing.request_id).where(col(Hearing.status).not_in(HEARINGS_OVER))
    return select(HearingRequest.id).where(
        or_(
            col(HearingRequest.status).not_in(NOT_OPEN),
            col(HearingRequest.id).in_(going_on),
            col(HearingRequest.id).in_(requests_on_hold()),
        )
    )


def hearings() -> Any:
    """A select of the ids of the hearings of these requests."""
    return select(Hearing.id).where(col(Hearing.request_id).in_(requests()))


def message() -> ColumnElement[bool]:
    """Whether a message is about such a case."""
    about, held = col(OutboxMessage.about), requests()
    return or_(
        about.in_(select(HearingRequest.reference).where(col(HearingRequest.id).in_(held))),
        about.in_(select(Hearing.ref).where(col(Hearing.request_id).in_(held))),
    )


def view() -> ColumnElement[bool]:
    """Whether a row that was viewed belongs to such a case."""
    held = hearings()
    rows: tuple[Select[Any], ...] = (
        requests(),
        held,
        select(Agreement.id).where(col(Agreement.hearing_id).in_(held)),
        select(Minutes.id).where(col(Minutes.hearing_id).in_(held)),
        select(Attachment.id).where(col(Attachment.request_id).in_(requests())),
        select(Recording.id)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .where(col(Sitting.hearing_id).in_(held)),
    )
    return or_(*(col(SharedView.subject_id).in_(ids) for ids in rows))
