"""Consultations of the two authorities before a refusal or a postponement (18(26), 46(26)): recorded, never changed."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.models.request_parts import ConsultationWay
from hearings.requests import consultations
from web.api import paging, statements
from web.api.access import Caller
from web.api.fields import Column, Instant, Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("consultations")


class ShownConsultation(Shown):
    """A consultation that was held. `state`: the State that recorded it."""

    id: str
    state: Annotated[str, Column("owner_state")]
    held_at: Moment
    way: ConsultationWay
    with_whom: str
    subject: str
    outcome: str
    recorded_by: Annotated[str, Column("recorded_by_label")]
    recorded_at: Moment


class ConsultationList(Shown):
    """The consultations on a request, in the order they were recorded."""

    items: list[ShownConsultation]
    next: str


class NewConsultation(Model):
    """A consultation that was held between the submission and now (now, if no time is said)."""

    held_at: Instant | None = None
    way: Annotated[ConsultationWay, Field(strict=False)]
    with_whom: str = Field(min_length=2, max_length=300)
    subject: str = Field(min_length=3, max_length=2000)
    outcome: str = Field(min_length=3, max_length=2000)


@router.create("/requests/{request_id}/consultations", scope=EITHER, errors=ACT)
async def record_consultation(caller: Caller, request_id: RequestId, body: NewConsultation) -> ShownConsultation:
    """Record a consultation that was held. Instruments want one before a refusal or a postponement."""
    row = await locked(caller, request_id)
    found = await consultations.record(
        caller.db,
        request=row,
        held_at=statements.instant(body.held_at, "held_at") or caller.now,
        way=body.way.value,
        with_whom=body.with_whom,
        subject=body.subject,
        outcome=body.outcome,
        actor=caller.actor,
        now=caller.now,
    )
    caller.shown.append(row)
    caller.headers["Location"] = caller.url(f"/requests/{row.id}/consultations")
    return ShownConsultation.from_row(found)


@router.read("/requests/{request_id}/consultations", scope="requests:read", errors=(404,), paged=True)
async def list_consultations(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 100
) -> ConsultationList:
    """The consultations on a request, in the order they were recorded."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await consultations.page(caller.db, row.id, after=after, limit=limit)
    return ConsultationList(
        items=[ShownConsultation.from_row(one) for one in page.rows], next=paging.link(caller, page.after)
    )
