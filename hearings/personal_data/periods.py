"""How long a State keeps what a rule is about: the default, or what an administrator of the State has chosen within the
bounds of the rule.

A longer period counts at once. A shorter one counts after a week (`NOTICE`): what it would erase cannot be brought
back, and until then another administrator can choose again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import Invalid, NotFound
from hearings.models import RetentionPeriod
from hearings.permissions import require_staff
from hearings.personal_data import data_table
from hearings.personal_data.data_table import DataRule
from hearings.sentences import tell
from hearings.texts import clean

NOTICE = timedelta(days=7)
"""After which a period that is shorter than the one before it counts."""
Chosen = Mapping[tuple[str, str], Sequence[RetentionPeriod]]
"""What was chosen, by State and rule, the oldest first."""


@dataclass(frozen=True, kw_only=True)
class PeriodInForce:
    """The days that count now; `coming` from the instant `comes_at` on, if a shorter period was chosen."""

    days: int
    coming: int | None = None
    comes_at: datetime | None = None


def default(rule: DataRule) -> int:
    """The days of a rule for a State that has chosen none. Raises `ValueError` for a rule without end."""
    if rule.period is None:
        raise ValueError(rule.id)
    return rule.period.days


def in_force(rule: DataRule, chosen: Sequence[RetentionPeriod], now: datetime) -> PeriodInForce:
    """The period of a rule from what one State has chosen, the oldest first. Pure.

    A shorter period that is replaced before its notice has ended never counts.
    """
    days = default(rule)
    for number, row in enumerate(chosen):
        ends = chosen[number + 1].at if number + 1 < len(chosen) else now
        begins = row.at if row.days >= days else row.at + NOTICE
        if begins <= ends:
            days = row.days
        elif number + 1 == len(chosen):
            return PeriodInForce(days=days, coming=row.days, comes_at=begins)
    return PeriodInForce(days=days)


async def chosen(db: AsyncSession, *, state: str = "") -> Chosen:
    """What every State, or one, has chosen."""
    query = select(RetentionPeriod).order_by(col(RetentionPeriod.at), col(RetentionPeriod.id))
    found: dict[tuple[str, str], list[RetentionPeriod]] = {}
    for row in (await db.exec(query.where(RetentionPeriod.owner_state == state) if state else query)).all():
        found.setdefault((row.owner_state, row.rule), []).append(row)
    return found


async def choose(
    db: AsyncSession, *, rule: str, days: int, reason: str, actor: Actor, now: datetime
) -> RetentionPeriod:
    """Choose the period of a rule for the actor's State.

    Effects: adds the row. Raises `NotAllowed`, `NotFound` for an unknown rule, `Invalid` naming the field for one that
    is the same for all States, and for days out of its bounds.
    """
    require_staff("set_data_period", actor, requesting_state=actor.state, requested_state=actor.state)
    found = data_table.rules().get(rule)
    if found is None:
        raise NotFound
    if found.least is None or found.most is None:
        raise Invalid(tell("This period is the same for all States"), "rule")
    if not found.least <= days <= found.most:
        raise Invalid(tell("Choose between {least} and {most} days", least=found.least, most=found.most), "days")
    row = RetentionPeriod(
        owner_state=actor.state,
        rule=found.id,
        days=days,
        reason=clean(reason, "reason", most=500, least=3),
        set_by=actor.id,
        set_label=actor.label[:200],
        through=actor.client,
        at=now,
    )
    db.add(row)
    return row
