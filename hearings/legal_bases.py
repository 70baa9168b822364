"""The legal gate: what a text needs for a hearing by video, and what of it was given. Pure, and driven by data.

For each instrument asked about there are lines (`needs`): met, missing, or for a human to decide. It never says
"lawful". An instrument is refused when it does not reach the person at all: UNTOC art. 18(18) and UNCAC art. 46(18)
speak of witnesses and experts, so an accused person cannot be heard on them alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from hearings import reference
from hearings.errors import Invalid
from hearings.lines import Ask, Line, LineStatus
from hearings.models.request import HearingRequest
from hearings.needs import needs, provision

__all__ = [
    "NOW",
    "Ask",
    "GateResult",
    "Line",
    "LineStatus",
    "Outcome",
    "Verdict",
    "ask_about",
    "evaluate",
    "selectable",
]

NOW = ("untoc", "uncac")
"""The instruments the product offers today; all others of the data can be evaluated."""


class Outcome(StrEnum):
    """What the lines of one instrument come to. Refused: it does not reach this person, whatever else is given."""

    met = "met"
    missing = "missing"
    needs_human = "needs_human"
    refused = "refused"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One instrument: its lines and what they come to."""

    instrument: str
    name: str
    provision: str
    outcome: Outcome
    lines: tuple[Line, ...]
    must_be_agreed: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Nothing is missing, and both States are known to be bound; a human may still have to decide something."""
        unsure = any(line.key.startswith("party_") and line.status is not LineStatus.met for line in self.lines)
        return self.outcome in {Outcome.met, Outcome.needs_human} and not unsure

    def as_json(self) -> dict[str, Any]:
        return {
            "instrument": self.instrument,
            "name": self.name,
            "provision": self.provision,
            "outcome": self.outcome.value,
            "usable": self.usable,
            "lines": [line.as_json() for line in self.lines],
            "must_be_agreed": list(self.must_be_agreed),
        }


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The verdicts on all instruments asked about, the most specific first."""

    on: date
    verdicts: tuple[Verdict, ...]

    @property
    def usable(self) -> tuple[str, ...]:
        """Ids of the instruments a request may rely on."""
        return tuple(verdict.instrument for verdict in self.verdicts if verdict.usable)

    def verdict(self, instrument: str) -> Verdict | None:
        """The verdict on one instrument."""
        return next((v for v in self.verdicts if v.instrument == instrument), None)

    def as_json(self) -> dict[str, Any]:
        return {"on": self.on.isoformat(), "verdicts": [v.as_json() for v in self.verdicts], "usable": [*self.usable]}


def ask_about(request: HearingRequest, *, on: date, procedure: str = "criminal_proceedings") -> Ask:
    """The gate's inputs, out of a request."""
    fields = {test["field"] for tests in reference.gate()["scope_tests"].values() for test in tests}
    return Ask(
        requesting_state=request.requesting_state,
        requested_state=request.requested_state,
        on=on,
        capacity=request.capacity,
        scopes=frozenset(request.offence_scope),
        answers={name: getattr(request, name) for name in fields},
        reason_no_attendance=request.reason_no_attendance,
        reason_text=request.reason_text,
        language_of_request=request.language_of_request,
        procedure=procedure,
    )


def selectable() -> tuple[str, ...]:
    """Ids of the instruments that can be a basis at all: not proposals, soft law or mere channels."""
    rows = reference.instruments().items()
    return tuple(id_ for id_, row in rows if row["profile"] and not row.get("channel_only"))


def evaluate(ask: Ask, instruments: Iterable[str] = NOW) -> GateResult:
    """Ask each instrument what it needs. Raises `UnknownState`, and `Invalid` when the two States are one."""
    if ask.requesting_state == ask.requested_state:
        raise Invalid("The two States are the same", "requested_state")
    wanted = set(instruments)
    rows = [row for id_, row in reference.instruments().items() if id_ in wanted and row["profile"]]
    found = tuple(_verdict(ask, row) for row in rows)
    return GateResult(on=ask.on, verdicts=found)


def _verdict(ask: Ask, row: Mapping[str, Any]) -> Verdict:
    lines = tuple(needs(ask, row))
    statuses = {line.status for line in lines}
    refused = any(line.code in {"person_category_not_covered", "declaration_9_9"} for line in lines)
    if refused:
        outcome = Outcome.refused
    elif LineStatus.missing in statuses:
        outcome = Outcome.missing
    elif LineStatus.needs_human in statuses:
        outcome = Outcome.needs_human
    else:
        outcome = Outcome.met
    return Verdict(
        instrument=row["id"],
        name=row["name"],
        provision=provision(row, ask.capacity),
        outcome=outcome,
        lines=lines,
        must_be_agreed=tuple(row["profile"].get("must_be_in_agreement", ())),
    )
