"""Documents as this installation gives them out: set, and sealed with its own seal (docs/documents.md)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from hearings import documents, pdf_seals
from web.rendering import MANIFEST

FONTS = MANIFEST.parent / "print-fonts"
"""Copied there when the browser code is built."""
ROOTS = "pdf-roots"
"""Folder beside the keys for root certificates an administrator trusts, one PEM a file (`*.pem`)."""


async def sealed(request: Request, kind: str, data: Mapping[str, Any], *, lang: str) -> bytes:
    """A document with the installation's seal."""
    made = await documents.pdf(kind, data, lang=lang, fonts=FONTS)
    return await pdf_seals.seal(made, request.app.state.parts.keys.documents)


def roots(request: Request) -> list[Path]:
    """Root certificates under which a signer counts as known."""
    return pdf_seals.roots_in(request.app.state.parts.settings.keys / ROOTS)


def file(data: bytes, name: str, media_type: str) -> Response:
    """A file to keep: no browser is asked to show or run it. `name` is ASCII."""
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(data, media_type=media_type, headers=headers)
