"""Shared by the pages of a request: loading it within the rights of the person's State, and checking permissions."""

from typing import Any

from starlette.requests import Request

from hearings import errors, queries
from hearings.models import HearingRequest, Person
from hearings.permissions import may_staff
from web.server import view_log as shown


async def find(db: Any, request: Request, person: Person, *, lock: bool = False) -> HearingRequest:
    """The request named in the path. Raises `NotFound`, alike for an unknown request and for one of other States.

    Effects: if the response displays it, the view is recorded for the owning State (`web.server.view_log`).
    """
    row = await queries.request(db, request.path_params["reference"], state=person.owner_state, lock=lock)
    shown.add(request, row)
    return row


def require(action: str, person: Person, requesting: str, requested: str) -> None:
    """Raises `NotAllowed` unless the person may take this action."""
    functions = frozenset(person.functions)
    if not may_staff(
        action, functions, own_state=person.owner_state, requesting_state=requesting, requested_state=requested
    ).allowed:
        raise errors.NotAllowed("not for this person")
