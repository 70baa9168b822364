"""Erasing what is due: batch by batch, each in a transaction of its own with the line that says how many rows it was.

A process that is killed between two batches leaves what was erased on record, and the rest is due again. Nothing is
erased twice: what was erased is due no more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.models import Erasure
from hearings.personal_data import data_table, periods
from hearings.personal_data.data_table import DataRule
from hearings.personal_data.periods import Chosen, PeriodInForce
from hearings.personal_data.sweeps import BATCH, SWEEPS, Sweep


@dataclass(frozen=True, kw_only=True)
class DueRows:
    """Of one State and rule: its period, how many rows would be erased now, and how many are due and wait."""

    state: str
    rule: DataRule
    period: PeriodInForce
    rows: int
    waiting: int
    """For an open case or a legal hold."""


async def due(db: AsyncSession, *, state: str = "", now: datetime) -> list[DueRows]:
    """What is due, of one State or of all that have rows; nothing is changed. For one State every rule is named, else
    only those of which something is due."""
    chosen = await periods.chosen(db, state=state)
    found = []
    for sweep in SWEEPS.values():
        for owner in [state] if state else await _states(db, sweep):
            row = await _due_of(db, sweep, owner, chosen, now)
            if state or row.rows or row.waiting:
                found.append(row)
    return found


async def _states(db: AsyncSession, sweep: Sweep) -> Sequence[str]:
    """The States that have rows of a rule; at most as many as there are States."""
    owner = col(sweep.table.owner_state)
    return (await db.exec(select(owner).distinct().order_by(owner).limit(1000))).all()


def _period(sweep: Sweep, state: str, chosen: Chosen, now: datetime) -> PeriodInForce:
    return periods.in_force(data_table.rules()[sweep.rule], chosen.get((state, sweep.rule), ()), now)


async def _due_of(db: AsyncSession, sweep: Sweep, state: str, chosen: Chosen, now: datetime) -> DueRows:
    period = _period(sweep, state, chosen, now)
    before = now - timedelta(days=period.days)
    counts = []
    for held in (False, True):
        query = select(func.count()).select_from(sweep.table).where(sweep.found(state, before, held=held))
        counts.append((await db.exec(query)).one())
    return DueRows(state=state, rule=data_table.rules()[sweep.rule], period=period, rows=counts[0], waiting=counts[1])


async def erase_batch(db: AsyncSession, sweep: Sweep, *, state: str, now: datetime, limit: int = BATCH) -> int:
    """Erase at most `limit` rows of a State that are due and do not wait; how many it were.

    Effects: those of the rule, and the `Erasure` that counts them, in the caller's transaction.
    """
    period = _period(sweep, state, await periods.chosen(db, state=state), now)
    before = now - timedelta(days=period.days)
    query = select(col(sweep.table.id)).where(sweep.found(state, before, held=False))
    query = query.order_by(col(sweep.table.id)).limit(limit).with_for_update(skip_locked=True, of=sweep.table)
    ids = (await db.exec(query)).all()
    if ids:
        await sweep.erase(db, ids, now)
        db.add(Erasure(owner_state=state, rule=sweep.rule, rows_erased=len(ids), at=now))
    return len(ids)


async def erase_due(database: Database, *, now: datetime, limit: int = BATCH) -> Mapping[str, int]:
    """Erase everything that is due, of every State. Returns how many rows, by rule. Effects: those of `erase_batch`,
    each in a transaction of its own."""
    counts: dict[str, int] = {}
    for sweep in SWEEPS.values():
        async with database.reading() as db:
            states = await _states(db, sweep)
        for state in states:
            erased = limit
            while erased == limit:
                async with database.transaction() as db:
                    erased = await erase_batch(db, sweep, state=state, now=now, limit=limit)
                if erased:
                    counts[sweep.rule] = counts.get(sweep.rule, 0) + erased
    return counts


async def erasures(db: AsyncSession, *, state: str, limit: int = 50) -> Sequence[Erasure]:
    """What was erased of a State, the newest first."""
    query = select(Erasure).where(Erasure.owner_state == state)
    return (await db.exec(query.order_by(col(Erasure.id).desc()).limit(limit))).all()
