"""A case in one file to take away, for pages and the API: made whole before the first byte of it goes out."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hearings.actors import Actor
from hearings.documents.bags import Bag
from hearings.models import Attachment, HearingRequest
from hearings.models.request_parts import RequestAct
from hearings.overview import case_export
from hearings.overview.case_export import Case
from hearings.requests import attachments, document as request_document
from hearings.requests.log import log
from web.server import printing

IN_MEMORY = 1 << 20
"""Bytes of a bag that is not worth a file. A larger one is in a temporary file that has no name."""
CHUNK = 1 << 16


async def packed(
    request: Request, db: AsyncSession, row: HearingRequest, *, state: str, now: datetime
) -> tuple[Case, Response]:
    """A case as `state` knows it, and the answer that carries it. One file of it at a time is in memory.

    Who answers with it notes what the other State is shown: `case.shown`, and `note_files`.
    """
    case = await case_export.gather(db, row, state=state)
    # The answer closes it when it has been sent.
    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
    try:
        with Bag(file, row.reference) as bag:
            for name, text in case.texts.items():
                await asyncio.to_thread(bag.add, name, text)
            lang = row.language_of_request or "en"
            paper = await printing.sealed(request, "request", request_document.printed(case.papers, lang), lang=lang)
            await asyncio.to_thread(bag.add, "documents/request.pdf", paper)
            for name, one in case.attachments:
                _found, data = await attachments.bytes_of(db, request=row, attachment_id=one.id)
                await asyncio.to_thread(bag.add, name, data)
            info = {"External-Identifier": row.reference, "Bagging-Date": now.date().isoformat(), "Contact-Name": state}
            await asyncio.to_thread(bag.close, info)
        size = file.tell()
    except BaseException:
        file.close()
        raise
    headers = {
        "content-disposition": f'attachment; filename="{row.reference}.zip"',
        "content-length": str(size),
        "cache-control": "no-store",
    }
    return case, StreamingResponse(_stream(file), headers=headers, media_type="application/zip")


def foreign_files(case: Case, state: str) -> list[Attachment]:
    """The files in it that are the other State's."""
    return [one for _name, one in case.attachments if one.owner_state != state]


def note_files(db: AsyncSession, case: Case, *, actor: Actor, now: datetime) -> None:
    """Note for the other State that its files have been taken. Effects: a line in the request's log for each."""
    for one in foreign_files(case, actor.state):
        log(db, case.request, RequestAct.attachment_read, actor=actor, now=now, id=one.id)


async def _stream(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
