"""The statement of costs of a hearing: by State that has paid, kind and currency, the sums, who bears them, and what
one State owes the other. It tells of no claim and of no person: both States read it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.costs import bearers, claims, cost_rules, cost_terms
from hearings.costs.bearers import Borne
from hearings.costs.claims import ClaimFile
from hearings.costs.cost_rules import CostRule, CostSide
from hearings.costs.cost_terms import CostsAgreed
from hearings.models import CostTerm, Hearing, HearingRequest
from hearings.models.hearing import CostKind, CostStepKind
from hearings.queries import get


@dataclass(frozen=True, kw_only=True)
class CostSum:
    """What one State has approved and paid of one kind in one currency, in minor units."""

    payer: CostSide
    kind: CostKind
    currency: str
    approved: int
    """Paid or to be paid."""
    paid: int
    borne: Borne
    waived: bool
    """Whether the State that has paid does without the refund."""

    @property
    def refund(self) -> int:
        """What the other State owes for what has been paid; nothing where nobody can say who bears it."""
        owes = self.borne.side is not None and self.borne.side is not self.payer and not self.waived
        return self.paid if owes else 0


@dataclass(frozen=True, kw_only=True)
class CostStatement:
    """The statement of one hearing. `substantial`: the currencies in which the requested State's costs are above the
    threshold that both have agreed on."""

    rules: tuple[CostRule, ...]
    terms: Sequence[CostTerm]
    agreed: CostsAgreed
    sums: tuple[CostSum, ...]
    substantial: frozenset[str]

    def owed(self, payer: CostSide) -> dict[str, int]:
        """By currency, what the other State owes the one that has paid."""
        found: dict[str, int] = defaultdict(int)
        for one in self.sums:
            if one.payer is payer and one.refund:
                found[one.currency] += one.refund
        return dict(sorted(found.items()))

    def borne(self, kind: CostKind, payer: CostSide) -> Borne:
        """Who bears a kind of costs, whether or not any were approved yet."""
        return bearers.of_kind(kind, payer, self.rules, agreed=self.agreed.bearers, substantial=bool(self.substantial))


def side_of(hearing: Hearing, state: str) -> CostSide:
    """Whose side a State of the hearing is."""
    return CostSide.requesting if state == hearing.requesting_state else CostSide.requested


def state_of(hearing: Hearing, side: CostSide) -> str:
    """The State on a side."""
    return hearing.requesting_state if side is CostSide.requesting else hearing.requested_state


async def of_hearing(db: AsyncSession, hearing: Hearing) -> CostStatement:
    """The statement as it is now."""
    request = await get(db, HearingRequest, hearing.request_id)
    rows = await cost_terms.of_hearing(db, hearing.id)
    return make(hearing, cost_rules.of(request.instruments), rows, await claims.of_hearing(db, hearing.id))


def make(
    hearing: Hearing, rules: tuple[CostRule, ...], rows: Sequence[CostTerm], found: Iterable[ClaimFile]
) -> CostStatement:
    """The statement, by what there is. Pure."""
    agreed = cost_terms.agreed(rows, hearing)
    approved: dict[tuple[CostSide, CostKind, str], int] = defaultdict(int)
    paid: dict[tuple[CostSide, CostKind, str], int] = defaultdict(int)
    for one in found:
        if one.step not in claims.ALLOWED:
            continue
        for line in one.lines:
            key = (side_of(hearing, one.claim.owner_state), line.kind, one.claim.currency)
            approved[key] += line.approved or 0
            paid[key] += (line.approved or 0) if one.step is CostStepKind.paid else 0
    substantial = _substantial(agreed, approved)
    sums = tuple(
        CostSum(
            payer=payer,
            kind=kind,
            currency=currency,
            approved=approved[payer, kind, currency],
            paid=paid[payer, kind, currency],
            borne=bearers.of_kind(kind, payer, rules, agreed=agreed.bearers, substantial=currency in substantial),
            waived=kind in agreed.waived.get(state_of(hearing, payer), frozenset()),
        )
        for payer, kind, currency in product(CostSide, CostKind, sorted({key[2] for key in approved}))
        if (payer, kind, currency) in approved
    )
    return CostStatement(rules=rules, terms=rows, agreed=agreed, sums=sums, substantial=substantial)


def _substantial(agreed: CostsAgreed, approved: dict[tuple[CostSide, CostKind, str], int]) -> frozenset[str]:
    if agreed.threshold is None:
        return frozenset()
    currency = agreed.threshold.currency
    asked = (many for (payer, _kind, code), many in approved.items() if (payer, code) == (CostSide.requested, currency))
    total = sum(asked)
    return frozenset({currency}) if total > agreed.threshold.amount else frozenset()
