"""A request as a signed container, for pages and the API."""

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request

from hearings.models import Attachment, HearingRequest
from hearings.overview import containers
from hearings.requests import attachments, document as request_document
from web.server import printing


async def packed(request: Request, db: AsyncSession, row: HearingRequest) -> tuple[bytes, list[Attachment]]:
    """A request with its PDF/A, files and translations as ASiC-E, sealed, and the files in it. The caller records that
    those of the other State were read."""
    papers = containers.own_papers(await request_document.gather(db, row))
    files = {
        file.id: (await attachments.bytes_of(db, request=row, attachment_id=file.id))[1] for file in papers.attachments
    }
    printed = await printing.hearing_request(request, papers)
    contents = containers.contents(papers, printed, files)
    made = await printing.packed(request, contents, state=containers.signing_state(papers))
    return made, list(papers.attachments)
