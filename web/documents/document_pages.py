"""A request as a document and as data, and the check of the signatures in an attached PDF."""

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
from web.server.view_log import hand_over
from web.words import court_clocks
from web.words.i18n import N_, _
from web.words.labels import FILE_ATTACHED

PROBLEMS = {
    "unreadable": N_("This file cannot be read as a PDF, or checking it took too long."),
    "encrypted": N_("This file is encrypted. Its signatures cannot be checked."),
    "too_large": N_("This file is too large to be checked."),
    "changed": N_("What was signed has been changed."),
    "changed_since": N_("The file was changed after it was signed."),
}
UNDECIDED = N_("This signature could not be checked: treat it as invalid.")


async def _papers(request: Request) -> Papers:
    """The data of a request that a State may see."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        hand_over(request, row)
        return await request_document.gather(db, row)


async def as_pdf(request: Request) -> Response:
    """The request as PDF/A-2b in its own language, sealed by this installation."""
    papers = await _papers(request)
    made = await printing.hearing_request(request, papers)
    return printing.file(made, f"request-{papers.request.reference}.pdf", "application/pdf")


async def receipt(request: Request) -> Response:
    """The acknowledgement of receipt on the instrument's form, as PDF/A-2b; not found where no instrument has one."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        form = request_document.receipt_form(row)
        if form is None:
            raise HTTPException(404, "not_found")
        papers = await request_document.gather(db, row)
        acknowledged = await request_document.acknowledged_at(db, row)
    made = await printing.receipt(request, papers, form, acknowledged)
    return printing.file(made, f"receipt-{row.reference}.pdf", "application/pdf")


async def as_json(request: Request) -> Response:
    """The same as canonical JSON, with the signatures as received."""
    papers = await _papers(request)
    made = request_document.canonical(papers)
    return printing.file(made, f"request-{papers.request.reference}.json", "application/json")


async def check(request: Request) -> Response:
    """Checks the signatures in an attached PDF. Effects: those of `attachments.read`."""
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
    if attachment.media_type != "application/pdf":
        raise HTTPException(404, "not_found")
    report = await printing.check(request, data)
    context: dict[str, Any] = {
        "row": row,
        "file": attachment,
        "report": report,
        "problem": _(PROBLEMS.get(report.problem, "")) if report.problem else "",
        "verdict": _verdict,
        "why": lambda signature: _(PROBLEMS.get(signature.problem, UNDECIDED)) if signature.problem else "",
        "places": court_clocks.own_first(
            court_clocks.of_states(row.requesting_state, row.requested_state), person.owner_state
        ),
        "notice": _(FILE_ATTACHED) if request.query_params.get("done") == "attached" else None,
    }
    return render(request, "request_signed_file.html", context)


def _verdict(signature: PdfSignature) -> tuple[str, str]:
    """Kind of chip and text for a signature."""
    if not signature.intact:
        return "rec", _("Invalid")
    return ("ok", _("Valid")) if signature.whole_file else ("warn", _("Valid, for part of the file"))


routes = [
    Route("/requests/{reference}/document.pdf", as_pdf, methods=["GET"]),
    Route("/requests/{reference}/receipt.pdf", receipt, methods=["GET"]),
    Route("/requests/{reference}/document.json", as_json, methods=["GET"]),
    Route("/requests/{reference}/documents/{attachment}/signatures", check, methods=["GET"]),
]
