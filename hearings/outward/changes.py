"""Recent changes of status a State may see, for readers that poll, and what else webhooks tell of (`occasions`); the
same as the events of webhooks.

Cost: proportional to the changes of all States since, at most one page at a time.
"""

import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import (
    Agreement,
    AgreementOffer,
    Claim,
    Consent,
    FingerprintComparison,
    Hearing,
    HearingRequest,
    Minutes,
    MinutesCorrection,
    Recording,
    Signature,
    Sitting,
    StatusChange,
)
from hearings.outward import webhooks
from hearings.status import AgreementStatus

PAGE = 200
"""So few that every database queries each by its index and scans no table."""


@dataclass(frozen=True, kw_only=True)
class VisibleChange:
    """One change, with the reference of its request or hearing and the number of the document concerned."""

    change: StatusChange
    about: str
    number: int | None
    """Of an agreement or of minutes."""


@dataclass(frozen=True)
class ChangeBatch:
    """Changes in the order of their ids, and the last id examined; empty when there is nothing more."""

    rows: list[VisibleChange]
    after: str


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """Something webhooks tell of that is no change of status. `event` is its name there, `about` the reference of the
    hearing, `more` what else is said of it, by the names the webhooks have."""

    id: str
    event: str
    about: str
    at: datetime
    more: Mapping[str, str | int]


COSIGNERS: Mapping[str, str] = {"head_refused": webhooks.REFUSED, "head_missing": webhooks.MISSING}
"""The events of cosigners, by the kind of the claim under which the clock told of them."""


def floor(at: datetime) -> str:
    """The smallest id (UUID version 7) a row made at this moment can have."""
    return str(uuid.UUID(int=max(0, int(at.timestamp() * 1000)) << 80))


async def changes(db: AsyncSession, *, state: str, after: str, limit: int = PAGE) -> ChangeBatch:
    """The changes `state` may see among the `limit` changes after the id `after`.

    The other State's requests count from their submission on, and what it drafts as an agreement from its proposal on.
    """
    recent = select(StatusChange).where(col(StatusChange.id) > after).order_by(col(StatusChange.id)).limit(limit)
    judged = (await db.exec(_judged(recent, state))).all()
    rows = [VisibleChange(change=change, about=about, number=number) for change, seen, about, number in judged if seen]
    return ChangeBatch(rows, judged[-1][0].id if len(judged) == limit else "")


async def sees(db: AsyncSession, change_id: str, *, state: str) -> bool:
    """Whether a State may see one change, by the same rule: by the status at the time of the change."""
    row = (await db.exec(_judged(select(StatusChange).where(StatusChange.id == change_id), state))).first()
    return row is not None and bool(row[1])


async def occasions(db: AsyncSession, *, state: str, after: str, limit: int = PAGE) -> list[Occasion]:
    """The first `limit` after the id `after` that `state` may see, by id: of hearings of its own, on either side."""
    found = [
        *[one async for one in _of_cosigners(db, state, after, limit)],
        *[one async for one in _of_corrections(db, state, after, limit)],
    ]
    return sorted(found, key=lambda one: one.id)[:limit]


def _side(state: str) -> ColumnElement[bool]:
    return or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state)


async def _of_cosigners(db: AsyncSession, state: str, after: str, limit: int) -> AsyncIterator[Occasion]:
    query = (
        select(Claim, Hearing.ref)
        .join(Recording, col(Recording.id) == col(Claim.subject_id))
        .join(Sitting, col(Sitting.id) == col(Recording.sitting_id))
        .join(Hearing, col(Hearing.id) == col(Sitting.hearing_id))
        .where(col(Claim.id) > after, col(Claim.kind).in_(COSIGNERS), _side(state))
    )
    for claim, ref in (await db.exec(query.order_by(col(Claim.id)).limit(limit))).all():
        # `head_refused:RECORDING:COSIGNER:WHY`, `head_missing:COSIGNER:STATES:INSTANT`
        words = claim.key.split(":")
        refused = claim.kind == "head_refused"
        cosigner = ":".join(words[2:-1] if refused else words[1:-2])
        more: dict[str, str | int] = {"recording": claim.subject_id, "cosigner": cosigner}
        more |= {"why": words[-1]} if refused else {}
        yield Occasion(id=claim.id, event=COSIGNERS[claim.kind], about=ref, at=claim.at, more=more)


async def _of_corrections(db: AsyncSession, state: str, after: str, limit: int) -> AsyncIterator[Occasion]:
    asked = select(MinutesCorrection, MinutesCorrection.id, MinutesCorrection.at, MinutesCorrection.asked_by)
    signed = select(MinutesCorrection, Signature.id, Signature.received_at, Signature.owner_state)
    signed = signed.join(Signature, col(Signature.subject_id) == col(MinutesCorrection.id))
    signed = signed.where(Signature.subject == MinutesCorrection.__tablename__)
    for event, begun, row_id in (
        (webhooks.ASKED, asked, col(MinutesCorrection.id)),
        (webhooks.SIGNED, signed, col(Signature.id)),
    ):
        query: Any = (
            begun.add_columns(col(Minutes.number), col(Hearing.ref))
            .join(Minutes, col(Minutes.id) == col(MinutesCorrection.minutes_id))
            .join(Hearing, col(Hearing.id) == col(Minutes.hearing_id))
            .where(row_id > after, _side(state))
        )
        for row, id_, at, by, minutes, ref in (await db.exec(query.order_by(row_id).limit(limit))).all():
            more: dict[str, str | int] = {"minutes": minutes, "correction": row.number, "state": by}
            yield Occasion(id=id_, event=event, about=ref, at=at, more=more)


def _judged(some: Any, state: str) -> Any:
    """A query of changes in the order of their ids, each with whether `state` may see it, reference and number."""
    change, request, hearing = aliased(StatusChange, some.subquery()), HearingRequest, Hearing
    # Ids are unique over all tables: what a change is about is the one row there is with that id. Which of them may be
    # seen is asked of each and not looked for, so that no database thinks of reading more of a table than these rows.
    return (
        select(
            change,
            or_(_asked(change, state), _heard(change, state)),
            func.coalesce(request.reference, hearing.ref),
            func.coalesce(Agreement.number, Minutes.number),
        )
        .join(Consent, col(Consent.id) == change.subject_id, isouter=True)
        .join(request, col(request.id) == func.coalesce(Consent.request_id, change.subject_id), isouter=True)
        .join(Agreement, col(Agreement.id) == change.subject_id, isouter=True)
        .join(Minutes, col(Minutes.id) == change.subject_id, isouter=True)
        .join(Recording, col(Recording.id) == change.subject_id, isouter=True)
        .join(FingerprintComparison, col(FingerprintComparison.id) == change.subject_id, isouter=True)
        .join(
            Sitting,
            col(Sitting.id) == func.coalesce(Recording.sitting_id, FingerprintComparison.sitting_id, change.subject_id),
            isouter=True,
        )
        .join(
            hearing,
            col(hearing.id)
            == func.coalesce(Agreement.hearing_id, Minutes.hearing_id, Sitting.hearing_id, change.subject_id),
            isouter=True,
        )
        .order_by(col(change.id))
    )


Change = type[StatusChange]


def _asked(change: Change, state: str) -> ColumnElement[bool]:
    """Of requests and consents: those made, and those sent, since they were."""
    sent = and_(
        col(HearingRequest.requested_state) == state,
        col(HearingRequest.submitted_at).is_not(None),
        col(change.at) >= col(HearingRequest.submitted_at),
    )
    return or_(col(HearingRequest.requesting_state) == state, sent)


def _heard(change: Change, state: str) -> ColumnElement[bool]:
    """Of hearings and what belongs to them: all but what the other State drafts as an agreement."""
    side = or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state)
    return and_(side, or_(col(Agreement.id).is_(None), _drafted_by(state), _on_the_table(change)))


def _drafted_by(state: str) -> ColumnElement[bool]:
    """By who made the first offer; later ones are made by either."""
    return exists().where(
        col(AgreementOffer.agreement_id) == Agreement.id,
        col(AgreementOffer.round) == 1,
        col(AgreementOffer.by_state) == state,
    )


def _on_the_table(change: Change) -> ColumnElement[bool]:
    """Whether the agreement had been proposed when it changed."""
    earlier = aliased(StatusChange)
    return exists().where(
        col(earlier.subject) == Agreement.__tablename__,
        col(earlier.subject_id) == Agreement.id,
        col(earlier.after) == AgreementStatus.proposed,
        col(earlier.at) <= change.at,
    )
