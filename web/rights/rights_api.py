"""The rights checklist of a hearing: how each item stands, on what evidence, and answers to it.

A client answers as clerk and authority of its State; only the presiding judge, at the page, goes on without an item.
"""

from typing import Annotated, Literal

from pydantic import Field

from hearings import queries
from hearings.models import Hearing, RightAnswer
from hearings.models.rights import RightAnswerKind
from hearings.rights import answers, item_states
from hearings.rights.checklist import Gate
from hearings.rights.item_states import RightResult, RightState
from web.api.access import Caller
from web.api.fields import Model, Moment, Nothing, Shown
from web.api.routes import Resource
from web.hearing.api import Ref

router = Resource("rights checklist")
ItemId = Annotated[str, Field(max_length=60, pattern="^[!-~]*$", description="Id of an item.")]


class NewRightAnswer(Model):
    """An answer to an item. Only `kept` needs no reason; both States and the defence read it."""

    kind: Literal["kept", "not_applicable", "not_kept"]
    reason: Annotated[str, Field(max_length=answers.LONGEST)] = ""


class ShownRightAnswer(Shown):
    """What somebody has said to an item: an answer, that the judge goes on without it, or an objection of counsel."""

    kind: RightAnswerKind
    state: str
    by: str
    role: str
    reason: str
    at: Moment
    evidence: list[str]

    @classmethod
    def of(cls, row: RightAnswer) -> "ShownRightAnswer":
        return cls.from_row(row, state=row.owner_state, by=row.person_name)


class ShownEvidence(Shown):
    """Evidence there is. `source`: what it was found in, as in the minutes: `event:12`, `row:agreement.1`."""

    id: str
    source: str
    says: str


class ShownRight(Shown):
    """An item. `gate`: the act that waits for it; `blocks`: that act is refused now because of it; `missing`: ids of
    the evidence by which it would be kept."""

    hearing: str
    item: str
    title: str
    text: str
    provision: str
    gate: Gate
    state: RightState
    blocks: bool
    evidence: list[ShownEvidence]
    missing: list[str]
    answer: ShownRightAnswer | None
    objections: list[ShownRightAnswer]


class RightList(Shown):
    """The items in their order."""

    items: list[ShownRight]


def _told_item(hearing: Hearing, found: RightResult) -> ShownRight:
    item = found.item
    return ShownRight(
        hearing=hearing.ref,
        item=item.id,
        title=item.title,
        text=item.text,
        provision=item.provision,
        gate=item.gate,
        state=found.state,
        blocks=found.blocks and bool(hearing.rights_version),
        evidence=[
            ShownEvidence(id=name, source=each.source, says=": ".join(filter(None, (each.says, each.named))))
            for name, each in found.evidence.items()
        ],
        missing=list(found.missing),
        answer=ShownRightAnswer.of(found.answer) if found.answer else None,
        objections=[ShownRightAnswer.of(row) for row in found.objections],
    )


@router.read("/hearings/{ref}/rights", scope="hearings:read", errors=(404,))
async def list_rights(caller: Caller, ref: Ref) -> RightList:
    """Every item of the rights checklist, and how it stands now."""
    row = await queries.hearing(caller.db, ref, state=caller.state)
    caller.shown.append(row)
    every = await item_states.of_hearing(caller.db, row, now=caller.now)
    return RightList(items=[_told_item(row, each) for each in every])


@router.act("/hearings/{ref}/rights", scope="hearings:write", errors=(404, 409))
async def begin_rights(caller: Caller, ref: Ref, body: Nothing | None = None) -> RightList:
    """Have the acts of a hearing that was proposed before there was a checklist wait for it from now on."""
    row = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    await answers.begin(caller.db, hearing=row, actor=caller.actor, now=caller.now)
    caller.shown.append(row)
    return RightList(
        items=[_told_item(row, each) for each in await item_states.of_hearing(caller.db, row, now=caller.now)]
    )


@router.act("/hearings/{ref}/rights/{item}", scope="hearings:write", errors=(404, 409))
async def answer_right(caller: Caller, ref: Ref, item: ItemId, body: NewRightAnswer) -> ShownRight:
    """Answer an item for this State. A later one takes the place of its earlier ones, but of no judge's."""
    row = await queries.hearing(caller.db, ref, state=caller.state, lock=True)
    await answers.answer(
        caller.db, hearing=row, item=item, kind=body.kind, reason=body.reason, actor=caller.actor, now=caller.now
    )
    caller.shown.append(row)
    every = await item_states.of_hearing(caller.db, row, now=caller.now)
    return _told_item(row, next(each for each in every if each.item.id == item))
