"""Files of a coordination room: shared by a State, taken by the States that are invited, and by nobody else."""

from datetime import UTC, datetime
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings.coordination import room_files, rooms
from hearings.documents.file_types import LARGEST
from web.coordination import room_forms
from web.coordination.room_pages import DOCUMENT, REFUSED, RIGHT, room_page
from web.server import forms
from web.server.forms import FormError
from web.server.security import check_csrf
from web.server.sign_in import administrator
from web.words.i18n import N_, _

INPUTS = {
    "title": ("file_title", DOCUMENT["title"][1]),
    "conditions": ("file_conditions", DOCUMENT["conditions"][1]),
    "file": ("file", N_("File")),
}


async def share(request: Request) -> Response:
    """Shares a file. Effects: those of `room_files.share`. `web.server.security` limits the size of the body."""
    signed, person = administrator(RIGHT, request)
    if forms.media_type(request) != "multipart/form-data":
        raise HTTPException(415, "bad_request")
    ref = request.path_params["room"]
    async with request.app.state.parts.database.reading() as db:
        await rooms.room(db, ref, state=person.owner_state)  # first: nobody sends 25 MiB to a room that is not theirs
    async with request.form(max_files=1, max_fields=4, max_part_size=10_000) as data:
        typed = {name: value for name, value in data.items() if isinstance(value, str)}
        check_csrf(request.app.state.parts.keys.cookie, signed.login.id, typed.pop("csrf", ""))
        file = data.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return await room_page(request, person, typed, [FormError("file", _("Choose a file."))])
        name, content = file.filename, await file.read(LARGEST + 1)
    try:
        async with request.app.state.parts.database.transaction() as db:
            room = await rooms.room(db, ref, state=person.owner_state, lock=True)
            await room_files.share(
                db,
                room=room,
                title=typed.get("file_title", ""),
                name=name,
                data=content,
                conditions=typed.get("file_conditions", ""),
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except REFUSED as error:
        return await room_page(request, person, typed, [room_forms.explained(INPUTS)(error)])
    return RedirectResponse(f"/rooms/{ref}?done=shared", 303)


async def download(request: Request) -> Response:
    """The bytes of a file, as a download, so that no browser displays or runs it."""
    _signed, person = administrator(RIGHT, request)
    ref, document_id = request.path_params["room"], request.path_params["document"]
    async with request.app.state.parts.database.reading() as db:
        document, data = await room_files.read(db, ref, document_id, state=person.owner_state)
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
        "digest": f"sha-256={document.sha256}",
    }
    return Response(data, media_type=document.media_type, headers=headers)


routes = [
    Route("/rooms/{room}/files", share, methods=["POST"]),
    Route("/rooms/{room}/files/{document}", download, methods=["GET"]),
]
