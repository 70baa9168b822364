"""Shared by the pages of a hearing: loading it within the rights of the person's State."""

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings import errors, queries
from hearings.models import Hearing, Participant, Person
from hearings.permissions import may_staff
from web.server import view_log as shown


async def find(db: AsyncSession, request: Request, person: Person, *, lock: bool = False) -> Hearing:
    """The hearing named in the path. Raises `NotFound`, alike for an unknown hearing and for one of other States.

    Effects: if the response displays it, the view is recorded for the owning State (`web.server.view_log`).
    """
    hearing = await queries.hearing(db, request.path_params["ref"], state=person.owner_state, lock=lock)
    shown.add(request, hearing)
    return hearing


async def namable(db: AsyncSession, request: Request, person: Person) -> Hearing:
    """The hearing, if the person may name people of their State. Raises `NotFound`, `NotAllowed`."""
    hearing = await find(db, request, person)
    decision = may_staff(
        "name_people",
        frozenset(person.functions),
        own_state=person.owner_state,
        requesting_state=hearing.requesting_state,
        requested_state=hearing.requested_state,
    )
    if not decision.allowed:
        raise errors.NotAllowed(decision.reason, decision.who_can)
    return hearing


async def guest_of(db: AsyncSession, request: Request, hearing: Hearing) -> Participant:
    """The participant named in the path, of this hearing. Raises `NotFound`."""
    guest = await queries.get(db, Participant, request.path_params["participant"])
    if guest.hearing_id != hearing.id:
        raise errors.NotFound
    return guest
