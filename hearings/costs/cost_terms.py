"""What the two States say to each other about the costs of a hearing: estimate, threshold, who bears what, a
consultation held, a refund waived. Rows are only added.

On an estimate, a threshold and who bears a kind the States agree when the newest rows of both say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.costs import money
from hearings.errors import Invalid, NotReady
from hearings.events import EventKind, record as log
from hearings.models import CostTerm, Hearing, HearingRequest
from hearings.models.hearing import CostBearer, CostKind, CostMatter
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import require_staff
from hearings.queries import get, participants
from hearings.sentences import tell
from hearings.status import HearingStatus
from hearings.texts import HEARING_OFF, NOT_A_VALUE, clean

E = TypeVar("E", bound=StrEnum)
LONGEST = 2000
"""Longest text, in characters."""
AMOUNTS = (CostMatter.estimate, CostMatter.threshold)
NEEDS_TEXT = frozenset({CostMatter.consultation})


@dataclass(frozen=True)
class Money:
    """An amount in minor units of its currency."""

    amount: int
    currency: str


@dataclass(frozen=True, kw_only=True)
class CostsAgreed:
    """What both States have agreed on, and what is waived."""

    estimate: Money | None
    threshold: Money | None
    bearers: Mapping[CostKind, CostBearer]
    waived: Mapping[str, frozenset[CostKind]]
    """By State, the kinds of which it does without a refund."""

    @property
    def above(self) -> bool:
        """Whether the estimate agreed on is above the threshold agreed on."""
        both = self.estimate is not None and self.threshold is not None
        return both and _same_currency(self.estimate, self.threshold) and _more(self.estimate, self.threshold)


def _same_currency(one: Money | None, other: Money | None) -> bool:
    return one is not None and other is not None and one.currency == other.currency


def _more(one: Money | None, other: Money | None) -> bool:
    return one is not None and other is not None and one.amount > other.amount


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[CostTerm]:
    """Every row on a hearing, in the order they were recorded."""
    query = select(CostTerm).where(CostTerm.hearing_id == hearing_id).order_by(col(CostTerm.id))
    return (await db.exec(query)).all()


def newest(rows: Sequence[CostTerm], matter: CostMatter, kind: CostKind | None = None) -> Mapping[str, CostTerm]:
    """By State, its newest row on a matter, and on a kind where the matter has one. Pure."""
    return {row.owner_state: row for row in rows if row.matter is matter and row.kind is kind}


def _settled(
    rows: Sequence[CostTerm], hearing: Hearing, matter: CostMatter, kind: CostKind | None = None
) -> CostTerm | None:
    """The row on which both States agree; None where they do not."""
    found = newest(rows, matter, kind)
    asks, asked = found.get(hearing.requesting_state), found.get(hearing.requested_state)
    if asks is None or asked is None:
        return None
    same = (asks.amount, asks.currency, asks.bearer) == (asked.amount, asked.currency, asked.bearer)
    return max(asks, asked, key=lambda row: row.id) if same else None


def agreed(rows: Sequence[CostTerm], hearing: Hearing) -> CostsAgreed:
    """What both States have agreed on, by the rows on a hearing. Pure."""
    bearers = {kind: row.bearer for kind in CostKind if (row := _settled(rows, hearing, CostMatter.bearer, kind))}
    waived: dict[str, frozenset[CostKind]] = {}
    for row in rows:
        if row.matter is CostMatter.waiver:
            kinds = frozenset(CostKind) if row.kind is None else frozenset({row.kind})
            waived[row.owner_state] = waived.get(row.owner_state, frozenset()) | kinds
    return CostsAgreed(
        estimate=_money(_settled(rows, hearing, CostMatter.estimate)),
        threshold=_money(_settled(rows, hearing, CostMatter.threshold)),
        bearers={kind: bearer for kind, bearer in bearers.items() if bearer is not None},
        waived=waived,
    )


def _money(row: CostTerm | None) -> Money | None:
    return None if row is None or row.amount is None else Money(row.amount, row.currency)


async def put(
    db: AsyncSession,
    *,
    hearing: Hearing,
    matter: str,
    kind: str = "",
    bearer: str = "",
    amount: str = "",
    currency: str = "",
    text: str = "",
    actor: Actor,
    now: datetime,
) -> CostTerm:
    """Say something about the costs to the other State. To agree to what that has said, say the same. `amount`: as
    `money.amount` reads it.

    Raises `NotAllowed`, `NotReady` for a cancelled hearing, `Invalid` naming the field. Effects: adds the row, event
    cost_term_put.
    """
    sides = {"requesting_state": hearing.requesting_state, "requested_state": hearing.requested_state}
    require_staff("agree_costs", actor, **sides)
    if hearing.status is HearingStatus.cancelled:
        raise NotReady(tell(HEARING_OFF))
    known = member(CostMatter, matter, "matter")
    row = CostTerm(
        owner_state=actor.state or hearing.requested_state,
        hearing_id=hearing.id,
        matter=known,
        kind=_kind(known, kind),
        bearer=member(CostBearer, bearer, "bearer") if known is CostMatter.bearer else None,
        text=clean(text, "text", most=LONGEST, least=3 if known in NEEDS_TEXT else 0, lines=True),
        recorded_by=actor.id,
        recorded_by_label=actor.label,
        through=actor.client,
        at=now,
    )
    if known in AMOUNTS:
        row.currency = money.currency(currency)
        row.amount = money.amount(amount, row.currency)
    await unnamed(db, hearing, {"text": row.text})
    db.add(row)
    data = {"matter": known.value, "cost_kind": row.kind.value if row.kind else ""}
    await log(db, hearing=hearing, kind=EventKind.cost_term_put, actor=actor, now=now, **data)
    return row


def _kind(matter: CostMatter, kind: str) -> CostKind | None:
    if matter is CostMatter.bearer or (matter is CostMatter.waiver and kind):
        return member(CostKind, kind, "kind")
    return None


def member(words: type[E], text: str, field: str) -> E:
    """A member of a closed list. Raises `Invalid`."""
    found = next((one for one in words if one == text), None)
    if found is None:
        raise Invalid(tell(NOT_A_VALUE), field)
    return found


async def unnamed(db: AsyncSession, hearing: Hearing, texts: Mapping[str, str]) -> None:
    """Raises `Invalid` where one of these texts, by field, names somebody whose identity is protected."""
    request = await get(db, HearingRequest, hearing.request_id)
    hidden = [name for name, _whose in protected_names(request.person_name, await participants(db, hearing.id))]
    for field, text in texts.items():
        refuse_names(text, hidden, field)
