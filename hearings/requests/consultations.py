"""Consultations of the two authorities before a refusal or a postponement (18(26), 46(26)): recorded, never changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import pages
from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import Consultation, HearingRequest
from hearings.models.request_parts import ConsultationWay, RequestAct
from hearings.queries import Page
from hearings.requests.log import after_submission, log, require
from hearings.sentences import tell
from hearings.texts import clean


async def record(
    db: AsyncSession,
    *,
    request: HearingRequest,
    held_at: datetime,
    way: str,
    with_whom: str,
    subject: str,
    outcome: str,
    actor: Actor,
    now: datetime,
) -> Consultation:
    """Record a consultation that was held. Either State may.

    Effects: adds it, and a line in the request's log. Raises `Invalid` naming the field, `NotReady` for a draft.
    """
    require("record_consultation", request, actor)
    after_submission(request)
    try:
        known = ConsultationWay(way)
    except ValueError:
        raise Invalid(tell("Not one of the values this field takes"), "way") from None
    if request.submitted_at is None or not request.submitted_at <= held_at <= now:
        raise Invalid(tell("A consultation is held after the submission, and is recorded afterwards"), "held_at")
    found = Consultation(
        owner_state=actor.state or request.requested_state,
        request_id=request.id,
        held_at=held_at,
        way=known,
        with_whom=clean(with_whom, "with_whom", most=300, least=2),
        subject=clean(subject, "subject", most=2000, least=3, lines=True),
        outcome=clean(outcome, "outcome", most=2000, least=3, lines=True),
        recorded_by=actor.id,
        recorded_by_label=actor.label,
        recorded_at=now,
    )
    db.add(found)
    log(db, request, RequestAct.consultation_recorded, actor=actor, now=now)
    await db.flush()
    return found


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Consultation]:
    """The consultations on a request, in the order they were recorded."""
    query = select(Consultation).where(Consultation.request_id == request_id).order_by(col(Consultation.id))
    return (await db.exec(query)).all()


async def page(db: AsyncSession, request_id: str, *, after: str = "", limit: int = 100) -> Page[Consultation]:
    """As `of_request`, in pages."""
    query = select(Consultation).where(Consultation.request_id == request_id)
    return await pages.by_id(db, query, Consultation, after=after, limit=limit)
