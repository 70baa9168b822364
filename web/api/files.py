"""Files in and out: what a route gets of an upload, and how a download is told apart from anything a browser runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from hearings.documents.file_types import is_pdf
from hearings.documents.pdf_seals import SignedPdfReport
from web.api.bodies import Kind, ReadRequest
from web.server import printing
from web.server.printing import CheckedContainer


@dataclass(frozen=True)
class Upload:
    """A file as it was sent. `name` is empty when its bytes came without a form."""

    name: str
    sha256: str
    data: bytes
    report: SignedPdfReport | None
    """What its signatures were found to be, where the operation has them checked and it is a PDF."""
    container: CheckedContainer | None = None
    """The signed container, read, where the operation takes one."""


def upload(request: Request) -> Upload:
    """The file of a request whose body is of `web.api.bodies.FILES`."""
    read = cast(ReadRequest, request)
    return Upload(**read.value, data=read.data, report=read.report, container=read.container)


async def check(read: ReadRequest, body: Kind) -> None:
    """Check the signatures of a PDF, or a signed container, in a process of its own. Effects: `read.report`,
    `read.container`. Raises `Invalid` for what is no sound container.

    Where the body of the operation is a PDF, that it is said to be one is enough; otherwise it has to begin like one.
    """
    if body == "container":
        read.container = await printing.container(read, read.data)
        return
    known = body == "pdf"
    if read.data and (known or is_pdf(read.data)):
        read.report = await printing.check(read, read.data)


def answers(*types: str) -> Mapping[str, Any]:
    """Options of an operation that answers with a file of one of these types."""
    return {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in types}}


def download(data: bytes, *, name: str, media_type: str) -> Response:
    """A file to be kept: no browser shows or runs it."""
    return Response(data, media_type=media_type, headers=headers(name))


def headers(name: str) -> dict[str, str]:
    """The headers of a download (RFC 6266, RFC 8187); those every answer has are `web.server.security`'s."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}", "Cache-Control": "no-store"}
