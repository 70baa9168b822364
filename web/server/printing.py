"""Documents of this installation: typeset as PDF, and sealed with its own seal (docs/documents.md)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hearings.documents import asic, documents, limited, pdf_seals
from hearings.documents.asic import Container
from hearings.documents.pdf_seals import DocumentSeal, SealMark, SignedPdfReport, Stamp
from hearings.errors import Invalid
from hearings.law.handling.contents import Acknowledgement
from hearings.overview import containers
from hearings.requests import document as request_document
from hearings.requests.document import Papers
from hearings.sentences import tell
from media.evidence.check.stamp_check import Imprint
from media.evidence.stamping import timestamps
from media.evidence.stamping.timestamps import Authorities, NoStampError
from web import security_log
from web.parts import Parts
from web.seal_keeper import authorities_of
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
    training = parts.settings.training
    made = await documents.pdf(kind, data, lang=lang, fonts=FONTS, say=sentences.say, training=training)
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


@dataclass(frozen=True)
class CheckedContainer:
    """A signed container from outside, read, with what the signatures of each PDF in it were found to be."""

    container: Container
    reports: Mapping[str, SignedPdfReport]


async def container(request: Request, data: bytes) -> CheckedContainer:
    """Read a signed container, with the roots an administrator trusts; a few files at a time. Raises `Invalid`."""
    parts = request.app.state.parts
    async with parts.pdf_checks:
        found = await asic.read(data, roots=pdf_seals.roots_in(parts.settings.keys / ROOTS))
    containers.read(found)  # names and number of its files, before any of them is looked into
    pdfs = [(name, content) for name, content in found.files.items() if content.startswith(b"%PDF-")]
    try:
        async with asyncio.timeout(limited.PATIENCE * 2):
            return CheckedContainer(found, {name: await check(request, content) for name, content in pdfs})
    except TimeoutError:
        raise Invalid(tell("The files in the container take too long to check"), "file") from None


async def packed(request: Request, files: Mapping[str, tuple[str, bytes]], *, state: str) -> bytes:
    """A signed container of these files: with the seal of a State, where one is named, then the installation's, which
    has a time-stamp where an authority gives one. Effects: as `sealed`."""
    parts = request.app.state.parts
    seals = [await run_in_threadpool(_of_state, parts, state)] if state else []
    seals.append(parts.keys.documents)
    authorities = await run_in_threadpool(authorities_of, parts.settings)
    try:
        made = await asic.make(files, seals, stamping(authorities) if authorities is not None else None)
    except NoStampError:
        made = await asic.make(files, seals)
    security_log.emit(EventCode.document_sealed, **security_events.who(request.scope))
    return made


def stamping(authorities: Authorities) -> Stamp:
    """What asks the authorities for a time-stamp over a digest; each answer is checked. Raises `NoStampError`."""

    async def ask(digest: bytes) -> bytes:
        import httpx  # slow to load

        async with httpx.AsyncClient() as client:
            stamp = await timestamps.obtain(
                authorities, Imprint(digest), client=client, clock=lambda: datetime.now(UTC)
            )
        return stamp.tsr

    return ask


def file(data: bytes, name: str, media_type: str) -> Response:
    """A download, which browsers neither display nor run. `name` is ASCII."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
