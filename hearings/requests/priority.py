"""How urgent a request is: a score of five criteria (UNODC paper CTOC/COP/2024, para. 14), explained, and overruled.

Urgency, seriousness, arrest before trial, risk of losing evidence, stage of the proceedings: each 0 to 3 with an
explanation of its source. An unknown one counts 0 and says so. Two of them grow with time: duration of custody, and
approaching days. Pure, but for `overrule` and `refresh_open`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import Invalid
from hearings.models import HearingRequest
from hearings.models.request import Stage
from hearings.models.request_parts import RequestAct
from hearings.requests.log import log, require
from hearings.sentences import N_, Quoted, Sentence, Word, tell, tell_n
from hearings.status import RequestStatus
from hearings.texts import clean

GRAVE_OR_JURY = N_("A grave offence, or one for a jury")

MOST = 15
SOON, LATER = 7, 60
"""Days to a deadline or to the end of custody that make a request very urgent, or urgent at all."""
LONG, LONGER = 90, 180
"""Days in custody."""
WITH_TIME = frozenset({"urgency", "custody"})
"""Criteria that grow with time by themselves."""
OPEN = frozenset(RequestStatus) - {
    RequestStatus.refused,
    RequestStatus.withdrawn,
    RequestStatus.executed,
    RequestStatus.closed,
}
RISKS = (
    tell("No risk of losing evidence"),
    tell("Some risk of losing evidence"),
    tell("High risk"),
    tell("Imminent loss of evidence"),
)
STAGES = {Stage.trial: 3, Stage.appeal: 2, Stage.investigation: 1, Stage.execution: 0}


@dataclass(frozen=True, kw_only=True)
class Criterion:
    """One of the five: its points and their source. `known` is False if there is no information."""

    name: str
    points: int
    text: str
    known: bool = True

    def as_json(self) -> dict[str, Any]:
        return {"criterion": self.name, "points": self.points, "text": self.text, "known": self.known}


@dataclass(frozen=True, kw_only=True)
class Score:
    """All five, and the detention clock."""

    criteria: tuple[Criterion, ...]
    detained_days: int | None
    custody_days_left: int | None

    @property
    def total(self) -> int:
        return sum(criterion.points for criterion in self.criteria)

    def as_json(self) -> dict[str, Any]:
        return {
            "total": self.total,
            "of": MOST,
            "criteria": [criterion.as_json() for criterion in self.criteria],
            "detained_days": self.detained_days,
            "custody_days_left": self.custody_days_left,
        }


def score(request: HearingRequest, *, on: date) -> Score:
    """The score on a day."""
    return Score(
        criteria=(
            _urgency(request, on),
            _seriousness(request),
            _custody(request, on),
            _evidence(request),
            _stage(request),
        ),
        detained_days=max(0, (on - request.detained_since).days) if request.detained_since else None,
        custody_days_left=(request.custody_limit - on).days if request.custody_limit else None,
    )


def _urgency(request: HearingRequest, on: date) -> Criterion:
    left = (request.wanted_by - on).days if request.wanted_by else None
    if left is not None and left <= SOON:
        return Criterion(name="urgency", points=3, text=_within(SOON, request.wanted_by))
    if request.urgent:
        return Criterion(name="urgency", points=2, text=tell("Urgent, according to the requesting State"))
    if left is not None and left <= LATER:
        return Criterion(name="urgency", points=1, text=_within(LATER, request.wanted_by))
    text = tell("Not stated to be urgent")
    if left is not None:
        text = tell("Reply requested by {day}", day=request.wanted_by)
    return Criterion(name="urgency", points=0, text=text)


def _within(days: int, last: date | None) -> Sentence:
    return tell_n("Reply requested within {n} day ({day})", "Reply requested within {n} days ({day})", days, day=last)


def _seriousness(request: HearingRequest) -> Criterion:
    years = request.penalty_years
    if request.grave_offence_or_jury or (years or 0) >= 10:
        text = _years(years) if years else tell(GRAVE_OR_JURY)
        return Criterion(name="seriousness", points=3, text=text)
    if request.offence_serious or (years or 0) >= 4:
        text = _years(years) if years else tell("A serious crime (at least four years)")
        return Criterion(name="seriousness", points=2, text=text)
    if years:
        return Criterion(name="seriousness", points=1, text=_years(years))
    known = years is not None or request.offence_serious is not None
    text = tell("Less serious") if known else tell("Penalty not stated")
    return Criterion(name="seriousness", points=0, text=text, known=known)


def _years(years: int) -> Sentence:
    return tell_n("Punishable by {n} year", "Punishable by {n} years", years)


def _custody(request: HearingRequest, on: date) -> Criterion:
    since, limit = request.detained_since, request.custody_limit
    if since is None:
        return Criterion(name="custody", points=0, text=tell("No custody stated"), known=False)
    days = max(0, (on - since).days)
    if request.stage is Stage.execution:
        return Criterion(name="custody", points=0, text=tell("A sentence is being served: no pre-trial detention"))
    in_custody = tell_n("In custody for {n} day", "In custody for {n} days", days)
    if limit is not None and (limit - on).days <= LATER:
        left = (limit - on).days
        text = tell("Custody ended on {day}", day=limit)
        if left >= 0:
            text = tell_n(
                "{held}; it ends in {n} day ({day})",
                "{held}; it ends in {n} days ({day})",
                left,
                held=in_custody,
                day=limit,
            )
        return Criterion(name="custody", points=3, text=text)
    points = 3 if days >= LONGER else 2 if days >= LONG else 1
    return Criterion(name="custody", points=points, text=in_custody)


def _evidence(request: HearingRequest) -> Criterion:
    if request.evidence_risk is None:
        return Criterion(name="evidence", points=0, text=tell("Risk of losing evidence not stated"), known=False)
    text = RISKS[request.evidence_risk]
    if request.evidence_risk_reason:
        text = tell("{risk}: {reason}", risk=text, reason=Quoted(request.evidence_risk_reason))
    return Criterion(name="evidence", points=request.evidence_risk, text=text)


def _stage(request: HearingRequest) -> Criterion:
    if request.stage is None:
        return Criterion(name="stage", points=0, text=tell("Stage of the proceedings not stated"), known=False)
    text = tell("Stage: {stage}", stage=Word.of("stage", request.stage.value))
    return Criterion(name="stage", points=STAGES[request.stage], text=text)


def refresh(request: HearingRequest, *, now: datetime) -> None:
    """Update the number by which the queue is sorted. Effects: `priority`."""
    override = request.priority_override
    request.priority = score(request, on=now.date()).total if override is None else override


async def refresh_open(db: AsyncSession, *, now: datetime) -> int:
    """Update the priorities of open requests to the day, except those set by hand. Returns how many have changed.

    Effects, for each that has changed, in the order of ids: `priority`; a line in the request's log with the earlier
    value and the criteria of the new one. Nobody is mailed: the queues display it.
    """
    dated = or_(col(HearingRequest.wanted_by).is_not(None), col(HearingRequest.detained_since).is_not(None))
    query = select(HearingRequest).where(
        dated, col(HearingRequest.status).in_(OPEN), col(HearingRequest.priority_override).is_(None)
    )
    rows = (await db.exec(query.order_by(col(HearingRequest.id)))).all()
    stale = [row.id for row in rows if row.priority != score(row, on=now.date()).total]
    changed = 0
    for row_id in stale:
        request = await db.get(HearingRequest, row_id, with_for_update=True, populate_existing=True)
        if request is None or request.status not in OPEN:
            continue
        before = request.priority
        refresh(request, now=now)
        if request.priority == before:
            continue
        grown = [
            criterion
            for criterion in score(request, on=now.date()).criteria
            if criterion.name in WITH_TIME and criterion.points
        ]
        reason = "; ".join(criterion.text for criterion in grown)
        act = RequestAct.priority_refreshed
        log(db, request, act, actor=SYSTEM, now=now, reason=reason, before=before, after=request.priority)
        db.add(request)
        changed += 1
    return changed


async def overrule(
    db: AsyncSession, *, request: HearingRequest, value: int | None, reason: str, actor: Actor, now: datetime
) -> None:
    """The requested authority sets the priority by hand, or (None) goes back to the score; always with a reason.

    Effects: `priority_override`, `priority_reason`, `priority`, a line in the request's log with the value before.
    Raises `Invalid`, `NotAllowed`.
    """
    require("set_priority", request, actor)
    if value is not None and (isinstance(value, bool) or value not in range(MOST + 1)):
        raise Invalid(tell("The priority goes from 0 to {most}", most=MOST), "value")
    reason = clean(reason, "reason", most=1000, least=3, lines=True)
    before = request.priority
    request.priority_override, request.priority_reason = value, reason if value is not None else ""
    refresh(request, now=now)
    request.version += 1
    act = RequestAct.priority_cleared if value is None else RequestAct.priority_set
    log(db, request, act, actor=actor, now=now, reason=reason, before=before, after=request.priority)
