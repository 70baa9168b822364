"""Time limits that instruments set the requested State: receipt, decision, execution. Pure.

A limit is a number of days after the request is received, or accepted. It ends with the day, by the clock of the State
that owes it; when that is no working day there, with the next (Regulation 1182/71, art. 3(4), and general practice).
Periods that single courts or authorities are closed do not count: a central authority receives for all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from hearings import clocks
from hearings.law.handling.public_holidays import holidays_between
from hearings.law.law import LAW, Law, cite
from hearings.models import HearingRequest

WEEK = frozenset({1, 2, 3, 4, 5})
"""Working days (ISO 8601) of a State whose court hours are not known."""
LONGEST_CLOSURE = 30
"""Days searched for a working day; a State that has none for longer is taken at its last."""


class LimitedStep(StrEnum):
    """What a limit is set for (`sla_days` of data/rules.yaml)."""

    acknowledgement = "acknowledgement"
    recognition = "recognition"
    execution = "execution"


COLUMNS: Mapping[LimitedStep, str] = {
    LimitedStep.acknowledgement: "receipt_due",
    LimitedStep.recognition: "answer_due",
    LimitedStep.execution: "execution_due",
}
"""The column of a request that holds the instant of each."""


@dataclass(frozen=True, kw_only=True)
class TimeLimit:
    """A limit in days. `extension`: days by which the instrument lets it be extended."""

    step: LimitedStep
    days: int
    extension: int
    provision: str

    def ends(self, since: datetime, state: str, *, extended: bool = False, law: Law = LAW) -> datetime:
        """When it ends that began at an instant and is owed by a State. `extended`: with its extension."""
        return reckoned(since, self.days + (self.extension if extended else 0), state, law=law)


def limits(
    instruments: Sequence[str], requesting: str, requested: str, *, law: Law = LAW
) -> dict[LimitedStep, TimeLimit]:
    """The limits these instruments set, and those that supplement them between the two States; the shortest of each."""
    shortest: dict[LimitedStep, TimeLimit] = {}
    for instrument in (*instruments, *_supplements(instruments, requesting, requested, law)):
        for rule in law.rules_of.get(instrument, ()):
            days = rule.get("sla_days") or {}
            for step in LimitedStep:
                if step.value not in days or (step in shortest and shortest[step].days <= days[step.value]):
                    continue
                extension = days.get("extension", 0) if step is LimitedStep.recognition else 0
                shortest[step] = TimeLimit(step=step, days=days[step.value], extension=extension, provision=cite(rule))
    return shortest


def _supplements(instruments: Sequence[str], requesting: str, requested: str, law: Law) -> list[str]:
    """Bilateral instruments that add to one of these between the two States."""
    found = []
    for instrument, row in law.instruments.items():
        sides = row.get("bilateral")
        if not sides or not set(row.get("supplements") or ()) & set(instruments):
            continue
        one, other = law.members(sides["side_a"]), law.members(sides["side_b"])
        if (requesting in one and requested in other) or (requesting in other and requested in one):
            found.append(instrument)
    return found


def relied_on(request: HearingRequest) -> Sequence[str]:
    """The instruments that were usable when a request was submitted, or else those it names."""
    usable: Sequence[str] = (request.gate_result or {}).get("usable") or request.instruments
    return usable


def of_request(request: HearingRequest, *, law: Law = LAW) -> dict[LimitedStep, TimeLimit]:
    """The limits of a request, by the instruments it relies on."""
    return limits(relied_on(request), request.requesting_state, request.requested_state, law=law)


def set_by(request: HearingRequest, *, law: Law = LAW) -> dict[str, str]:
    """By the columns of a request that hold an instant an instrument has set: the provision that set it. Not named is
    what has an earlier day, such as the one wanted, or a day by other law than this."""
    begins = {
        LimitedStep.acknowledgement: request.submitted_at,
        LimitedStep.recognition: request.submitted_at,
        LimitedStep.execution: request.answered_at,
    }
    found = {}
    for step, limit in of_request(request, law=law).items():
        since, at = begins[step], getattr(request, COLUMNS[step])
        if since is not None and at is not None:
            ends = (limit.ends(since, request.requested_state, extended=more, law=law) for more in (False, True))
            if at in ends:
                found[COLUMNS[step]] = limit.provision
    return found


def due(
    request: HearingRequest, step: LimitedStep, *, since: datetime, extended: bool = False, law: Law = LAW
) -> datetime | None:
    """When a limit of the requested State ends that began at an instant; None where no instrument sets one.

    `extended`: with the extension the instrument allows.
    """
    limit = of_request(request, law=law).get(step)
    return limit.ends(since, request.requested_state, extended=extended, law=law) if limit else None


def reckoned(since: datetime, days: int, state: str, *, law: Law = LAW) -> datetime:
    """The end of the last of these days by the clock of a State, or of its next working day. The day of the event
    does not count."""
    zone = law.jurisdiction(state).default_zone
    last = since.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    open_days = (last + timedelta(days=more) for more in range(LONGEST_CLOSURE))
    return clocks.end_of_day(next((day for day in open_days if works(day, state, law=law)), last), zone)


def works(day: date, state: str, *, law: Law = LAW) -> bool:
    """Whether a day is a working day in a State: by the weekdays of its courts, and no public holiday."""
    hours = law.court_hours(state, law.jurisdiction(state).default_zone)
    weekdays = frozenset[int]().union(*(row.hours.weekdays for row in hours if row.first <= day <= row.last)) or WEEK
    named = holidays_between(state, day, day) or ()
    return day.isoweekday() in weekdays and day not in {holiday for holiday, _name in named}
