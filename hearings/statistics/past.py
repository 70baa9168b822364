"""What the log says of requests, hearings and line tests up to an instant: values without a name, a number or a text.

A field of a request is in no log, and needs none: it cannot change once the request is submitted
(`hearings.requests.requests.update`). Everything that can change is taken from the lines of its history.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NamedTuple

from hearings.law.law import Law
from hearings.status import ACCEPTED_REQUESTS, HearingStatus, RequestStatus

DECIDED = frozenset({*ACCEPTED_REQUESTS, RequestStatus.refused})
"""Statuses that are a decision on a request. A postponement is none."""
ENDED = frozenset({RequestStatus.refused, RequestStatus.withdrawn, RequestStatus.executed, RequestStatus.closed})
"""Statuses in which a request is no longer open."""


class PastStep(NamedTuple):
    """One change of status. `ground`: of a refusal, its code."""

    at: datetime
    after: str
    before: str = ""
    ground: str = ""


class Assignment(NamedTuple):
    """Since `at` a member of staff of `state` works on a request; `person`: the id, empty for nobody."""

    at: datetime
    state: str
    person: str


@dataclass(frozen=True, kw_only=True)
class PastRequest:
    """A request that had been submitted. `steps` from its submission on, the earliest first, never empty."""

    id: str
    requesting_state: str
    requested_state: str
    instruments: tuple[str, ...]
    offence_scope: tuple[str, ...]
    capacity: str
    stage: str
    channel: str
    urgent: bool
    oral: bool
    reason_no_attendance: str
    in_custody: bool
    custody_limit: date | None
    wanted_by: date | None
    steps: tuple[PastStep, ...]
    priority: int = 0
    """At the instant."""
    consulted: tuple[datetime, ...] = ()
    """When each consultation was recorded."""
    assignments: tuple[Assignment, ...] = ()
    signed: frozenset[str] = frozenset()
    """Acts of which a signed statement was verified: members of `hearings.models.signature.Act`."""
    consents: tuple[PastStep, ...] = ()
    """Changes of all consents of the person."""
    usable: tuple[str, ...] = ()
    """Those of its instruments that were usable when it was submitted."""

    @property
    def relied_on(self) -> tuple[str, ...]:
        """The instruments whose limits it has."""
        return self.usable or self.instruments

    @property
    def submitted_at(self) -> datetime:
        """When it was submitted."""
        return self.steps[0].at

    @property
    def status(self) -> str:
        """At the instant."""
        return self.steps[-1].after

    @property
    def open(self) -> bool:
        """Whether it was open at the instant."""
        return self.status not in ENDED

    def first(self, *statuses: str) -> PastStep | None:
        """Its first step to one of these statuses."""
        return next((step for step in self.steps if step.after in statuses), None)

    def postponed(self, until: datetime) -> timedelta:
        """For how long it had been postponed, up to `until`."""
        spent, since = timedelta(), None
        for step in self.steps:
            if since is not None:
                spent += max(min(step.at, until) - since, timedelta())
            since = step.at if step.after == RequestStatus.postponed and step.at < until else None
        return spent + (until - since if since is not None else timedelta())

    def assigned(self, state: str) -> str:
        """Id of who worked on it for a State at the instant; empty for nobody."""
        return next((one.person for one in reversed(self.assignments) if one.state == state), "")


class PastSitting(NamedTuple):
    """A sitting that was started; `until` None: not closed by the instant."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True, kw_only=True)
class PastHearing:
    """A hearing of such a request, with what its own log says of how it went."""

    request: PastRequest
    steps: tuple[PastStep, ...]
    agreed: tuple[tuple[datetime, datetime], ...] = ()
    """When a time was agreed, and the time itself."""
    sittings: tuple[PastSitting, ...] = ()
    faults: int = 0
    """Holds of a sitting because of a fault or of the recording."""
    signals: int = 0
    """Remarks on the quality: who cannot hear, asks to repeat, or to speak more slowly."""
    languages: frozenset[str] = frozenset()
    """Languages into which somebody interpreted."""
    consecutive: bool = False
    relay: bool = False
    minutes_signed: datetime | None = None

    @property
    def held_at(self) -> datetime | None:
        """When it began; None if it never did."""
        return next((step.at for step in self.steps if step.after == HearingStatus.in_progress), None)

    @property
    def hours(self) -> float:
        """Length of its closed sittings together."""
        ended = (sitting.until - sitting.since for sitting in self.sittings if sitting.until is not None)
        return sum(ended, timedelta()) / timedelta(hours=1)

    @property
    def over_at(self) -> datetime | None:
        """When it was concluded; None if it was not."""
        return next((step.at for step in self.steps if step.after == HearingStatus.concluded), None)

    def agreed_start(self) -> datetime | None:
        """For when its first sitting was agreed last, before it began."""
        held = self.held_at
        times = [start for at, start in self.agreed if held is not None and at <= held]
        return times[-1] if times else None


class PastTest(NamedTuple):
    """A judged test of the line. `first`: of its agreement. What was not measured is None."""

    request: PastRequest
    at: datetime
    passed: bool
    first: bool
    loss_percent: float | None
    rtt_ms: float | None


@dataclass(frozen=True)
class Past:
    """All that is counted, as it stood at `as_of`."""

    as_of: datetime
    requests: Sequence[PastRequest]
    hearings: Sequence[PastHearing]
    tests: Sequence[PastTest]
    law: Law
    """By which limits are reckoned."""

    def only(self, keep: Callable[[PastRequest], bool]) -> "Past":
        """The part of it about requests that are kept."""
        return replace(
            self,
            requests=[one for one in self.requests if keep(one)],
            hearings=[one for one in self.hearings if keep(one.request)],
            tests=[one for one in self.tests if keep(one.request)],
        )
