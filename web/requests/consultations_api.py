"""Consultations of the two authorities before a refusal or a postponement (18(26), 46(26)): recorded, never changed."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from hearings import queries
from hearings.models import Consultation
from hearings.models.request_parts import ConsultationWay
from hearings.requests import consultations
from web.api import examples, paging, statements
from web.api.access import Calling
from web.api.fields import Model, Moment, Shown
from web.api.routes import Resource
from web.requests.api import ACT, EITHER, RequestId, locked

router = Resource("consultations")

NEW: Any = {
    "way": "telephone",
    "with_whom": "Ministry of Justice, international cooperation",
    "subject": "Whether the hearing can be held under conditions",
    "outcome": "It can, with an official of this State present.",
}
CONSULTATION = {
    "id": examples.ID,
    "state": "TH",
    "held_at": examples.AT,
    **NEW,
    "recorded_by": "Office of the Attorney General",
    "recorded_at": examples.AT,
}


class ShownConsultation(Shown):
    """A consultation that was held. `state`: the State that recorded it."""

    id: str
    state: str
    held_at: Moment
    way: ConsultationWay
    with_whom: str
    subject: str
    outcome: str
    recorded_by: str
    recorded_at: Moment

    @classmethod
    def of(cls, row: Consultation) -> "ShownConsultation":
        own = {name: getattr(row, name) for name in cls.model_fields if name not in ("state", "recorded_by")}
        return cls(**own, state=row.owner_state, recorded_by=row.recorded_by_label)


class ConsultationList(Shown):
    """The consultations on a request, in the order they were recorded."""

    items: list[ShownConsultation]
    next: str


class NewConsultation(Model):
    """A consultation that was held between the submission and now (now, if no time is said)."""

    model_config = ConfigDict(json_schema_extra={"examples": [NEW]})

    held_at: Annotated[datetime, Field(strict=False)] | None = None
    way: Annotated[ConsultationWay, Field(strict=False)]
    with_whom: str = Field(min_length=2, max_length=300)
    subject: str = Field(min_length=3, max_length=2000)
    outcome: str = Field(min_length=3, max_length=2000)


@router.create("/requests/{request_id}/consultations", scope=EITHER, errors=ACT, example=CONSULTATION)
async def record_consultation(caller: Calling, request_id: RequestId, body: NewConsultation) -> ShownConsultation:
    """Record a consultation that was held. One comes before every refusal and postponement (18(26), 46(26))."""
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
    return ShownConsultation.of(found)


@router.read(
    "/requests/{request_id}/consultations",
    scope="requests:read",
    example={"items": [CONSULTATION], "next": ""},
    errors=(404,),
    paged=True,
)
async def list_consultations(
    caller: Calling, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 100
) -> ConsultationList:
    """The consultations on a request, in the order they were recorded."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await consultations.page(caller.db, row.id, after=after, limit=limit)
    return ConsultationList(
        items=[ShownConsultation.of(one) for one in page.rows], next=paging.link(caller, page.after)
    )
