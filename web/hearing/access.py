"""How the pages of a hearing find it, as the person's State may."""

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings import queries
from hearings.models import Hearing, Person
from web.server import view_log as shown


async def find(db: AsyncSession, request: Request, person: Person, *, lock: bool = False) -> Hearing:
    """The hearing the path names. Raises `NotFound`, the same for unknown and foreign.

    Effects: the view is noted for the other State when the answer shows it (`web.server.view_log`).
    """
    hearing = await queries.hearing(db, request.path_params["ref"], state=person.owner_state, lock=lock)
    shown.add(request, hearing)
    return hearing
