"""The remarks on a request: its facts against its instruments, and each of its translations against it.

Nothing waits for a remark: what a request lacks is for `hearings.requests.completeness`, what the law asks for
the gate. No text leaves the process but to another of this machine, which reads a PDF in little memory and time.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import reference
from hearings.clocks import zone
from hearings.documents import file_types
from hearings.documents.pdf_text import PdfText, text_of
from hearings.lint import contradictions, facts
from hearings.lint.comparison import LONGEST, Translated, compare, said
from hearings.lint.facts import Drafted
from hearings.lint.remarks import Quotation, Remark
from hearings.lint.table import facts as fact_rows
from hearings.models import Attachment, HearingRequest, Translation
from hearings.models.request_parts import AttachmentKind
from hearings.requests import attachments, translations

TEXT = "text/plain"
READABLE = (TEXT, file_types.PDF)
KEPT = 32
"""Texts of files that are kept in memory, each of at most `hearings.documents.pdf_text.CHARACTERS`."""
BYTES = 4 * LONGEST + 4
"""Bytes of a text that are read: more than `LONGEST` characters, if there are more."""


class FileTexts:
    """The texts of the files that were read last, by SHA-256, in memory alone; one file is read at a time."""

    def __init__(self) -> None:
        self._texts: OrderedDict[str, PdfText] = OrderedDict()
        self._reading = asyncio.Semaphore(1)

    def known(self, file: Attachment) -> PdfText | None:
        """The text of a file, if it has been read."""
        if file.sha256 in self._texts:
            self._texts.move_to_end(file.sha256)
        return self._texts.get(file.sha256)

    async def read(self, file: Attachment, data: bytes) -> PdfText:
        """The text of a file."""
        async with self._reading:
            text = self.known(file) or await _read(file, data)
            self._texts[file.sha256] = text
            if len(self._texts) > KEPT:
                self._texts.popitem(last=False)
        return text


async def _read(file: Attachment, data: bytes) -> PdfText:
    if file.media_type == file_types.PDF:
        return await text_of(data)
    return PdfText(text=data[:BYTES].decode("utf-8", "ignore"), cut=len(data) > BYTES)


@dataclass(frozen=True, kw_only=True)
class Translating:
    """A translation on record, with its file; without a record, a file that is attached as a translation."""

    translation: Translation | None
    file: Attachment | None
    text: PdfText | None = None
    data: bytes = b""
    """Of a file that can be read and whose text is not known."""


@dataclass(frozen=True, kw_only=True)
class LintedRequest:
    """What is needed of the database to look at a request."""

    request: HearingRequest
    attachments: Sequence[Attachment]
    translations: Sequence[Translating]


async def gather(db: AsyncSession, request: HearingRequest, texts: FileTexts) -> LintedRequest:
    """The request with its files and translations, and the bytes of those whose text is to be read."""
    files = {file.id: file for file in await attachments.of_request(db, request.id)}
    found = []
    for translation in await translations.of_request(db, request.id):
        file = files.get(translation.attachment_id or "")
        text, data = texts.known(file) if file is not None else None, b""
        if file is not None and file.media_type in READABLE and text is None:
            _file, data = await attachments.bytes_of(db, request=request, attachment_id=file.id)
        found.append(Translating(translation=translation, file=file, text=text, data=data))
    recorded = {each.file.id for each in found if each.file is not None}
    found += [
        Translating(translation=None, file=file)
        for file in files.values()
        if file.kind is AttachmentKind.translation and file.id not in recorded
    ]
    return LintedRequest(request=request, attachments=tuple(files.values()), translations=found)


async def remarks(gathered: LintedRequest, texts: FileTexts, *, now: datetime) -> list[Remark]:
    """All remarks on a request, the facts first. Never raises for what the texts and files hold."""
    found = await asyncio.to_thread(of_request, gathered.request, gathered.attachments, now=now)
    for translating in gathered.translations:
        found += await _of_translation(gathered.request, translating, texts)
    return found


def of_request(request: HearingRequest, files: Sequence[Attachment], *, now: datetime) -> list[Remark]:
    """The remarks on the request itself. Pure."""
    place = zone(reference.jurisdiction(request.requesting_state).default_zone)
    today = (request.submitted_at or now).astimezone(place).date()
    kinds = {**facts.FACT_KINDS, **contradictions.KINDS}
    return list(facts.remarks(Drafted(request, tuple(files), today), fact_rows(), kinds))


async def _of_translation(request: HearingRequest, translating: Translating, texts: FileTexts) -> list[Remark]:
    """What comparing one translation finds, or why it could not be compared."""
    translation, file = translating.translation, translating.file
    language = translation.language if translation is not None else ""
    named = [] if file is None else [Quotation(place="", text=file.name)]
    if translation is None:
        return [said(request, "translation_not_recorded", language, *named)]
    if file is None:
        return [said(request, "translation_no_file", language)]
    if file.media_type not in READABLE:
        return [said(request, "translation_picture", language, *named)]
    text = translating.text or await texts.read(file, translating.data)
    if text.problem:
        return [said(request, f"translation_{text.problem}", language, *named)]
    return await asyncio.to_thread(compare, Translated(request, language, text.text, cut=text.cut))
