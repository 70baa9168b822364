"""Files of a request: bytes in the database with their SHA-256, of a closed list of types, for the two States only."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.actors import Actor
from hearings.documents.file_types import PDF, checked_name, sniff
from hearings.documents.pdf_seals import SignedPdfReport, as_json
from hearings.errors import Invalid, NotFound, NotReady
from hearings.models import Attachment, AttachmentBytes, HearingRequest
from hearings.models.request_parts import AttachmentKind, RequestAct
from hearings.requests.log import after_submission, log, require
from hearings.sentences import Word, tell, tell_n
from hearings.status import RequestStatus
from hearings.texts import NOT_A_VALUE

MOST: int = reference.request_rules()["attachments"]["most"]
"""Files of one request."""


async def add(
    db: AsyncSession,
    *,
    request: HearingRequest,
    kind: str,
    name: str,
    data: bytes,
    report: SignedPdfReport | None = None,
    actor: Actor,
    now: datetime,
) -> Attachment:
    """Attach a file. The requesting State may to its draft, both States once it is submitted.

    `report`: the result of `pdf_seals.check` for a PDF, stored unchanged.

    Effects: adds the file and its bytes, version, a line in the request's log. Raises `Invalid`, `NotReady`.
    """
    require("attach_file", request, actor)
    if actor.state != request.owner_state:
        after_submission(request)
    if request.status in (RequestStatus.withdrawn, RequestStatus.closed):
        raise NotReady(tell("The request is {status}", status=Word.status(request.status)))
    try:
        known = AttachmentKind(kind)
    except ValueError:
        raise Invalid(tell(NOT_A_VALUE), "kind") from None
    name = checked_name(name)
    media_type = sniff(name, data)
    count = select(func.count()).select_from(Attachment).where(Attachment.request_id == request.id)
    if (await db.exec(count)).one() >= MOST:
        raise Invalid(tell_n("A request takes at most {n} file", "A request takes at most {n} files", MOST), "file")
    attachment = Attachment(
        owner_state=actor.state or request.owner_state,
        request_id=request.id,
        kind=known,
        name=name,
        media_type=media_type,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        added_by=actor.id,
        added_by_label=actor.label,
        added_at=now,
        signatures=as_json(report) if report is not None and media_type == PDF else None,
    )
    db.add(attachment)
    await db.flush()
    db.add(AttachmentBytes(owner_state=attachment.owner_state, attachment_id=attachment.id, data=data))
    request.version += 1
    log(db, request, RequestAct.attachment_added, actor=actor, now=now, id=attachment.id, sha256=attachment.sha256)
    return attachment


async def remove(db: AsyncSession, *, request: HearingRequest, attachment_id: str, actor: Actor, now: datetime) -> None:
    """Remove a file from a draft. Once submitted, files stay, because the other State could have read them.

    Effects: the file and its bytes go, version, a line in the request's log with its hash. Raises `NotFound`,
    `NotReady` once the request is submitted.
    """
    require("attach_file", request, actor)
    attachment = await of_id(db, request, attachment_id)
    if request.submitted_at is not None:
        raise NotReady(tell("The files of a submitted request cannot be changed"))
    data = (await db.exec(select(AttachmentBytes).where(AttachmentBytes.attachment_id == attachment.id))).one()
    await db.delete(data)
    await db.flush()
    await db.delete(attachment)
    request.version += 1
    log(db, request, RequestAct.attachment_removed, actor=actor, now=now, id=attachment.id, sha256=attachment.sha256)


async def read(
    db: AsyncSession, *, request: HearingRequest, attachment_id: str, actor: Actor, now: datetime
) -> tuple[Attachment, bytes]:
    """A file with its bytes, for somebody of the two States (`request` was asked for by State).

    Effects: a line in the request's log when it is the other State's. Raises `NotFound`.
    """
    attachment, data = await bytes_of(db, request=request, attachment_id=attachment_id)
    if actor.state != attachment.owner_state:
        log(db, request, RequestAct.attachment_read, actor=actor, now=now, id=attachment.id)
    return attachment, data


async def bytes_of(db: AsyncSession, *, request: HearingRequest, attachment_id: str) -> tuple[Attachment, bytes]:
    """A file with its bytes; access by the other State is logged by `read`. Raises `NotFound`."""
    attachment = await of_id(db, request, attachment_id)
    row = (await db.exec(select(AttachmentBytes).where(AttachmentBytes.attachment_id == attachment.id))).one()
    return attachment, row.data


async def of_id(db: AsyncSession, request: HearingRequest, attachment_id: str) -> Attachment:
    """A file of this request. Raises `NotFound`."""
    query = select(Attachment).where(Attachment.id == attachment_id[:36], Attachment.request_id == request.id)
    attachment = (await db.exec(query)).first()
    if attachment is None:
        raise NotFound
    return attachment


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Attachment]:
    """The files of a request, without their bytes, oldest first."""
    query = select(Attachment).where(Attachment.request_id == request_id).order_by(col(Attachment.id))
    return (await db.exec(query)).all()
