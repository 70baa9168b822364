"""The export of a case as one file, for pages and the API: completed before its first byte is sent."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import IO, cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from hearings.actors import Actor
from hearings.documents.bags import Bag
from hearings.minutes import printed, signed_corrections
from hearings.minutes.printed import Printed
from hearings.models import Attachment, HearingRequest
from hearings.models.request_parts import RequestAct
from hearings.overview import case_export
from hearings.overview.case_export import CaseExport
from hearings.requests import attachments
from hearings.requests.log import log
from media.evidence.log import custody
from web.server import printing
from web.words import sentences

IN_MEMORY = 1 << 20
"""The largest bag kept in memory, in bytes; a larger one is in an unnamed temporary file."""
CHUNK = 1 << 16
HEADS = (custody.CHECKPOINT, custody.TOKEN, custody.LOG_CHECKPOINT)
"""Files of a recording that go with its case: the signed heads of both logs, with cosignatures, and the time-stamp."""


async def packed(
    request: Request, db: AsyncSession, row: HearingRequest, *, state: str, now: datetime
) -> tuple[CaseExport, Response]:
    """A case with what `state` may see of it, and the response with its bag. One file of it at a time is in memory.

    The caller records the views of the other State's data: `case.shown` and `note_files`.
    """
    case = await case_export.gather(db, row, state=state)
    # The response closes it after sending.
    file = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
    try:
        with Bag(file, row.reference) as bag:
            for name, text in case.texts.items():
                await asyncio.to_thread(bag.add, name, text)
            paper = await printing.hearing_request(request, case.papers)
            await asyncio.to_thread(bag.add, "documents/request.pdf", paper)
            seal = request.app.state.parts.keys.documents.certificate
            await asyncio.to_thread(bag.add, "transmission/seal.pem", await asyncio.to_thread(seal.read_bytes))
            for name, (values, seals) in await _minutes(db, case):
                pdf = await printing.sealed(request, "minutes", values, lang=values["languages"][0], for_states=seals)
                await asyncio.to_thread(bag.add, name, pdf)
            for name, attachment in case.attachments:
                _attachment, data = await attachments.bytes_of(db, request=row, attachment_id=attachment.id)
                await asyncio.to_thread(bag.add, name, data)
            for hearing, recording in case.recorded:
                found = await asyncio.to_thread(_heads, request.app.state.parts.settings.recordings / recording.id)
                for name, note in found.items():
                    place = f"hearings/{hearing.ref}/recordings/{recording.id}/{name}"
                    await asyncio.to_thread(bag.add, place, note)
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


def _heads(folder: Path) -> dict[str, bytes]:
    """By name, the signed heads of a recording as they are now, and the time-stamp over the first; what there is of
    them. CustodyError or OSError when they cannot be read."""
    if not folder.is_dir():
        return {}
    with custody.locked(folder):
        return {name: (folder / name).read_bytes() for name in HEADS if (folder / name).exists()}


async def _minutes(db: AsyncSession, case: CaseExport) -> list[tuple[str, Printed]]:
    """What minutes and corrections after signing are printed from, by the name of each file in the bag."""
    found: list[tuple[str, Printed]] = []
    for hearing, row in case.written:
        name = f"hearings/{hearing.ref}/minutes-{row.number}"
        found.append((f"{name}.pdf", await printed.minutes(db, hearing, row, say=sentences.say)))
        for one in await signed_corrections.of_minutes(db, row):
            values = await printed.correction(db, hearing, row, one, say=sentences.say)
            found.append((f"{name}-correction-{one.number}.pdf", values))
    return found


def foreign_files(case: CaseExport, state: str) -> list[Attachment]:
    """The files of the case that belong to the other State."""
    return [attachment for _name, attachment in case.attachments if attachment.owner_state != state]


def note_files(db: AsyncSession, case: CaseExport, *, actor: Actor, now: datetime) -> None:
    """Records for the other State that its files were exported. Effects: a line in the request's log for each file."""
    for file in foreign_files(case, actor.state):
        log(db, case.request, RequestAct.attachment_read, actor=actor, now=now, id=file.id)


async def _stream(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            yield chunk
