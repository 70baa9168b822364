"""A request as a document and as canonical data, and what signatures a PDF from outside carries."""

from pydantic import Field
from starlette.responses import Response

from hearings import queries
from hearings.documents import pdf_seals
from hearings.documents.file_types import EMPTY_FILE
from hearings.errors import Invalid, NotFound
from hearings.requests import document as request_document
from hearings.sentences import tell
from web.api import files
from web.api.access import Caller
from web.api.fields import Shown
from web.api.routes import Resource
from web.requests.api import RequestId
from web.server import printing

router = Resource("documents")


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
    waits=True,
    errors=(404,),
    **files.answers("application/pdf"),
)
async def print_request(caller: Caller, request_id: RequestId) -> Response:
    """The request as PDF/A-2b in its own language, sealed by this installation; a draft says that it is one."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    caller.handed_over = True
    papers = await request_document.gather(caller.db, row)
    made = await printing.hearing_request(caller.request, papers)
    return files.download(made, name=f"request-{row.reference}.pdf", media_type="application/pdf")


@router.read(
    "/requests/{request_id}/receipt.pdf",
    scope="requests:read",
    waits=True,
    errors=(404,),
    **files.answers("application/pdf"),
)
async def print_receipt(caller: Caller, request_id: RequestId) -> Response:
    """The acknowledgement of receipt on the form of the instrument relied on (EIO: Annex B). 404 where none has one."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    form = request_document.receipt_form(row)
    if form is None:
        raise NotFound
    caller.shown.append(row)
    papers = await request_document.gather(caller.db, row)
    acknowledged = await request_document.acknowledged_at(caller.db, row)
    made = await printing.receipt(caller.request, papers, form, acknowledged)
    return files.download(made, name=f"receipt-{row.reference}.pdf", media_type="application/pdf")


@router.read(
    "/requests/{request_id}/document.json",
    scope="requests:read",
    errors=(404,),
    content={"application/json": {"schema": {"type": "object"}}},
)
async def read_request_document(caller: Caller, request_id: RequestId) -> Response:
    """The same as canonical JSON (RFC 8785), with the signatures as received."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    caller.handed_over = True
    made = request_document.canonical(await request_document.gather(caller.db, row))
    return files.download(made, name=f"request-{row.reference}.json", media_type="application/json")


@router.act(
    "/documents/check",
    scope="requests:read",
    body="pdf",
    limit=pdf_seals.LARGEST,
    checked=True,
)
async def check_document(caller: Caller, upload: files.Upload) -> PdfReport:
    """What signatures a PDF carries and whether they hold. Nothing is fetched, and the file is not kept."""
    if upload.report is None:
        raise Invalid(tell(EMPTY_FILE), "file")
    return PdfReport.model_validate(pdf_seals.as_json(upload.report))
