"""Whose step is next, as tables: of requests and of hearings, in which status, with which right and deadline.

What a status does not say (whose terms are on the table, who has signed) is a condition over other rows: see `needs`.
`hearings.worklist` merges the rows of all steps into one list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, exists, select

from hearings.models import (
    Agreement,
    AgreementOffer,
    Consent,
    Hearing,
    HearingRequest,
    Minutes,
    MinutesReading,
    Participant,
    Signature,
)
from hearings.permissions import may
from hearings.roles import CONDUCTING
from hearings.status import AgreementStatus, ConsentStatus, HearingStatus, MinutesStatus, RequestStatus


@dataclass(frozen=True, kw_only=True)
class Whose:
    """For whom the steps are looked for, and when. `person` is empty for a system of an authority."""

    state: str
    person: str
    now: datetime


def _nothing_more(whose: Whose) -> tuple[Any, ...]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: which rows wait for it, who may take it. `due` is a column of the row, or empty."""

    word: str
    right: str
    """Of staff (`hearings.permissions.may_staff`)."""
    status: RequestStatus | HearingStatus | None
    """None: in any."""
    due: str = ""
    needs: Callable[[Whose], tuple[Any, ...]] = _nothing_more
    """What else must hold, as conditions of a query."""


# --- conditions --------------------------------------------------------------------------------------------------


def _terms(*, own: bool) -> Callable[[Whose], tuple[Any, ...]]:
    """Terms are on the table, offered by the own State or by the other, and the own State has not signed them.

    A signature is over the terms that were offered last before it came: no column of it says which.
    """
    before, between = aliased(AgreementOffer), aliased(AgreementOffer)

    def needs(whose: Whose) -> tuple[Any, ...]:
        later = exists().where(
            col(between.agreement_id) == Agreement.id, col(between.id) > before.id, col(between.id) < Signature.id
        )
        signed = exists().where(
            col(Signature.subject) == Agreement.__tablename__,
            col(Signature.subject_id) == Agreement.id,
            col(Signature.owner_state) == whose.state,
            col(before.agreement_id) == Agreement.id,
            col(before.terms_sha256) == Agreement.terms_sha256,
            col(before.id) < Signature.id,
            ~later.correlate(Agreement, before, Signature),
        )
        offered = (col(Agreement.by_state) == whose.state) if own else (col(Agreement.by_state) != whose.state)
        on_table = col(Agreement.status).in_((AgreementStatus.proposed, AgreementStatus.countered))
        return (_agreement(on_table, offered, ~signed.correlate(Agreement)),)

    return needs


def _agreement(*where: Any) -> Any:
    return exists().where(col(Agreement.hearing_id) == Hearing.id, *where).correlate(Hearing)


def _untested(whose: Whose) -> tuple[Any, ...]:
    """Both have signed, no test has passed, nobody has decided to go on without one, and there is time for it."""
    agreed = col(Agreement.status) == AgreementStatus.agreed
    return col(Hearing.starts_at) > whose.now, _agreement(agreed, col(Agreement.passed_over_at).is_(None))


def _unanswered(whose: Whose) -> tuple[Any, ...]:
    """The person's answer to a rule that asks for consent is not recorded."""
    open_ = col(Consent.status).in_((ConsentStatus.not_asked, ConsentStatus.pending))
    return (exists().where(col(Consent.request_id) == HearingRequest.id, open_).correlate(HearingRequest),)


def _minutes(*where: Any) -> Any:
    return col(Hearing.id).in_(select(Minutes.hearing_id).where(*where))


def _own_part(action: str, whose: Whose) -> tuple[Any, ...]:
    """The person conducts the hearing in a role that may do it; a system acts for its State in every hearing."""
    if not whose.person:
        return ()
    roles = [role for role in CONDUCTING if may(action, role, own_state=whose.state, target_state=whose.state).allowed]
    seats = select(Participant.hearing_id).where(
        Participant.person_id == whose.person, col(Participant.role).in_(sorted(roles))
    )
    return (col(Hearing.id).in_(seats),)


def _minutes_are(status: MinutesStatus) -> Callable[[Whose], tuple[Any, ...]]:
    """Minutes in this status, for who edits them."""
    return lambda whose: (_minutes(col(Minutes.status) == status), *_own_part("edit_minutes", whose))


def _unsigned(whose: Whose) -> tuple[Any, ...]:
    """Minutes read back, and not signed by the own State since: an earlier signature is over an earlier text."""
    since = exists().where(col(MinutesReading.minutes_id) == Minutes.id, col(MinutesReading.id) > Signature.id)
    signed = exists().where(
        col(Signature.subject) == Minutes.__tablename__,
        col(Signature.subject_id) == Minutes.id,
        col(Signature.owner_state) == whose.state,
        ~since.correlate(Minutes, Signature),
    )
    read = and_(col(Minutes.status) == MinutesStatus.read_back, ~signed.correlate(Minutes))
    return _minutes(read), *_own_part("sign_minutes", whose)


def _unreceived(whose: Whose) -> tuple[Any, ...]:
    """Minutes both have signed, whose receipt is not acknowledged."""
    return (_minutes(col(Minutes.status) == MinutesStatus.signed, col(Minutes.received_at).is_(None)),)


# --- requests ----------------------------------------------------------------------------------------------------

_R, _H, _M = RequestStatus, HearingStatus, MinutesStatus
ASKING: tuple[Step, ...] = (
    Step(word="submit", right="submit_request", status=_R.draft),
    Step(word="answer_question", right="answer_information", status=_R.information_requested, due="info_due"),
    Step(word="set_time", right="propose_hearing", status=_R.accepted),
    Step(word="set_time", right="propose_hearing", status=_R.accepted_with_conditions),
)
"""Steps of the requesting State."""
ASKED: tuple[Step, ...] = (
    Step(word="acknowledge", right="acknowledge_request", status=_R.received, due="answer_due"),
    Step(word="answer", right="answer_request", status=_R.under_review, due="answer_due"),
    Step(word="review", right="answer_request", status=_R.postponed, due="review_due"),
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
CONSENTS: tuple[Step, ...] = tuple(
    Step(word="record_consent", right="record_consent", status=status, needs=_unanswered) for status in OPEN
)
"""Of either State: whichever asks the person."""
CONFIRM = Step(word="confirm_in_writing", right="confirm_in_writing", status=None, due="written_due")
"""Of the requesting State: an oral request waits for its confirmation."""

# --- hearings ----------------------------------------------------------------------------------------------------

_ASKS, _ASKED = ("requesting_state",), ("requested_state",)
_BOTH = (*_ASKS, *_ASKED)
HEARINGS: tuple[tuple[Step, tuple[str, ...]], ...] = (
    (Step(word="decide_time", right="agree_hearing", status=_H.proposed, due="starts_at"), _ASKED),
    (Step(word="decide_time", right="agree_hearing", status=_H.countered, due="starts_at"), _ASKS),
    (Step(word="prepare", right="prepare_hearing", status=_H.agreed, due="starts_at"), _ASKS),
    *(
        (Step(word=word, right="sign_agreement", status=status, due="starts_at", needs=_terms(own=own)), _BOTH)
        for word, own in (("answer_terms", False), ("sign_terms", True))
        for status in (_H.proposed, _H.countered, _H.agreed)
    ),
    *(
        (Step(word="test_line", right="test_line", status=status, due="starts_at", needs=_untested), _BOTH)
        for status in (_H.agreed, _H.ready)
    ),
    (Step(word="set_next_day", right="prepare_hearing", status=_H.part_heard), _ASKS),
    (Step(word="complete_minutes", right="read_minutes", status=None, needs=_minutes_are(_M.drafted)), _BOTH),
    (Step(word="read_minutes_back", right="read_minutes", status=None, needs=_minutes_are(_M.in_review)), _BOTH),
    (Step(word="sign_minutes", right="read_minutes", status=None, needs=_unsigned), _BOTH),
    (Step(word="acknowledge_minutes", right="receive_minutes", status=None, needs=_unreceived), _ASKS),
)
"""Steps of hearings, and the States whose step each is."""
