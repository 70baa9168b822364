"""Reading the past of a State, a pair of States or the whole installation out of the log: a few statements, one pass.

Nothing that was done after the instant is read, and of what is read no name, number or text is kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.events import EventKind
from hearings.law.law import current
from hearings.models import (
    Agreement,
    Consent,
    Consultation,
    Hearing,
    HearingEvent,
    HearingRequest,
    LineTest,
    Minutes,
    Offer,
    RequestEvent,
    Signature,
    StatusChange,
)
from hearings.models.request_parts import RequestAct
from hearings.models.sitting import HoldCause
from hearings.statistics.past import Assignment, Past, PastHearing, PastRequest, PastSitting, PastStep, PastTest
from hearings.status import MinutesStatus, OfferStatus, RequestStatus

FIELDS = (
    HearingRequest.id,
    HearingRequest.requesting_state,
    HearingRequest.requested_state,
    HearingRequest.instruments,
    HearingRequest.offence_scope,
    HearingRequest.capacity,
    HearingRequest.stage,
    HearingRequest.channel,
    HearingRequest.urgent,
    HearingRequest.oral,
    HearingRequest.reason_no_attendance,
    HearingRequest.custody_place,
    HearingRequest.custody_limit,
    HearingRequest.wanted_by,
    HearingRequest.priority,
)
"""What is read of a request, beside the instruments that were usable when it was submitted: fields that cannot change
after that, and the priority, each change of which has a line in its log."""
PRIORITIES = (RequestAct.priority_set, RequestAct.priority_cleared, RequestAct.priority_refreshed)
FAULTS = frozenset({HoldCause.fault.value, HoldCause.recording.value})
COUNTED = (
    *(EventKind.started, EventKind.closed, EventKind.hold, EventKind.signal),
    *(EventKind.render_changed, EventKind.relay_chosen, EventKind.interpreting_begun),
)
"""Events of a hearing that are counted."""
_GROUND = re.compile(r"([a-z0-9_]+)(?: \([a-z0-9_]+\))?: ")
"""How the ground begins the reason of a refusal in the log (`hearings.requests.answers`)."""


async def past(db: AsyncSession, *, as_of: datetime, states: Sequence[str] = ()) -> Past:
    """The past at `as_of`: of requests that one State has a part in, or between two; of all where none is named."""
    found = _Reading(db, as_of, _between(states))
    requests = await found.requests()
    hearings, tests = await found.hearings(requests), await found.tests(requests)
    return Past(as_of, list(requests.values()), hearings, tests, await current(db))


def _between(states: Sequence[str]) -> Any:
    asking, asked = col(HearingRequest.requesting_state), col(HearingRequest.requested_state)
    sent = col(HearingRequest.submitted_at).is_not(None)
    if not states:
        return sent
    if len(states) == 1:
        return and_(sent, or_(asking == states[0], asked == states[0]))
    return and_(sent, asking.in_(states), asked.in_(states))


@dataclass(frozen=True)
class _Reading:
    db: AsyncSession
    as_of: datetime
    which: Any
    """The condition on requests."""

    async def rows(self, *columns: Any, joins: Iterable[tuple[Any, Any]], where: Any, order: Any) -> Sequence[Any]:
        """Rows of a table about these requests: joined with what leads to them, each with its condition."""
        query = select(*columns).select_from(HearingRequest)
        for table, condition in joins:
            query = query.join(table, condition)
        found: Sequence[Any] = (await self.db.exec(query.where(self.which, where).order_by(*order))).all()
        return found

    async def steps(self, table: Any, owner: Any, joins: Iterable[tuple[Any, Any]]) -> dict[str, list[PastStep]]:
        """The changes of status of a table's rows by `owner`, a column, the earliest first."""
        # Reasons are long, and only that of a refusal says something: the ground.
        reason = case((col(StatusChange.after) == RequestStatus.refused.value, StatusChange.reason), else_="")
        changes = await self.rows(
            *(owner, StatusChange.at, StatusChange.id, StatusChange.before, StatusChange.after, reason),
            joins=[*joins, (StatusChange, col(StatusChange.subject_id) == col(table.id))],
            where=and_(col(StatusChange.subject) == table.__tablename__, col(StatusChange.at) <= self.as_of),
            order=(),
        )
        found: dict[str, list[PastStep]] = defaultdict(list)
        for key, at, _id, before, after, why in sorted(changes, key=lambda change: change[1:3]):
            if before != after:  # else a note, not a move
                found[key].append(PastStep(at, after, before, _ground(after, why)))
        return found

    async def requests(self) -> dict[str, PastRequest]:
        """Those that had been submitted, by id."""
        steps = await self.steps(HearingRequest, HearingRequest.id, [])
        consents = await self.steps(Consent, Consent.request_id, [_of_request(Consent)])
        consulted, signed, lines = await self._consulted(), await self._signed(), await self._lines()
        usable = col(HearingRequest.gate_result)["usable"].label("usable")
        rows = await self.rows(*FIELDS, usable, joins=[], where=True, order=(col(HearingRequest.id),))
        found: dict[str, PastRequest] = {}
        for row in rows:
            moves = steps.get(row.id, ())
            begin = next((index for index, step in enumerate(moves) if step.after == RequestStatus.submitted), None)
            if begin is None:
                continue
            found[row.id] = PastRequest(
                id=row.id,
                requesting_state=row.requesting_state,
                requested_state=row.requested_state,
                instruments=tuple(dict.fromkeys(row.instruments)),
                offence_scope=tuple(dict.fromkeys(row.offence_scope)),
                capacity=row.capacity or "",
                stage=row.stage or "",
                channel=row.channel,
                urgent=row.urgent,
                oral=row.oral,
                reason_no_attendance=row.reason_no_attendance or "",
                in_custody=bool(row.custody_place),
                custody_limit=row.custody_limit,
                wanted_by=row.wanted_by,
                steps=tuple(moves[begin:]),
                priority=_priority(lines.get(row.id, ()), row.priority, self.as_of),
                consulted=tuple(consulted.get(row.id, ())),
                assignments=tuple(_assignments(lines.get(row.id, ()), self.as_of)),
                signed=frozenset(signed.get(row.id, ())),
                consents=tuple(consents.get(row.id, ())),
                usable=tuple(row.usable or ()),
            )
        return found

    async def _consulted(self) -> Mapping[str, list[datetime]]:
        rows = await self.rows(
            *(Consultation.request_id, Consultation.recorded_at),
            joins=[_of_request(Consultation)],
            where=col(Consultation.recorded_at) <= self.as_of,
            order=(col(Consultation.recorded_at),),
        )
        return _grouped((key, at) for key, at in rows)

    async def _signed(self) -> Mapping[str, list[str]]:
        about = and_(
            col(Signature.subject) == HearingRequest.__tablename__,
            col(Signature.subject_id) == col(HearingRequest.id),
        )
        rows = await self.rows(
            *(Signature.subject_id, Signature.act),
            joins=[(Signature, about)],
            where=col(Signature.received_at) <= self.as_of,
            order=(col(Signature.id),),
        )
        return _grouped((key, str(act)) for key, act in rows)

    async def _lines(self) -> Mapping[str, list[Any]]:
        """Lines of the log on priority and assignment; of the priority later ones too: they say what it was before."""
        rows = await self.rows(
            *(RequestEvent.request_id, RequestEvent.act, RequestEvent.at, RequestEvent.owner_state, RequestEvent.data),
            joins=[_of_request(RequestEvent)],
            where=col(RequestEvent.act).in_((*PRIORITIES, RequestAct.delegated)),
            order=(col(RequestEvent.at), col(RequestEvent.id)),
        )
        return _grouped((row.request_id, row) for row in rows)

    async def hearings(self, requests: Mapping[str, PastRequest]) -> list[PastHearing]:
        """The hearings of these requests that had been proposed."""
        steps = await self.steps(Hearing, Hearing.id, [_HEARING])
        minutes = await self.steps(Minutes, Minutes.hearing_id, [_HEARING, _of_hearing(Minutes)])
        agreed, events = await self._agreed(), await self._events()
        rows = await self.rows(Hearing.id, Hearing.request_id, joins=[_HEARING], where=True, order=(col(Hearing.id),))
        return [
            PastHearing(
                request=requests[request_id],
                steps=tuple(steps[id_]),
                agreed=tuple(agreed.get(id_, ())),
                minutes_signed=next(
                    (one.at for one in minutes.get(id_, ()) if one.after == MinutesStatus.signed), None
                ),
                **_course(events.get(id_, ())),
            )
            for id_, request_id in rows
            if id_ in steps and request_id in requests
        ]

    async def _agreed(self) -> Mapping[str, list[tuple[datetime, datetime]]]:
        rows = await self.rows(
            *(Offer.hearing_id, StatusChange.at, Offer.starts_at),
            joins=[_HEARING, _of_hearing(Offer), (StatusChange, col(StatusChange.subject_id) == col(Offer.id))],
            where=and_(
                col(StatusChange.subject) == Offer.__tablename__,
                col(StatusChange.after) == OfferStatus.accepted,
                col(StatusChange.at) <= self.as_of,
            ),
            order=(col(StatusChange.at), col(StatusChange.id)),
        )
        return _grouped((key, (at, start)) for key, at, start in rows)

    async def _events(self) -> Mapping[str, list[Any]]:
        rows = await self.rows(
            *(HearingEvent.hearing_id, HearingEvent.kind, HearingEvent.at, HearingEvent.data),
            joins=[_HEARING, _of_hearing(HearingEvent)],
            where=and_(col(HearingEvent.kind).in_(COUNTED), col(HearingEvent.at) <= self.as_of),
            order=(col(HearingEvent.hearing_id), col(HearingEvent.seq)),
        )
        return _grouped((row.hearing_id, row) for row in rows)

    async def tests(self, requests: Mapping[str, PastRequest]) -> list[PastTest]:
        """The line tests that had been judged."""
        rows = await self.rows(
            *(Hearing.request_id, LineTest.agreement_id, LineTest.judged_at, LineTest.passed, LineTest.findings),
            joins=[
                _HEARING,
                _of_hearing(Agreement),
                (LineTest, col(LineTest.agreement_id) == col(Agreement.id)),
            ],
            where=and_(col(LineTest.judged_at).is_not(None), col(LineTest.judged_at) <= self.as_of),
            order=(col(LineTest.judged_at), col(LineTest.id)),
        )
        met: set[str] = set()
        found = []
        for request_id, agreement_id, at, passed, findings in rows:
            if request_id in requests:
                loss, rtt = (_worst(findings, item) for item in ("loss_percent", "rtt_ms"))
                found.append(PastTest(requests[request_id], at, bool(passed), agreement_id not in met, loss, rtt))
            met.add(agreement_id)
        return found


def _of_request(table: Any) -> tuple[Any, Any]:
    return table, col(table.request_id) == col(HearingRequest.id)


def _of_hearing(table: Any) -> tuple[Any, Any]:
    return table, col(table.hearing_id) == col(Hearing.id)


_HEARING = _of_request(Hearing)


def _grouped(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _ground(after: str, reason: str) -> str:
    found = _GROUND.match(reason) if after == RequestStatus.refused else None
    return found[1] if found else ""


def _priority(lines: Sequence[Any], last: int, as_of: datetime) -> int:
    """The priority at the instant: after its last line until then, else before its first one since."""
    changes = [line for line in lines if line.act != RequestAct.delegated]
    earlier = [line for line in changes if line.at <= as_of]
    if earlier:
        return int(earlier[-1].data["after"])
    return int(changes[0].data["before"]) if changes else last


def _assignments(lines: Sequence[Any], as_of: datetime) -> list[Assignment]:
    return [
        Assignment(line.at, line.owner_state, str(line.data.get("to_id", "")))
        for line in lines
        if line.act == RequestAct.delegated and line.at <= as_of
    ]


def _worst(findings: Iterable[Mapping[str, Any]], item: str) -> float | None:
    values = [one["measured"] for one in findings if one["item"] == item and one["measured"] is not None]
    return max(values, default=None)


@dataclass
class _Course:
    sittings: list[PastSitting] = field(default_factory=list)
    since: datetime | None = None
    faults: int = 0
    signals: int = 0
    languages: set[str] = field(default_factory=set)
    consecutive: bool = False
    relay: bool = False

    def take(self, kind: str, at: datetime, data: Mapping[str, Any]) -> None:
        if kind == EventKind.started and self.since is None:
            self.since = at
        elif kind == EventKind.closed and self.since is not None:
            self.sittings.append(PastSitting(self.since, at))
            self.since = None
        self.faults += kind == EventKind.hold and data.get("cause") in FAULTS
        self.signals += kind == EventKind.signal
        self.consecutive |= kind == EventKind.interpreting_begun
        self.relay |= kind == EventKind.relay_chosen and bool(data.get("lang"))
        if kind == EventKind.render_changed and data.get("lang"):
            self.languages.add(data["lang"])


def _course(events: Iterable[Any]) -> dict[str, Any]:
    """What the events of a hearing, in their order, say of how it went."""
    course = _Course()
    for _hearing, kind, at, data in events:
        course.take(kind, at, data)
    going_on = [] if course.since is None else [PastSitting(course.since, None)]
    return {
        "sittings": (*course.sittings, *going_on),
        "faults": course.faults,
        "signals": course.signals,
        "languages": frozenset(course.languages),
        "consecutive": course.consecutive,
        "relay": course.relay,
    }
