"""A case to take away, whole, as the State of whoever asks knows it."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings import views
from web import case_bags
from web.actors import staff
from web.pages.request_access import find, require


async def export(request: Request) -> Response:
    """The bag. Effects: for the other State's case, a note for it of the case, its hearings and each of its files."""
    signed, person = staff(request)
    now, actor = datetime.now(UTC), signed.actor()
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        require("export_case", person, row.requesting_state, row.requested_state)
        case, answer = await case_bags.packed(request, db, row, state=person.owner_state, now=now)
    if case_bags.foreign_files(case, person.owner_state) or any(views.foreign(one, actor) for one in case.shown):
        async with request.app.state.parts.database.transaction() as db:
            case_bags.note_files(db, case, actor=actor, now=now)
            await views.note(db, rows=case.shown, actor=actor, now=now)
    return answer


routes = [Route("/requests/{reference}/export.zip", export)]
