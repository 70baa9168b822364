"""Answering an item of the rights checklist, going on without it, and objecting to it. Rows are only added."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.events import EventKind, record
from hearings.models import Hearing, HearingRequest, RightAnswer
from hearings.models.rights import RightAnswerKind
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import require, require_staff
from hearings.queries import get, participants
from hearings.rights import checklist, facts as rights_facts, item_states
from hearings.rights.checklist import AnsweredBy, RightItem, RightSide
from hearings.rights.evidence import FoundEvidence
from hearings.roles import StaffFunction
from hearings.sentences import N_, Sentence, tell
from hearings.status import HEARINGS_OVER, HearingStatus
from hearings.texts import HEARING_OFF, HEARING_OVER, NOT_A_VALUE, clean

K = RightAnswerKind
LONGEST = 1000
"""Longest reason or objection, in characters."""
OVER = frozenset({HearingStatus.cancelled})
BY_EVIDENCE_ALONE = N_("This item is kept by what the case shows, and by nobody's word")
NOT_YOURS = N_("This item is not for you to answer")
NOT_TO_BE_PASSED_OVER = N_("Nobody can go on without this item")


def item_of(name: str) -> RightItem:
    """An item by its id. Raises `NotFound`."""
    found = checklist.item(name)
    if found is None:
        raise NotFound
    return found


def side_of(hearing: Hearing, state: str) -> RightSide:
    """Whose side a State of the hearing is."""
    return RightSide.requesting if state == hearing.requesting_state else RightSide.requested


def answers_as(item: RightItem, hearing: Hearing, *, state: str, functions: frozenset[str]) -> StaffFunction | None:
    """The function in which somebody of these answers the item; None for somebody it is not for."""
    side = side_of(hearing, state)
    theirs = (who.function for who in item.who if who.side in (side, RightSide.both))
    return next((function for function in theirs if function.value in functions), None)


def owed_by(item: RightItem, hearing: Hearing) -> tuple[tuple[StaffFunction, str], ...]:
    """Whom an item waits for: functions of staff, each with its State. What the case itself has to show is the work of
    the clerk who prepares the hearing."""
    return item_states.asked(item, hearing) or ((StaffFunction.clerk, hearing.requesting_state),)


def refusal(item: RightItem, kind: RightAnswerKind, hearing: Hearing, actor: Actor) -> Sentence | None:
    """Why this answer is not for this actor, who has the right of the permission table; None if it is."""
    if kind is K.overridden:
        return None if item.override and item.blocks else tell(NOT_TO_BE_PASSED_OVER)
    if item.answer is AnsweredBy.evidence:
        return tell(BY_EVIDENCE_ALONE)
    if actor is SYSTEM or answers_as(item, hearing, state=actor.state, functions=actor.functions) is not None:
        return None
    return tell(NOT_YOURS)


def possible(item: RightItem, hearing: Hearing, actor: Actor, rights: Mapping[str, bool]) -> list[RightAnswerKind]:
    """The answers this person can give, for a form. `rights`: whether they have `answer_right`, `override_right`."""
    if hearing.status in OVER:
        return []
    needs = {K.overridden: "override_right"}
    return [
        kind
        for kind in (K.kept, K.not_applicable, K.not_kept, K.overridden)
        if rights[needs.get(kind, "answer_right")] and refusal(item, kind, hearing, actor) is None
    ]


async def begin(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> None:
    """Have the acts of a hearing wait for the checklist from now on. Begun once, it is not ended.

    Raises `NotAllowed`, `NotReady` for a hearing that is over or has begun it. Effects: `rights_version`, event
    right_answered.
    """
    sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
    require_staff("begin_rights", actor, **sides)
    _not_begun(hearing)
    hearing.rights_version = checklist.VERSION
    db.add(hearing)
    await record(db, hearing=hearing, kind=EventKind.right_answered, actor=actor, now=now, item="", answer="begun")


async def answer(
    db: AsyncSession, *, hearing: Hearing, item: str, kind: str, reason: str = "", actor: Actor, now: datetime
) -> RightAnswer:
    """Answer an item for the actor's State. Only "kept" needs no reason.

    Raises `NotFound` for an unknown item, `NotAllowed`, `NotReady` for a cancelled hearing, `Invalid` naming the field,
    also for a protected person's name.
    Effects: adds the answer with the evidence there is, event right_answered.
    """
    row = item_of(item)
    known = next((each for each in K if each == kind and each is not K.objection), None)
    if known is None:
        raise Invalid(tell(NOT_A_VALUE), "kind")
    sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
    if known is K.overridden:
        require_staff("override_right", actor, **sides)
    else:
        require_staff("answer_right", actor, **sides)
    if (why := refusal(row, known, hearing, actor)) is not None:
        raise NotAllowed(why)
    return await _add(db, hearing, row, known, reason, least=0 if known is K.kept else 3, actor=actor, now=now)


async def object_to(
    db: AsyncSession, *, hearing: Hearing, item: str, text: str, actor: Actor, now: datetime
) -> RightAnswer:
    """Object to an item as defence counsel of the hearing. It blocks nothing by itself.

    Raises `NotFound`, `NotAllowed`, `NotReady`, `Invalid`. Effects: adds the objection, event right_objected.
    """
    row = item_of(item)
    require("object_to_right", actor)
    return await _add(db, hearing, row, K.objection, text, least=3, actor=actor, now=now)


async def ask_to_begin(db: AsyncSession, *, hearing: Hearing, actor: Actor, now: datetime) -> RightAnswer:
    """Ask, as defence counsel of the hearing, that its acts wait for the checklist. By itself it has nothing wait.

    Raises `NotAllowed`, `NotReady` for a hearing that is over or has begun it. Effects: adds an objection to no item,
    event right_objected.
    """
    require("object_to_right", actor)
    _not_begun(hearing)
    return await _add(db, hearing, None, K.objection, "", least=0, actor=actor, now=now)


def _not_begun(hearing: Hearing) -> None:
    if hearing.status in HEARINGS_OVER:
        raise NotReady(tell(HEARING_OVER))
    if hearing.rights_version:
        raise NotReady(tell("The checklist is kept already"))


async def _add(
    db: AsyncSession,
    hearing: Hearing,
    item: RightItem | None,
    kind: RightAnswerKind,
    reason: str,
    *,
    least: int,
    actor: Actor,
    now: datetime,
) -> RightAnswer:
    if hearing.status in OVER:
        raise NotReady(tell(HEARING_OFF))
    text = clean(reason, "reason", most=LONGEST, least=least, lines=True)
    request = await get(db, HearingRequest, hearing.request_id)
    people = await participants(db, hearing.id)
    refuse_names(text, [hidden for hidden, _whose in protected_names(request.person_name, people)], "reason")
    there: Mapping[str, FoundEvidence] = {}
    function, named = None, ""
    if item is not None:
        named = item.id
        there = item_states.stand(item, await rights_facts.gather(db, hearing, now=now)).evidence
        function = answers_as(item, hearing, state=actor.state, functions=actor.functions)
    if kind is K.overridden:
        function = StaffFunction.judge
    row = RightAnswer(
        owner_state=actor.state or hearing.owner_state,
        hearing_id=hearing.id,
        item=named,
        kind=kind,
        reason=text,
        evidence=[f"{name} {evidence.source}" for name, evidence in there.items()],
        person_id=actor.id,
        person_name=actor.label,
        role=actor.role.value if kind is K.objection and actor.role else function.value if function else "",
        through=actor.client,
        at=now,
    )
    db.add(row)
    happened = EventKind.right_objected if kind is K.objection else EventKind.right_answered
    data = {"item": named} if kind is K.objection else {"item": named, "answer": kind.value}
    await record(db, hearing=hearing, kind=happened, actor=actor, now=now, **data)
    return row
