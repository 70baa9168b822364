"""The informal thread of the two authorities (UNODC paper, para. 34): it complements the request, never replaces it.

Nothing written here is formal, and nothing reads it but its page: no act, no deadline and no document is made from it,
so it cannot become evidence. What is to count is written in the request, the answer or a consultation.
"""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.models import HearingRequest, InformalMessage
from hearings.queries import Page
from hearings.requests.log import after_submission, require
from hearings.texts import clean


async def write(
    db: AsyncSession, *, request: HearingRequest, text: str, actor: Actor, now: datetime
) -> InformalMessage:
    """Write a line both States read. Effects: adds it; nothing else. Raises `NotReady` for a draft."""
    require("write_informally", request, actor)
    after_submission(request)
    found = InformalMessage(
        owner_state=actor.state or request.owner_state,
        request_id=request.id,
        author=actor.id,
        author_label=actor.label,
        text=clean(text, "text", most=4000, least=1, lines=True),
        at=now,
    )
    db.add(found)
    await db.flush()
    return found


async def thread(db: AsyncSession, request_id: str, *, before: str = "", limit: int = 50) -> Page[InformalMessage]:
    """The newest lines first; those older than the one with id `before`."""
    query = select(InformalMessage).where(InformalMessage.request_id == request_id)
    if before:
        query = query.where(InformalMessage.id < before)
    rows = list((await db.exec(query.order_by(col(InformalMessage.id).desc()).limit(limit + 1))).all())
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")
