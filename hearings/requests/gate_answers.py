"""Answers of States to the legal check: each State answers only what it alone can know, by its own signed act.

Which facts there are, and who answers them, is a table (`facts` of data/gate.yaml). The newest answer of a State
counts; the request holds the newest of each, so that the check stays pure. A line of the check with a code has to be
answered on its own; others can be answered by the act that carries the request on: the submission speaks for the
requesting State, the acceptance for the requested one. No answer is given that the signed statement does not name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import paging, queries
from hearings.actors import Actor
from hearings.errors import AnsweredSince, GateOpen, Invalid, NotReady, OtherStateAnswers
from hearings.languages import state_name
from hearings.law import legal_bases
from hearings.law.answer import FACTS, Due, GateLine, LineStatus
from hearings.law.law import LAW, Law, current
from hearings.law.legal_bases import Verdict
from hearings.models import GateAnswer, HearingRequest, Signature
from hearings.models.request_parts import AnsweredWith, RequestAct
from hearings.paging import Page
from hearings.requests.log import after_submission, log, require
from hearings.sentences import Sentence, Series, StateName, tell
from hearings.status import CARRYING_REQUESTS, HearingStatus, RequestStatus
from hearings.texts import clean

NOT_A_FACT = tell("This is not a question of the legal check")
ANSWERABLE = CARRYING_REQUESTS | {
    RequestStatus.received,
    RequestStatus.under_review,
    RequestStatus.information_requested,
    RequestStatus.postponed,
}
"""Statuses of a request in which States answer, and change their answers."""
SETTLED = frozenset({HearingStatus.ready, HearingStatus.in_progress, HearingStatus.part_heard, HearingStatus.concluded})
"""Statuses of a hearing from which on no answer changes."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One answer that the request waits for. `answer` is None, or False where the State has said no."""

    state: str
    fact: str
    answer: bool | None
    provision: str
    instrument: str
    """Name of the instrument by which it is asked."""
    alone: bool
    """Whether it has to be answered on its own; otherwise the act that carries the request on can answer it."""

    @property
    def text(self) -> Sentence:
        """What is affirmed by yes."""
        return affirmed(self.fact, self.state)

    @property
    def stands_in_the_way(self) -> bool:
        """Whether the request is not carried on before it is answered, with yes."""
        return self.alone or self.answer is False

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "fact": self.fact,
            "answer": self.answer,
            "provision": self.provision,
            "instrument": self.instrument,
            "text": str(self.text),
            "due": FACTS[self.fact].due.value,
            "alone": self.alone,
        }


def affirmed(fact: str, state: str) -> Sentence:
    """What a State affirms by answering yes."""
    asked = FACTS[fact].text
    return tell(asked, state=StateName.of(state, state_name(state)))


def facts_of(request: HearingRequest, state: str) -> tuple[str, ...]:
    """The facts that a State answers in this request."""
    sides = (request.requesting_state, request.requested_state)
    return tuple(fact for fact, who in FACTS.items() if state in who.states(*sides))


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a fact is asked: the provision, and the name of the instrument by which it is asked."""

    provision: str
    instrument: str


def places(request: HearingRequest, *, now: datetime, law: Law = LAW) -> dict[str, Place]:
    """Where each fact is asked today, answered or not: on the instrument of `owed`, else on another relied on. Pure."""
    verdicts = _verdicts(request, now=now, law=law)
    carrier = _carrier(request, verdicts, law)
    found: dict[str, Place] = {}
    for verdict in (*([carrier] if carrier else []), *verdicts):
        for line in verdict.lines:
            for fact in line.asks:
                found.setdefault(fact, Place(provision=line.provision, instrument=_name(verdict, law)))
    return found


def owed(request: HearingRequest, *, now: datetime, law: Law = LAW) -> tuple[Owed, ...]:
    """The answers that the request waits for today, on the instrument relied on that waits for the fewest. Pure.

    Where none can carry the request for another reason, a draft waits for none; one that was submitted, for those on
    the instrument with the fewest such reasons: what the law has come to lack sets no State free of its answers.
    """
    verdicts = _verdicts(request, now=now, law=law)
    carrier = _carrier(request, verdicts, law)
    if carrier is None and request.submitted_at is not None:
        carrier = min(
            verdicts,
            key=lambda verdict: (_otherwise(verdict), _weight(_owed(request, verdict, law))),
            default=None,
        )
    return _owed(request, carrier, law) if carrier else ()


def _verdicts(request: HearingRequest, *, now: datetime, law: Law) -> tuple[Verdict, ...]:
    chosen = tuple(request.instruments) or legal_bases.selectable(now.date(), law=law)
    return legal_bases.evaluate(legal_bases.ask_about(request, on=now.date(), law=law), chosen, law=law).verdicts


def _carrier(request: HearingRequest, verdicts: Iterable[Verdict], law: Law) -> Verdict | None:
    """The instrument that waits for the fewest answers; the footing without a treaty only where no treaty is usable, as
    in `GateResult.usable`: beside one it sets no State free of what the treaty asks."""
    able = [verdict for verdict in verdicts if _could_carry(verdict)]
    able = [verdict for verdict in able if verdict.usable and not verdict.no_treaty] or able
    return min(able, key=lambda verdict: _weight(_owed(request, verdict, law)), default=None)


def _name(verdict: Verdict, law: Law) -> str:
    return str(law.instruments[verdict.instrument]["name"])


def _otherwise(verdict: Verdict) -> int:
    """How many lines are missing whatever the States say."""
    return sum(line.status is LineStatus.missing and not line.asks for line in verdict.lines)


def _could_carry(verdict: Verdict) -> bool:
    """Whether nothing stands in the way but what States have said or have still to say."""
    missing = [line for line in verdict.lines if line.status is LineStatus.missing]
    return verdict.usable or (verdict.selectable and bool(missing) and all(line.asks for line in missing))


def _weight(answers: Iterable[Owed]) -> tuple[int, int, int]:
    found = list(answers)
    return (
        sum(one.answer is False for one in found),
        sum(one.alone for one in found),
        len(found),
    )


def _owed(request: HearingRequest, verdict: Verdict, law: Law) -> tuple[Owed, ...]:
    found: dict[tuple[str, str], Owed] = {}
    for line in verdict.lines:
        for one in _owed_on(request, line, _name(verdict, law)):
            key = (one.state, one.fact)
            if key not in found or one.alone:
                found[key] = one
    return tuple(found.values())


def _owed_on(request: HearingRequest, line: GateLine, instrument: str) -> list[Owed]:
    if line.status is LineStatus.met:
        return []
    return [
        Owed(
            state=state,
            fact=fact,
            answer=answer,
            provision=line.provision,
            instrument=instrument,
            alone=bool(line.code) or _later(fact) or AnsweredWith.acceptance in FACTS[fact].never_with,
        )
        for fact in line.asks
        for state in FACTS[fact].states(request.requesting_state, request.requested_state)
        if line.only_of in ("", state) and (answer := request.gate_answers.get(fact, {}).get(state)) is not True
    ]


def _later(fact: str) -> bool:
    """Whether it becomes known only after the acceptance, so that no act which carries the request on answers it."""
    return FACTS[fact].due is Due.ready


async def of_request(db: AsyncSession, request_id: str) -> list[GateAnswer]:
    """Every answer, in the order they were given."""
    query = select(GateAnswer).where(GateAnswer.request_id == request_id).order_by(col(GateAnswer.id))
    return list((await db.exec(query)).all())


async def page(db: AsyncSession, request_id: str, *, after: str = "", limit: int = 100) -> Page[GateAnswer]:
    """As `of_request`, in pages."""
    query = select(GateAnswer).where(GateAnswer.request_id == request_id)
    return await paging.page(db, query, col(GateAnswer.id), after=after, limit=limit)


async def answer(
    db: AsyncSession,
    *,
    request: HearingRequest,
    answers: Mapping[str, bool],
    note: str = "",
    answered_with: AnsweredWith = AnsweredWith.answer,
    actor: Actor,
    now: datetime,
) -> None:
    """Answer for the actor's State, from receipt until the hearing is ready; a later answer replaces an earlier one.

    Effects: adds a row for each answer, version, a line in the request's log. Raises `OtherStateAnswers` for a fact of
    the other State, `Invalid` for one there is not, `NotReady` before and after the time for it, `AnsweredSince` where
    the statement received for it was signed before the State's newest answer to the same fact.
    """
    if actor.state == request.requesting_state:
        require("answer_gate_asking", request, actor)
    else:
        require("answer_gate", request, actor)
    after_submission(request)
    if request.status not in ANSWERABLE:
        raise NotReady(tell("The request is over: its legal check is no longer answered"))
    for hearing in await queries.hearings_of_request(db, request.id):
        if hearing.status in SETTLED:
            raise NotReady(
                tell("The hearing {ref} is ready: the answers to the legal check stand", ref=hearing.ref),
                [hearing.ref],
            )
    if not answers:
        raise Invalid(tell("Answer at least one question"), "answers")
    _require_own(request, answers, actor)
    await _require_newest(db, request, answers, actor=actor, now=now)
    note = clean(note, "note", most=1000, lines=True)
    _keep(db, request, answers, answered_with, note=note, actor=actor, now=now)
    request.version += 1
    log(db, request, RequestAct.gate_answered, actor=actor, now=now, reason=note, answers=dict(answers))
    await db.flush()


def _require_own(request: HearingRequest, answers: Mapping[str, bool], actor: Actor) -> None:
    own = facts_of(request, actor.state)
    for fact in answers:
        if fact not in FACTS:
            raise Invalid(NOT_A_FACT, "answers")
        if fact not in own:
            raise OtherStateAnswers(tell("Only the other State can answer this question of the legal check"))


async def _require_newest(
    db: AsyncSession, request: HearingRequest, answers: Mapping[str, bool], *, actor: Actor, now: datetime
) -> None:
    """Raise `AnsweredSince` for a statement, received now, that is older than an answer it would replace.

    A statement is dated to the second, so an answer of that same second does not refuse it.
    """
    received = select(col(Signature.signed_at)).where(
        Signature.subject == str(HearingRequest.__tablename__),
        Signature.subject_id == request.id,
        Signature.owner_state == actor.state,
        Signature.received_at == now,
    )
    signed = min((await db.exec(received)).all(), default=None)
    if signed is None:
        return
    for one in await of_request(db, request.id):
        if one.owner_state == actor.state and one.fact in answers and one.at.replace(microsecond=0) > signed:
            text = affirmed(one.fact, actor.state)
            raise AnsweredSince(
                tell("Your State has answered anew since this was signed: {text}. Sign again", text=text), [text]
            )


def _keep(
    db: AsyncSession,
    request: HearingRequest,
    answers: Mapping[str, bool],
    answered_with: AnsweredWith,
    *,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    newest = {fact: dict(of_states) for fact, of_states in request.gate_answers.items()}
    for fact, given in answers.items():
        newest.setdefault(fact, {})[actor.state] = given
        db.add(
            GateAnswer(
                owner_state=actor.state,
                request_id=request.id,
                fact=fact,
                answer=given,
                answered_with=answered_with,
                note=note,
                actor=actor.id,
                actor_label=actor.label,
                at=now,
            )
        )
    request.gate_answers = newest


def said_with(
    request: HearingRequest, act: AnsweredWith, *, state: str, now: datetime, law: Law = LAW
) -> tuple[Owed, ...]:
    """What a State can say with yes by the act that carries the request on, of what it has not answered yet. Pure.

    By its submission the requesting State agrees to the way it has chosen; by its acceptance the requested State
    answers what needs no answer of its own. Who signs is shown these, and the statement names them.
    """
    everything = act is AnsweredWith.submission
    return tuple(
        one
        for one in owed(request, now=now, law=law)
        if one.state == state
        and one.answer is None
        and not _later(one.fact)
        and act not in FACTS[one.fact].never_with
        and (everything or not one.alone)
    )


async def answer_by_submission(
    db: AsyncSession, *, request: HearingRequest, answers: Mapping[str, bool], actor: Actor, now: datetime
) -> None:
    """What the requesting State says with its submission. Effects and raises: as `answer`, without a new version, since
    what is signed is the request as it stands.
    """
    if not answers:
        return
    _require_own(request, answers, actor)
    await _require_newest(db, request, answers, actor=actor, now=now)
    _keep(db, request, answers, AnsweredWith.submission, actor=actor, now=now)
    log(db, request, RequestAct.gate_answered, actor=actor, now=now, answers=dict(answers))


async def require_answered(
    db: AsyncSession, request: HearingRequest, *, state: str = "", later: bool = True, now: datetime
) -> None:
    """Require every answer that stands in the way of going on, of one State or (empty) of both. `later`: also what is
    due only when the hearing is made ready.

    Raises `GateOpen`, `missing` holding one sentence each.
    """
    waiting = in_the_way(request, state=state, now=now, law=await current(db))
    open_ = [one for one in waiting if later or not _later(one.fact)]
    if not open_:
        return
    texts = [sentence(one) for one in open_]
    if any(one.answer is False for one in open_):
        text = tell(
            "A State has answered no to the legal check: {lines}. Refuse the request or withdraw it, unless that State "
            "answers anew",
            lines=Series.of(texts, "semicolon"),
        )
    else:
        text = tell("The legal check has still to be answered: {lines}", lines=Series.of(texts, "semicolon"))
    raise GateOpen(text, texts)


def in_the_way(request: HearingRequest, *, state: str = "", now: datetime, law: Law = LAW) -> list[Owed]:
    """The answers that stand in the way of going on, of one State or (empty) of both. Pure."""
    return [one for one in owed(request, now=now, law=law) if one.stands_in_the_way and state in ("", one.state)]


def sentence(one: Owed) -> Sentence:
    """An answer that is owed, with its provision, and whether the State has said no."""
    given = {"provision": one.provision, "text": one.text}
    if one.answer is False:
        return tell("{provision}: {text}: answered no", **given)
    return tell("{provision}: {text}: not answered", **given)
