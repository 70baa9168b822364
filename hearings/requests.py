"""Requests of one State to another: drafted, submitted through the legal gate, answered, carried out.

The requesting State's clerk drafts, submits, answers questions and withdraws; the requested State's authority
acknowledges and answers. Both States are on this installation, so what is submitted is received at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import legal_bases, reference
from hearings.actors import SYSTEM, Actor
from hearings.errors import GateNotMet, Invalid, NotReady
from hearings.languages import language
from hearings.models import HearingRequest
from hearings.models.request import Capacity, OffenceScope, ReasonNoAttendance
from hearings.moves import born, move_request
from hearings.permissions import require_staff
from hearings.status import RequestStatus
from hearings.texts import clean

_LINES = {"requesting_authority": 300, "requested_authority": 300, "case_number": 100, "person_name": 200}
_TEXTS = {"offence_summary": 4000, "reason_text": 4000}
_LANGUAGES = ("language_of_person", "language_of_court", "language_of_request")
_ANSWERS = ("offence_serious", "offence_transnational", "offence_organised")
EDITABLE = frozenset(
    {*_LINES, *_TEXTS, *_LANGUAGES, *_ANSWERS, "capacity", "reason_no_attendance", "offence_scope", "instruments"}
)
"""What `draft` and `update` take; anything else is refused."""
REQUIRED = {
    "requesting_authority": "the requesting authority",
    "requested_authority": "the requested authority",
    "case_number": "the case number",
    "person_name": "the person to be heard",
    "offence_summary": "a summary of the offence",
    "language_of_person": "the person's language",
    "language_of_court": "the court's language",
    "instruments": "the instrument relied on",
}
"""What must not be empty at submission, besides what the gate asks."""


async def draft(
    db: AsyncSession, *, requested_state: str, fields: Mapping[str, Any] | None = None, actor: Actor, now: datetime
) -> HearingRequest:
    """Begin a request of the actor's State. `fields` as for `update`.

    Authorities default to the central authorities of the data. Effects: adds the request with the next reference
    (`RO-2026-0001`) and its first line of history. Raises `UnknownState`, `Invalid`.
    """
    own = reference.jurisdiction(actor.state)
    other = reference.jurisdiction(requested_state)
    if own.state == other.state:
        raise Invalid("The two States are the same", "requested_state")
    require_staff("draft_request", actor, requesting_state=own.state, requested_state=other.state)
    request = HearingRequest(
        owner_state=own.state,
        reference=await _next_reference(db, own.state, now.year),
        requesting_state=own.state,
        requested_state=other.state,
        requesting_authority=own.central_authority,
        requested_authority=other.central_authority,
        created_by=actor.id,
        created_at=now,
    )
    _fill(request, fields or {})
    db.add(request)
    born(db, request, request.status, actor=actor, now=now)
    await db.flush()
    return request


async def update(
    db: AsyncSession, *, request: HearingRequest, fields: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Change a draft. Effects: the fields given. Raises `Invalid` naming the field, `NotReady` once submitted."""
    _staff("draft_request", request, actor)
    if request.status is not RequestStatus.draft:
        raise NotReady(f"Only a draft can be changed; this request is {request.status.value}")
    _fill(request, fields)
    db.add(request)


def evaluate(
    request: HearingRequest, *, now: datetime, instruments: tuple[str, ...] = legal_bases.NOW
) -> legal_bases.GateResult:
    """What the instruments need and what was given, today. Changes nothing."""
    return legal_bases.evaluate(legal_bases.ask_about(request, on=now.date()), instruments)


def blockers(request: HearingRequest, *, now: datetime) -> list[str]:
    """Why the request cannot be submitted yet, one text each; empty when it can."""
    found = [f"Missing: {text}" for name, text in REQUIRED.items() if not getattr(request, name)]
    if not request.instruments:
        return found
    result = evaluate(request, now=now, instruments=tuple(request.instruments))
    if not any(verdict.usable for verdict in result.verdicts):
        for verdict in result.verdicts:
            bad = (line for line in verdict.lines if line.status is legal_bases.LineStatus.missing)
            found += [f"{verdict.provision}: {line.text}" for line in bad]
            if not verdict.usable and verdict.outcome is legal_bases.Outcome.needs_human:
                found.append(f"{verdict.provision}: not known whether both States are bound")
    return list(dict.fromkeys(found))


async def submit(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """Submit a draft: at least one instrument relied on must lack nothing.

    Raises `GateNotMet`, `missing` holding the texts. Effects: keeps the gate's answer as it was now, status to
    submitted, then (both States are served here) to received.
    """
    _staff("submit_request", request, actor)
    missing = blockers(request, now=now)
    if missing:
        raise GateNotMet("The request cannot be submitted yet: " + "; ".join(missing), missing)
    request.gate_result = evaluate(request, now=now, instruments=tuple(request.instruments)).as_json()
    request.submitted_at = now
    move_request(db, request, RequestStatus.submitted, actor=actor, now=now)
    move_request(db, request, RequestStatus.received, actor=SYSTEM, now=now, reason="delivered")


async def acknowledge(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """The requested authority takes the request up. Effects: status to under_review."""
    _staff("acknowledge_request", request, actor)
    move_request(db, request, RequestStatus.under_review, actor=actor, now=now)


async def ask_information(
    db: AsyncSession, *, request: HearingRequest, question: str, actor: Actor, now: datetime
) -> None:
    """Ask the requesting State something. Effects: status to information_requested; the question in its history."""
    _staff("answer_request", request, actor)
    question = _reasons(question)
    move_request(db, request, RequestStatus.information_requested, actor=actor, now=now, reason=question)


async def answer_information(
    db: AsyncSession, *, request: HearingRequest, answer: str, actor: Actor, now: datetime
) -> None:
    """Answer the question. Effects: status back to under_review; the answer in its history."""
    _staff("answer_information", request, actor)
    if request.status is not RequestStatus.information_requested:
        raise NotReady("Nothing has been asked")
    move_request(db, request, RequestStatus.under_review, actor=actor, now=now, reason=_reasons(answer))


async def accept(db: AsyncSession, *, request: HearingRequest, reason: str = "", actor: Actor, now: datetime) -> None:
    """Accept: the requested authority has decided what the gate left to a human. Effects: status, `answered_*`."""
    await _answer(
        db, request, RequestStatus.accepted, actor, now, reason=clean(reason, "reason", most=4000, lines=True)
    )


async def accept_with_conditions(
    db: AsyncSession, *, request: HearingRequest, conditions: str, actor: Actor, now: datetime
) -> None:
    """Accept under conditions, which are read out at the hearing. Effects: status, `conditions`, `answered_*`."""
    conditions = _reasons(conditions)
    await _answer(db, request, RequestStatus.accepted_with_conditions, actor, now, reason=conditions)
    request.conditions = conditions


async def refuse(
    db: AsyncSession, *, request: HearingRequest, ground: str, reasons: str, actor: Actor, now: datetime
) -> None:
    """Refuse, always with a ground and reasons (UNTOC art. 18(23), UNCAC art. 46(23)).

    `ground` is a refusal code of data/enums.yaml. Effects: status to refused, `answered_*`.
    """
    if ground not in reference.enums()["refusal_code"]:
        raise Invalid("Not a ground of refusal", "ground")
    await _answer(db, request, RequestStatus.refused, actor, now, reason=_reasons(reasons), ground=ground)


async def postpone(db: AsyncSession, *, request: HearingRequest, reasons: str, actor: Actor, now: datetime) -> None:
    """Postpone because of proceedings that are under way (18(25), 46(25)). Effects: status, `answered_*`."""
    ground = reference.enums()["postponement_code"][0]
    await _answer(db, request, RequestStatus.postponed, actor, now, reason=_reasons(reasons), ground=ground)


async def take_up_again(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """A postponed request is reviewed again. Effects: status to under_review."""
    _staff("answer_request", request, actor)
    if request.status is not RequestStatus.postponed:
        raise NotReady("The request is not postponed")
    move_request(db, request, RequestStatus.under_review, actor=actor, now=now)


async def withdraw(db: AsyncSession, *, request: HearingRequest, reason: str, actor: Actor, now: datetime) -> None:
    """The requesting State withdraws, any time before execution. Effects: status to withdrawn."""
    _staff("withdraw_request", request, actor)
    move_request(db, request, RequestStatus.withdrawn, actor=actor, now=now, reason=_reasons(reason))


async def close(db: AsyncSession, *, request: HearingRequest, reason: str = "", actor: Actor, now: datetime) -> None:
    """File a request that was executed, or whose hearing came to nothing (then with a reason).

    Effects: status to closed.
    """
    _staff("withdraw_request", request, actor)
    reason = clean(reason, "reason", most=4000, lines=True, least=3 if request.status is RequestStatus.executing else 0)
    move_request(db, request, RequestStatus.closed, actor=actor, now=now, reason=reason)


async def _answer(
    db: AsyncSession,
    request: HearingRequest,
    to: RequestStatus,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    ground: str = "",
) -> None:
    _staff("answer_request", request, actor)
    move_request(db, request, to, actor=actor, now=now, reason=f"{ground}: {reason}" if ground else reason)
    request.answered_at, request.answered_by = now, actor.id
    request.answered_ground, request.answered_reason = ground, reason


def _reasons(text: str) -> str:
    return clean(text, "reason", most=4000, least=3, lines=True)


def _fill(request: HearingRequest, fields: Mapping[str, Any]) -> None:
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise Invalid(f"Not a field of a request: {unknown[0][:40]}", unknown[0][:40])
    for name, value in fields.items():
        setattr(request, name, _parse(name, value))


def _parse(name: str, value: Any) -> Any:
    """One field, checked; raises `Invalid` naming it."""
    try:
        if name in _ANSWERS:
            if value not in (True, False, None):
                raise ValueError(name)
            return value
        if name == "capacity":
            return Capacity(value) if value else None
        if name == "reason_no_attendance":
            return ReasonNoAttendance(value) if value else None
        if name == "offence_scope":
            return sorted({OffenceScope(scope).value for scope in value})
        if name == "instruments":
            chosen = set(value)
            if not chosen <= set(legal_bases.selectable()):
                raise ValueError(name)
            return [instrument for instrument in reference.instruments() if instrument in chosen]
        if not isinstance(value, str):
            raise TypeError(name)
    except (ValueError, TypeError) as error:
        raise Invalid("Not one of the values this field takes", name) from error
    if name in _LANGUAGES:
        return language(value) if value else ""
    return clean(value, name, most=_LINES.get(name) or _TEXTS[name], lines=name in _TEXTS)


async def _next_reference(db: AsyncSession, state: str, year: int) -> str:
    """The next number of the State's year. Two at once wait for one another: on SQLite all writers do anyway."""
    prefix = f"{state}-{year}-"
    connection = await db.connection()
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": prefix})
    count = select(func.count()).select_from(HearingRequest).where(col(HearingRequest.reference).startswith(prefix))
    return f"{prefix}{(await db.exec(count)).one() + 1:04d}"


def _staff(action: str, request: HearingRequest, actor: Actor) -> None:
    require_staff(action, actor, requesting_state=request.requesting_state, requested_state=request.requested_state)
