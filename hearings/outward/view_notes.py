"""Views of rows by staff of the other State, recorded for the State that owns the row, which alone may read them; and
of requests by staff of either State, from which follows when what was transmitted was first retrieved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotFound
from hearings.models import HearingRequest, RequestReading, SharedView
from hearings.models.columns import Row
from hearings.paging import Page, page
from hearings.status import RequestStatus


def foreign(row: Row, actor: Actor) -> bool:
    """Whether the row is another State's than the actor's."""
    return bool(actor.state) and row.owner_state != actor.state


def notes(rows: Sequence[Row], *, actor: Actor, now: datetime) -> list[SharedView]:
    """The view notes of these rows for the actor: one for each row of another State."""
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


UNANSWERED = frozenset({RequestStatus.draft, RequestStatus.submitted, RequestStatus.received})
"""Statuses in which nothing of the requested State is in a request that its own State reads."""


def readings(rows: Sequence[Row], *, actor: Actor, now: datetime) -> list[RequestReading]:
    """The readings of these rows, whose content an answer hands over, by the actor's State: one for each request in
    which something of the other State is read."""
    return [
        RequestReading(
            owner_state=actor.state,
            request_id=row.id,
            version=row.version,
            status=row.status.value,
            reader=actor.id,
            reader_label=actor.label,
            at=now,
        )
        for row in rows
        if isinstance(row, HearingRequest) and actor.state and row.submitted_at is not None
        if foreign(row, actor) or row.status not in UNANSWERED
    ]


def of_shown(
    rows: Sequence[Row], *, handed_over: bool, actor: Actor, now: datetime
) -> list[SharedView | RequestReading]:
    """What is to be recorded when these rows are shown to the actor; `handed_over`: with the content of a request."""
    return [*notes(rows, actor=actor, now=now), *(readings(rows, actor=actor, now=now) if handed_over else ())]


@dataclass(frozen=True)
class Viewer:
    """A person who has viewed a row, how often, and when last."""

    label: str
    state: str
    times: int
    last: datetime


async def viewers_of(db: AsyncSession, row: Row, *, limit: int = 50) -> Sequence[Viewer]:
    """The viewers of a row, most recent first. The caller ensures that only the owner reads them."""
    who = (SharedView.viewer, SharedView.viewer_label, SharedView.viewer_state)
    last = func.max(SharedView.at)
    query = select(SharedView.viewer_label, SharedView.viewer_state, func.count(), last)
    query = query.where(SharedView.subject_id == row.id).group_by(*who).order_by(last.desc()).limit(limit)
    return [Viewer(*view) for view in (await db.exec(query)).all()]


async def views_of(db: AsyncSession, row: Row, *, state: str, after: str = "", limit: int = 50) -> Page[SharedView]:
    """The views of a row, oldest first; only for its owner. Raises `NotFound` for anybody else."""
    if row.owner_state != state:
        raise NotFound
    query = select(SharedView).where(SharedView.subject_id == row.id)
    return await page(db, query, col(SharedView.id), after=after, limit=limit)
