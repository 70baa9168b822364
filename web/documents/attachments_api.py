"""Files of a request: uploaded as they are or in a form, listed with their hashes, downloadable by the two States only.

The type of a file is determined from its bytes, and its name must agree with it. Until the request is submitted, its
own State may remove a file.
"""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from hearings import queries
from hearings.agreement import agreements
from hearings.documents import file_types, pdf_seals
from hearings.errors import NotFound
from hearings.models import Attachment, Hearing
from hearings.models.request_parts import AttachmentKind, RequestAct
from hearings.requests import attachments, log as request_log
from web.api import files
from web.api.access import Caller
from web.api.fields import Column, Moment, Shown
from web.api.problems import ApiError
from web.api.routes import Resource
from web.documents.api import PdfReport
from web.requests.api import ACT, EITHER, RequestId, locked
from web.server import printing

router = Resource("attachments")

AttachmentId = Annotated[str, Field(max_length=40, pattern="^[!-~]+$", description="Id of the file.")]


class ShownAttachment(Shown):
    """A file of a request, without its bytes. `state`: the State that added it. `not_shown_in`: for an exhibit, the
    hearings whose technical agreement both States have signed without a way to show it."""

    id: str
    state: Annotated[str, Column("owner_state")]
    kind: AttachmentKind
    name: str
    media_type: str
    size: int
    sha256: str
    added_by: Annotated[str, Column("added_by_label")]
    added_at: Moment
    not_shown_in: list[str]
    signatures: PdfReport | None = Field(
        description="Of a PDF: what its signatures were found to be when it came. Null for other and older files."
    )


def _of(row: Attachment, without: Sequence[Hearing]) -> ShownAttachment:
    refs = [one.ref for one in without] if row.kind is AttachmentKind.exhibit else []
    return ShownAttachment.from_row(row, not_shown_in=refs)


class AttachmentList(Shown):
    """The files of a request, oldest first; at most forty."""

    items: list[ShownAttachment]


@router.create(
    "/requests/{request_id}/attachments",
    scope=EITHER,
    body="file",
    limit=file_types.LARGEST,
    checked=True,
    errors=ACT,
    gives={"attachment_id": "id"},
)
async def add_attachment(
    caller: Caller,
    request_id: RequestId,
    upload: files.Upload,
    name: Annotated[str, Field(max_length=150, description="Name of the file; that of the form if left out.")] = "",
    kind: Annotated[AttachmentKind, Field(description="What it is to the request.")] = AttachmentKind.other,
) -> ShownAttachment:
    """Attach a file: PDF, PNG, JPEG or plain text, at most 25 MiB. The signatures of a PDF are checked as it comes.

    The other State sees the file once it sees the request.
    """
    if not name and not upload.name:
        raise ApiError("invalid_input", "Say the file's name: ?name=note.txt", more={"field": "name"})
    row = await locked(caller, request_id)
    found = await attachments.add(
        caller.db,
        request=row,
        kind=kind.value,
        name=name or upload.name,
        data=upload.data,
        report=upload.report,
        actor=caller.actor,
        now=caller.now,
    )
    caller.shown.append(row)
    caller.headers["Location"] = caller.url(f"/requests/{row.id}/attachments/{found.id}")
    return _of(found, await agreements.without_exhibits(caller.db, row.id))


@router.read(
    "/requests/{request_id}/attachments", scope="requests:read", errors=(404,), gives={"attachment_id": "items/0/id"}
)
async def list_attachments(caller: Caller, request_id: RequestId) -> AttachmentList:
    """The files of a request with their SHA-256."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    found = await attachments.of_request(caller.db, row.id)
    without = await agreements.without_exhibits(caller.db, row.id)
    return AttachmentList(items=[_of(one, without) for one in found])


@router.read("/requests/{request_id}/attachments/{attachment_id}", scope="requests:read", errors=(404,))
async def read_attachment(caller: Caller, request_id: RequestId, attachment_id: AttachmentId) -> ShownAttachment:
    """The description of a file: its type, size and SHA-256."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    found = await attachments.of_id(caller.db, row, attachment_id)
    return _of(found, await agreements.without_exhibits(caller.db, row.id))


@router.read(
    "/requests/{request_id}/attachments/{attachment_id}/content",
    scope="requests:read",
    errors=(404,),
    **files.answers(*file_types.TYPES),
)
async def download_attachment(caller: Caller, request_id: RequestId, attachment_id: AttachmentId) -> Response:
    """The bytes of a file. When it is the other State's, that State can see in the request's log that it was read."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    found, data = await attachments.bytes_of(caller.db, request=row, attachment_id=attachment_id)
    caller.shown.append(row)
    if found.owner_state != caller.state:
        caller.notes.append(
            lambda db: request_log.log(
                db, row, RequestAct.attachment_read, actor=caller.actor, now=caller.now, id=found.id
            )
        )
    caller.headers["ETag"] = f'"{found.sha256}"'
    return files.download(data, name=found.name, media_type=found.media_type)


@router.read(
    "/requests/{request_id}/attachments/{attachment_id}/signatures", scope="requests:read", waits=True, errors=(404,)
)
async def check_attachment(caller: Caller, request_id: RequestId, attachment_id: AttachmentId) -> PdfReport:
    """Check the signatures of a PDF again; 404 for other files.

    `signatures` of the file itself holds the result of the check made at the upload.
    """
    row = await queries.request(caller.db, request_id, state=caller.state)
    found, data = await attachments.bytes_of(caller.db, request=row, attachment_id=attachment_id)
    if found.media_type != file_types.PDF:
        raise NotFound
    caller.shown.append(row)
    report = await printing.check(caller.request, data)
    return PdfReport.model_validate(pdf_seals.as_json(report))


@router.operation("DELETE", "/requests/{request_id}/attachments/{attachment_id}", scope=EITHER, status=204, errors=ACT)
async def remove_attachment(caller: Caller, request_id: RequestId, attachment_id: AttachmentId) -> None:
    """Take a file from a draft. Once the request is submitted its files stay."""
    row = await locked(caller, request_id)
    await attachments.remove(caller.db, request=row, attachment_id=attachment_id, actor=caller.actor, now=caller.now)
