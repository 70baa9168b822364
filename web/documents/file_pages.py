"""Files and translations of a request: added, listed with their hashes, available to the two States only."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.agreement import agreements
from hearings.documents import file_types
from hearings.documents.file_types import NOT_A_FILE_NAME
from hearings.models import Person
from hearings.models.request_parts import AttachmentKind
from hearings.requests import attachments, translations
from web.requests import request_file
from web.requests.access import find
from web.requests.steps import languages
from web.server import forms, printing
from web.server.forms import FormError
from web.server.page_acts import Sent, again, page_act
from web.server.rendering import render
from web.server.security import check_csrf
from web.server.sign_in import may_on, staff
from web.words import labels
from web.words.i18n import _, language_here
from web.words.labels import FILE_ATTACHED


async def page(request: Request) -> Response:
    """The files and translations of one request."""
    _signed, person = staff(request)
    return await _page(request, person, {}, [])


async def _page(request: Request, person: Person, values: Mapping[str, str], wrong: list[FormError]) -> Response:
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        head = await request_file.head(db, row, person)
        files = await attachments.of_request(db, row.id)
        translated = await translations.of_request(db, row.id)
        exhibits = any(file.kind is AttachmentKind.exhibit for file in files)
        without = await agreements.without_exhibits(db, row.id) if exhibits else []
    done = {
        "attached": _(FILE_ATTACHED),
        "removed": _("The file no longer exists."),
        "translated": _("The translation has been recorded."),
    }.get(request.query_params.get("done", ""))
    context = head | {
        "files": files,
        "translations": translated,
        "without": without,
        "values": values,
        "errors": wrong,
        "notice": done if not wrong else None,
        "may_attach": may_on("attach_file", person, row),
        "may_remove": row.submitted_at is None and may_on("attach_file", person, row),
        "kinds": labels.options("attachment"),
        "languages": languages(),
        "language_name": language_here,
        "names": {file.id: file.name for file in files},
        "file_options": [(file.id, file.name) for file in files],
        "largest": file_types.LARGEST // 1024 // 1024,
        "terms": labels,
    }
    return render(request, "request_documents.html", context, status=422 if wrong else 200)


async def attach(request: Request) -> Response:
    """Attaches a file. Effects: those of `attachments.add`. `web.server.security` limits the size of the body."""
    signed, person = staff(request)
    if forms.media_type(request) != "multipart/form-data":
        raise HTTPException(415, "bad_request")
    async with request.app.state.parts.database.reading() as db:
        await find(db, request, person)  # checked first: nobody sends 25 MiB for a request that is not theirs
    async with request.form(max_files=1, max_fields=4, max_part_size=10_000) as data:
        token, file = data.get("csrf"), data.get("file")
        check_csrf(request.app.state.parts.keys.cookie, signed.login.id, token if isinstance(token, str) else "")
        chosen = str(data.get("kind", ""))
        if not isinstance(file, UploadFile) or not file.filename:
            return await _page(request, person, {"kind": chosen}, [FormError("file", _("Choose a file."))])
        name, content = file.filename, await file.read(file_types.LARGEST + 1)
    report = await printing.check(request, content) if file_types.is_pdf(content) else None
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await find(db, request, person, lock=True)
            made = await attachments.add(
                db,
                request=row,
                kind=chosen,
                name=name,
                data=content,
                report=report,
                actor=signed.actor(),
                now=datetime.now(UTC),
            )
            exhibit = made.kind is AttachmentKind.exhibit
            warned = exhibit and bool(await agreements.without_exhibits(db, row.id))
    except errors.Invalid as error:
        return await _page(request, person, {"kind": chosen}, [FormError(error.field or "file", _why(error))])
    if made.media_type == "application/pdf" and not warned:
        return RedirectResponse(f"/requests/{row.reference}/documents/{made.id}/signatures?done=attached", 303)
    return RedirectResponse(f"/requests/{row.reference}/documents?done=attached", 303)


def _why(error: errors.Invalid) -> str:
    text = str(error)
    known = {
        NOT_A_FILE_NAME: _("This cannot be the name of a file. Rename it and try again."),
        "Not one of the values": _("State what kind of file it is."),
    }
    return next((words for begin, words in known.items() if text.startswith(begin)), forms.explain(error).text)


@page_act()
async def remove(sent: Sent) -> str:
    """Removes a file from a draft. Effects: those of `attachments.remove`."""
    row = await find(sent.db, sent.request, sent.person, lock=True)
    await attachments.remove(sent.db, request=row, attachment_id=sent.path["attachment"], **sent.by)
    return f"/requests/{row.reference}/documents?done=removed"


async def download(request: Request) -> Response:
    """The bytes of a file, as a download, so that no browser displays or runs it."""
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await find(db, request, person)
        attachment, data = await attachments.read(
            db,
            request=row,
            attachment_id=request.path_params["attachment"],
            actor=signed.actor(),
            now=datetime.now(UTC),
        )
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(attachment.name, safe='')}",
        "digest": f"sha-256={attachment.sha256}",
    }
    return Response(data, media_type=attachment.media_type, headers=headers)


@page_act(again(_page))
async def translate(sent: Sent) -> str:
    """Records a translation. Effects: those of `translations.put`."""
    form = sent.form
    row = await find(sent.db, sent.request, sent.person, lock=True)
    await translations.put(
        sent.db,
        request=row,
        language=form.text("language"),
        translator=form.text("translator"),
        machine=form.text("machine") == "yes",
        reviewer=form.text("reviewer"),
        certified=form.text("certified") == "yes",
        attachment_id=form.text("attachment"),
        **sent.by,
    )
    return f"/requests/{row.reference}/documents?done=translated"


routes = [
    Route("/requests/{reference}/documents", page, methods=["GET"]),
    Route("/requests/{reference}/documents", attach, methods=["POST"]),
    Route("/requests/{reference}/documents/{attachment}", download, methods=["GET"]),
    Route("/requests/{reference}/documents/{attachment}/remove", remove, methods=["POST"]),
    Route("/requests/{reference}/translations", translate, methods=["POST"]),
]
