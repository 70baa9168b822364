"""Evidences of what went from one authority to the other: the chain of a request, and each as a file."""

import base64
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from hearings import queries
from hearings.errors import NotFound
from hearings.models import TransmissionEvidence, TransmissionStamp
from hearings.models.signature import TransmissionEvent
from hearings.signatures import evidences
from hearings.signatures.evidences import Transmitted
from web.api import files
from web.api.access import Caller, parts_of
from web.api.fields import Column, Json, Moment, Shown
from web.api.routes import Resource
from web.documents import certificates
from web.requests.api import RequestId

router = Resource("transmission")

EvidenceId = Annotated[str, Field(max_length=40, pattern="^[!-~]+$", description="Id of the evidence.")]
JOSE = "application/jose"


class EvidenceStamp(Shown):
    """A time-stamp (RFC 3161) over the SHA-256 of the evidence with this id, and so over all before it in its chain."""

    evidence_id: str
    at: Annotated[Moment, Column("stamped_at")]
    by: Annotated[str, Column("stamped_by")]
    tsr: str = Field(description="The whole answer of the authority (DER), in base64.")


class ShownAttestation(Shown):
    """One evidence. `state`: the State that sent; `content`: what the digest is of, where that is neither a file nor a
    signed statement; `jws`: the evidence itself (docs/transmission.md)."""

    id: str
    chain: str = Field(description="`both`, or the one State that may read it.")
    number: int
    event: TransmissionEvent
    etsi: str = Field(description="The event of ETSI EN 319 522-1 that it means.")
    what: Transmitted
    state: Annotated[str, Column("owner_state")]
    at: Moment
    made_at: Moment
    digest: str
    content: Json | None
    jws: str
    sha256: str
    stamp: EvidenceStamp | None


class Transmission(Shown):
    """The evidences of a request, oldest first. `owed`: how many events have no evidence yet; they are signed within
    seconds."""

    items: list[ShownAttestation]
    owed: int
    certificate: str = Field(
        description="Certificate (PEM) of the installation. Compare its fingerprint by another way with who runs it."
    )
    certificate_sha256: str = Field(description="SHA-256 fingerprint of the certificate, in hexadecimal.")


@router.read(
    "/requests/{request_id}/transmission",
    scope="requests:read",
    waits=True,
    errors=(404,),
    gives={"evidence_id": "items/0/id"},
)
async def read_transmission(caller: Caller, request_id: RequestId) -> Transmission:
    """What went between the two authorities: taken in, made available, notified, retrieved and accepted, as signed and
    time-stamped evidences with the meaning of ETSI EN 319 522-1."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    rows = await evidences.of_request(caller.db, row, state=caller.state)
    stamps = await evidences.stamps(caller.db, rows)
    past = await evidences.history(caller.db, row)
    everything = await evidences.of_request(caller.db, row)
    owed = [one for one in evidences.owed(past, everything) if one.shown_to in ("", caller.state)]
    caller.shown.append(row)
    seal = await certificates.of_installation(parts_of(caller.request))
    return Transmission(
        items=[_of(one, stamps) for one in rows],
        owed=len(owed),
        certificate=seal.pem.decode("ascii"),
        certificate_sha256=seal.sha256,
    )


def _of(row: TransmissionEvidence, stamps: Mapping[str, TransmissionStamp]) -> ShownAttestation:
    stamp = stamps.get(row.id)
    told: Any = stamp and EvidenceStamp.from_row(stamp, tsr=base64.b64encode(stamp.tsr).decode("ascii"))
    return ShownAttestation.from_row(row, chain=row.shown_to or "both", etsi=evidences.ETSI[row.event], stamp=told)


@router.read(
    "/requests/{request_id}/transmission/{evidence_id}", scope="requests:read", errors=(404,), **files.answers(JOSE)
)
async def read_evidence(caller: Caller, request_id: RequestId, evidence_id: EvidenceId) -> Response:
    """One evidence as it was signed, a compact JWS: for `vivavoce verify --evidence`."""
    row = await queries.request(caller.db, request_id, state=caller.state)
    found = next(
        (one for one in await evidences.of_request(caller.db, row, state=caller.state) if one.id == evidence_id), None
    )
    if found is None:
        raise NotFound
    caller.shown.append(row)
    return files.download(found.jws.encode("ascii"), name=evidences.file_name(found), media_type=JOSE)
