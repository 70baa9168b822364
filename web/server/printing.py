"""Documents of this installation: typeset as PDF, and sealed with its own seal (docs/documents.md)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hearings.documents import documents, pdf_seals
from hearings.documents.pdf_seals import DocumentSeal, SealMark, SignedPdfReport, Stamp
from hearings.law.handling.contents import Acknowledgement
from hearings.requests import document as request_document
from hearings.requests.document import Papers
from web import security_log
from web.parts import Parts
from web.security_log import EventCode
from web.server import security_events
from web.server.rendering import MANIFEST
from web.words import i18n, sentences

FONTS = MANIFEST.parent / "print-fonts"
"""Folder of fonts, copied there when the browser code is built."""
STATE_SEALS = "state-seals"
"""Folder beside the keys for the seals of the States: `RO.key`, `RO.crt`; later ones are `RO-2.key` and so on."""
ROOTS = "pdf-roots"
"""Folder beside the keys for root certificates an administrator trusts, one PEM a file (`*.pem`)."""


async def sealed(
    request: Request,
    kind: str,
    data: Mapping[str, Any],
    *,
    lang: str,
    stamp: Stamp | None = None,
    for_states: Mapping[str, str] | None = None,
) -> bytes:
    """A document as PDF with the installation's seal, and a time-stamp where `stamp` gives one; before it the seal of
    each State in `for_states`, with the reason given there. Effects: the event `document_sealed` in the security log;
    the seal of a State that had none."""
    parts = request.app.state.parts
    made = await documents.pdf(kind, data, lang=lang, fonts=FONTS, say=sentences.say)
    marks = [
        SealMark(seal=await run_in_threadpool(_of_state, parts, state), field=f"Seal{state}", reason=reason)
        for state, reason in (for_states or {}).items()
    ]
    pdf = await pdf_seals.seal(made, parts.keys.documents, stamp, marks)
    security_log.emit(EventCode.document_sealed, **security_events.who(request.scope))
    return pdf


def _of_state(parts: Parts, state: str) -> DocumentSeal:
    settings = parts.settings
    return pdf_seals.seal_of_state(
        settings.keys / STATE_SEALS, state=state, name=settings.court_name, now=datetime.now(UTC)
    )


async def hearing_request(request: Request, papers: Papers) -> bytes:
    """A hearing request in its own language, or its nearest that is offered, with the installation's seal."""
    lang = (i18n.match(papers.request.language_of_request) or i18n.DEFAULT).tag
    return await sealed(request, "request", request_document.printed(papers, lang, sentences.say), lang=lang)


async def receipt(request: Request, papers: Papers, form: Acknowledgement, acknowledged: datetime | None) -> bytes:
    """The acknowledgement of receipt of a request, in the language of the request, with the installation's seal."""
    lang = (i18n.match(papers.request.language_of_request) or i18n.DEFAULT).tag
    data = request_document.printed_receipt(papers, form, acknowledged, lang, sentences.say)
    return await sealed(request, "request", data, lang=lang)


async def check(request: Request, data: bytes) -> SignedPdfReport:
    """The signatures in a PDF, verified with the roots an administrator trusts; a few files at a time."""
    parts = request.app.state.parts
    async with parts.pdf_checks:
        return await pdf_seals.check(data, roots=pdf_seals.roots_in(parts.settings.keys / ROOTS))


def file(data: bytes, name: str, media_type: str) -> Response:
    """A download, which browsers neither display nor run. `name` is ASCII."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
