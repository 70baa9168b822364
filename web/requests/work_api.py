"""Work on a request: is it complete, how urgent is it, who of one's own State does it."""

from typing import Annotated, Literal

from pydantic import Field

from hearings import queries
from hearings.hearing import law_on_the_day
from hearings.law import law
from hearings.law.handling.contents import Mandatory
from hearings.models import HearingRequest
from hearings.models.request_parts import AnsweredWith
from hearings.requests import gate_answers, priority, requests, translations
from hearings.requests.completeness import ItemContent
from web.api import etags, paging
from web.api.access import Caller
from web.api.fields import Column, Model, Moment, Shown
from web.api.routes import Resource
from web.law.reference_api import Evaluation, evaluation
from web.requests.api import ACT, EITHER, RequestId, ShownRequest, locked, request_answer

router = Resource("work on requests")


class Item(Shown):
    """One field; `provision` is what asks for it, empty where no instrument does."""

    field: str
    found: ItemContent
    text: str
    provision: str


class Demand(Shown):
    """One item an instrument asks for, as good as the worst of its fields.

    `section`: the letter or section of the instrument's list or form. `mandatory`: `always` stops the submission.
    """

    id: str
    instrument: str
    section: str
    provision: str
    mandatory: Mandatory
    asks: str
    found: ItemContent
    items: list[Item]


class ShownCompleteness(Shown):
    """What the instruments relied on ask for. What is missing stops the submission; what is thin does not."""

    complete: bool
    demands: list[Demand]
    others: list[Item]


class Criterion(Shown):
    """One of five; `known` is false when nobody has said anything, which counts 0."""

    criterion: str
    points: int
    text: str
    known: bool


class ShownPriority(Shown):
    """How urgent a request is: what the queue is sorted by, and the score with what it was taken from."""

    priority: int
    override: int | None
    reason: str
    total: int
    of: int
    criteria: list[Criterion]
    detained_days: int | None
    custody_days_left: int | None

    @classmethod
    def make(cls, caller: Caller, row: HearingRequest) -> "ShownPriority":
        found = priority.score(row, on=caller.now.date()).as_json()
        criteria = [Criterion(**one) for one in found.pop("criteria")]
        own = {"priority": row.priority, "override": row.priority_override, "reason": row.priority_reason}
        return cls(**own, **found, criteria=criteria)


class Override(Model):
    """The priority by hand, or (null) back to the score; always with a reason."""

    value: Annotated[int, Field(ge=0, le=priority.MOST)] | None
    reason: str = Field(min_length=3, max_length=1000)


class Delegation(Model):
    """Whose work it is from now on: a colleague's, or (empty) nobody's in particular."""

    person: str = Field(max_length=36, pattern="^[!-~]*$", description="Id of a colleague (`GET /staff`).")
    reason: str = Field(default="", max_length=1000)


class ShownGateAnswer(Shown):
    """What a State has answered to a question of the legal check. The newest of a State counts."""

    id: str
    state: Annotated[str, Column("owner_state")]
    fact: str
    answer: bool
    answered_with: AnsweredWith
    note: str
    by: Annotated[str, Column("actor_label")]
    at: Moment


class OwedAnswer(Shown):
    """An answer the request waits for: `answer` is false where that State has said no. `alone`: it has to be answered
    on its own, and the request is not carried on before. `instrument`: the name of the one that asks it."""

    state: str
    fact: str
    answer: bool | None
    provision: str
    instrument: str
    text: str
    due: str
    alone: bool


class GateAnswerList(Shown):
    """The answers of both States to the legal check, in the order they were given, and those still owed."""

    items: list[ShownGateAnswer]
    owed: list[OwedAnswer]
    next: str


class Colleague(Shown):
    """A member of staff of one's own State."""

    id: str
    name: str
    functions: list[str]


class Staff(Shown):
    """The active staff of one's own State, by name."""

    items: list[Colleague]


@router.read("/requests/{request_id}/legal-bases", scope="requests:read", errors=(404,))
async def read_request_legal_bases(
    caller: Caller,
    request_id: RequestId,
    instruments: Annotated[
        Literal["relied_on", "every"], Field(description="Of those it relies on, or of all that can be a basis.")
    ] = "relied_on",
) -> Evaluation:
    """The legal check of a request as its page shows it: today's law, the consents recorded, the day of the hearing.

    Of the instruments it relies on; where it relies on none yet, of all.
    """
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    known = await law.current(caller.db)
    every = instruments == "every"
    found = await law_on_the_day.evaluation(caller.db, row, every=every, now=caller.now, law=known)
    return evaluation(found, known, caller.now.date())


@router.read("/requests/{request_id}/completeness", scope="requests:read", errors=(404,), tagged=True)
async def read_completeness(caller: Caller, request_id: RequestId) -> ShownCompleteness:
    """What the instruments relied on ask of a request, item by item, and what of it there is."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    known = await law.current(caller.db)
    found = requests.complete(row, tuple(await translations.of_request(caller.db, row.id)), law=known)
    return etags.tag(caller, ShownCompleteness.model_validate(found.as_json(), strict=False))


@router.read("/requests/{request_id}/priority", scope="requests:read", errors=(404,), tagged=True)
async def read_priority(caller: Caller, request_id: RequestId) -> ShownPriority:
    """How urgent a request is, by five criteria, and whether the requested authority has set it by hand."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    return etags.tag(caller, ShownPriority.make(caller, row))


@router.operation(
    "PUT",
    "/requests/{request_id}/priority",
    scope="requests:answer",
    body="json",
    changes=True,
    errors=ACT,
)
async def set_priority(caller: Caller, request_id: RequestId, body: Override) -> ShownPriority:
    """The requested authority sets the priority by hand, or goes back to the score. `If-Match` as read here."""
    row = await queries.request(caller.db, request_id, state=caller.state, lock=True)
    etags.require(caller, ShownPriority.make(caller, row))
    await priority.overrule(
        caller.db, request=row, value=body.value, reason=body.reason, actor=caller.actor, now=caller.now
    )
    caller.shown.append(row)
    return etags.tag(caller, ShownPriority.make(caller, row))


@router.read("/requests/{request_id}/gate-answers", scope="requests:read", errors=(404,), paged=True)
async def list_gate_answers(
    caller: Caller, request_id: RequestId, after: paging.After = "", limit: paging.Limit = 100
) -> GateAnswerList:
    """What both States have answered to the legal check, and what each has still to answer."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    page = await gate_answers.page(caller.db, row.id, after=after, limit=limit)
    owed = gate_answers.owed(row, now=caller.now, law=await law.current(caller.db))
    return GateAnswerList(
        items=[ShownGateAnswer.from_row(one) for one in page.rows],
        owed=[OwedAnswer(**one.as_json()) for one in owed],
        next=paging.link(caller, page.after),
    )


@router.read("/staff", scope=f"{EITHER}|recordings:write")
async def list_staff(caller: Caller) -> Staff:
    """The active staff of one's own State: to whom a request can be given, in whose name a recording is released."""
    people = await queries.people(caller.db, state=caller.state)
    return Staff(items=[Colleague.from_row(person, functions=sorted(person.functions)) for person in people])


@router.act("/requests/{request_id}/delegate", scope=EITHER, errors=ACT)
async def delegate_request(caller: Caller, request_id: RequestId, body: Delegation) -> ShownRequest:
    """Give a request to a colleague of one's own State. The other State does not see who."""
    row = await locked(caller, request_id)
    await requests.delegate(
        caller.db, request=row, person_id=body.person, reason=body.reason, actor=caller.actor, now=caller.now
    )
    return await request_answer(caller, row)
