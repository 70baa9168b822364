"""Who of the other State has looked at a row: noted for the State whose row it is, which alone may read the notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotFound
from hearings.models import SharedView
from hearings.models.columns import Row
from hearings.queries import Page


def foreign(row: Row, actor: Actor) -> bool:
    """Whether the row is another State's than the actor's."""
    return bool(actor.state) and row.owner_state != actor.state


def notes(rows: Sequence[Row], *, actor: Actor, now: datetime) -> list[SharedView]:
    """The lines that say that the actor is being shown these rows: one for each that is another State's."""
    return [
        SharedView(
            owner_state=row.owner_state,
            subject=str(type(row).__tablename__),
            subject_id=row.id,
            viewer_state=actor.state,
            viewer=actor.id,
            viewer_label=actor.label,
            at=now,
        )
        for row in rows
        if foreign(row, actor)
    ]


@dataclass(frozen=True)
class Viewer:
    """Somebody who has looked at a row, how often, and when last."""

    label: str
    state: str
    times: int
    last: datetime


async def viewers_of(db: AsyncSession, row: Row, *, limit: int = 50) -> Sequence[Viewer]:
    """Who has looked at a row, whoever did last first. Only for the eyes of its owner: the caller sees to that."""
    who = (SharedView.viewer, SharedView.viewer_label, SharedView.viewer_state)
    last = func.max(SharedView.at)
    query = select(SharedView.viewer_label, SharedView.viewer_state, func.count(), last)
    query = query.where(SharedView.subject_id == row.id).group_by(*who).order_by(last.desc()).limit(limit)
    return [Viewer(*found) for found in (await db.exec(query)).all()]


async def views_of(db: AsyncSession, row: Row, *, state: str, after: str = "", limit: int = 50) -> Page[SharedView]:
    """Who has looked at a row, oldest first; only for its owner. Raises `NotFound` for anybody else."""
    if row.owner_state != state:
        raise NotFound
    query = select(SharedView).where(SharedView.subject_id == row.id, col(SharedView.id) > after)
    rows = list((await db.exec(query.order_by(col(SharedView.id)).limit(limit + 1))).all())
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")
