"""A request as a signed container (ASiC-E): taken away, and brought in as a draft."""

from datetime import UTC, datetime

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.documents import asic
from hearings.models.request_parts import RequestAct
from hearings.overview import containers
from hearings.requests.log import log
from web.documents import containers as packing
from web.requests.access import find, require
from web.server import forms, printing
from web.server.forms import FormError
from web.server.rendering import render
from web.server.security import check_csrf
from web.server.sign_in import staff
from web.server.view_log import hand_over
from web.words.i18n import _


async def take(request: Request) -> Response:
    """The container of a request. Effects: records for the other State that its files were read."""
    signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        made, packed = await packing.packed(request, db, row)
        hand_over(request, row)
    foreign = [file for file in packed if file.owner_state != person.owner_state]
    if foreign:
        async with request.app.state.parts.database.transaction() as db:
            for file in foreign:
                log(db, row, RequestAct.attachment_read, actor=signed.actor(), now=datetime.now(UTC), id=file.id)
    return printing.file(made, f"request-{row.reference}{asic.ENDING}", asic.MEDIA_TYPE)


async def page(request: Request) -> Response:
    """The form to bring in a container."""
    _signed, person = staff(request)
    require("draft_request", person, person.owner_state, "")
    return _page(request, [])


def _page(request: Request, wrong: list[FormError]) -> Response:
    context = {"errors": wrong, "values": {}, "largest": asic.LARGEST // 1024 // 1024}
    return render(request, "request_import.html", context, status=422 if wrong else 200)


async def bring_in(request: Request) -> Response:
    """Makes a draft of a container. Effects: those of `containers.take_in`."""
    signed, person = staff(request)
    require("draft_request", person, person.owner_state, "")
    if forms.media_type(request) != "multipart/form-data":
        raise HTTPException(415, "bad_request")
    async with request.form(max_files=1, max_fields=2, max_part_size=10_000) as data:
        token, file = data.get("csrf"), data.get("file")
        check_csrf(request.app.state.parts.keys.cookie, signed.login.id, token if isinstance(token, str) else "")
        if not isinstance(file, UploadFile) or not file.filename:
            return _page(request, [FormError("file", _("Choose a file."))])
        content = await file.read(asic.LARGEST + 1)
    try:
        checked = await printing.container(request, content)
        async with request.app.state.parts.database.transaction() as db:
            row = await containers.take_in(
                db,
                container=checked.container,
                reports=checked.reports,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
    except errors.Invalid as error:
        return _page(request, [FormError("file", forms.explain(error).text)])
    return RedirectResponse(f"/requests/{row.reference}?tab=history", 303)


routes = [
    Route("/requests/import", page, methods=["GET"]),
    Route("/requests/import", bring_in, methods=["POST"]),
    Route("/requests/{reference}/document.asice", take, methods=["GET"]),
]
