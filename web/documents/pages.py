"""A request as a document and as data, and what signatures a PDF carries that somebody has attached."""

from datetime import UTC, datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.documents.pdf_seals import PdfSignature
from hearings.requests import attachments, document as request_document
from hearings.requests.document import Papers
from web.requests.access import find
from web.server import printing
from web.server.rendering import render
from web.server.sign_in import staff
from web.words import places
from web.words.i18n import N_, _

PROBLEMS = {
    "unreadable": N_("This file cannot be read as a PDF, or checking it took too long."),
    "encrypted": N_("This file is encrypted. Its signatures cannot be checked."),
    "too_large": N_("This file is too large to be checked."),
    "changed": N_("What was signed has been changed."),
    "changed_since": N_("The file was changed after it was signed."),
}
UNDECIDED = N_("This signature cannot be decided: treat it as not holding.")


async def _papers(request: Request) -> Papers:
    """What a State may see of a request."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        return await request_document.gather(db, await find(db, request, person))


async def as_pdf(request: Request) -> Response:
    """The request as PDF/A-2b in its own language, sealed by this installation."""
    papers = await _papers(request)
    lang = papers.request.language_of_request or "en"
    made = await printing.sealed(request, "request", request_document.printed(papers, lang), lang=lang)
    return printing.file(made, f"request-{papers.request.reference}.pdf", "application/pdf")


async def as_json(request: Request) -> Response:
    """The same as canonical JSON, with the signatures as received."""
    papers = await _papers(request)
    made = request_document.canonical(papers)
    return printing.file(made, f"request-{papers.request.reference}.json", "application/json")


async def check(request: Request) -> Response:
    """What signatures an attached PDF carries. Effects: those of `attachments.read`."""
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        row = await find(db, request, person)
        found, data = await attachments.read(
            db,
            request=row,
            attachment_id=request.path_params["attachment"],
            actor=signed.actor(),
            now=datetime.now(UTC),
        )
    if found.media_type != "application/pdf":
        raise HTTPException(404, "not_found")
    report = await printing.check(request, data)
    context: dict[str, Any] = {
        "row": row,
        "file": found,
        "report": report,
        "problem": _(PROBLEMS.get(report.problem, "")) if report.problem else "",
        "verdict": _verdict,
        "why": lambda one: _(PROBLEMS.get(one.problem, UNDECIDED)) if one.problem else "",
        "places": places.own_first(places.of_states(row.requesting_state, row.requested_state), person.owner_state),
        "notice": _("The file is attached.") if request.query_params.get("done") == "attached" else None,
    }
    return render(request, "request_signed_file.html", context)


def _verdict(one: PdfSignature) -> tuple[str, str]:
    """Kind of chip and words."""
    if not one.intact:
        return "rec", _("Does not hold")
    return ("ok", _("Holds")) if one.whole_file else ("warn", _("Holds, for a part of the file"))


routes = [
    Route("/requests/{reference}/document.pdf", as_pdf, methods=["GET"]),
    Route("/requests/{reference}/document.json", as_json, methods=["GET"]),
    Route("/requests/{reference}/documents/{attachment}/signatures", check, methods=["GET"]),
]
