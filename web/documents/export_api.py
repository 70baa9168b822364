"""A case in one file: everything this State knows of it, with a manifest that proves it whole."""

from starlette.responses import Response

from hearings import queries
from web.api import files
from web.api.access import Caller
from web.api.routes import Resource
from web.documents import case_bags
from web.requests.api import RequestId

router = Resource("export")


@router.read(
    "/cases/{request_id}/export", scope="export", waits=True, errors=(404,), **files.answers("application/zip")
)
async def export_case(caller: Caller, request_id: RequestId) -> Response:
    """One case, whole, as a zip: a BagIt bag (RFC 8493) with `manifest-sha256.txt`.

    In it: the request as data and as PDF, its history and log, consents, files, translations, consultations, messages,
    signatures as they were received, each hearing with its log, sittings, offers, bookings, agreements, minutes in
    every version and the ids and roots of its recordings (not the media), and who has looked at what is this State's.
    What the other State keeps to itself is not in it. When it is the other State's case, that State can see that it was
    read, and each of its files.
    """
    row = await queries.request(caller.db, request_id, state=caller.state)
    case, answer = await case_bags.packed(caller.request, caller.db, row, state=caller.state, now=caller.now)
    caller.shown += case.shown
    caller.handed_over = True
    if case_bags.foreign_files(case, caller.state):
        caller.notes.append(lambda db: case_bags.note_files(db, case, actor=caller.actor, now=caller.now))
    return answer
