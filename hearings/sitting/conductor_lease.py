"""The lease of the web process that conducts the live hearings: a row whose token only grows.

The token is raised each time a process becomes the conductor. An act in a live hearing checks in its own
transaction that the process's token is still that of the row (`require`): a process that was suspended or cut off while
another took over changes nothing any more. With two machines on one database the row alone decides: the second takes it
only when the first has released it, or has sent no heartbeat for a while (measured by `web.live.conducting`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import ConductedElsewhere
from hearings.models import Conduct

ONE = "conduct"
"""The id of the one row."""


@dataclass(frozen=True)
class Lease:
    """The process that has the lease, and its count of heartbeats."""

    token: int
    place: str
    beats: int


async def read(db: AsyncSession) -> Lease:
    """The present content of the row."""
    row = await db.get(Conduct, ONE)
    return Lease(row.token, row.place, row.beats) if row is not None else Lease(0, "", 0)


async def take(db: AsyncSession, *, place: str, above: int, seen: Lease) -> int:
    """Become the conductor: the new token, higher than the row's and than `above`. Raises `ConductedElsewhere` when the
    row is not as it was `seen`."""
    row = await db.get(Conduct, ONE, with_for_update=True)
    if row is None:
        row = Conduct(id=ONE, owner_state="")
    elif Lease(row.token, row.place, row.beats) != seen:
        raise ConductedElsewhere
    row.token, row.place = max(row.token, above) + 1, place
    db.add(row)
    await db.flush()
    return row.token


async def extend(db: AsyncSession, *, token: int) -> bool:
    """Send a heartbeat of the holder; False when another process has the lease."""
    return await _change(db, token, {"beats": Conduct.beats + 1})


async def let_go(db: AsyncSession, *, token: int) -> bool:
    """Release the lease; the token stays."""
    return await _change(db, token, {"place": ""})


async def _change(db: AsyncSession, token: int, values: Mapping[str, object]) -> bool:
    result = await db.exec(update(Conduct).where(col(Conduct.id) == ONE, col(Conduct.token) == token).values(**values))
    return bool(result.rowcount)


async def require(db: AsyncSession, *, token: int) -> None:
    """Raise `ConductedElsewhere` unless the token is that of the row. Locks the row: no other process becomes the
    conductor before the transaction has ended."""
    statement = select(Conduct.token).where(col(Conduct.id) == ONE).with_for_update(read=True, key_share=True)
    if (await db.exec(statement)).first() != token:
        raise ConductedElsewhere
