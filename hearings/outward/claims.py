"""Claims of due actions: the process that adds the row of a key owns the action; its effect commits with the row.

The key is unique in the database, so an action happens once, even with several processes, kills and changed
clocks.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NaiveTime
from hearings.ids import new_id
from hearings.models import Claim
from hearings.models.outbox import ClaimOutcome

_INSERT: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_CHUNK = 500


async def claim(
    db: AsyncSession,
    *,
    key: str,
    kind: str,
    subject: str = "",
    subject_id: str = "",
    about: str = "",
    owner_state: str = "",
    due_at: datetime,
    now: datetime,
    missed: str = "",
) -> bool:
    """Claim an action: True if the caller is to carry it out in this transaction, False if it has been done.

    On PostgreSQL the statement waits for an unfinished transaction that has the key. Effects: adds the
    claim; with `missed`, the reason why nothing is done any more, as a missed one.
    """
    if now.tzinfo is None or due_at.tzinfo is None:
        raise NaiveTime
    insert = _INSERT[db.get_bind().dialect.name](Claim).values(
        id=new_id(),
        owner_state=owner_state,
        key=key,
        kind=kind,
        subject=subject,
        subject_id=subject_id,
        about=about,
        due_at=due_at,
        at=now,
        outcome=ClaimOutcome.missed if missed else ClaimOutcome.done,
        reason=missed,
    )
    added = await db.exec(insert.on_conflict_do_nothing(index_elements=["key"]).returning(Claim.id))
    return added.first() is not None


async def claimed(db: AsyncSession, keys: Collection[str]) -> set[str]:
    """Which of these keys have been claimed."""
    wanted, keys_claimed = list(keys), set[str]()
    for start in range(0, len(wanted), _CHUNK):
        query = select(Claim.key).where(col(Claim.key).in_(wanted[start : start + _CHUNK]))
        keys_claimed |= set((await db.exec(query)).all())
    return keys_claimed


async def missed(db: AsyncSession, *, state: str, before: str = "", limit: int = 50) -> Sequence[Claim]:
    """The missed actions of this State, newest first, older than the claim with id `before`."""
    query = select(Claim).where(Claim.owner_state == state, Claim.outcome == ClaimOutcome.missed)
    if before:
        query = query.where(col(Claim.id) < before)
    return (await db.exec(query.order_by(col(Claim.at).desc(), col(Claim.id).desc()).limit(limit))).all()
