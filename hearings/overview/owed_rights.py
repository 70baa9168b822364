"""Which items of the rights checklist wait for an answer of a State, as conditions of a query over hearings.

Only items that an act waits for. What a query cannot see, the page of the hearing and the refused act name: items that
count by the law or by an agreement, and evidence that is found in these.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Text, cast
from sqlmodel import and_, col, exists, func, or_

from hearings.models import Attachment, Hearing, HearingRequest, RightAnswer, SummonsService
from hearings.models.participant import SummonsOutcome
from hearings.models.request import Protection, Stage
from hearings.models.request_parts import AttachmentKind
from hearings.models.rights import RightAnswerKind
from hearings.rights import checklist
from hearings.rights.checklist import AnsweredBy, Gate, RightItem, RightSide
from hearings.rights.facts import ACCUSED
from hearings.status import HearingStatus

_H = HearingStatus
DUE: Mapping[HearingStatus, tuple[Gate, ...]] = {
    _H.proposed: (Gate.agree,),
    _H.countered: (Gate.agree,),
    _H.agreed: (Gate.agree, Gate.ready),
    _H.ready: (Gate.agree, Gate.ready),
}
"""The items that are answered in a status of the hearing; those of the sitting are on its live page."""


def _attached(kind: AttachmentKind) -> Any:
    file = exists().where(
        col(Attachment.request_id) == HearingRequest.id,
        col(Attachment.kind) == kind,
        col(Attachment.owner_state) == HearingRequest.requesting_state,
    )
    return file.correlate(HearingRequest)


def _protected(by: Protection) -> Any:
    return cast(HearingRequest.protection_requested, Text).contains(f'"{by.value}"', autoescape=True)


_accused = col(HearingRequest.capacity).in_(sorted(ACCUSED))
COUNTS: Mapping[str, Callable[[], Any]] = {
    "always": lambda: col(HearingRequest.id).is_not(None),
    "accused_or_trial": lambda: or_(_accused, col(HearingRequest.stage) == Stage.trial),
    "trial_or_appeal": lambda: col(HearingRequest.stage).in_((Stage.trial, Stage.appeal)),
    "child_or_vulnerable": lambda: or_(
        col(HearingRequest.person_age_under_18).is_(True), _protected(Protection.child_measures)
    ),
    "death_penalty": lambda: col(HearingRequest.death_penalty).is_(True),
}
"""By the condition of an item (`hearings.rights.applying`), the same over the columns of its request."""


def _reasoned() -> Any:
    """The request names the court that decided, and its reasons, and nobody is accused."""
    texts = (func.trim(column) != "" for column in (HearingRequest.judicial_authority, HearingRequest.reason_text))
    return and_(or_(col(HearingRequest.capacity).is_(None), ~_accused), *texts)


def _served() -> Any:
    """For the time that stands: who was summoned to an earlier one is summoned again."""
    served = exists().where(
        col(SummonsService.hearing_id) == Hearing.id,
        col(SummonsService.outcome) == SummonsOutcome.served,
        col(SummonsService.summoned_to) == Hearing.starts_at,
    )
    return served.correlate(Hearing)


SHOWN: Mapping[str, Callable[[], Any]] = {
    "r02_decision_video": lambda: or_(_attached(AttachmentKind.decision), _reasoned()),
    "r07_summons": _served,
    "r22_oath": lambda: col(HearingRequest.oath_form).is_not(None),
}
"""Items that the case can show instead of a person, and what shows each."""


def seen(item: RightItem) -> bool:
    """Whether a query can see that an item waits for a person."""
    shown = item.answer is AnsweredBy.person or item.id in SHOWN
    return item.stops and shown and item.applies in COUNTS


def owes(side: RightSide, status: HearingStatus) -> Any:
    """The acts of the hearing wait for the checklist, and an item that is due waits for an answer of this side, which
    nobody has given. Over `Hearing`."""
    due = [item for item in checklist.items() if seen(item) and item.gate in DUE[status]]
    own = [item for item in due if any(who.side in (side, RightSide.both) for who in item.who)]
    waiting = or_(*map(_waits, own))
    request = exists().where(col(HearingRequest.id) == Hearing.request_id, waiting)
    return and_(col(Hearing.rights_version) > 0, request.correlate(Hearing))


def _waits(item: RightItem) -> Any:
    answered = exists().where(
        col(RightAnswer.hearing_id) == Hearing.id,
        col(RightAnswer.item) == item.id,
        col(RightAnswer.kind) != RightAnswerKind.objection,
    )
    by_case = [~SHOWN[item.id]()] if item.id in SHOWN else []
    return and_(COUNTS[item.applies](), ~answered.correlate(Hearing), *by_case)
