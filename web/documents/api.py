"""A request as a document and as canonical data, and what signatures a PDF from outside carries."""

from fastapi import Response
from pydantic import Field

from hearings import queries
from hearings.documents import pdf_seals
from hearings.errors import Invalid
from hearings.requests import document as request_document
from web.api import files
from web.api.access import Calling
from web.api.fields import Shown
from web.api.routes import Resource
from web.requests.api import RequestId
from web.server import printing

router = Resource("documents")

SIGNATURE = {
    "signer": "Office of the Attorney General",
    "issuer": "Example CA",
    "said_at": "2027-02-01T09:30:00+00:00",
    "intact": True,
    "whole_file": True,
    "trusted": False,
    "problem": "",
}
REPORT = {"problem": "", "intact": True, "signatures": [SIGNATURE]}


class ShownPdfSignature(Shown):
    """One signature on a file. `trusted`: its certificate leads to a root an administrator has added."""

    signer: str
    issuer: str
    said_at: str = Field(description="The time the signer's machine claims; nobody else vouches for it.")
    intact: bool
    whole_file: bool
    trusted: bool
    problem: str


class PdfReport(Shown):
    """What is known of a file. `problem` is empty when it could be read; `intact` needs one signature at least."""

    problem: str
    intact: bool
    signatures: list[ShownPdfSignature]


@router.read(
    "/requests/{request_id}/document.pdf",
    scope="requests:read",
    example="%PDF-1.7",
    waits=True,
    errors=(404,),
    **files.answers("application/pdf"),
)
async def print_request(caller: Calling, request_id: RequestId) -> Response:
    """The request as PDF/A-2b in its own language, sealed by this installation; a draft says that it is one."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    papers = await request_document.gather(caller.db, row)
    lang = row.language_of_request or "en"
    made = await printing.sealed(caller.request, "request", request_document.printed(papers, lang), lang=lang)
    return files.download(made, name=f"request-{row.reference}.pdf", media_type="application/pdf")


@router.read(
    "/requests/{request_id}/document.json",
    scope="requests:read",
    example={"format": request_document.FORMAT, "version": request_document.VERSION, "reference": "RO-2027-0001"},
    errors=(404,),
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)
async def read_request_document(caller: Calling, request_id: RequestId) -> Response:
    """The same as canonical JSON (RFC 8785), with the signatures as received."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    made = request_document.canonical(await request_document.gather(caller.db, row))
    return files.download(made, name=f"request-{row.reference}.json", media_type="application/json")


@router.act(
    "/documents/check",
    scope="requests:read",
    body="pdf",
    limit=pdf_seals.LARGEST,
    checked=True,
    example=REPORT,
)
async def check_document(caller: Calling, upload: files.Uploaded) -> PdfReport:
    """What signatures a PDF carries and whether they hold. Nothing is fetched, and the file is not kept."""
    if upload.report is None:
        raise Invalid("The file is empty", "file")
    return PdfReport.model_validate(pdf_seals.as_json(upload.report))
