"""Who conducts the live hearings: one web process, by a row whose token only grows.

The token is raised each time a process becomes the conductor. Whoever acts in a live hearing asks in the same
transaction whether its token is still the row's (`require`): a process that was stopped, or cut off, while another
took its place changes nothing any more. Of two machines on one database the row decides alone: the second takes it only
when the first has let go, or has not beaten for a while (`web.live.conducting` counts).
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
class Held:
    """Who has the row, and how often it has beaten."""

    token: int
    place: str
    beats: int


async def read(db: AsyncSession) -> Held:
    """As the row stands."""
    row = await db.get(Conduct, ONE)
    return Held(row.token, row.place, row.beats) if row is not None else Held(0, "", 0)


async def take(db: AsyncSession, *, place: str, above: int, seen: Held) -> int:
    """Become the conductor: the new token, higher than the row's and than `above`. Raises `ConductedElsewhere` when the
    row is not as it was `seen`."""
    row = await db.get(Conduct, ONE, with_for_update=True)
    if row is None:
        row = Conduct(id=ONE, owner_state="")
    elif Held(row.token, row.place, row.beats) != seen:
        raise ConductedElsewhere
    row.token, row.place = max(row.token, above) + 1, place
    db.add(row)
    await db.flush()
    return row.token


async def beat(db: AsyncSession, *, token: int) -> bool:
    """Say that its holder is there; False when another process has it."""
    return await _change(db, token, {"beats": Conduct.beats + 1})


async def let_go(db: AsyncSession, *, token: int) -> bool:
    """Nobody has it from now on; the token stays."""
    return await _change(db, token, {"place": ""})


async def _change(db: AsyncSession, token: int, values: Mapping[str, object]) -> bool:
    found = await db.exec(update(Conduct).where(col(Conduct.id) == ONE, col(Conduct.token) == token).values(**values))
    return bool(found.rowcount)


async def require(db: AsyncSession, *, token: int) -> None:
    """Refuse what an older conductor does. Raises `ConductedElsewhere`. No newer one begins before the transaction has
    ended."""
    statement = select(Conduct.token).where(col(Conduct.id) == ONE).with_for_update(read=True, key_share=True)
    if (await db.exec(statement)).first() != token:
        raise ConductedElsewhere
