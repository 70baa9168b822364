"""Claims for costs: drafted by whoever is paid or by the clerk for them, submitted, decided by somebody else, paid.

A claim belongs to the State that pays first, that of the claimant's side. Nobody of the other State reads it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.costs import interpreted, money
from hearings.costs.cost_terms import member, unnamed
from hearings.custody import two_people
from hearings.errors import Invalid, NotAllowed, NotFound, NotReady
from hearings.models import CostClaim, CostLine, CostReceipt, CostStep, Hearing, HearingEvent, Participant, Person
from hearings.models.hearing import CostKind, CostStepKind
from hearings.permissions import require, require_staff
from hearings.queries import open_sitting
from hearings.roles import Role
from hearings.sentences import N_, tell, tell_n
from hearings.texts import NOT_A_VALUE, WHOLE_NUMBER, clean

K, S = CostKind, CostStepKind
MOST_CLAIMS, MOST_LINES, MOST_MINUTES = 100, 40, 60_000
"""Claims of one State on one hearing; lines of a claim; minutes of a line."""
LONGEST_TEXT, LONGEST_REASON = 300, 1000
_PERSON = (K.allowance, K.travel, K.lost_earnings, K.other)
KINDS: Mapping[Role | None, tuple[CostKind, ...]] = {
    Role.interpreter: (K.interpreter_pay, K.interpreter_travel, K.other),
    Role.witness: _PERSON,
    Role.civil_party: _PERSON,
    Role.support_person: _PERSON,
    Role.expert: (K.expert_fee, *_PERSON),
    Role.technician: (K.link_setup, K.link_service, K.other),
    None: tuple(CostKind),
}
"""By role, what is claimed; None: of a court, or of somebody who took no part."""
MOVES: Mapping[CostStepKind | None, frozenset[CostStepKind]] = {
    None: frozenset({S.submitted}),
    S.submitted: frozenset({S.approved, S.reduced, S.refused}),
    S.approved: frozenset({S.paid}),
    S.reduced: frozenset({S.paid}),
    S.refused: frozenset(),
    S.paid: frozenset(),
}
"""What may follow each step; None: a draft."""
ALLOWED = frozenset({S.approved, S.reduced, S.paid})
"""How a claim stands that is paid, or to be paid."""
STILL_SITTING = N_(
    "The hearing is still going on: leave the minutes empty, and those that the log has in the end are taken"
)
NOT_AS_LOGGED = N_("The log of the hearing has {logged}, and {claimed} are claimed: say why")
NOT_A_DRAFT = N_("This claim has been submitted and can no longer be changed")
OWN_CLAIM = N_("Whoever has made a claim, submitted it or is paid by it does not decide on it: another person does")


@dataclass(frozen=True, kw_only=True)
class ClaimFile:
    """A claim with all that belongs to it."""

    claim: CostClaim
    participant: Participant | None
    lines: Sequence[CostLine]
    steps: Sequence[CostStep]
    receipts: Sequence[CostReceipt] = ()

    @property
    def step(self) -> CostStepKind | None:
        """How it stands; None: a draft."""
        return self.steps[-1].kind if self.steps else None

    @property
    def claimed(self) -> int:
        """The sum of what is claimed, as far as it is known."""
        return sum(line.amount or 0 for line in self.lines)

    @property
    def approved(self) -> int:
        """The sum of what was approved."""
        return sum(line.approved or 0 for line in self.lines) if self.step in ALLOWED else 0


def by_log(kind: CostKind, participant: Participant | None) -> bool:
    """Whether costs of this kind of a participant are for time that the log of the hearing has. Pure."""
    return kind is K.interpreter_pay and participant is not None


# --- reading -------------------------------------------------------------------------------------------------------


async def of_hearing(db: AsyncSession, hearing_id: str, *, state: str = "") -> Sequence[ClaimFile]:
    """The claims on a hearing, the oldest first: those that one State pays, or for the statement all of them."""
    query = select(CostClaim).where(CostClaim.hearing_id == hearing_id)
    if state:
        query = query.where(CostClaim.owner_state == state)
    return await _files(db, (await db.exec(query.order_by(col(CostClaim.id)).limit(2 * MOST_CLAIMS))).all())


async def of_participant(db: AsyncSession, participant_id: str) -> Sequence[ClaimFile]:
    """The claims of one participant, the oldest first."""
    query = select(CostClaim).where(CostClaim.participant_id == participant_id).order_by(col(CostClaim.id))
    return await _files(db, (await db.exec(query.limit(MOST_CLAIMS))).all())


async def _files(db: AsyncSession, claims: Sequence[CostClaim]) -> Sequence[ClaimFile]:
    ids = [claim.id for claim in claims]
    whose = [claim.participant_id for claim in claims if claim.participant_id]
    people = (await db.exec(select(Participant).where(col(Participant.id).in_(whose)))).all()
    by_id = {person.id: person for person in people}
    lines = (await db.exec(select(CostLine).where(col(CostLine.claim_id).in_(ids)).order_by(col(CostLine.id)))).all()
    steps = (await db.exec(select(CostStep).where(col(CostStep.claim_id).in_(ids)).order_by(col(CostStep.seq)))).all()
    query = select(CostReceipt).where(col(CostReceipt.claim_id).in_(ids)).order_by(col(CostReceipt.id))
    receipts = (await db.exec(query)).all()
    return [
        ClaimFile(
            claim=claim,
            participant=by_id.get(claim.participant_id or ""),
            lines=[line for line in lines if line.claim_id == claim.id],
            steps=[step for step in steps if step.claim_id == claim.id],
            receipts=[one for one in receipts if one.claim_id == claim.id],
        )
        for claim in claims
    ]


async def of_id(db: AsyncSession, hearing: Hearing, claim_id: str, *, actor: Actor, lock: bool = False) -> ClaimFile:
    """A claim on this hearing, for the claimant and for staff of the State that pays. Raises `NotFound`, alike for an
    unknown one and for one of the other State, and `NotAllowed`."""
    claim = await db.get(CostClaim, claim_id[:36], with_for_update=lock or None, populate_existing=lock)
    if claim is None or claim.hearing_id != hearing.id:
        raise NotFound
    if not _is_claimant(claim, actor):
        if actor.state != claim.owner_state or not actor.functions:
            raise NotFound
        require_staff("read_costs", actor, **_sides(hearing))
    (found,) = await _files(db, [claim])
    return found


async def logged(db: AsyncSession, hearing: Hearing, participant_id: str, *, now: datetime) -> int:
    """The minutes that an interpreter has interpreted by the log of the hearing (`hearings.costs.interpreted`)."""
    kinds = [kind.value for kind in interpreted.KINDS]
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing.id, col(HearingEvent.kind).in_(kinds))
    events = (await db.exec(query.order_by(col(HearingEvent.seq)))).all()
    return interpreted.minutes(events, participant_id, until=now)


# --- drafting ------------------------------------------------------------------------------------------------------


async def begin(
    db: AsyncSession,
    *,
    hearing: Hearing,
    currency: str,
    participant_id: str = "",
    claimant: str = "",
    actor: Actor,
    now: datetime,
) -> CostClaim:
    """Begin a claim: one's own, or as staff for a participant of one's State, or for a court or somebody who takes no
    part (`claimant`, their name).

    Raises `NotAllowed`, `Invalid` naming the field, `NotReady` when there are too many. Effects: adds the claim.
    """
    person = await _participant(db, hearing, participant_id) if participant_id else None
    if person is None or actor.participant_id != person.id:
        require_staff("enter_costs", actor, **_sides(hearing))
        if person is not None and person.state != actor.state and actor is not SYSTEM:
            raise NotAllowed(tell("This person is of the side of the other State, which pays them"))
    else:
        require("claim_costs", actor, own=True)
    if person is not None and person.role not in KINDS:
        raise Invalid(tell(NOT_A_VALUE), "participant_id")
    name = person.display_name if person is not None else clean(claimant, "claimant", most=200, least=2)
    if person is None:
        await unnamed(db, hearing, {"claimant": name})
    state = person.state if person is not None else actor.state
    if state not in _sides(hearing).values():
        raise Invalid(tell("Neither of the two States pays this person"), "participant_id")
    many = select(func.count()).select_from(CostClaim)
    many = many.where(CostClaim.hearing_id == hearing.id, CostClaim.owner_state == state)
    if (await db.exec(many)).one() >= MOST_CLAIMS:
        raise NotReady(tell("There are too many claims on this hearing"))
    claim = CostClaim(
        owner_state=state,
        hearing_id=hearing.id,
        participant_id=person.id if person is not None else None,
        claimant=name,
        currency=money.currency(currency),
        made_by=actor.id,
        made_by_label=actor.label,
        through=actor.client,
        at=now,
    )
    db.add(claim)
    await db.flush()
    return claim


async def add_line(
    db: AsyncSession,
    *,
    hearing: Hearing,
    found: ClaimFile,
    kind: str,
    text: str,
    amount: str = "",
    rate: str = "",
    minutes: str = "",
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> CostLine:
    """Add a cost to a draft. An interpreter's own time has a rate for an hour and minutes in the place of an amount;
    without minutes those of the log are taken, and others than those need a reason.

    Raises `NotAllowed`, `NotReady` once it is submitted, `Invalid` naming the field. Effects: adds the line.
    """
    require_draft(hearing, found, actor)
    claim, role = found.claim, found.participant.role if found.participant else None
    known = member(CostKind, kind, "kind")
    if known not in KINDS[role]:
        raise Invalid(tell(NOT_A_VALUE), "kind")
    if len(found.lines) >= MOST_LINES:
        raise Invalid(tell_n("A claim has at most {n} line", "A claim has at most {n} lines", MOST_LINES), "kind")
    line = CostLine(
        owner_state=claim.owner_state,
        claim_id=claim.id,
        kind=known,
        text=clean(text, "text", most=LONGEST_TEXT, least=2),
        reason=clean(reason, "reason", most=LONGEST_REASON, lines=True),
    )
    await unnamed(db, hearing, {"text": line.text, "reason": line.reason})
    if by_log(line.kind, found.participant):
        line.rate = _some(rate, claim.currency, "rate")
        line.minutes = _minutes(minutes)
        await _compare(db, hearing, found, line, now=now)
    else:
        line.amount = _some(amount, claim.currency, "amount")
    db.add(line)
    await db.flush()
    return line


def _some(text: str, currency: str, field: str) -> int:
    found = money.amount(text, currency, field)
    if not found:
        raise Invalid(tell("More than nothing is needed"), field)
    return found


def _minutes(text: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdecimal() and 1 <= int(text.strip()[:9]) <= MOST_MINUTES):
        raise Invalid(tell(WHOLE_NUMBER, least=1, most=MOST_MINUTES), "minutes")
    return int(text.strip())


async def _compare(db: AsyncSession, hearing: Hearing, found: ClaimFile, line: CostLine, *, now: datetime) -> None:
    """Puts the minutes of the log beside those claimed. Raises `Invalid` where they differ and no reason is given."""
    assert found.participant is not None and line.rate is not None
    sits = await open_sitting(db, hearing.id) is not None
    if line.minutes is None:
        line.logged = None if sits else await logged(db, hearing, found.participant.id, now=now)
        line.amount = None if line.logged is None else money.hours(line.logged, line.rate)
        return
    if sits:
        raise Invalid(tell(STILL_SITTING), "minutes")
    line.logged = await logged(db, hearing, found.participant.id, now=now)
    if line.minutes != line.logged and len(line.reason) < 3:
        said, here = _so_long(line.minutes), _so_long(line.logged)
        raise Invalid(tell(NOT_AS_LOGGED, logged=here, claimed=said), "reason")
    line.amount = money.hours(line.minutes, line.rate)


def _so_long(minutes: int) -> str:
    return tell_n("{n} minute", "{n} minutes", minutes)


async def remove_line(db: AsyncSession, *, hearing: Hearing, found: ClaimFile, line_id: str, actor: Actor) -> None:
    """Take a cost out of a draft. Raises as `add_line`, and `NotFound`. Effects: the line is gone."""
    require_draft(hearing, found, actor)
    line = next((one for one in found.lines if one.id == line_id), None)
    if line is None:
        raise NotFound
    await db.delete(line)


async def submit(db: AsyncSession, *, hearing: Hearing, found: ClaimFile, actor: Actor, now: datetime) -> CostStep:
    """Submit a draft, which then stays as it is. The log is asked once more.

    Raises `NotAllowed`, `NotReady` without a line or once it is submitted, `Invalid` as `add_line`.
    Effects: `logged` and amounts of an interpreter's time, the step.
    """
    require_draft(hearing, found, actor)
    if not found.lines:
        raise NotReady(tell("Nothing is claimed yet: add a cost"))
    for line in found.lines:
        if by_log(line.kind, found.participant):
            await _compare(db, hearing, found, line, now=now)
            db.add(line)
    return await _step(db, found, S.submitted, actor=actor, now=now)


def require_draft(hearing: Hearing, found: ClaimFile, actor: Actor) -> None:
    """Raises `NotAllowed` unless the actor may change the claim, `NotReady` once it is submitted."""
    if _is_claimant(found.claim, actor):
        require("claim_costs", actor, own=True)
    else:
        require_staff("enter_costs", actor, **_sides(hearing))
    if found.step is not None:
        raise NotReady(tell(NOT_A_DRAFT))


# --- deciding ------------------------------------------------------------------------------------------------------


async def approve(
    db: AsyncSession,
    *,
    hearing: Hearing,
    found: ClaimFile,
    amounts: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime,
) -> CostStep:
    """Approve a claim, in full or with less for some lines. `amounts`: by id of the line, what is approved of it; in
    full where it is not named. `reasons`: why it is less.

    Raises `NotAllowed` also for whoever made it, `NotReady`, `Invalid` naming the field `amount-ID` or `reason-ID`.
    Effects: `approved` of each line, the step approved or reduced.
    """
    await _require_decider(db, hearing, found, actor)
    _require_next(found, S.approved)
    given, why = amounts or {}, reasons or {}
    if set(given) - {line.id for line in found.lines}:
        raise NotFound
    less = False
    for line in found.lines:
        if line.amount is None:
            await _settle(db, hearing, found, line, now=now)
        assert line.amount is not None
        text = given.get(line.id, "").strip()
        line.approved = money.amount(text, found.claim.currency, f"amount-{line.id}") if text else line.amount
        if line.approved > line.amount:
            raise Invalid(tell("More than was claimed is not approved"), f"amount-{line.id}")
        less, name = less or line.approved < line.amount, f"reason-{line.id}"
        least = 3 if line.approved < line.amount else 0
        line.decision_reason = clean(why.get(line.id, ""), name, most=LONGEST_REASON, least=least, lines=True)
        await unnamed(db, hearing, {name: line.decision_reason})
        db.add(line)
    return await _step(db, found, S.reduced if less else S.approved, actor=actor, now=now)


async def _settle(db: AsyncSession, hearing: Hearing, found: ClaimFile, line: CostLine, *, now: datetime) -> None:
    if await open_sitting(db, hearing.id) is not None:
        raise NotReady(tell("The hearing is still going on: the minutes of the log are not complete"))
    await _compare(db, hearing, found, line, now=now)


async def refuse(
    db: AsyncSession, *, hearing: Hearing, found: ClaimFile, reason: str, actor: Actor, now: datetime
) -> CostStep:
    """Refuse a claim, with the reason. Raises as `approve`. Effects: the step refused."""
    await _require_decider(db, hearing, found, actor)
    _require_next(found, S.refused)
    text = clean(reason, "reason", most=LONGEST_REASON, least=3, lines=True)
    await unnamed(db, hearing, {"reason": text})
    return await _step(db, found, S.refused, reason=text, actor=actor, now=now)


async def pay(
    db: AsyncSession, *, hearing: Hearing, found: ClaimFile, reference: str = "", actor: Actor, now: datetime
) -> CostStep:
    """Note that an approved claim has been paid. `reference`: of the payment.

    Raises `NotAllowed`, `NotReady`, `Invalid`. Effects: the step paid.
    """
    require_staff("decide_costs", actor, **_sides(hearing))
    _require_next(found, S.paid)
    return await _step(db, found, S.paid, reason=clean(reference, "reference", most=200), actor=actor, now=now)


async def _require_decider(db: AsyncSession, hearing: Hearing, found: ClaimFile, actor: Actor) -> None:
    """Another person than the one who is paid, has made the claim or submitted it, or stands behind the system that
    did."""
    require_staff("decide_costs", actor, **_sides(hearing))
    if await db.get(Person, actor.id) is None:
        raise NotAllowed(tell("A person decides on a claim, and no system"))
    paid = found.participant.person_id if found.participant is not None else None
    submitted = (step.done_by for step in found.steps if step.kind is S.submitted)
    makers = {found.claim.made_by, *submitted, *([paid] if paid else [])}
    if actor.id in makers or _is_claimant(found.claim, actor):
        raise NotAllowed(tell(OWN_CLAIM))
    for who in sorted(makers):
        persons = [who] if await db.get(Person, who) else [one.id for one in await two_people.registrars(db, who)]
        for person in persons:
            await two_people.require(db, person, actor)


def _require_next(found: ClaimFile, to: CostStepKind) -> None:
    if to not in MOVES[found.step]:
        if found.step is None:
            raise NotReady(tell("This claim is a draft: it has to be submitted first"))
        raise NotReady(tell("This claim does not wait for that: somebody has decided on it, or it is not approved yet"))


async def _step(
    db: AsyncSession, found: ClaimFile, kind: CostStepKind, *, reason: str = "", actor: Actor, now: datetime
) -> CostStep:
    step = CostStep(
        owner_state=found.claim.owner_state,
        claim_id=found.claim.id,
        seq=len(found.steps) + 1,
        kind=kind,
        reason=reason,
        done_by=actor.id,
        done_by_label=actor.label,
        through=actor.client,
        at=now,
    )
    db.add(step)
    await db.flush()
    return step


# --- who -----------------------------------------------------------------------------------------------------------


def _sides(hearing: Hearing) -> dict[str, str]:
    return {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}


def _is_claimant(claim: CostClaim, actor: Actor) -> bool:
    return bool(actor.participant_id) and claim.participant_id == actor.participant_id


async def _participant(db: AsyncSession, hearing: Hearing, participant_id: str) -> Participant:
    person = await db.get(Participant, participant_id[:36])
    if person is None or person.hearing_id != hearing.id:
        raise Invalid(tell(NOT_A_VALUE), "participant_id")
    return person
