"""What is due: `due(now, rows)`, a pure function over rows. It reads no clock and no database.

The key of an action holds everything it depends on, the instant included: a hearing that moves has new reminders.
One-shot actions stay due while their rows are unchanged, so a clock that jumps forward and back loses none; a process
that carries one out claims its key (`hearings.outward.claims`), so none happens twice. Periodic actions
are named by the number of their period, and only that of `now` is due: a missed audit or review of retention is made
up for by the next one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hearings.custody.retention_classes import Retention
from hearings.models import Hearing, HearingRequest
from hearings.sentences import N_
from hearings.status import HearingStatus, RequestStatus

H, R = HearingStatus, RequestStatus
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """The kind of a due action."""

    reminder_week = "reminder_week"
    reminder_day = "reminder_day"
    reminder_hour = "reminder_hour"
    opening = "opening"
    receipt_near = "receipt_near"
    receipt_overdue = "receipt_overdue"
    execution_near = "execution_near"
    execution_overdue = "execution_overdue"
    answer_near = "answer_near"
    answer_overdue = "answer_overdue"
    info_near = "info_near"
    info_overdue = "info_overdue"
    written_near = "written_near"
    written_overdue = "written_overdue"
    review_due = "review_due"
    escalation = "escalation"
    retention_review = "retention_review"
    copy_owed = "copy_owed"
    copy_overdue = "copy_overdue"
    custody_audit = "custody_audit"
    calendar_sweep = "calendar_sweep"
    priorities = "priorities"
    timezone_check = "timezone_check"
    clean_up = "clean_up"


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action. `state` is the side it is done for, empty for both or none."""

    key: str
    kind: Kind
    due_at: datetime
    subject: str = ""
    subject_id: str = ""
    about: str = ""
    owner_state: str = ""
    state: str = ""
    useful_until: datetime | None = None
    """After this instant it is not done any more, but marked as missed."""


@dataclass(frozen=True, kw_only=True)
class StoredRecording:
    """The values of a sealed recording that `due` needs."""

    id: str
    owner_state: str
    closed_at: datetime
    hearing_ref: str
    retention: Retention
    gone: bool = False
    """Whether the destruction of its keys was decided: there is nothing to review any more."""
    copy_until: datetime | None = None
    """Until when a copy is owed to the requested State; None where none is, or one was taken."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows examined. `installation`: also actions that concern no row, such as tidying up."""

    hearings: Sequence[Hearing] = ()
    requests: Sequence[HearingRequest] = ()
    recordings: Sequence[StoredRecording] = ()
    installation: bool = False


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Time limits. A change does not alter the keys of actions already done."""

    near: timedelta = 3 * DAY
    written_near: timedelta = DAY
    escalate_after_due: timedelta = 14 * DAY
    escalate_after_submission: timedelta = 30 * DAY
    """For a request that has no due date."""
    opening: timedelta = timedelta(minutes=30)
    audit_every: timedelta = 30 * DAY
    sweep_every: timedelta = HOUR
    tidy_every: timedelta = DAY


POLICY = Policy()

MISSED: Mapping[Kind, str] = {
    Kind.reminder_week: N_("Nearer reminders had taken its place"),
    Kind.reminder_day: N_("The hearing was too near"),
    Kind.reminder_hour: N_("The hearing had begun"),
    Kind.opening: N_("The hearing had begun"),
    Kind.receipt_near: N_("The date had passed"),
    Kind.execution_near: N_("The date had passed"),
    Kind.answer_near: N_("The date had passed"),
    Kind.info_near: N_("The date had passed"),
    Kind.written_near: N_("The date had passed"),
    Kind.copy_owed: N_("The date had passed"),
}
"""Reasons why an action that is too late is not carried out; kinds not listed are always caught up."""

_COMING = frozenset({H.agreed, H.ready})
_UNANSWERED = frozenset({R.submitted, R.received, R.under_review})
_DEADLINES: Sequence[tuple[str, frozenset[RequestStatus], Kind | None, Kind]] = (
    ("receipt_due", frozenset({R.submitted, R.received}), Kind.receipt_near, Kind.receipt_overdue),
    (
        "execution_due",
        frozenset({R.accepted, R.accepted_with_conditions, R.executing}),
        Kind.execution_near,
        Kind.execution_overdue,
    ),
    ("answer_due", _UNANSWERED, Kind.answer_near, Kind.answer_overdue),
    ("info_due", frozenset({R.information_requested}), Kind.info_near, Kind.info_overdue),
    (
        "written_due",
        frozenset(R) - {R.draft, R.refused, R.withdrawn, R.closed, R.executed},
        Kind.written_near,
        Kind.written_overdue,
    ),
    ("review_due", frozenset({R.postponed}), None, Kind.review_due),
)
"""Deadline column, statuses in which it counts, kind of the reminder before it, kind when it has passed."""


def due(now: datetime, rows: Rows, policy: Policy = POLICY) -> list[Action]:
    """Everything that is due at `now`, done or not, earliest first; each key once."""
    all_due = [
        action
        for actions in (
            (action for hearing in rows.hearings for action in _of_hearing(hearing, policy)),
            (action for request in rows.requests for action in _of_request(request, policy)),
            (action for recording in rows.recordings for action in _of_recording(recording, now, policy)),
            _of_installation(now, policy) if rows.installation else (),
        )
        for action in actions
        if action.due_at <= now
    ]
    return sorted(all_due, key=lambda action: (action.due_at, action.key))


def wall_before(instant: datetime, zone: str, days: int) -> datetime:
    """The instant at which a court's clocks show the same time of day, some days earlier.

    A time of day the clocks skip on that day is taken after the gap, one they show twice is the first (RFC 5545
    §3.3.5 reads such times in the same way).
    """
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) - timedelta(days=days)
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _of_hearing(hearing: Hearing, policy: Policy) -> Iterator[Action]:
    if hearing.status not in _COMING:
        return
    start = hearing.starts_at
    for state, zone in (
        (hearing.requesting_state, hearing.requesting_zone),
        (hearing.requested_state, hearing.requested_zone),
    ):
        # Each side at the same time of day as its own clocks will show at the hearing.
        for kind, at, until in (
            (Kind.reminder_week, wall_before(start, zone, 7), wall_before(start, zone, 5)),
            (Kind.reminder_day, wall_before(start, zone, 1), start - 12 * HOUR),
            (Kind.reminder_hour, start - HOUR, start),
        ):
            if at > hearing.created_at:
                yield _hearing_action(hearing, kind, at, until, state)
    if hearing.status is H.ready:
        yield _hearing_action(hearing, Kind.opening, start - policy.opening, start + policy.opening, "")


def _hearing_action(hearing: Hearing, kind: Kind, at: datetime, until: datetime, state: str) -> Action:
    return Action(
        key=_key(kind, hearing.id, _stamp(hearing.starts_at), state),
        kind=kind,
        due_at=at,
        subject="hearing",
        subject_id=hearing.id,
        about=hearing.ref,
        owner_state=state or hearing.owner_state,
        state=state,
        useful_until=until,
    )


def _of_request(request: HearingRequest, policy: Policy) -> Iterator[Action]:
    for column, statuses, near, overdue in _DEADLINES:
        at: datetime | None = getattr(request, column)
        if at is None or request.status not in statuses:
            continue
        if column == "written_due" and request.written_confirmed_at is not None:
            continue
        ahead = policy.written_near if column == "written_due" else policy.near
        if near is not None and at - ahead > request.created_at:
            yield _request_action(request, near, at - ahead, at, until=at)
        yield _request_action(request, overdue, at, at)
    if request.status in _UNANSWERED and request.submitted_at is not None:
        base = request.answer_due
        at = base + policy.escalate_after_due if base else request.submitted_at + policy.escalate_after_submission
        yield _request_action(request, Kind.escalation, at, at)


def _request_action(
    request: HearingRequest, kind: Kind, at: datetime, stamp: datetime, until: datetime | None = None
) -> Action:
    side = request.requesting_state if kind in {Kind.info_near, Kind.written_near} else request.requested_state
    return Action(
        key=_key(kind, request.id, _stamp(stamp)),
        kind=kind,
        due_at=at,
        subject="hearing_request",
        subject_id=request.id,
        about=request.reference,
        owner_state=side,
        useful_until=until,
    )


def retention_key(recording_id: str, retention: Retention, number: int = 1) -> str:
    """The key of the mail about a review of a recording's retention, by its number: the first is 1."""
    return _key(Kind.retention_review, recording_id, retention.name, str(number) if number > 1 else "")


def _of_recording(recording: StoredRecording, now: datetime, policy: Policy) -> Iterator[Action]:
    def action(kind: Kind, at: datetime, key: str, until: datetime | None = None) -> Action:
        return Action(
            key=key,
            kind=kind,
            due_at=at,
            subject="recording",
            subject_id=recording.id,
            about=recording.hearing_ref,
            owner_state=recording.owner_state,
            useful_until=until,
        )

    number = (now - recording.closed_at) // policy.audit_every
    if number >= 1:
        at = recording.closed_at + number * policy.audit_every
        yield action(Kind.custody_audit, at, _key(Kind.custody_audit, recording.id, str(number)))
    if (review := recording.retention.reviews(now)) and not recording.gone:
        at = recording.retention.review_at(review)
        yield action(Kind.retention_review, at, retention_key(recording.id, recording.retention, review))
    if (until := recording.copy_until) is not None and not recording.gone:
        yield action(Kind.copy_owed, recording.closed_at, _key(Kind.copy_owed, recording.id), until)
        yield action(Kind.copy_overdue, until, _key(Kind.copy_overdue, recording.id, _stamp(until)))


def _of_installation(now: datetime, policy: Policy) -> Iterator[Action]:
    for kind, every in (
        (Kind.calendar_sweep, policy.sweep_every),
        (Kind.priorities, DAY),
        (Kind.timezone_check, policy.tidy_every),
        (Kind.clean_up, policy.tidy_every),
    ):
        number = (now - EPOCH) // every
        yield Action(key=_key(kind, str(number)), kind=kind, due_at=EPOCH + number * every)


def _key(kind: Kind, *parts: str) -> str:
    return ":".join([kind.value, *(part for part in parts if part)])


def _stamp(instant: datetime) -> str:
    return str(int(instant.timestamp()))
