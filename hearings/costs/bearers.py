"""Who bears a kind of costs that a State has paid: by agreement, by the instruments, or nobody knows. Pure.

The instruments are about what the requested State pays to execute the request. What the requesting State pays on its
own side stays with it, unless the States agree otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from hearings.costs.cost_rules import CostRule, CostSide
from hearings.models.hearing import CostBearer, CostKind


class WhyBorne(StrEnum):
    """Why a State bears a kind of costs, or why nobody can say yet."""

    agreed = "agreed"
    instrument = "instrument"
    own_side = "own_side"
    """The requesting State's own costs, of which no instrument speaks."""
    not_said = "not_said"
    differ = "differ"
    """The instruments relied on say different things."""
    consult = "consult"
    """They are substantial, and the instrument has the States consult on how they are borne."""


@dataclass(frozen=True, kw_only=True)
class Borne:
    """Who bears what one State has paid of one kind."""

    side: CostSide | None
    """None where nobody can say yet."""
    why: WhyBorne
    rules: tuple[CostRule, ...] = ()
    """The rules that say so."""


def of_kind(
    kind: CostKind,
    payer: CostSide,
    rules: Sequence[CostRule],
    *,
    agreed: Mapping[CostKind, CostBearer],
    substantial: bool = False,
) -> Borne:
    """Who bears a kind of costs that `payer` has paid. `agreed`: what both States have agreed on, by kind.
    `substantial`: the costs of the requested State are above the threshold that both have agreed on."""
    if kind in agreed:
        bearer = agreed[kind]
        return Borne(side=payer if bearer is CostBearer.each else CostSide(bearer.value), why=WhyBorne.agreed)
    if payer is CostSide.requesting:
        return Borne(side=CostSide.requesting, why=WhyBorne.own_side)
    saying = tuple(rule for rule in rules if kind in rule.bears)
    sides = {rule.bears[kind] for rule in saying}
    if len(sides) != 1:
        return Borne(side=None, why=WhyBorne.differ if sides else WhyBorne.not_said, rules=saying)
    if substantial and any(rule.consults for rule in saying):
        return Borne(side=None, why=WhyBorne.consult, rules=saying)
    return Borne(side=sides.pop(), why=WhyBorne.instrument, rules=saying)
