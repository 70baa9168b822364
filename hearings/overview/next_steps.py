"""Tables of next steps of requests and hearings: status, side, right and deadline of each.

A step names the table whose rows wait for it: agreements and minutes are queried in their own tables. What does not
follow from a status (who has signed) is a condition over other rows: see `needs`.
`hearings.overview.worklist` merges the rows of all steps into one list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Text, cast
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, or_

from hearings import reference
from hearings.clocks import first_instant, tzdb_version, zone
from hearings.hearing import zone_data
from hearings.models import (
    Agreement,
    AgreementOffer,
    Hearing,
    HearingDay,
    HearingRequest,
    Minutes,
    MinutesReading,
    Participant,
    Recording,
    RecordingRelease,
    Signature,
    Sitting,
)
from hearings.overview import owed_rights
from hearings.permissions import may
from hearings.requests.conditions import ConditionKind
from hearings.rights.checklist import RightSide
from hearings.roles import CONDUCTING
from hearings.status import OPEN_SITTINGS, AgreementStatus, HearingStatus, MinutesStatus, RecordingStatus, RequestStatus

NO_SCOPE = ""
"""Scope of a step that only a person takes."""


@dataclass(frozen=True, kw_only=True)
class Whose:
    """The person and State whose steps are queried, and the instant. `person` is empty for a system of an authority."""

    state: str
    person: str
    now: datetime


def _nothing_more(whose: Whose) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: the rows that wait for it, and the right to take it. `due` is a column of the row, or empty."""

    table: type[HearingRequest] | type[Hearing] | type[HearingDay] | type[Agreement] | type[Minutes]
    """Whose rows wait; those of a day, an agreement or minutes stand for their hearing."""

    word: str
    right: str
    """Of staff (`hearings.permissions.may_staff`)."""
    scope: str
    """The scope a system of an authority takes the step with (`hearings.outward.api_clients.SCOPES`), or `NO_SCOPE`."""
    status: RequestStatus | HearingStatus | AgreementStatus | MinutesStatus | None
    """Of the row. None: in any."""
    due: str = ""
    needs: Callable[[Whose], tuple[Any, ...]] = _nothing_more
    """What else must hold, as conditions of a query."""


_R, _H, _A, _M = RequestStatus, HearingStatus, AgreementStatus, MinutesStatus

# --- conditions --------------------------------------------------------------------------------------------------


def _terms(*, own: bool) -> Callable[[Whose], tuple[Any, ...]]:
    """The terms on the table are offered by the own State or by the other, and the own State has not signed them.

    A signature is over the terms that were offered last before it came: no column of it says which.
    """
    before, between = aliased(AgreementOffer), aliased(AgreementOffer)

    def needs(whose: Whose) -> tuple[Any, ...]:
        later = exists().where(
            col(between.agreement_id) == Agreement.id, col(between.id) > before.id, col(between.id) < Signature.id
        )
        over_these = exists().where(
            col(before.agreement_id) == Agreement.id,
            col(before.terms_sha256) == Agreement.terms_sha256,
            col(before.id) < Signature.id,
            ~later.correlate(Agreement, before, Signature),
        )
        signed = exists().where(
            col(Signature.subject) == Agreement.__tablename__,
            col(Signature.subject_id) == Agreement.id,
            col(Signature.owner_state) == whose.state,
            over_these.correlate(Agreement, Signature),
        )
        offered = (col(Agreement.by_state) == whose.state) if own else (col(Agreement.by_state) != whose.state)
        return offered, ~signed.correlate(Agreement), _hearing_is(Agreement, _H.proposed, _H.countered, _H.agreed)

    return needs


def _hearing_is(table: type[Agreement] | type[HearingDay], *status: HearingStatus) -> Any:
    return exists().where(col(Hearing.id) == table.hearing_id, col(Hearing.status).in_(status)).correlate(table)


def _signed(*, requesting: bool, requested: bool) -> Callable[[Whose], tuple[Any, ...]]:
    """Who has signed the time of a hearing, of the two States."""
    sides = ((Hearing.requesting_signed, requesting), (Hearing.requested_signed, requested))
    return lambda whose: tuple(col(column) != "" if has else col(column) == "" for column, has in sides)


def _still_unsigned(column: Any) -> Callable[[Whose], tuple[Any, ...]]:
    """Agreed while one signature was enough, and it was not this State's."""
    return lambda whose: (col(Hearing.one_signed), col(column) == "")


def _untested(whose: Whose) -> tuple[Any, ...]:
    """No test has passed, nobody has decided to go on without one, and there is time for it."""
    soon = col(Agreement.starts_at) > whose.now, col(Agreement.passed_over_at).is_(None)
    return *soon, _hearing_is(Agreement, _H.agreed, _H.ready)


def _owes(side: RightSide, status: HearingStatus) -> Callable[[Whose], tuple[Any, ...]]:
    """An item of the rights checklist that is due waits for an answer of this side."""
    return lambda whose: (owed_rights.owes(side, status),)


def _unanswered(whose: Whose) -> tuple[Any, ...]:
    """The person's answer to a rule that asks for consent is not recorded."""
    return col(HearingRequest.unanswered), col(HearingRequest.status).in_(OPEN)


def _unscheduled(whose: Whose) -> tuple[Any, ...]:
    """Its hearing was cancelled or broken off, and no other has been proposed."""
    return (col(HearingRequest.unscheduled),)


def _owes_copy(whose: Whose) -> tuple[Any, ...]:
    """By a condition of the acceptance the requested State is to get a copy of each recording, and of one that is
    sealed it has taken none."""
    taken = exists().where(
        col(RecordingRelease.recording_id) == Recording.id,
        col(RecordingRelease.to_state) == HearingRequest.requested_state,
        col(RecordingRelease.bag_sha256) != "",
    )
    untaken = exists().where(
        col(Hearing.request_id) == HearingRequest.id,
        col(Sitting.hearing_id) == Hearing.id,
        col(Recording.sitting_id) == Sitting.id,
        col(Recording.status) == RecordingStatus.sealed,
        ~taken.correlate(Recording, HearingRequest),
    )
    kind = f'"kind": "{ConditionKind.copy_to_requested_state.value}"'  # quotes in a text have a backslash before them
    return cast(HearingRequest.condition_rules, Text).contains(kind, autoescape=True), untaken.correlate(HearingRequest)


def _receipt(*, limited: bool) -> Callable[[Whose], tuple[Any, ...]]:
    """Whether an instrument sets a day for the acknowledgement of receipt."""
    due = col(HearingRequest.receipt_due)
    return lambda whose: (due.is_not(None) if limited else due.is_(None),)


def _own_part(action: str, table: type[Hearing] | type[Minutes], whose: Whose) -> tuple[Any, ...]:
    """The person conducts the hearing in a role that may do it; a system acts for its State in every hearing."""
    if not whose.person:
        return ()
    roles = [role for role in CONDUCTING if may(action, role, own_state=whose.state, target_state=whose.state).allowed]
    seat = exists().where(
        col(Participant.hearing_id) == (table.hearing_id if table is Minutes else table.id),
        col(Participant.person_id) == whose.person,
        col(Participant.vacated_at).is_(None),
        col(Participant.role).in_(sorted(roles)),
    )
    return (seat.correlate(table),)


def _today(whose: Whose) -> tuple[Any, ...]:
    """Its day at the requesting court has come, its lobby is not open, and the person may open it."""
    own = reference.jurisdiction(whose.state)
    ends = {name: _end_of_day(whose.now, name) for name in own.zones}
    begins, place = col(Hearing.starts_at), col(Hearing.requesting_zone)
    here = [and_(place == name, begins < end) for name, end in ends.items()]
    elsewhere = and_(place.not_in(ends), begins < ends[own.default_zone])
    open_ = exists().where(col(Sitting.hearing_id) == Hearing.id, col(Sitting.status).in_(OPEN_SITTINGS))
    return (
        begins < max(ends.values()),
        or_(*here, elsewhere),
        ~open_.correlate(Hearing),
        *_own_part("open_lobby", Hearing, whose),
    )


def _end_of_day(now: datetime, zone_name: str) -> datetime:
    today = now.astimezone(zone(zone_name)).replace(tzinfo=None, fold=0, hour=0, minute=0, second=0, microsecond=0)
    return first_instant(today + timedelta(days=1), zone_name)


def _moved(whose: Whose) -> tuple[Any, ...]:
    """The running time-zone data move the day and nobody has decided; of several of a hearing it is the first."""
    before = aliased(HearingDay)

    def undecided(day: type[HearingDay]) -> tuple[Any, ...]:
        seen = col(day.moved_by) == tzdb_version(), col(day.tzdb_version) != day.moved_by
        return *seen, col(day.starts_at) > whose.now, col(day.heard_at).is_(None), col(day.dropped_at).is_(None)

    earlier = exists().where(
        col(before.hearing_id) == HearingDay.hearing_id,
        col(before.starts_at) < HearingDay.starts_at,
        *undecided(before),
    )
    open_ = _hearing_is(HearingDay, *sorted(zone_data.OPEN))
    return *undecided(HearingDay), ~earlier.correlate(HearingDay), open_


def _edited(whose: Whose) -> tuple[Any, ...]:
    """By who edits minutes."""
    return *_unreceived(whose), *_own_part("edit_minutes", Minutes, whose)


def _unsigned(whose: Whose) -> tuple[Any, ...]:
    """Not signed by the own State since they were read back: an earlier signature is over an earlier text."""
    since = exists().where(col(MinutesReading.minutes_id) == Minutes.id, col(MinutesReading.id) > Signature.id)
    signed = exists().where(
        col(Signature.subject) == Minutes.__tablename__,
        col(Signature.subject_id) == Minutes.id,
        col(Signature.owner_state) == whose.state,
        ~since.correlate(Minutes, Signature),
    )
    return *_unreceived(whose), ~signed.correlate(Minutes), *_own_part("sign_minutes", Minutes, whose)


def _unreceived(whose: Whose) -> tuple[Any, ...]:
    """Their receipt is not acknowledged; of those not signed yet it cannot be, and the index is in order so."""
    return (col(Minutes.received_at).is_(None),)


# --- requests ----------------------------------------------------------------------------------------------------

ASKING: tuple[Step, ...] = (
    Step(table=HearingRequest, word="submit", right="submit_request", scope="requests:write", status=_R.draft),
    Step(
        table=HearingRequest,
        word="answer_question",
        right="answer_information",
        scope="requests:write",
        status=_R.information_requested,
        due="info_due",
    ),
    *(
        Step(
            table=HearingRequest,
            word="set_time",
            right="propose_hearing",
            scope="hearings:write",
            status=status,
            needs=needs,
        )
        for status, needs in (
            (_R.accepted, _nothing_more),
            (_R.accepted_with_conditions, _nothing_more),
            (_R.executing, _unscheduled),
        )
    ),
    *(
        Step(
            table=HearingRequest,
            word="release_copy",
            right="withdraw_request",
            scope="recordings:write",
            status=status,
            needs=_owes_copy,
        )
        for status in (_R.executing, _R.executed)
    ),
    Step(table=HearingRequest, word="close", right="withdraw_request", scope="requests:write", status=_R.executed),
)
"""Steps of the requesting State."""
ASKED: tuple[Step, ...] = tuple(
    Step(table=HearingRequest, word=word, right=right, scope="requests:answer", status=status, due=due, needs=needs)
    for word, right, status, due, needs in (
        ("acknowledge", "acknowledge_request", _R.received, "answer_due", _receipt(limited=False)),
        ("acknowledge", "acknowledge_request", _R.received, "receipt_due", _receipt(limited=True)),
        ("answer", "answer_request", _R.under_review, "answer_due", _nothing_more),
        ("review", "answer_request", _R.postponed, "review_due", _nothing_more),
    )
)
"""Steps of the requested State."""
OPEN = (
    _R.submitted,
    _R.received,
    _R.under_review,
    _R.information_requested,
    _R.accepted,
    _R.accepted_with_conditions,
    _R.postponed,
    _R.executing,
)
"""Submitted, and neither over nor refused."""
CONSENT = Step(
    table=HearingRequest,
    word="record_consent",
    right="record_consent",
    scope="consents:write",
    status=None,
    needs=_unanswered,
)
"""Of either State: whichever asks the person."""
CONFIRM = Step(
    table=HearingRequest,
    word="confirm_in_writing",
    right="confirm_in_writing",
    scope="requests:write",
    status=None,
    due="written_due",
)
"""Of the requesting State: an oral request waits for its confirmation."""

# --- hearings ----------------------------------------------------------------------------------------------------

_ASKS, _ASKED = ("requesting_state",), ("requested_state",)
_BOTH = (*_ASKS, *_ASKED)
_AGREE = "agree_hearing"
HEARINGS: tuple[tuple[Step, tuple[str, ...]], ...] = (
    *(
        (
            Step(table=Hearing, word=word, right=right, scope="hearings:write", status=status, due=due, needs=needs),
            sides,
        )
        for word, right, status, due, sides, needs in (
            ("decide_time", _AGREE, _H.proposed, "starts_at", _ASKED, _signed(requesting=False, requested=False)),
            ("sign_time", _AGREE, _H.proposed, "starts_at", _ASKS, _signed(requesting=False, requested=True)),
            ("decide_time", _AGREE, _H.countered, "starts_at", _ASKS, _signed(requesting=False, requested=False)),
            ("sign_time", _AGREE, _H.countered, "starts_at", _ASKED, _signed(requesting=True, requested=False)),
            *(
                ("sign_time", _AGREE, status, "starts_at", side, _still_unsigned(column))
                for status in (_H.agreed, _H.ready)
                for side, column in ((_ASKS, Hearing.requesting_signed), (_ASKED, Hearing.requested_signed))
            ),
            *(
                ("answer_rights", "answer_right", status, "starts_at", side, _owes(right_side, status))
                for status in owed_rights.DUE
                for side, right_side in ((_ASKS, RightSide.requesting), (_ASKED, RightSide.requested))
            ),
            ("prepare", "prepare_hearing", _H.agreed, "starts_at", _ASKS, _nothing_more),
            ("set_next_day", "prepare_hearing", _H.part_heard, "", _ASKS, _nothing_more),
        )
    ),
    (
        # Who may open it has a part in the hearing; the right says which functions can.
        Step(
            table=Hearing,
            word="open_lobby",
            right="cancel_hearing",
            scope=NO_SCOPE,
            status=_H.ready,
            due="starts_at",
            needs=_today,
        ),
        _ASKS,
    ),
    (
        Step(
            table=HearingDay,
            word="decide_clock_change",
            right="decide_clock_change",
            scope="hearings:write",
            status=None,
            due="starts_at",
            needs=_moved,
        ),
        _ASKS,
    ),
    *(
        (
            Step(
                table=Agreement,
                word=word,
                right=right,
                scope="agreements:write",
                status=status,
                due="starts_at",
                needs=needs,
            ),
            _BOTH,
        )
        for word, right, status, needs in (
            ("answer_terms", "sign_agreement", _A.proposed, _terms(own=False)),
            ("answer_terms", "sign_agreement", _A.countered, _terms(own=False)),
            ("sign_terms", "sign_agreement", _A.proposed, _terms(own=True)),
            ("sign_terms", "sign_agreement", _A.countered, _terms(own=True)),
            ("test_line", "test_line", _A.agreed, _untested),
        )
    ),
    *(
        (Step(table=Minutes, word=word, right=right, scope="minutes:write", status=status, needs=needs), sides)
        for word, right, status, needs, sides in (
            ("complete_minutes", "read_minutes", _M.drafted, _edited, _BOTH),
            ("read_minutes_back", "read_minutes", _M.in_review, _edited, _BOTH),
            ("sign_minutes", "read_minutes", _M.read_back, _unsigned, _BOTH),
            ("acknowledge_minutes", "receive_minutes", _M.signed, _unreceived, _ASKS),
        )
    ),
)
"""Steps of hearings, and the States whose step each is."""
