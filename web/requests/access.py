"""What the pages of a request share: finding it as the person's State may, and asking whether they may act on it."""

from typing import Any

from starlette.requests import Request

from hearings import errors, queries
from hearings.models import HearingRequest, Person
from hearings.permissions import may_staff
from web.server import view_log as shown


async def find(db: Any, request: Request, person: Person, *, lock: bool = False) -> HearingRequest:
    """The request the path names. Raises `NotFound`, the same for unknown and foreign.

    Effects: the view is noted for the other State when the answer shows it (`web.server.view_log`).
    """
    row = await queries.request(db, request.path_params["reference"], state=person.owner_state, lock=lock)
    shown.add(request, row)
    return row


def may(action: str, person: Person, requesting: str, requested: str) -> bool:
    """Whether this person may, for what a page offers."""
    functions = frozenset(person.functions)
    return may_staff(
        action, functions, own_state=person.owner_state, requesting_state=requesting, requested_state=requested
    ).allowed


def may_on(action: str, person: Person, row: HearingRequest) -> bool:
    """Whether this person may, on this request."""
    return may(action, person, row.requesting_state, row.requested_state)


def require(action: str, person: Person, requesting: str, requested: str) -> None:
    """Raise `NotAllowed` unless they may."""
    if not may(action, person, requesting, requested):
        raise errors.NotAllowed("not for this person")
