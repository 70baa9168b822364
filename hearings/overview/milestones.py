"""The stages of a request from draft to closed, as a tracker shows them: derived from statuses and history. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hearings.models import Hearing, HearingRequest, Minutes, StatusChange
from hearings.status import HearingStatus, MinutesStatus, RequestStatus


class Milestone(StrEnum):
    """A stage of a request, or how it stopped."""

    draft = "draft"
    sent = "sent"
    received = "received"
    under_review = "under_review"
    accepted = "accepted"
    time_agreed = "time_agreed"
    hearing = "hearing"
    minutes = "minutes"
    closed = "closed"
    refused = "refused"
    withdrawn = "withdrawn"


class MilestoneState(StrEnum):
    """Where the request stands with regard to a stage."""

    done = "done"
    current = "current"
    to_come = "to_come"
    stopped = "stopped"


@dataclass(frozen=True)
class ReachedMilestone:
    """A stage, its state, and when it was reached (of a hearing to come: when it begins); None if not known yet."""

    name: Milestone
    state: MilestoneState
    at: datetime | None


_R, _M = RequestStatus, Milestone
ORDER = (
    *(_M.draft, _M.sent, _M.received, _M.under_review, _M.accepted),
    *(_M.time_agreed, _M.hearing, _M.minutes, _M.closed),
)
STOPPED = {_R.refused: _M.refused, _R.withdrawn: _M.withdrawn}
BEGUN_BY = {
    _R.draft: _M.draft,
    _R.submitted: _M.sent,
    _R.received: _M.received,
    _R.under_review: _M.under_review,
    _R.accepted: _M.accepted,
    _R.accepted_with_conditions: _M.accepted,
    _R.closed: _M.closed,
} | STOPPED
"""The stage that begins with a status of the request."""
CURRENT = {
    _R.draft: _M.draft,
    _R.submitted: _M.sent,
    _R.received: _M.received,
    _R.under_review: _M.under_review,
    _R.information_requested: _M.under_review,
    _R.postponed: _M.under_review,
    _R.accepted: _M.time_agreed,
    _R.accepted_with_conditions: _M.time_agreed,
    _R.executed: _M.minutes,
    _R.closed: _M.closed,
} | STOPPED
"""The stage a request is at, by its status; while it is executed, its hearing says more."""
AGREED = frozenset(
    {HearingStatus.agreed, HearingStatus.ready, HearingStatus.in_progress, HearingStatus.part_heard}
    | {HearingStatus.concluded}
)
"""Statuses of a hearing whose time both States have agreed on."""


def milestones(
    request: HearingRequest, history: Sequence[StatusChange], hearings: Sequence[Hearing], minutes: Sequence[Minutes]
) -> list[ReachedMilestone]:
    """The stages in order. `history`: the changes of the request and of its hearings, oldest first.

    A request that was refused or withdrawn has only the stages it reached, and how it stopped; one that is closed only
    those that took place.
    """
    reached = _reached(request, history, hearings, minutes)
    here = CURRENT.get(request.status) or _while_executed(hearings)
    if here is _M.minutes and _signed(minutes):
        here = _M.closed
    if here in STOPPED.values():
        before = [name for name in ORDER if name in reached and reached[name] <= reached.get(here, reached[name])]
        return [
            *(ReachedMilestone(name, MilestoneState.done, reached[name]) for name in before),
            ReachedMilestone(here, MilestoneState.stopped, reached.get(here)),
        ]
    place = ORDER.index(here)
    states = (
        *(MilestoneState.done for _name in ORDER[:place]),
        MilestoneState.current,
        *(MilestoneState.to_come for _name in ORDER[place + 1 :]),
    )
    return [
        ReachedMilestone(name, state, reached.get(name))
        for name, state in zip(ORDER, states, strict=True)
        if here is not _M.closed or name in reached or state is not MilestoneState.done
    ]


def _while_executed(hearings: Sequence[Hearing]) -> Milestone:
    return _M.hearing if any(hearing.status in AGREED for hearing in hearings) else _M.time_agreed


def _signed(minutes: Sequence[Minutes]) -> bool:
    return bool(minutes) and all(part.status is MinutesStatus.signed for part in minutes)


def _reached(
    request: HearingRequest, history: Sequence[StatusChange], hearings: Sequence[Hearing], minutes: Sequence[Minutes]
) -> dict[Milestone, datetime]:
    reached: dict[Milestone, datetime] = {_M.draft: request.created_at}
    for change in history:
        if change.subject == HearingRequest.__tablename__:
            name = BEGUN_BY.get(RequestStatus(change.after))
            if name is not None:
                reached.setdefault(name, change.at)
        elif change.subject == Hearing.__tablename__ and change.after == HearingStatus.agreed:
            reached[_M.time_agreed] = change.at
    agreed = [hearing.starts_at for hearing in hearings if hearing.status in AGREED]
    if agreed:
        reached[_M.hearing] = agreed[-1]
    else:
        reached.pop(_M.time_agreed, None)
    signed = [part.signed_at for part in minutes if part.signed_at is not None]
    if signed and _signed(minutes):
        reached[_M.minutes] = max(signed)
    return reached
