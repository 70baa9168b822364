"""Logs that grow without an end, in pages: what was added after a mark, which is the id of a page's last row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import Invalid
from hearings.models import Hearing, Sitting, StatusChange
from hearings.models.columns import Row
from hearings.queries import Page, recordings_of_hearing
from hearings.sentences import tell

T = TypeVar("T", bound=Row)


async def by_id(
    db: AsyncSession, query: Any, table: type[T], *, after: str, limit: int, newest: bool = False
) -> Page[T]:
    """Rows of `query` in the order they were added, or the newest first; those that follow the one with id `after`.

    Ids grow with time. Raises `Invalid` for a mark no id can be.
    """
    place = col(table.id)
    if after:
        _known(after)
        query = query.where(place < after if newest else place > after)
    rows = list((await db.exec(query.order_by(place.desc() if newest else place).limit(limit + 1))).all())
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")


async def changes(
    db: AsyncSession, *rows: Row, since: datetime | None = None, after: str = "", limit: int = 100
) -> Page[StatusChange]:
    """Changes of status of these rows from an instant on, oldest first; those that follow the one with id `after`.

    Raises `Invalid` for a mark that is none of theirs.
    """
    query = select(StatusChange).where(col(StatusChange.subject_id).in_([row.id for row in rows]))
    at, place = col(StatusChange.at), col(StatusChange.id)
    if since is not None:
        query = query.where(at >= since)
    if after:
        _known(after)
        mark = await db.get(StatusChange, after)
        if mark is None or mark.subject_id not in {row.id for row in rows}:
            raise Invalid(tell("This is not the mark of a page"), "after")
        query = query.where(or_(at > mark.at, and_(at == mark.at, place > mark.id)))
    found = list((await db.exec(query.order_by(at, place).limit(limit + 1))).all())
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else "")


async def hearing_rows(db: AsyncSession, hearing: Hearing) -> Sequence[Row]:
    """A hearing, its sittings and its recordings: what its history is of."""
    sittings = (await db.exec(select(Sitting).where(Sitting.hearing_id == hearing.id))).all()
    return [hearing, *sittings, *await recordings_of_hearing(db, hearing.id)]


def _known(after: str) -> None:
    if len(after) > 36 or not after.isascii() or not after.isprintable():
        raise Invalid(tell("This is not the mark of a page"), "after")
