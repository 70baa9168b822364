"""Answers of the requested State to a request, and replies of the requesting State.

Every refusal has a ground of the closed list and reasons (18(23), 46(23)). A postponement is no refusal: it has a day
on which the request is looked at again (18(25), 46(25)). Before either the two States consult where an instrument
relied on wants it (data/refusal.yaml); a State that acts without says why, and the objection stands with its act.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import clocks, reference
from hearings.actors import Actor
from hearings.errors import Invalid, NotReady
from hearings.law.handling import deadlines
from hearings.law.handling.deadlines import LimitedStep, TimeLimit
from hearings.law.handling.procedures import OwedConsultation, owed_before_postponement, owed_before_refusal
from hearings.law.law import LAW, Law, current
from hearings.law.refusals import (
    NOT_A_GROUND,
    NOT_A_MOTIVE,
    NOT_CONSULTED,
    Objection,
    not_consulted,
    request_objections,
)
from hearings.models import HearingRequest
from hearings.models.request_parts import AnsweredWith, RequestAct
from hearings.moves import move
from hearings.requests import consultations, gate_answers, sending
from hearings.requests.log import log, require
from hearings.sentences import Series, tell
from hearings.status import RequestStatus
from hearings.texts import clean

RESUMED = frozenset({RequestStatus.postponed, RequestStatus.information_requested})
"""What the requested State can take up again by itself."""
FARTHEST = timedelta(days=730)
"""Greatest distance of a deadline from now."""
AGAIN_DAYS = 3
"""Days for the answer to a request that is taken up again after the day it was due or wanted: to the end of a working
day of the requested State."""


async def acknowledge(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """The requested authority acknowledges receipt and begins its review. Effects: status to under_review; receipt is
    not due any more."""
    require("acknowledge_request", request, actor)
    request.receipt_due = None
    move(db, request, RequestStatus.under_review, actor=actor, now=now)


async def ask_information(
    db: AsyncSession,
    *,
    request: HearingRequest,
    question: str,
    due: datetime | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Ask the requesting State something (18(16), 46(16)), by a day: two weeks ahead unless given.

    Effects: status to information_requested; the question in its history; `info_due`.
    """
    require("answer_request", request, actor)
    question = _reasons(question)
    request.info_due = _deadline(due, "due", now=now, days=reference.request_rules()["timers"]["information_days"])
    move(db, request, RequestStatus.information_requested, actor=actor, now=now, reason=question)


async def answer_information(
    db: AsyncSession, *, request: HearingRequest, answer: str, actor: Actor, now: datetime
) -> None:
    """Answer the question. Effects: status back to under_review; the answer in its history; no `info_due`."""
    require("answer_information", request, actor)
    if request.status is not RequestStatus.information_requested:
        raise NotReady(tell("No question has been asked"))
    request.info_due = None
    move(db, request, RequestStatus.under_review, actor=actor, now=now, reason=_reasons(answer))


async def accept(
    db: AsyncSession,
    *,
    request: HearingRequest,
    reason: str = "",
    answers: Mapping[str, bool] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Accept. `answers`: those of the State to the legal check that it gives with its acceptance.

    Effects: status, `answered_*`, those of `gate_answers.answer`; what `answers` does not name stays open. Raises
    `NotReady` while an oral request is overdue for confirmation in writing, `GateOpen` while an answer of the State is
    missing or no.
    """
    reason = clean(reason, "reason", most=4000, lines=True)
    _require_confirmed(request, now)
    await _answer_gate(db, request, answers, actor, now)
    _answer(db, request, RequestStatus.accepted, actor, now, reason=reason)
    request.execution_due = deadlines.due(request, LimitedStep.execution, since=now, law=await current(db))


async def accept_with_conditions(
    db: AsyncSession,
    *,
    request: HearingRequest,
    conditions: str,
    rules: Sequence[Mapping[str, Any]] = (),
    answers: Mapping[str, bool] | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    """Accept under conditions, which are read out at the hearing; `rules` are those the room can enforce or display.

    Effects: `conditions`, `condition_rules`, and those of `accept`. Raises `Invalid` for an unknown rule, and what
    `accept` raises.
    """
    conditions = _reasons(conditions)
    parsed = _rules(rules)
    _require_confirmed(request, now)
    await _answer_gate(db, request, answers, actor, now)
    _answer(db, request, RequestStatus.accepted_with_conditions, actor, now, reason=conditions)
    request.conditions, request.condition_rules = conditions, parsed
    request.execution_due = deadlines.due(request, LimitedStep.execution, since=now, law=await current(db))


async def refuse(
    db: AsyncSession,
    *,
    request: HearingRequest,
    ground: str,
    reasons: str,
    motive: str = "",
    consultation_left_out_because: str = "",
    actor: Actor,
    now: datetime,
) -> tuple[Objection, ...]:
    """Refuses a request, with a ground and reasons, after a consultation where an instrument relied on wants one.

    `ground` is a refusal code of data/enums.yaml, `motive` a `refusal_motive` or empty. Effects: status to refused,
    `answered_*`, with the objections to it. Raises `Invalid`, and `NotReady` when a consultation is owed, none is
    on record and nothing says why. Returns the objections; none of them prevents the act of a State.
    """
    require("answer_request", request, actor)
    if ground not in reference.enums()["refusal_code"]:
        raise Invalid(tell(NOT_A_GROUND), "ground")
    if motive and motive not in reference.enums()["refusal_motive"]:
        raise Invalid(tell(NOT_A_MOTIVE), "motive")
    reasons, because = _reasons(reasons), _left_out(consultation_left_out_because)
    law = await current(db)
    raised = objections(request, ground=ground, motive=motive, reasons=reasons, law=law)
    raised += await _consulted(db, request, owed_before_refusal(relied_on(request, law), ground), because)
    _answer(db, request, RequestStatus.refused, actor, now, reason=reasons, ground=ground, motive=motive)
    _keep(request, raised, because)
    return raised


def relied_on(request: HearingRequest, law: Law) -> list[str]:
    """Usable instruments of the request at its submission, as far as the law still has them."""
    return [instrument for instrument in (request.gate_result or {}).get("usable", ()) if instrument in law.instruments]


def objections(
    request: HearingRequest, *, ground: str, motive: str = "", reasons: str, law: Law
) -> tuple[Objection, ...]:
    """Objections to such a refusal by the instruments relied on and rulings on them. Raises `Invalid`."""
    return request_objections(relied_on(request, law), ground, motive, reasons, law=law)


async def postpone(
    db: AsyncSession,
    *,
    request: HearingRequest,
    reasons: str,
    review: datetime | None,
    consultation_left_out_because: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Postpone because of proceedings that are under way (18(25), 46(25)), until a day it is looked at again.

    Effects: status, `answered_*`, `review_due`. Raises `Invalid`, and `NotReady` as `refuse`.
    """
    require("answer_request", request, actor)
    ground = reference.enums()["postponement_code"][0]
    if review is None:
        raise Invalid(tell("State on which day it will be reviewed"), "review")
    due = _ahead(review, "review", now=now)
    reasons, because = _reasons(reasons), _left_out(consultation_left_out_because)
    owed = owed_before_postponement(relied_on(request, await current(db)))
    raised = await _consulted(db, request, owed, because)
    left_out = because if raised else ""
    _answer(db, request, RequestStatus.postponed, actor, now, reason=reasons, ground=ground, left_out=left_out)
    _keep(request, raised, because)
    request.review_due = due


@dataclass(frozen=True, kw_only=True)
class Awaited:
    """What says when the answer to a request is due. `limit`: of its instruments, if they set one."""

    requested_state: str
    limit: TimeLimit | None
    wanted_by: date | None
    urgent: bool

    def due(self, *, since: datetime, law: Law) -> datetime:
        """For the first time, from the submission."""
        return self._earliest(self._limited(since, law), now=since) or since + _timer("answer_days")

    def due_again(self, *, submitted: datetime, now: datetime, law: Law) -> datetime:
        """From the instant it is taken up again. A postponement stretches the limit of an instrument only by the
        extension it allows; what is past by then is due `AGAIN_DAYS` later."""
        due = self._earliest(self._limited(submitted, law, extended=True), now=now) or now + _timer("answer_days")
        return due if due > now else deadlines.reckoned(now, AGAIN_DAYS, self.requested_state, law=law)

    def _limited(self, since: datetime, law: Law, *, extended: bool = False) -> datetime | None:
        if self.limit is None:
            return None
        return self.limit.ends(since, self.requested_state, extended=extended, law=law)

    def _earliest(self, limit: datetime | None, *, now: datetime) -> datetime | None:
        wanted = now + _timer("urgent_answer_days") if self.urgent else None
        if self.wanted_by is not None:
            wanted = clocks.end_of_day(self.wanted_by, reference.jurisdiction(self.requested_state).default_zone)
        return min((day for day in (limit, wanted) if day is not None), default=None)


def awaited(request: HearingRequest, law: Law) -> Awaited:
    """What says when the answer to this request is due."""
    return Awaited(
        requested_state=request.requested_state,
        limit=deadlines.of_request(request, law=law).get(LimitedStep.recognition),
        wanted_by=request.wanted_by,
        urgent=request.urgent,
    )


def answer_due(request: HearingRequest, *, now: datetime, law: Law = LAW) -> datetime:
    """Deadline of the answer: the end of the day that the request names, in the requested State (18(24), 46(24)), and
    at the latest that of the instruments relied on; without either, a timer of this service."""
    return awaited(request, law).due(since=now, law=law)


def _timer(name: str) -> timedelta:
    return timedelta(days=reference.request_rules()["timers"][name])


async def take_up_again(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """A postponed request is reviewed again, or one whose question stays without an answer: the State that asked need
    not wait for the other. Effects: status to under_review, without a text; no `info_due`; after a postponement
    `answer_due` anew, or as the instrument limits it; no `review_due`; nothing more that was said against it."""
    require("answer_request", request, actor)
    if request.status not in RESUMED:
        raise NotReady(tell("The request is neither postponed nor waiting for an answer to a question"))
    request.info_due = None
    if request.status is RequestStatus.postponed:
        law, submitted = await current(db), request.submitted_at or now
        request.answer_due = awaited(request, law).due_again(submitted=submitted, now=now, law=law)
        request.review_due = None
        _keep(request, (), "")
    move(db, request, RequestStatus.under_review, actor=actor, now=now)


async def comment_on_refusal(
    db: AsyncSession, *, request: HearingRequest, comment: str, actor: Actor, now: datetime
) -> None:
    """The requesting State comments on a refusal, once; the refusal is not changed.

    Effects: `refusal_comment`, version, a line in the request's log. Raises `NotReady`.
    """
    require("comment_refusal", request, actor)
    if request.status is not RequestStatus.refused:
        raise NotReady(tell("The request was not refused"))
    if request.refusal_comment:
        raise NotReady(tell("The refusal has already been commented on"))
    request.refusal_comment, request.refusal_comment_at = _reasons(comment), now
    request.version += 1
    log(db, request, RequestAct.refusal_commented, actor=actor, now=now)


async def confirm_in_writing(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> None:
    """The requesting State confirms an oral request in writing (18(14), 46(14)).

    Effects: `written_confirmed_at`, no `written_due`, version, a line in the request's log saying whether it was late.
    """
    require("confirm_in_writing", request, actor)
    if not request.oral or request.written_confirmed_at is not None or request.submitted_at is None:
        raise NotReady(tell("There is nothing to confirm in writing"))
    request.version += 1
    _confirmed(db, request, actor, now)


def confirmed_by_submission(db: AsyncSession, *, request: HearingRequest, actor: Actor, now: datetime) -> bool:
    """An oral request that is submitted after the time for its confirmation: the submission is the confirmation in
    writing, and late. Whether it was.

    Effects: those of `confirm_in_writing`, without a new version: what is signed is the request as it stands.
    """
    if not sending.overdue(request, now=now):
        return False
    _confirmed(db, request, actor, now)
    return True


def _confirmed(db: AsyncSession, request: HearingRequest, actor: Actor, now: datetime) -> None:
    late = sending.overdue(request, now=now)
    request.written_confirmed_at, request.written_due = now, None
    log(db, request, RequestAct.confirmed_in_writing, actor=actor, now=now, late=late)


async def _answer_gate(
    db: AsyncSession, request: HearingRequest, answers: Mapping[str, bool] | None, actor: Actor, now: datetime
) -> None:
    require("answer_request", request, actor)
    if answers:
        with_it = AnsweredWith.acceptance
        await gate_answers.answer(db, request=request, answers=answers, answered_with=with_it, actor=actor, now=now)
    await gate_answers.require_answered(db, request, state=actor.state, later=False, now=now)


def _require_confirmed(request: HearingRequest, now: datetime) -> None:
    if sending.overdue(request, now=now):
        raise NotReady(
            tell("The request was made orally and has not been confirmed in writing in time"),
            ["confirm_in_writing"],
        )


async def _consulted(
    db: AsyncSession, request: HearingRequest, owed: Sequence[OwedConsultation], because: str
) -> tuple[Objection, ...]:
    """The objections where a consultation that is owed was left out for a reason. Raises `NotReady`."""
    if not owed or await consultations.of_request(db, request.id):
        return ()
    if because and all(one.may_object for one in owed):
        return not_consulted(owed, because)
    raise NotReady(
        tell(
            "{provision}: before this the two States consult on whether assistance may be granted subject to "
            "conditions. Record that consultation with the request first, or state why it was left out",
            provision=Series.of(dict.fromkeys(one.provision for one in owed)),
        ),
        ["consultation"],
    )


def _left_out(because: str) -> str:
    return clean(because, "consultation_left_out_because", most=2000, lines=True)


def _keep(request: HearingRequest, raised: Sequence[Objection], because: str) -> None:
    request.answered_objections = [objection.as_json() for objection in raised]
    left_out = any(objection.code == NOT_CONSULTED for objection in raised)
    request.consultation_left_out_because = because if left_out else ""


def _answer(
    db: AsyncSession,
    request: HearingRequest,
    to: RequestStatus,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    ground: str = "",
    motive: str = "",
    left_out: str = "",
) -> None:
    require("answer_request", request, actor)
    named = f"{ground} ({motive})" if motive else ground
    text = f"{named}: {reason}"[:4000] if named else reason  # whole in `answered_reason`
    if left_out:  # the history alone keeps it when the request is taken up again
        text = f"{text[: 3999 - len(left_out)]}\n{left_out}"
    move(db, request, to, actor=actor, now=now, reason=text)
    request.answered_at, request.answered_by = now, actor.id
    request.answered_ground, request.answered_reason = ground, reason
    request.answer_due = None
    _keep(request, (), "")


def _rules(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if not items:
        return []
    from hearings.requests import conditions

    return [conditions.as_json(condition) for condition in conditions.parse(items)]


def _deadline(given: datetime | None, field: str, *, now: datetime, days: int) -> datetime:
    return now + timedelta(days=days) if given is None else _ahead(given, field, now=now)


def _ahead(given: datetime, field: str, *, now: datetime) -> datetime:
    if not now < given <= now + FARTHEST:
        raise Invalid(tell("This day is in the past, or more than two years ahead"), field)
    return given


def _reasons(text: str) -> str:
    return clean(text, "reason", most=4000, least=3, lines=True)
