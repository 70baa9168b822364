"""The log of a request: acts that are no change of status. Only ever added to."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NaiveTime, NotReady, RequestOver
from hearings.models import HearingRequest, RequestEvent
from hearings.models.request_parts import RequestAct
from hearings.paging import Page, page
from hearings.permissions import require_staff
from hearings.sentences import tell
from hearings.status import CARRYING_REQUESTS
from hearings.texts import NOT_SUBMITTED


def log(
    db: AsyncSession,
    request: HearingRequest,
    act: RequestAct,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    **data: Any,
) -> RequestEvent:
    """Append one line. Effects: adds it."""
    if now.tzinfo is None:
        raise NaiveTime
    line = RequestEvent(
        owner_state=actor.state or request.owner_state,
        request_id=request.id,
        act=act,
        at=now,
        actor=actor.id,
        actor_label=actor.label,
        reason=reason,
        data=data,
    )
    db.add(line)
    return line


def require(action: str, request: HearingRequest, actor: Actor) -> None:
    """Raise `NotAllowed` unless the actor's State and functions allow this act on this request."""
    require_staff(action, actor, requesting_state=request.requesting_state, requested_state=request.requested_state)


def after_submission(request: HearingRequest) -> None:
    """Raise `NotReady` for a draft: the other State cannot see it yet."""
    if request.submitted_at is None:
        raise NotReady(tell(NOT_SUBMITTED))


def require_carried(request: HearingRequest) -> None:
    """Raise `RequestOver` unless a hearing of this request may be prepared and held."""
    if request.status not in CARRYING_REQUESTS:
        raise RequestOver(
            tell(
                "The request {reference} is closed: its hearing can be neither prepared nor held",
                reference=request.reference,
            )
        )


OWN = frozenset({RequestAct.delegated})
"""Acts that only the State that did them may see, such as whom it has assigned to a case."""


async def of_request(
    db: AsyncSession, request: HearingRequest, *, state: str, after: str = "", limit: int = 200
) -> Page[RequestEvent]:
    """The lines of a request's log a State may read, newest first.

    Its own lines; of the other State's, those that are not internal, and none from before the submission.
    """
    theirs: ColumnElement[bool] = col(RequestEvent.act).not_in(OWN)
    if request.owner_state != state and request.submitted_at is not None:
        theirs = and_(theirs, col(RequestEvent.at) >= request.submitted_at)
    query = select(RequestEvent).where(
        RequestEvent.request_id == request.id, or_(col(RequestEvent.owner_state) == state, theirs)
    )
    return await page(db, query, col(RequestEvent.id).desc(), after=after, limit=limit)
