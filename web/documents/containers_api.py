"""A request as a signed container (ASiC-E): taken away, and brought in as a draft."""

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from hearings import queries
from hearings.documents import asic
from hearings.models.request_parts import RequestAct
from hearings.overview import containers
from hearings.requests import log as request_log
from web.api import etags, files
from web.api.access import Caller
from web.api.fields import Shown
from web.api.routes import Resource
from web.documents import containers as packing
from web.requests.api import RequestId, ShownRequest

router = Resource("containers")


class ShownContainerSignature(Shown):
    """A signature that holds over every file of the container. `trusted`: its certificate leads to a root an
    administrator has added; `said_at`: the signer's clock; `stamped_at`: of a trusted time-stamp, else empty."""

    signer: str
    issuer: str
    said_at: str
    stamped_at: str
    trusted: bool


class ImportedRequest(ShownRequest):
    """The draft that was made. Its history says too who signed the container."""

    signatures: list[ShownContainerSignature]


@router.read(
    "/requests/{request_id}/document.asice",
    scope="requests:read",
    waits=True,
    errors=(404,),
    **files.answers(asic.MEDIA_TYPE),
)
async def pack_request(caller: Caller, request_id: RequestId) -> Response:
    """The request as a signed container (ASiC-E with CAdES): its JSON, its PDF/A, its files and translations. Files of
    the other State count as read."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    caller.shown.append(row)
    caller.handed_over = True
    made, packed = await packing.packed(caller.request, caller.db, row)
    foreign = [file.id for file in packed if file.owner_state != caller.state]

    def note(db: AsyncSession) -> None:
        for file in foreign:
            request_log.log(db, row, RequestAct.attachment_read, actor=caller.actor, now=caller.now, id=file)

    if foreign:
        caller.notes.append(note)
    return files.download(made, name=f"request-{row.reference}{asic.ENDING}", media_type=asic.MEDIA_TYPE)


@router.create(
    "/requests/import", scope="requests:write", body="container", limit=asic.LARGEST, checked=True, tagged=True
)
async def import_request(caller: Caller, upload: files.Upload) -> ImportedRequest:
    """A draft of this State out of a signed container that another installation, or this one, has made of one of its
    requests. Every file must be as each signature says, and there may be no other; nothing is fetched."""
    assert upload.container is not None
    row = await containers.take_in(
        caller.db,
        container=upload.container.container,
        reports=upload.container.reports,
        actor=caller.actor,
        now=caller.now,
    )
    await caller.db.flush()
    caller.headers["Location"] = caller.url(f"/requests/{row.id}")
    caller.shown.append(row)
    etags.tag(caller, ShownRequest.from_row(row))
    signed = [ShownContainerSignature.from_row(one) for one in upload.container.container.signatures]
    return ImportedRequest.from_row(row, signatures=signed)
