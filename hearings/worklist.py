"""What waits for one person, with the day it is due: requests and hearings on which their State has the next step.

A table says, for each status, whose step it is and which deadline counts; what is given to a colleague waits for that
colleague.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.models import Hearing, HearingRequest, Person
from hearings.permissions import may_staff
from hearings.status import HearingStatus, RequestStatus

PER_STEP = 100
"""Rows of one step that are looked at: the earliest due."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: which rows wait for it, who may take it. `due` is a column of the row, or empty."""

    word: str
    right: str
    status: RequestStatus | HearingStatus
    due: str = ""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One thing that waits. `late` when its day has passed."""

    step: str
    subject: HearingRequest | Hearing
    due: datetime | None
    late: bool
    priority: int


_R, _H = RequestStatus, HearingStatus
ASKING: tuple[Step, ...] = (
    Step(word="submit", right="submit_request", status=_R.draft),
    Step(word="answer_question", right="answer_information", status=_R.information_requested, due="info_due"),
    Step(word="set_time", right="propose_hearing", status=_R.accepted),
    Step(word="set_time", right="propose_hearing", status=_R.accepted_with_conditions),
)
"""Steps of the requesting State."""
ASKED: tuple[Step, ...] = (
    Step(word="acknowledge", right="acknowledge_request", status=_R.received, due="answer_due"),
    Step(word="answer", right="answer_request", status=_R.under_review, due="answer_due"),
    Step(word="review", right="answer_request", status=_R.postponed, due="review_due"),
)
"""Steps of the requested State."""
CONFIRM = Step(word="confirm_in_writing", right="confirm_in_writing", status=_R.received, due="written_due")
"""Of the requesting State, whatever the status: an oral request waits for its confirmation."""
HEARINGS: tuple[tuple[Step, str], ...] = (
    (Step(word="decide_time", right="agree_hearing", status=_H.proposed, due="starts_at"), "requested_state"),
    (Step(word="decide_time", right="agree_hearing", status=_H.countered, due="starts_at"), "requesting_state"),
    (Step(word="prepare", right="prepare_hearing", status=_H.agreed, due="starts_at"), "requesting_state"),
)
"""Steps of hearings, and the State whose step it is."""


async def waiting(
    db: AsyncSession, *, person: Person | Actor, now: datetime, everything: bool = False, limit: int = 200
) -> list[Waiting]:
    """What waits for this person (or system of an authority), the earliest due first, then by priority.

    `everything`: with what was given to colleagues.
    """
    found: list[Waiting] = []
    for steps, side, mine in (
        (ASKING, "requesting_state", HearingRequest.requesting_assignee),
        (ASKED, "requested_state", HearingRequest.requested_assignee),
    ):
        for step in steps:
            where: list[Any] = [
                getattr(HearingRequest, side) == _own(person),
                HearingRequest.status == step.status,
            ]
            if not everything:
                where.append(_mine(mine, person))
            if _may(step, person, side):
                found += await _requests(db, step, where, now)
    if _may(CONFIRM, person, "requesting_state"):
        oral = and_(
            HearingRequest.requesting_state == _own(person),
            col(HearingRequest.written_due).is_not(None),
            col(HearingRequest.submitted_at).is_not(None),
        )
        found += await _requests(db, CONFIRM, [oral], now)
    for step, side in HEARINGS:
        if not _may(step, person, side):
            continue
        query = (
            select(Hearing)
            .where(getattr(Hearing, side) == _own(person), Hearing.status == step.status)
            .order_by(col(Hearing.starts_at), col(Hearing.id))
            .limit(PER_STEP)
        )
        found += [_waiting(step, row, 0, now) for row in (await db.exec(query)).all()]
    return sorted(found, key=_order)[:limit]


def _own(person: Person | Actor) -> str:
    return person.owner_state if isinstance(person, Person) else person.state


def _mine(column: Any, person: Person | Actor) -> Any:
    return (column == person.id) | column.is_(None)


async def _requests(db: AsyncSession, step: Step, where: list[Any], now: datetime) -> list[Waiting]:
    due = [col(getattr(HearingRequest, step.due))] if step.due else []
    order = [*due, col(HearingRequest.priority).desc(), col(HearingRequest.id)]
    query = select(HearingRequest).where(*where).order_by(*order).limit(PER_STEP)
    return [_waiting(step, row, row.priority, now) for row in (await db.exec(query)).all()]


def _waiting(step: Step, row: HearingRequest | Hearing, priority: int, now: datetime) -> Waiting:
    due: datetime | None = getattr(row, step.due) if step.due else None
    return Waiting(step=step.word, subject=row, due=due, late=due is not None and due < now, priority=priority)


def _order(one: Waiting) -> tuple[bool, float, int, str]:
    return one.due is None, one.due.timestamp() if one.due else 0.0, -one.priority, one.subject.id


def _may(step: Step, person: Person | Actor, side: str) -> bool:
    sides = {"requesting_state": "", "requested_state": "", side: _own(person)}
    return may_staff(step.right, frozenset(person.functions), own_state=_own(person), **sides).allowed
