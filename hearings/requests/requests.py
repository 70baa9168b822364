"""Requests of one State to another: drafted, submitted through the legal gate, withdrawn, filed.

The requesting State's clerk drafts, submits, answers questions and withdraws; the requested State's authority
acknowledges and answers (`request_answers`, re-exported here). Both States are on this installation, so what is
submitted is received at once. Every change adds one to the request's version.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.actors import SYSTEM, Actor
from hearings.coordination import state_notices
from hearings.coordination.state_notices import Stopped
from hearings.errors import DisplacedBy, GateNotMet, HearingNotOver, Invalid, NotFound, NotReady, Stale
from hearings.law import legal_bases
from hearings.law.answer import HeldOn
from hearings.law.handling import deadlines
from hearings.law.handling.deadlines import LimitedStep
from hearings.law.law import LAW, Law, current
from hearings.law.legal_bases import SAME_STATES
from hearings.models import Hearing, HearingRequest, Person, Translation
from hearings.models.request_parts import RequestAct
from hearings.moves import born, move
from hearings.permissions import may_staff, require_staff
from hearings.requests import gate_answers, person_consents, priority, sending
from hearings.requests.answers import (
    RESUMED,
    accept,
    accept_with_conditions,
    acknowledge,
    answer_due,
    answer_information,
    ask_information,
    comment_on_refusal,
    confirm_in_writing,
    confirmed_by_submission,
    objections,
    postpone,
    refuse,
    relied_on,
    take_up_again,
)
from hearings.requests.completeness import Completeness, completeness
from hearings.requests.fields import FIELDS, Values, fill, together
from hearings.requests.log import log, require
from hearings.sentences import Series, Word, tell
from hearings.status import HEARINGS_OVER, RequestStatus
from hearings.texts import clean

__all__ = [
    "EDITABLE",
    "RESUMED",
    "accept",
    "accept_with_conditions",
    "acknowledge",
    "answer_due",
    "answer_information",
    "ask_information",
    "blockers",
    "close",
    "comment_on_refusal",
    "complete",
    "confirm_in_writing",
    "delegate",
    "draft",
    "evaluate",
    "objections",
    "postpone",
    "refuse",
    "relied_on",
    "save",
    "submit",
    "take_up_again",
    "update",
    "withdraw",
]

TRAINING = "TRAINING"
"""In every reference of a rehearsal, behind the State."""
EDITABLE = frozenset(FIELDS)
"""Fields that `draft` and `update` accept; others are refused."""


async def draft(
    db: AsyncSession,
    *,
    requested_state: str,
    fields: Mapping[str, Any] | None = None,
    reason: str = "",
    actor: Actor,
    now: datetime,
) -> HearingRequest:
    """Begin a request of the actor's State. `fields` as for `update`; `reason`: what its history says it came from.

    Authorities default to the central authorities of the data. Effects: adds the request with the next reference
    (`RO-2026-0001`) and its first line of history. Raises `UnknownState`, `Invalid`.
    """
    own = reference.jurisdiction(actor.state)
    other = reference.jurisdiction(requested_state)
    if own.state == other.state:
        raise Invalid(tell(SAME_STATES), "requested_state")
    require_staff("draft_request", actor, requesting_state=own.state, requested_state=other.state)
    request = HearingRequest(
        owner_state=own.state,
        reference=await _next_reference(db, own.state, now.year),
        requesting_state=own.state,
        requested_state=other.state,
        created_by=actor.id,
        created_at=now,
    )
    fill(request, fields or {}, law=await current(db))
    priority.refresh(request, now=now)
    db.add(request)
    born(db, request, request.status, actor=actor, now=now, reason=reason)
    await db.flush()
    return request


async def update(
    db: AsyncSession,
    *,
    request: HearingRequest,
    fields: Mapping[str, Any],
    version: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Change a draft. `version` is the one that was read.

    Effects: the fields given, `priority`, `version`. Raises `Stale` when somebody else changed it since, `Invalid`
    naming the field, `NotReady` once submitted.
    """
    require("draft_request", request, actor)
    if request.status is not RequestStatus.draft:
        raise NotReady(
            tell("Only a draft can be changed; this request is {status}", status=Word.status(request.status))
        )
    if version is not None and version != request.version:
        raise Stale(version, request.version)
    fill(request, fields, law=await current(db))
    priority.refresh(request, now=now)
    request.changed_at = now
    request.version += 1
    db.add(request)


async def save(
    db: AsyncSession, *, request: HearingRequest, fields: Values, version: int, actor: Actor, now: datetime
) -> list[str]:
    """Save what is valid of a draft that somebody is still filling in; the names of the fields that were not saved.

    Fields that do not go together keep what was saved before. Effects and errors: those of `update`, but the version
    stays where nothing has changed.
    """
    values = Values(fields)
    left: list[str] = []
    while wrong := together(request, values):
        names = [name for name in wrong[1] if name in values]
        if not names:
            break  # what was saved before does not go together: the next full save says so
        left += names
        for name in names:
            del values[name]
    if request.status is RequestStatus.draft and version == request.version:
        values = Values({name: value for name, value in values.items() if getattr(request, name) != value})
        if not values:
            require("draft_request", request, actor)
            return left
    await update(db, request=request, fields=values, version=version, actor=actor, now=now)
    return left


def evaluate(
    request: HearingRequest,
    *,
    now: datetime,
    instruments: tuple[str, ...] | None = None,
    consent: str = "not_asked",
    held: HeldOn | None = None,
    law: Law = LAW,
) -> legal_bases.GateResult:
    """The gate's result for the request today, for the instruments named or all that can be a basis. Pure. `consent`:
    state of the person's consents (`consent_answers.overall`). `held`: day of the hearing.
    """
    chosen = legal_bases.selectable(now.date(), law=law) if instruments is None else instruments
    ask = legal_bases.ask_about(
        request,
        on=now.date(),
        consent=consent,
        hearing_on=held.on if held else None,
        hearing_known_on=held.known_on if held else None,
        law=law,
    )
    return legal_bases.evaluate(ask, chosen, law=law)


def complete(request: HearingRequest, translations: tuple[Translation, ...] = (), *, law: Law = LAW) -> Completeness:
    """What the instruments relied on ask for, and its content. Pure."""
    return completeness(request, translations, law=law)


def blockers(request: HearingRequest, *, now: datetime, law: Law = LAW) -> list[str]:
    """Why the request cannot be submitted yet, one text each; empty when it can."""
    texts = [
        tell("{provision}: {text}", provision=item.provision, text=item.text) if item.provision else item.text
        for item in completeness(request, law=law).missing
    ]
    texts += [
        tell("{provision}: {text}", provision=block.provision, text=block.text)
        for block in sending.blocks(request, now=now, law=law)
    ]
    if not request.instruments:
        return texts
    result = evaluate(request, now=now, instruments=tuple(request.instruments), law=law)
    usable = [verdict for verdict in result.verdicts if verdict.usable]
    for verdict in () if usable else result.verdicts:
        texts += [tell("{provision}: {text}", provision=verdict.provision, text=text) for text in verdict.obstacles]
    unsaid = min((verdict.unsaid for verdict in usable), key=len, default=())
    texts += [tell("{provision}: {text}", provision=line.provision, text=line.text) for line in unsaid]
    return list(dict.fromkeys(texts))


async def submit(
    db: AsyncSession,
    *,
    request: HearingRequest,
    answers: Mapping[str, bool] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Submit a draft: it says what its instruments demand, may go the way chosen, and one instrument lacks nothing that
    the sender or the data can know.

    Raises `DisplacedBy` where another instrument goes before all it relies on, `GateNotMet`, `missing` holding the
    texts, and `NoticeBlocks` on a day on which a notice of one of the two States stops requests. Effects, in order: an
    oral request whose time for the confirmation in writing has passed is confirmed by it, late; `answers` to the legal
    check that the statement names are kept (`gate_answers.said_with`); stores the gate's result of now; the days an
    acknowledgement and an answer are due; the consents its rules ask for; status to submitted, then (both States are
    served here) to received.
    """
    require("submit_request", request, actor)
    law = await current(db)
    _not_displaced(evaluate(request, now=now, instruments=tuple(request.instruments), law=law))
    missing = blockers(request, now=now, law=law)
    if missing:
        raise GateNotMet(
            tell("The request cannot be submitted yet: {lines}", lines=Series.of(missing, "semicolon")), missing
        )
    states = (request.requesting_state, request.requested_state)
    await state_notices.require_open(db, what=Stopped.request, states=states, first=now, last=now)
    request.submitted_at = now
    confirmed_by_submission(db, request=request, actor=actor, now=now)
    await gate_answers.answer_by_submission(db, request=request, answers=answers or {}, actor=actor, now=now)
    result = evaluate(request, now=now, instruments=tuple(request.instruments), law=law)
    request.gate_result = result.as_json()
    request.answer_due = answer_due(request, now=now, law=law)
    request.receipt_due = deadlines.due(request, LimitedStep.acknowledgement, since=now, law=law)
    priority.refresh(request, now=now)
    await person_consents.prepare(db, request=request, result=result, actor=actor, now=now)
    move(db, request, RequestStatus.submitted, actor=actor, now=now)
    move(db, request, RequestStatus.received, actor=SYSTEM, now=now, reason="delivered")


def _not_displaced(result: legal_bases.GateResult) -> None:
    """Raise `DisplacedBy` if another instrument goes before each of those relied on."""
    lines = [verdict.displaced for verdict in result.verdicts]
    if not lines or None in lines:
        return
    before = dict.fromkeys(name for line in lines if line for name in line.inputs["names"])
    reasons = [line.text for line in lines if line]
    text = tell(
        "The request cannot rely on this alone; between the two States another instrument goes before it: "
        "{instruments}. {reason}",
        instruments=Series.of(before),
        reason=Series.of(dict.fromkeys(reasons), "space"),
    )
    raise DisplacedBy(text, reasons)


async def withdraw(db: AsyncSession, *, request: HearingRequest, reason: str, actor: Actor, now: datetime) -> None:
    """The requesting State withdraws, any time before execution. Effects: deadlines end, status to withdrawn."""
    require("withdraw_request", request, actor)
    reason = clean(reason, "reason", most=4000, least=3, lines=True)
    request.answer_due = request.info_due = request.review_due = request.written_due = None
    request.receipt_due = request.execution_due = None
    move(db, request, RequestStatus.withdrawn, actor=actor, now=now, reason=reason)


async def close(db: AsyncSession, *, request: HearingRequest, reason: str = "", actor: Actor, now: datetime) -> None:
    """File a request that was executed, or whose hearing came to nothing (then with a reason).

    Raises `HearingNotOver`. Effects: status to closed. The row is locked, as it is for a proposal: no hearing comes in
    between.
    """
    require("withdraw_request", request, actor)
    request = await queries.get(db, HearingRequest, request.id, lock=True)
    for hearing in await queries.hearings_of_request(db, request.id):
        if hearing.status not in HEARINGS_OVER:
            raise _not_over(hearing)
    reason = clean(reason, "reason", most=4000, lines=True, least=3 if request.status is RequestStatus.executing else 0)
    move(db, request, RequestStatus.closed, actor=actor, now=now, reason=reason)


def _not_over(hearing: Hearing) -> HearingNotOver:
    day = hearing.starts_at.astimezone(ZoneInfo(hearing.requesting_zone)).date()
    refusal = tell(
        "The hearing {ref} of {day} is not over: hold it, or cancel it with a reason, before the request is closed",
        ref=hearing.ref,
        day=day,
    )
    return HearingNotOver(refusal, [hearing.ref])


async def delegate(
    db: AsyncSession, *, request: HearingRequest, person_id: str, reason: str = "", actor: Actor, now: datetime
) -> None:
    """Assign the request to a colleague of the actor's State, or (empty) to nobody in particular.

    Effects: `requesting_assignee` or `requested_assignee`, version, a line in the request's log. Raises `NotFound`
    for a person who is not of the own State's active staff, `Invalid` for one who could not act on it.
    """
    require("delegate_request", request, actor)
    ours = actor.state == request.requesting_state
    reason = clean(reason, "reason", most=1000, lines=True)
    name = ""
    if person_id:
        query = select(Person).where(Person.id == person_id[:36], Person.owner_state == actor.state, col(Person.active))
        person = (await db.exec(query)).first()
        if person is None:
            raise NotFound
        if not works_on(person, request):
            raise Invalid(tell("This person's functions do not allow work on this request"), "person")
        name = person.name
    setattr(request, "requesting_assignee" if ours else "requested_assignee", person_id or None)
    request.version += 1
    db.add(request)
    log(db, request, RequestAct.delegated, actor=actor, now=now, reason=reason, to=name, to_id=person_id)


def works_on(person: Person, request: HearingRequest) -> bool:
    """Whether a person's functions let them act for their State in this request."""
    right = "submit_request" if person.owner_state == request.requesting_state else "answer_request"
    return may_staff(
        right,
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=request.requesting_state,
        requested_state=request.requested_state,
    ).allowed


async def _next_reference(db: AsyncSession, state: str, year: int) -> str:
    """The next number of the State and year. Locks against a second writer; on SQLite all writers wait anyway."""
    prefix = f"{state}-{TRAINING}-{year}-" if await queries.is_training(db) else f"{state}-{year}-"
    connection = await db.connection()
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": prefix})
    count = select(func.count()).select_from(HearingRequest).where(col(HearingRequest.reference).startswith(prefix))
    return f"{prefix}{(await db.exec(count)).one() + 1:04d}"
