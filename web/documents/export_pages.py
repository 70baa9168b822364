"""The export of a whole case, with what the State of the person may see of it."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.documents import case_bags
from web.requests.access import find, require
from web.server import view_log as shown
from web.server.sign_in import staff


async def export(request: Request) -> Response:
    """The bag of the case. Effects: records for the other State the views of its case, its hearings and each of its
    files."""
    signed, person = staff(request)
    now = datetime.now(UTC)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        require("export_case", person, row.requesting_state, row.requested_state)
        case, answer = await case_bags.packed(request, db, row, state=person.owner_state, now=now)
    shown.add(request, *case.shown)
    shown.hand_over(request, row)
    if case_bags.foreign_files(case, person.owner_state):
        async with request.app.state.parts.database.transaction() as db:
            case_bags.note_files(db, case, actor=signed.actor(), now=now)
    return answer


routes = [Route("/requests/{reference}/export.zip", export)]
