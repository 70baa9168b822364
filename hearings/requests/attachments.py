"""Files of a request: bytes in the database with their SHA-256, of a closed list of types, for the two States only.

The type is read from the bytes, and the name must agree with it: a page is never made to run what somebody uploaded.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.documents.pdf_seals import SignedPdfReport, as_json
from hearings.errors import Invalid, NotFound, NotReady
from hearings.models import Attachment, AttachmentBytes, HearingRequest
from hearings.models.request_parts import AttachmentKind, RequestAct
from hearings.requests.log import after_submission, log, require
from hearings.requests.rules import rules
from hearings.sentences import Word, tell, tell_n
from hearings.status import RequestStatus
from hearings.texts import clean

LARGEST: int = rules()["attachments"]["largest"]
"""Bytes of one file, 25 MiB."""
MOST: int = rules()["attachments"]["most"]
"""Files of one request."""
PDF = "application/pdf"
_NAME = re.compile(r"[^/\\:*?\"<>|.][^/\\:*?\"<>|]*")


@dataclass(frozen=True)
class Type:
    """A type of file that is taken: its endings, and how its bytes are known."""

    media_type: str
    endings: tuple[str, ...]
    fits: Callable[[bytes], bool]


def is_pdf(data: bytes) -> bool:
    """Whether the bytes begin as those of a PDF do."""
    return data.startswith((b"%PDF-1.", b"%PDF-2."))


def _is_png(data: bytes) -> bool:
    return data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8\xff")


def _is_text(data: bytes) -> bool:
    """UTF-8 with no control characters but line ends and tabs."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


TYPES: Mapping[str, Type] = {
    one.media_type: one
    for one in (
        Type(PDF, (".pdf",), is_pdf),
        Type("image/png", (".png",), _is_png),
        Type("image/jpeg", (".jpg", ".jpeg"), _is_jpeg),
        Type("text/plain", (".txt",), _is_text),
    )
}
"""The closed list, in the order it is asked."""


def sniff(name: str, data: bytes) -> str:
    """The media type of bytes, by the bytes; raises `Invalid` for one that is not taken or whose name says another."""
    if not data:
        raise Invalid(tell("The file is empty"), "file")
    if len(data) > LARGEST:
        raise Invalid(tell("Too large: at most {most} MiB", most=LARGEST // 1024 // 1024), "file")
    found = next((one for one in TYPES.values() if one.fits(data)), None)
    if found is None:
        raise Invalid(tell("Not a kind of file that is taken: PDF, PNG, JPEG or plain text"), "file")
    if not name.lower().endswith(found.endings):
        raise Invalid(
            tell("The name does not say what the file is: it should end in {ending}", ending=found.endings[0]), "file"
        )
    return found.media_type


def checked_name(name: str) -> str:
    """A file's name, without folders or anything a file system minds. Raises `Invalid`."""
    name = clean(name, "file", most=150, least=1)
    if not _NAME.fullmatch(name) or name.endswith((".", " ")):
        raise Invalid(tell("This cannot be the name of a file"), "file")
    return name


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

    `report`: what `pdf_seals.check` has found in a PDF; it is kept beside it as it is.

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
        raise Invalid(tell("Not one of the values this field takes"), "kind") from None
    name = checked_name(name)
    media_type = sniff(name, data)
    count = select(func.count()).select_from(Attachment).where(Attachment.request_id == request.id)
    if (await db.exec(count)).one() >= MOST:
        raise Invalid(tell_n("A request takes at most {n} file", "A request takes at most {n} files", MOST), "file")
    found = Attachment(
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
    db.add(found)
    await db.flush()
    db.add(AttachmentBytes(owner_state=found.owner_state, attachment_id=found.id, data=data))
    request.version += 1
    log(db, request, RequestAct.attachment_added, actor=actor, now=now, id=found.id, sha256=found.sha256)
    return found


async def remove(db: AsyncSession, *, request: HearingRequest, attachment_id: str, actor: Actor, now: datetime) -> None:
    """Take a file from a draft. What the other State could have read stays.

    Effects: the file and its bytes go, version, a line in the request's log with its hash. Raises `NotFound`,
    `NotReady` once the request is submitted.
    """
    require("attach_file", request, actor)
    found = await of_id(db, request, attachment_id)
    if request.submitted_at is not None:
        raise NotReady(tell("Once a request is submitted its files stay"))
    data = (await db.exec(select(AttachmentBytes).where(AttachmentBytes.attachment_id == found.id))).one()
    await db.delete(data)
    await db.flush()
    await db.delete(found)
    request.version += 1
    log(db, request, RequestAct.attachment_removed, actor=actor, now=now, id=found.id, sha256=found.sha256)


async def read(
    db: AsyncSession, *, request: HearingRequest, attachment_id: str, actor: Actor, now: datetime
) -> tuple[Attachment, bytes]:
    """A file with its bytes, for somebody of the two States (`request` was asked for by State).

    Effects: a line in the request's log when it is the other State's. Raises `NotFound`.
    """
    found, data = await bytes_of(db, request=request, attachment_id=attachment_id)
    if actor.state != found.owner_state:
        log(db, request, RequestAct.attachment_read, actor=actor, now=now, id=found.id)
    return found, data


async def bytes_of(db: AsyncSession, *, request: HearingRequest, attachment_id: str) -> tuple[Attachment, bytes]:
    """A file with its bytes; whoever gives it out to the other State logs that (`read`). Raises `NotFound`."""
    found = await of_id(db, request, attachment_id)
    row = (await db.exec(select(AttachmentBytes).where(AttachmentBytes.attachment_id == found.id))).one()
    return found, row.data


async def of_id(db: AsyncSession, request: HearingRequest, attachment_id: str) -> Attachment:
    """A file of this request. Raises `NotFound`."""
    query = select(Attachment).where(Attachment.id == attachment_id[:36], Attachment.request_id == request.id)
    found = (await db.exec(query)).first()
    if found is None:
        raise NotFound
    return found


async def of_request(db: AsyncSession, request_id: str) -> Sequence[Attachment]:
    """The files of a request, without their bytes, oldest first."""
    query = select(Attachment).where(Attachment.request_id == request_id).order_by(col(Attachment.id))
    return (await db.exec(query)).all()
