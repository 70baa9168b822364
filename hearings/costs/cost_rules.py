"""What each instrument says of who bears the costs, as data (data/costs.yaml), checked when it is read.

An instrument without words on costs, and one that the data do not know, such as a treaty that an administrator has
added, has a rule that says nothing: nobody's share is guessed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any

from hearings import reference
from hearings.models.hearing import CostKind

VERSION = 1


class CostSide(StrEnum):
    """Which of the two States."""

    requesting = "requesting"
    requested = "requested"


@dataclass(frozen=True, kw_only=True)
class CostRule:
    """What one instrument says. `bears`: by kind, who bears in the end what the requested State has paid; a kind that
    is missing is not said."""

    instrument: str
    bears: Mapping[CostKind, CostSide] = field(default_factory=lambda: MappingProxyType({}))
    provision: str = ""
    says: str = ""
    """In our own words, English."""
    unless_agreed: bool = True
    """Whether the text gives way to what the States agree on."""
    waivable: bool = False
    """Whether the text lets the requested State waive the refund."""
    consults: bool = False
    """Whether the States consult on substantial, extraordinary or exceptionally high costs."""
    source: str = ""
    confidence: str = "unknown"

    @property
    def silent(self) -> bool:
        """Whether the data say nothing of costs under this instrument."""
        return not self.bears


class WrongCostRow(ValueError):
    """A row of data/costs.yaml is not one; the text names the instrument and what is wrong."""


_SAID = frozenset(
    {"instrument", "provision", "says", "requested", "requesting", "unless_agreed", "substantial", "source"}
    | {"confidence"}
)
_MAY = frozenset({"waivable"})
_NOT_SAID = frozenset({"instrument", "not_said"})


def read(row: Mapping[str, Any], confidences: frozenset[str]) -> CostRule:
    """A rule from its row. Raises `WrongCostRow`."""
    name = str(row.get("instrument", "?"))
    if set(row) == _NOT_SAID:
        if not isinstance(row["not_said"], str) or not row["not_said"].strip():
            raise WrongCostRow(f"{name}: not_said")
        return CostRule(instrument=name, says=row["not_said"])
    if not _SAID <= set(row) <= _SAID | _MAY:
        raise WrongCostRow(f"{name}: {', '.join(sorted(_SAID ^ (set(row) - _MAY)))}")
    for key in ("provision", "says", "source"):
        if not isinstance(row[key], str) or not row[key].strip():
            raise WrongCostRow(f"{name}: {key}")
    for key in ("unless_agreed", *_MAY & set(row)):
        if not isinstance(row[key], bool):
            raise WrongCostRow(f"{name}: {key}")
    if row["confidence"] not in confidences or row["substantial"] not in ("consult", None):
        raise WrongCostRow(f"{name}: confidence, substantial")
    return CostRule(
        **{key: row[key] for key in ("instrument", "provision", "says", "unless_agreed", "source", "confidence")},
        bears=MappingProxyType(_bears(name, row)),
        waivable=row.get("waivable", False),
        consults=row["substantial"] == "consult",
    )


def _bears(name: str, row: Mapping[str, Any]) -> dict[CostKind, CostSide]:
    found: dict[CostKind, CostSide] = {}
    for side in CostSide:
        for kind in row[side.value]:
            try:
                known = CostKind(kind)
            except ValueError:
                raise WrongCostRow(f"{name}: {kind}") from None
            if known in found:
                raise WrongCostRow(f"{name}: {kind} stands twice")
            found[known] = side
    if not found:
        raise WrongCostRow(f"{name}: says nothing; write not_said")
    return found


@cache
def rules() -> Mapping[str, CostRule]:
    """The rules by instrument. Raises `WrongCostRow` for a row that is none, or an instrument that stands twice."""
    table = reference.costs()
    if table["version"] != VERSION:
        raise WrongCostRow("version")
    confidences = frozenset(reference.enums()["confidence"])
    every = [read(row, confidences) for row in table["rules"]]
    found = {rule.instrument: rule for rule in every}
    if len(found) != len(every):
        raise WrongCostRow("an instrument stands twice")
    return MappingProxyType(found)


def of(instruments: Sequence[str]) -> tuple[CostRule, ...]:
    """The rules of the instruments that a request relies on, in their order; one that the data do not know says
    nothing."""
    return tuple(rules().get(name) or CostRule(instrument=name) for name in instruments)
