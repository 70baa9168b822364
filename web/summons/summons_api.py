"""The summonses of a hearing: how each stands, and what came of serving it, recorded by the requested State."""

from typing import Annotated

from pydantic import Field

from hearings import queries
from hearings.models import SummonsService
from hearings.models.participant import SummonsOutcome, SummonsWay
from hearings.roles import Role
from hearings.summons import services, summons_states
from hearings.summons.summons_states import SummonsResult, SummonsState
from web.api import statements
from web.api.access import Caller
from web.api.fields import Column, Instant, Model, Moment, Shown
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("summons")
Text = Annotated[str, Field(max_length=services.LONGEST)]


class NewService(Model):
    """What came of serving a summons. Only `served` needs no reason; both States read it."""

    participant_id: Annotated[str, Field(max_length=40, description="Id of the person heard, or of defence counsel.")]
    outcome: Annotated[SummonsOutcome, Field(strict=False)]
    way: Annotated[SummonsWay, Field(strict=False)]
    served_at: Annotated[Instant, Field(description="When it was served, refused, or last tried.")]
    served_by: Annotated[str, Field(max_length=200)]
    language: Annotated[str, Field(max_length=35, description="BCP 47 tag of the language of the summons.")]
    translation: Annotated[str, Field(max_length=35, description="Of a translation served with it.")] = ""
    attachment_id: Annotated[str, Field(max_length=40, description="The proof: a file of the request.")] = ""
    reason: Text = ""
    remarks: Text = ""
    summoned_to: Annotated[
        Instant | None, Field(description="The start that the summons names; that which stood when it was served.")
    ] = None


class ShownService(Shown):
    """What came of serving a summons. `summoned_to`: the start of the hearing that the summons names."""

    id: str
    participant_id: str
    state: Annotated[str, Column("owner_state")]
    summoned_to: Moment
    outcome: SummonsOutcome
    way: SummonsWay
    served_at: Moment
    served_zone: str
    served_by: str
    language: str
    translation: str
    attachment_id: str | None
    reason: str
    remarks: str
    recorded_by: Annotated[str, Column("recorded_by_label")]
    at: Moment


class ShownSummons(Shown):
    """The summons of one person. `says`: what the law's data say to it; `understood`: it, or its translation, is in the
    language that the person speaks; `service`: what counts, the newest, with those before it in `earlier`."""

    participant_id: str
    role: Role
    state: SummonsState
    understood: bool
    says: list[str]
    service: ShownService | None
    earlier: list[ShownService]


class SummonsList(Shown):
    """The summons of everybody to be heard, and of defence counsel."""

    items: list[ShownSummons]


def _service_of(row: SummonsService) -> ShownService:
    return ShownService.from_row(row)


def _of(found: SummonsResult) -> ShownSummons:
    return ShownSummons(
        participant_id=found.person.id,
        role=found.person.role,
        state=found.state,
        understood=found.understood,
        says=[str(each) for each in found.says],
        service=_service_of(found.service) if found.service else None,
        earlier=[_service_of(row) for row in found.earlier],
    )


@router.read("/hearings/{ref}/summons", scope="hearings:read", errors=(404,))
async def list_summonses(caller: Caller, ref: Ref) -> SummonsList:
    """How the summons of everybody who is summoned stands now."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    return SummonsList(items=[_of(each) for each in await summons_states.of_hearing(caller.db, row, now=caller.now)])


@router.act("/hearings/{ref}/summons", scope="hearings:write", errors=(404, 409))
async def record_service(caller: Caller, ref: Ref, body: NewService) -> ShownService:
    """Record what came of serving a person's summons, for the requested State. Rows are only added: the newest of a
    person counts."""
    row = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    found = await services.record(
        caller.db,
        hearing=row,
        participant_id=body.participant_id,
        outcome=body.outcome.value,
        way=body.way.value,
        served_at=statements.instant(body.served_at, "served_at"),
        served_by=body.served_by,
        language=body.language,
        translation=body.translation,
        attachment_id=body.attachment_id,
        reason=body.reason,
        remarks=body.remarks,
        summoned_to=statements.instant(body.summoned_to, "summoned_to"),
        actor=caller.actor,
        now=caller.now,
    )
    caller.shown.append(row)
    return _service_of(found)
