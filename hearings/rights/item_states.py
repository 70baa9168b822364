"""How each item of the rights checklist stands, and what an act has to wait for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import RightsOpen
from hearings.languages import state_name
from hearings.models import Hearing, RightAnswer
from hearings.models.rights import RightAnswerKind
from hearings.rights import checklist, facts as rights_facts
from hearings.rights.applying import APPLIES
from hearings.rights.checklist import AnsweredBy, Gate, RightItem, RightSide
from hearings.rights.evidence import FoundEvidence, found
from hearings.rights.facts import RightsFacts
from hearings.roles import StaffFunction
from hearings.sentences import N_, Sentence, Series, tell

K = RightAnswerKind
OPEN_ITEMS = N_("In the rights checklist of the hearing it is not shown that this was kept: {items}")
ANSWERED_BY = N_("{item} (to be answered by {people})")
SHOWN_BY_THE_CASE = N_("{item} (to be shown by the case)")
ANSWERERS: Mapping[StaffFunction, str] = {
    StaffFunction.judge: N_("a judge {state:of}"),
    StaffFunction.clerk: N_("a clerk {state:of}"),
    StaffFunction.authority: N_("the authority {state:of}"),
}


class RightState(StrEnum):
    """How an item stands."""

    by_evidence = "by_evidence"
    by_answer = "by_answer"
    not_applicable = "not_applicable"
    overridden = "overridden"
    not_kept = "not_kept"
    open = "open"


KEPT = frozenset({RightState.by_evidence, RightState.by_answer, RightState.not_applicable, RightState.overridden})
"""States in which nothing waits for the item."""


@dataclass(frozen=True, kw_only=True)
class RightResult:
    """One item of one hearing."""

    item: RightItem
    state: RightState
    evidence: Mapping[str, FoundEvidence]
    """By the id of the evidence: what there is."""
    answer: RightAnswer | None
    """The answer that counts; None where evidence counts, or nothing."""
    objections: Sequence[RightAnswer]
    """Of counsel, oldest first."""

    @property
    def blocks(self) -> bool:
        """Whether the act that waits for it is refused."""
        return self.item.stops and self.state not in KEPT

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the needed evidence that there is not."""
        return tuple(each.id for each in self.item.evidence if each.needed and each.id not in self.evidence)


def stand(item: RightItem, facts: RightsFacts) -> RightResult:
    """How an item stands by these facts. Pure.

    A "no" that stands counts above everything but the presiding judge's later decision; evidence counts above a
    person's "yes", which counts where there is no evidence; where an item does not apply, only a "no" makes it count.
    """
    said = [row for row in facts.answers if row.item == item.id]
    objections = [row for row in said if row.kind is K.objection]
    latest = in_force([row for row in said if row.kind is not K.objection])
    override = next((row for row in reversed(latest) if row.kind is K.overridden), None)
    refusals = [row for row in latest if row.kind is K.not_kept and not _yields(row, override)]
    refused = refusals[-1] if refusals else None
    answer = latest[-1] if latest else None
    evidence = found(facts, (each.id for each in item.evidence))
    needed = {each.id for each in item.evidence if each.needed}
    by_evidence = item.answer is not AnsweredBy.person and bool(needed) and needed <= evidence.keys()
    state, counts = RightState.open, answer
    if override is not None and (refused is None or override.id > refused.id):
        state, counts = RightState.overridden, override
    elif refused is not None:
        state, counts = RightState.not_kept, refused
    elif not APPLIES[item.applies](facts):
        state, counts = RightState.not_applicable, None
    elif by_evidence:
        state, counts = RightState.by_evidence, None
    elif answer is not None:
        state = RightState.by_answer if answer.kind is K.kept else RightState.not_applicable
    return RightResult(item=item, state=state, evidence=evidence, answer=counts, objections=objections)


def in_force(said: Sequence[RightAnswer]) -> list[RightAnswer]:
    """Of the answers to one item, oldest first, those that stand: each State's newest in each function. Pure.

    A judge's answer takes the place of everything that the State said before; nobody but a judge of the State takes
    the place of a judge's.
    """
    latest: dict[tuple[str, str], RightAnswer] = {}
    for row in said:
        key = (row.owner_state, row.role)
        replaced = [each for each in latest if each[0] == row.owner_state] if row.role == StaffFunction.judge else [key]
        for each in replaced:
            latest.pop(each, None)
        latest[key] = row
    return list(latest.values())


def _yields(refused: RightAnswer, override: RightAnswer | None) -> bool:
    """Whether a "no" is one of the judge's own State, who goes on without the item."""
    return override is not None and refused.owner_state == override.owner_state


def all_of(facts: RightsFacts) -> tuple[RightResult, ...]:
    """Every item, in the order of the list. Pure."""
    return tuple(stand(item, facts) for item in checklist.items())


async def of_hearing(db: AsyncSession, hearing: Hearing, *, now: datetime) -> tuple[RightResult, ...]:
    """How every item of a hearing stands now."""
    return all_of(await rights_facts.gather(db, hearing, now=now))


async def open_items(db: AsyncSession, hearing: Hearing, gate: Gate, *, now: datetime) -> list[RightResult]:
    """The items an act has to wait for, by the acts: those of the acts before it are among them, which were not kept
    then, or are not kept any more. None in a hearing whose acts do not wait for the checklist."""
    if not hearing.rights_version:
        return []
    every = [each for each in await of_hearing(db, hearing, now=now) if each.blocks]
    return [each for act in Gate for each in every if each.item.gate is act and act.until(gate)]


def asked(item: RightItem, hearing: Hearing) -> tuple[tuple[StaffFunction, str], ...]:
    """Who answers an item of a hearing: functions of staff, each with its State; nobody, where the case shows it."""
    asks, theirs = hearing.requesting_state, hearing.requested_state
    states = {RightSide.requesting: (asks,), RightSide.requested: (theirs,), RightSide.both: (asks, theirs)}
    return tuple((who.function, state) for who in item.who for state in states[who.side])


def _awaited(item: RightItem, who: Sequence[tuple[StaffFunction, str]]) -> Sentence:
    """An item, and whom it waits for."""
    if not who:
        return tell(SHOWN_BY_THE_CASE, item=tell(item.title))
    people = [tell(ANSWERERS[function], state=state_name(state)) for function, state in who]
    return tell(ANSWERED_BY, item=tell(item.title), people=Series.of(people, "or"))


async def require(db: AsyncSession, hearing: Hearing, gate: Gate, *, now: datetime) -> None:
    """Raises `RightsOpen`, naming the items and whom each waits for, unless everything that this act waits for is kept
    or answered."""
    if waiting := await open_items(db, hearing, gate, now=now):
        owed = [(each.item, asked(each.item, hearing)) for each in waiting]
        told = Series.of([_awaited(item, who) for item, who in owed], "semicolon")
        raise RightsOpen(tell(OPEN_ITEMS, items=told), [(item.id, who) for item, who in owed])
