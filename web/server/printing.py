"""Documents as this installation gives them out: set, and sealed with its own seal (docs/documents.md)."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hearings.documents import documents, pdf_seals
from hearings.documents.pdf_seals import SignedPdfReport
from web import security_log
from web.security_log import Code
from web.server import security_events
from web.server.rendering import MANIFEST

FONTS = MANIFEST.parent / "print-fonts"
"""Copied there when the browser code is built."""
ROOTS = "pdf-roots"
"""Folder beside the keys for root certificates an administrator trusts, one PEM a file (`*.pem`)."""


async def sealed(request: Request, kind: str, data: Mapping[str, Any], *, lang: str) -> bytes:
    """A document with the installation's seal."""
    made = await documents.pdf(kind, data, lang=lang, fonts=FONTS)
    found = await pdf_seals.seal(made, request.app.state.parts.keys.documents)
    security_log.emit(Code.document_sealed, **security_events.who(request.scope))
    return found


async def check(request: Request, data: bytes) -> SignedPdfReport:
    """What signatures a file carries, a few files at a time, under the roots an administrator trusts."""
    parts = request.app.state.parts
    async with parts.pdf_checks:
        return await pdf_seals.check(data, roots=pdf_seals.roots_in(parts.settings.keys / ROOTS))


def file(data: bytes, name: str, media_type: str) -> Response:
    """A file to keep: no browser is asked to show or run it. `name` is ASCII."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
