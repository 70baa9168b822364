"""The remarks on a request: its facts against its instruments, and each of its translations against it.

Nothing waits for a remark: what a request lacks is for `hearings.requests.completeness`, what the law asks for
the gate. No text leaves the process but to another of this machine, which reads a PDF in little memory and time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.clocks import zone
from hearings.documents.pdf_text import PdfText
from hearings.lint import contradictions, facts
from hearings.lint.comparison import LONGEST, Translated, compare, said
from hearings.lint.facts import Drafted
from hearings.lint.remarks import Passage, Remark
from hearings.lint.table import facts as fact_rows
from hearings.models import Attachment, HearingRequest, Translation
from hearings.models.request_parts import AttachmentKind
from hearings.requests import attachments, translations

TEXT = "text/plain"
PDF_READ = Callable[[Attachment, bytes], Awaitable[PdfText]]
"""Reads the text of an attached PDF (`hearings.documents.pdf_text.text_of`, a few at a time)."""


@dataclass(frozen=True, kw_only=True)
class Translating:
    """A translation on record, with its file; without a record, a file that is attached as a translation."""

    translation: Translation | None
    file: Attachment | None
    data: bytes = b""


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What is needed of the database to look at a request."""

    request: HearingRequest
    attachments: Sequence[Attachment]
    translations: Sequence[Translating]


async def gather(db: AsyncSession, request: HearingRequest) -> Gathered:
    """The request with its files and translations, and the bytes of those that can be read."""
    files = {file.id: file for file in await attachments.of_request(db, request.id)}
    found = []
    for translation in await translations.of_request(db, request.id):
        file = files.get(translation.attachment_id or "")
        data = b""
        if file is not None and file.media_type in (TEXT, attachments.PDF):
            _file, data = await attachments.bytes_of(db, request=request, attachment_id=file.id)
        found.append(Translating(translation=translation, file=file, data=data))
    recorded = {each.file.id for each in found if each.file is not None}
    found += [
        Translating(translation=None, file=file)
        for file in files.values()
        if file.kind is AttachmentKind.translation and file.id not in recorded
    ]
    return Gathered(request=request, attachments=tuple(files.values()), translations=found)


async def remarks(gathered: Gathered, *, read: PDF_READ, now: datetime) -> list[Remark]:
    """All remarks on a request, the facts first. Never raises for what the texts and files hold."""
    found = await asyncio.to_thread(of_request, gathered.request, gathered.attachments, now=now)
    for translating in gathered.translations:
        found += await _of_translation(gathered.request, translating, read)
    return found


def of_request(request: HearingRequest, files: Sequence[Attachment], *, now: datetime) -> list[Remark]:
    """The remarks on the request itself. Pure."""
    place = zone(reference.jurisdiction(request.requesting_state).default_zone)
    today = (request.submitted_at or now).astimezone(place).date()
    kinds = {**facts.FACT_KINDS, **contradictions.KINDS}
    return list(facts.remarks(Drafted(request, tuple(files), today), fact_rows(), kinds))


async def _of_translation(request: HearingRequest, translating: Translating, read: PDF_READ) -> list[Remark]:
    """What comparing one translation finds, or why it could not be compared."""
    translation, file = translating.translation, translating.file
    language = translation.language if translation is not None else ""
    named = [] if file is None else [Passage(place="", text=file.name)]
    if translation is None:
        return [said(request, "translation_not_recorded", language, *named)]
    if file is None:
        return [said(request, "translation_no_file", language)]
    if file.media_type == TEXT:
        beginning = translating.data[: 4 * LONGEST + 4].decode("utf-8", "ignore")
        text = PdfText(text=beginning)
    elif file.media_type == attachments.PDF:
        text = await read(file, translating.data)
    else:
        return [said(request, "translation_picture", language, *named)]
    if text.problem:
        return [said(request, f"translation_{text.problem}", language, *named)]
    return await asyncio.to_thread(compare, Translated(request, language, text.text, cut=text.cut))
