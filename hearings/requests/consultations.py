"""Consultations and informal messages of the two authorities about a request.

Consultations before a refusal or a postponement (18(26), 46(26)) are recorded and never changed. The informal thread
(UNODC paper, para. 34) complements the request and never replaces it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import paging
from hearings.actors import Actor
from hearings.errors import Invalid
from hearings.models import Consultation, HearingRequest, InformalMessage
from hearings.models.request_parts import ConsultationWay, RequestAct
from hearings.paging import Page
from hearings.requests.log import after_submission, log, require
from hearings.sentences import tell
from hearings.texts import NOT_A_VALUE, clean


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
        raise Invalid(tell(NOT_A_VALUE), "way") from None
    if request.submitted_at is None or not request.submitted_at <= held_at <= now:
        raise Invalid(tell("A consultation takes place after submission, and is recorded afterwards"), "held_at")
    consultation = Consultation(
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
    db.add(consultation)
    log(db, request, RequestAct.consultation_recorded, actor=actor, now=now)
    await db.flush()
    return consultation


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Consultation]:
    """The consultations on a request, in the order they were recorded."""
    query = select(Consultation).where(Consultation.request_id == request_id).order_by(col(Consultation.id))
    return (await db.exec(query)).all()


async def page(db: AsyncSession, request_id: str, *, after: str = "", limit: int = 100) -> Page[Consultation]:
    """As `of_request`, in pages."""
    query = select(Consultation).where(Consultation.request_id == request_id)
    return await paging.page(db, query, col(Consultation.id), after=after, limit=limit)


async def write_informally(
    db: AsyncSession, *, request: HearingRequest, text: str, actor: Actor, now: datetime
) -> InformalMessage:
    """Write a line both States read. Effects: adds it; nothing else. Raises `NotReady` for a draft."""
    require("write_informally", request, actor)
    after_submission(request)
    message = InformalMessage(
        owner_state=actor.state or request.owner_state,
        request_id=request.id,
        author=actor.id,
        author_label=actor.label,
        text=clean(text, "text", most=4000, least=1, lines=True),
        at=now,
    )
    db.add(message)
    await db.flush()
    return message


async def informal_thread(
    db: AsyncSession, request_id: str, *, after: str = "", limit: int = 50
) -> Page[InformalMessage]:
    """The newest lines first."""
    query = select(InformalMessage).where(InformalMessage.request_id == request_id)
    return await paging.page(db, query, col(InformalMessage.id).desc(), after=after, limit=limit)
