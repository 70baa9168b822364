"""Reading requests in other orders than by date: the queue by priority, and the search over a State's own cases."""

from typing import Any

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import Invalid
from hearings.models import Hearing, HearingRequest
from hearings.queries import Page
from hearings.requests.fields import folded
from hearings.sentences import tell
from hearings.status import RequestStatus
from hearings.texts import clean

ANSWERABLE = (RequestStatus.received, RequestStatus.under_review, RequestStatus.information_requested)
"""What waits in the requested State's queue."""


async def queue(db: AsyncSession, *, state: str, after: str = "", limit: int = 50) -> Page[HearingRequest]:
    """Requests this State has been sent and not answered, the most urgent first, then the oldest."""
    priority, row_id = col(HearingRequest.priority), col(HearingRequest.id)
    query = select(HearingRequest).where(
        HearingRequest.requested_state == state,
        col(HearingRequest.status).in_(ANSWERABLE),
    )
    if after:
        points, _, last = after.partition(" ")
        if not points.isdecimal() or len(points) > 2:
            raise Invalid(tell("This is not the mark of a page"), "after")
        query = query.where(or_(priority < int(points), and_(priority == int(points), row_id > last)))
    rows = list((await db.exec(query.order_by(priority.desc(), row_id).limit(limit + 1))).all())
    return Page(rows[:limit], f"{rows[limit - 1].priority} {rows[limit - 1].id}" if len(rows) > limit else "")


async def search(
    db: AsyncSession,
    *,
    state: str,
    words: str,
    names: bool = False,
    person_id: str = "",
    after: str = "",
    limit: int = 25,
) -> Page[HearingRequest]:
    """Requests `state` may see whose reference, case number or hearing's reference begins with the words.

    `names`: the person asking is cleared for names, so the person's name counts too, wherever in it the words are; one
    who is to be heard under a pseudonym is found only by who works on that request (`person_id`). Newest first.
    Capital and small letters count as the same. Raises `Invalid` for fewer than two characters.
    """
    text = clean(words, "words", most=100, least=2)
    hearing_ids = select(Hearing.request_id).where(_begins(Hearing.ref, text.upper()))
    ways: list[Any] = [
        _begins(HearingRequest.reference, text.upper()),
        _begins(HearingRequest.case_folded, folded(text)),
        col(HearingRequest.id).in_(hearing_ids),
    ]
    if names:
        inside = f"%{_pattern(folded(text))}%"
        mine = or_(
            col(HearingRequest.created_by) == person_id,
            col(HearingRequest.requesting_assignee) == person_id,
            col(HearingRequest.requested_assignee) == person_id,
        )
        ways.append(
            and_(col(HearingRequest.person_folded).like(inside, escape="!"), or_(~col(HearingRequest.pseudonym), mine))
        )
    seen = or_(
        HearingRequest.requesting_state == state,
        and_(HearingRequest.requested_state == state, col(HearingRequest.submitted_at).is_not(None)),
    )
    query = select(HearingRequest).where(seen, or_(*ways))
    if after:
        query = query.where(col(HearingRequest.id) < after[:36])
    rows = list((await db.exec(query.order_by(col(HearingRequest.id).desc()).limit(limit + 1))).all())
    return Page(rows[:limit], rows[limit - 1].id if len(rows) > limit else "")


def _begins(column: str, text: str) -> Any:
    """Whether a column (`models.columns.beginning`) begins with a text, as a range both databases find by an index."""
    return and_(col(column) >= text, col(column) < f"{text}\U0010ffff")


def _pattern(text: str) -> str:
    """The text with the signs LIKE knows taken literally."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
