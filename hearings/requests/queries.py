"""Reading requests in other orders than by date: the queue by priority, and the search over a State's own cases."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, HearingRequest, Participant
from hearings.paging import Page, page
from hearings.roles import HEARD
from hearings.status import RequestStatus
from hearings.texts import clean, folded

ANSWERABLE = (RequestStatus.received, RequestStatus.under_review, RequestStatus.information_requested)
"""Statuses of the requested State's queue."""
UNPROTECTED = col(Participant.identity_method) != "protected_identity"
PEOPLE = 200
"""The maximum number of people of hearings that are named beside what a search found."""


async def queue(db: AsyncSession, *, state: str, after: str = "", limit: int = 50) -> Page[HearingRequest]:
    """Requests sent to this State that it has not answered, the most urgent first, then the oldest."""
    query = select(HearingRequest).where(
        HearingRequest.requested_state == state,
        col(HearingRequest.status).in_(ANSWERABLE),
    )
    order = (col(HearingRequest.priority).desc(), col(HearingRequest.id))
    return await page(db, query, *order, after=after, limit=limit)


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
    """Requests `state` may see that have every one of the words: in their reference, their case number or the reference
    of a hearing as its beginning, or anywhere in a name. A case number may also begin with all of the words together.

    `names`: the person asking is cleared for names. Then the person's name counts, and those of the people of the
    hearings; a name under protection counts only for who works on that request (`person_id`): the person's of a request
    with a pseudonym, and that of whoever was identified as protected. Newest first. Differences of case and of marks on
    letters do not count (`texts.folded`). Raises `Invalid` for fewer than two characters.
    """
    text = clean(words, "words", most=100, least=2)
    every = and_(*(or_(*_ways(word, names=names, person_id=person_id)) for word in dict.fromkeys(text.split())))
    seen = or_(
        HearingRequest.requesting_state == state,
        and_(HearingRequest.requested_state == state, col(HearingRequest.submitted_at).is_not(None)),
    )
    query = select(HearingRequest).where(seen, or_(_begins(HearingRequest.case_folded, folded(text)), every))
    return await page(db, query, col(HearingRequest.id).desc(), after=after, limit=limit)


def _ways(word: str, *, names: bool, person_id: str) -> list[Any]:
    """The conditions of which one must hold for a request to have this word."""
    ways: list[Any] = [
        _begins(HearingRequest.reference, word.upper()),
        _begins(HearingRequest.case_folded, folded(word)),
        col(HearingRequest.id).in_(select(Hearing.request_id).where(_begins(Hearing.ref, word.upper()))),
    ]
    if not names:
        return ways
    mine = or_(
        col(HearingRequest.created_by) == person_id,
        col(HearingRequest.requesting_assignee) == person_id,
        col(HearingRequest.requested_assignee) == person_id,
    )
    open_to_all = or_(~col(HearingRequest.pseudonym), mine)
    named = select(Hearing.request_id).join(Participant).where(_contains(Participant.name_folded, word))
    heard = col(Participant.role).in_(HEARD)
    return [
        *ways,
        and_(_contains(HearingRequest.person_folded, word), open_to_all),
        and_(col(HearingRequest.id).in_(named), mine),
        col(HearingRequest.id).in_(named.where(UNPROTECTED, ~heard)),
        and_(col(HearingRequest.id).in_(named.where(UNPROTECTED, heard)), open_to_all),
    ]


async def people_with(
    db: AsyncSession, *, requests: Sequence[HearingRequest], words: str
) -> Mapping[str, Sequence[Participant]]:
    """Why a request was found: people of its hearings whose name has one of the words, by the id of the request. None
    whose name is protected, not even for who may find them.
    """
    hidden = {request.id for request in requests if request.pseudonym}
    texts = [word for word in dict.fromkeys(words.split()) if len(word) > 1]
    query = (
        select(Hearing.request_id, Participant)
        .join(Participant)
        .where(
            col(Hearing.request_id).in_([request.id for request in requests]),
            or_(*(_contains(Participant.name_folded, text) for text in texts)),
            UNPROTECTED,
        )
        .order_by(col(Participant.name_folded), col(Participant.id))
        .limit(PEOPLE)
    )
    people: dict[str, dict[str, Participant]] = {}
    for request_id, participant in (await db.exec(query)).all() if texts and requests else ():
        if participant.role not in HEARD or request_id not in hidden:
            people.setdefault(request_id, {}).setdefault(participant.display_name, participant)
    return {request_id: list(named.values()) for request_id, named in people.items()}


def _begins(column: str, text: str) -> Any:
    """Whether a column (`models.columns.beginning`) begins with a text, as a range both databases find by an index."""
    return and_(col(column) >= text, col(column) < f"{text}\U0010ffff")


def _contains(column: str, text: str) -> Any:
    return col(column).like(f"%{_pattern(folded(text))}%", escape="!")


def _pattern(text: str) -> str:
    """The text with the wildcards of LIKE escaped."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
