"""Workload of a State's central authority: its open requests by stage, age and other State, deadlines missed and
coming, and how long each step took. Read only; every figure is of the requests of one side, received or sent.

All counts are made by the database, over the indexes by State. Durations are of the newest `MOST` requests of the
period.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any

from sqlalchemy import case
from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.clocks import zone
from hearings.models import HearingRequest, StatusChange
from hearings.overview.next_steps import ASKED, ASKING, CONFIRM, OPEN, Step, Whose
from hearings.status import RequestStatus

AGES = (10, 30, 60)
"""Days: a request is in the first class whose limit its age does not exceed, or in the one behind the last."""
PERIOD = timedelta(days=365)
"""How far the figures look back."""
SOON = timedelta(days=7)
"""A deadline within this time is coming."""
MOST = 2_000
"""Requests whose history is read for the durations: the newest of the period."""
MONTHS = 12
ENDED = tuple(status for status in RequestStatus if status not in {*OPEN, RequestStatus.draft})


@dataclass(frozen=True)
class StageLoad:
    """Open requests in one status, by class of age; how many are older than `PERIOD` counts among the oldest."""

    status: RequestStatus
    by_age: tuple[int, ...]

    @property
    def total(self) -> int:
        """Of every age."""
        return sum(self.by_age)


@dataclass(frozen=True)
class StateLoad:
    """Requests with one other State: open now, and those submitted in the period."""

    state: str
    open: int
    period: int


@dataclass(frozen=True)
class DeadlineLoad:
    """Requests on which a step of this State is open: its day is past, within a week, later, or none is set."""

    step: str
    late: int
    soon: int
    later: int
    undated: int


@dataclass(frozen=True)
class StepTime:
    """How long requests stayed in a status: how many left it, median and longest days, and which was the slowest."""

    status: RequestStatus
    number: int
    median_days: float
    slowest_days: float
    slowest: str
    """Reference of the slowest request."""


@dataclass(frozen=True)
class MonthLoad:
    """Requests submitted, and those that ended, in one month of the own State's clock; `begins` in UTC."""

    begins: datetime
    submitted: int
    ended: int


@dataclass(frozen=True)
class Workload:
    """All figures of one side."""

    stages: Sequence[StageLoad]
    states: Sequence[StateLoad]
    deadlines: Sequence[DeadlineLoad]
    steps: Sequence[StepTime]
    months: Sequence[MonthLoad]
    answer_days: float | None
    """Median days from submission to the answer; None where none of the period is answered."""
    requests_read: int
    """Requests whose history was read for the durations: `MOST` where there are more."""

    @property
    def open(self) -> int:
        """Requests that are open now."""
        return sum(stage.total for stage in self.stages)

    @property
    def late(self) -> int:
        """Steps of this State whose day is past."""
        return sum(step.late for step in self.deadlines)

    @property
    def submitted(self) -> int:
        """Requests submitted in the period."""
        return sum(state.period for state in self.states)

    def ages(self) -> list[int]:
        """Open requests by class of age."""
        return [sum(stage.by_age[index] for stage in self.stages) for index in range(len(AGES) + 1)]


async def workload(db: AsyncSession, *, state: str, received: bool, now: datetime) -> Workload:
    """The figures of a State's requests: those it received, or those it sent. Drafts are in none."""
    side = _Side(state, received)
    durations, answers, number = await _durations(db, side, now)
    return Workload(
        stages=await _stages(db, side, now),
        states=await _states(db, side, now),
        deadlines=await _deadlines(db, side, now),
        steps=durations,
        months=await _months(db, side, now),
        answer_days=median(answers) if answers else None,
        requests_read=number,
    )


@dataclass(frozen=True)
class _Side:
    state: str
    received: bool

    @property
    def own(self) -> Any:
        """The column of the own State."""
        return col(HearingRequest.requested_state if self.received else HearingRequest.requesting_state)

    @property
    def other(self) -> Any:
        return col(HearingRequest.requesting_state if self.received else HearingRequest.requested_state)

    def sent(self) -> Any:
        """The condition: of this side, and submitted."""
        return and_(self.own == self.state, col(HearingRequest.submitted_at).is_not(None))

    def steps(self) -> tuple[Step, ...]:
        return ASKED if self.received else tuple(step for step in (*ASKING, CONFIRM) if step.word != "submit")


def _number(*conditions: Any) -> Any:
    """How many rows of a query meet all conditions."""
    return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)


async def _stages(db: AsyncSession, side: _Side, now: datetime) -> list[StageLoad]:
    submitted = col(HearingRequest.submitted_at)
    limits = [now - timedelta(days=days) for days in AGES]
    classes = [
        _number(submitted >= limits[0]),
        *(_number(submitted < younger, submitted >= older) for younger, older in pairwise(limits)),
        _number(submitted < limits[-1]),
    ]
    status = col(HearingRequest.status)
    rows = (await db.exec(select(status, *classes).where(side.sent(), status.in_(OPEN)).group_by(status))).all()
    found = {RequestStatus(row[0]): tuple(int(number) for number in row[1:]) for row in rows}
    return [StageLoad(each, found[each]) for each in OPEN if each in found]


async def _states(db: AsyncSession, side: _Side, now: datetime) -> list[StateLoad]:
    open_, recent = col(HearingRequest.status).in_(OPEN), col(HearingRequest.submitted_at) >= now - PERIOD
    query = select(side.other, _number(open_), _number(recent)).where(side.sent()).group_by(side.other)
    states = [StateLoad(str(row[0]), int(row[1]), int(row[2])) for row in (await db.exec(query)).all()]
    return sorted((each for each in states if each.open or each.period), key=lambda each: (-each.open, each.state))


async def _deadlines(db: AsyncSession, side: _Side, now: datetime) -> list[DeadlineLoad]:
    whose = Whose(state=side.state, person="", now=now)
    loads: dict[str, DeadlineLoad] = {}
    for step in side.steps():
        if not step.due:
            continue
        due = getattr(HearingRequest, step.due)
        waits = [side.sent(), *step.needs(whose)]
        waits += [col(HearingRequest.status) == step.status] if step.status else [due.is_not(None)]
        counts = (
            _number(due < now),
            _number(due >= now, due < now + SOON),
            _number(due >= now + SOON),
            _number(due.is_(None)),
        )
        row = (await db.exec(select(*counts).where(*waits))).one()
        loads[step.word] = DeadlineLoad(step.word, *(int(number) for number in row))
    return [load for load in loads.values() if load.late or load.soon or load.later or load.undated]


async def _durations(db: AsyncSession, side: _Side, now: datetime) -> tuple[list[StepTime], list[float], int]:
    """By status, how long it lasted; the days to each answer; and of how many requests."""
    newest = (
        select(HearingRequest.id)
        .where(side.sent(), col(HearingRequest.created_at) >= now - PERIOD)
        .order_by(col(HearingRequest.created_at).desc(), col(HearingRequest.id).desc())
        .limit(MOST)
        .subquery()
    )
    columns = (
        HearingRequest.id,
        HearingRequest.reference,
        HearingRequest.submitted_at,
        HearingRequest.answered_at,
        StatusChange.after,
        StatusChange.at,
    )
    query = (
        select(*columns)  # type: ignore[call-overload]
        .join(newest, newest.c.id == col(HearingRequest.id))
        .join(
            StatusChange,
            and_(
                col(StatusChange.subject) == HearingRequest.__tablename__,
                col(StatusChange.subject_id) == col(HearingRequest.id),
            ),
        )
        .order_by(col(HearingRequest.id), col(StatusChange.at), col(StatusChange.id))
    )
    rows = (await db.exec(query)).all()
    spans: dict[RequestStatus, list[tuple[float, str]]] = {}
    answers: dict[str, float] = {}
    for earlier, later in pairwise(rows):
        if earlier.id == later.id and earlier.after != RequestStatus.draft:
            spans.setdefault(RequestStatus(earlier.after), []).append((_days(later.at - earlier.at), earlier.reference))
    for row in rows:
        if row.answered_at is not None and row.submitted_at is not None:
            answers[row.id] = _days(row.answered_at - row.submitted_at)
    return _steps(spans), list(answers.values()), len({row.id for row in rows})


def _steps(spans: Mapping[RequestStatus, Sequence[tuple[float, str]]]) -> list[StepTime]:
    return [
        StepTime(status, len(each), median(days for days, _reference in each), *max(each))
        for status in RequestStatus
        if (each := spans.get(status))
    ]


async def _months(db: AsyncSession, side: _Side, now: datetime) -> list[MonthLoad]:
    begins = _first_days(now.astimezone(zone(reference.jurisdiction(side.state).default_zone)))
    spans = list(pairwise([*begins, now + timedelta(days=1)]))
    submitted, at = col(HearingRequest.submitted_at), col(StatusChange.at)
    received = select(*(_number(submitted >= since, submitted < until) for since, until in spans)).where(
        side.sent(), submitted >= begins[0]
    )
    ended = (
        select(*(_number(at >= since, at < until) for since, until in spans))
        .join(
            HearingRequest,
            and_(
                col(StatusChange.subject) == HearingRequest.__tablename__,
                col(StatusChange.subject_id) == col(HearingRequest.id),
            ),
        )
        .where(
            side.sent(),
            at >= begins[0],
            col(StatusChange.after).in_(ENDED),
            col(StatusChange.before).not_in(ENDED),
        )
    )
    numbers = zip((await db.exec(received)).one(), (await db.exec(ended)).one(), strict=True)
    return [MonthLoad(begin, int(one), int(other)) for begin, (one, other) in zip(begins, numbers, strict=True)]


def _first_days(now: datetime) -> list[datetime]:
    """The first instants of this month and of those before it, by the clock of `now`, the earliest first; in UTC."""
    months = [divmod(now.year * 12 + now.month - 1 - back, 12) for back in reversed(range(MONTHS))]
    return [datetime(year, month + 1, 1, tzinfo=now.tzinfo).astimezone(UTC) for year, month in months]


def _days(span: timedelta) -> float:
    return span / timedelta(days=1)
