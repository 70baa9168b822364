"""The transmission of a request: what went between the two authorities, when it was retrieved and by whom, and the
evidences of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hearings.models import TransmissionEvidence, TransmissionStamp
from hearings.models.signature import TransmissionEvent as Event
from hearings.signatures import evidences
from hearings.signatures.evidences import Occurrence, Transmitted
from web.documents import certificates
from web.requests import request_file
from web.requests.access import find
from web.server import printing
from web.server.rendering import render
from web.server.sign_in import staff
from web.words.i18n import N_, NP_, _

EVENTS: Mapping[Event, str] = {
    Event.submission_accepted: N_("Accepted for transmission"),
    Event.submission_rejected: N_("Rejected: not transmitted"),
    Event.made_available: N_("Made available to the recipient"),
    Event.notified: N_("Recipient notified by mail"),
    Event.retrieved: N_("Retrieved by the recipient"),
    Event.acceptance: N_("Receipt acknowledged by the recipient"),
}
KINDS: Mapping[Transmitted, str] = {
    Transmitted.request: N_("Request"),
    Transmitted.question: N_("Request for information"),
    Transmitted.information: N_("Information"),
    Transmitted.answer: N_("Answer to the request"),
    Transmitted.resumption: N_("Notice that the review is resumed"),
    Transmitted.withdrawal: N_("Withdrawal"),
    Transmitted.closing: N_("Notice that the request is closed"),
    Transmitted.confirmation: N_("Confirmation in writing"),
    Transmitted.comment: N_("Comment of the requesting State on the refusal"),
    Transmitted.document: NP_("transmission", "File"),
    Transmitted.translation: N_("Translation"),
    Transmitted.legal_check: N_("Answer to the legal check"),
    Transmitted.consultation: N_("Record of a consultation"),
    Transmitted.statement: N_("Signed statement"),
}


@dataclass(frozen=True, kw_only=True)
class DeliveryState:
    """How far one transmission has come. `kind`: of its chip."""

    what: str
    name: str
    sender: str
    recipient: str
    sent_at: datetime
    retrieved_at: datetime | None
    by: str
    accepted_at: datetime | None


async def page(request: Request) -> Response:
    """What went between the authorities, and the evidences of it, newest first."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        head = await request_file.head(db, row, person)
        rows = await evidences.of_request(db, row, state=person.owner_state)
        stamps = await evidences.stamps(db, rows)
        past = await evidences.history(db, row)
        everything = await evidences.of_request(db, row)
    owed = [one for one in evidences.owed(past, everything) if one.shown_to in ("", person.owner_state)]
    occurred = [one for one in evidences.occurrences(past) if one.shown_to in ("", person.owner_state)]
    context: dict[str, Any] = head | {
        "deliveries": deliveries(occurred),
        "lines": [_line(one, stamps) for one in reversed(rows)],
        "owed": len(owed),
        "certificate": await certificates.of_installation(request.app.state.parts),
        "unstamped": bool(request.app.state.parts.settings.stamping_urls) and len(stamps) < len(rows),
        "stamping": bool(request.app.state.parts.settings.stamping_urls),
    }
    return render(request, "request_transmission.html", context)


def deliveries(occurred: Sequence[Occurrence]) -> list[DeliveryState]:
    """Each transmission with how far it has come, newest first. Pure."""
    at = {(one.of.source, one.event): one for one in occurred}

    def when(source: str, event: Event) -> datetime | None:
        found = at.get((source, event))
        return found.at if found else None

    made = []
    for one in occurred:
        if one.event is not Event.made_available:
            continue
        read = at.get((one.of.source, Event.retrieved))
        made.append(
            DeliveryState(
                what=_(KINDS[one.of.kind]),
                name=one.of.name,
                sender=one.of.sender,
                recipient=one.of.recipient,
                sent_at=one.at,
                retrieved_at=read.at if read else None,
                by=read.by if read else "",
                accepted_at=when(one.of.source, Event.acceptance),
            )
        )
    return made[::-1]


def _line(row: TransmissionEvidence, stamps: Mapping[str, TransmissionStamp]) -> dict[str, Any]:
    stamp = stamps.get(row.id)
    return {
        "row": row,
        "event": _(EVENTS[row.event]),
        "etsi": evidences.ETSI[row.event],
        "what": _(KINDS[Transmitted(row.what)]),
        "stamp": stamp,
        "file": evidences.file_name(row),
    }


async def download(request: Request) -> Response:
    """One evidence as it was signed."""
    found, _stamp, _over = await _evidence_of(request)
    return printing.file(found.jws.encode("ascii"), evidences.file_name(found), "application/jose")


async def stamp(request: Request) -> Response:
    """The time-stamp that is over an evidence, or over a later one of its chain."""
    _found, stamped, over = await _evidence_of(request)
    if stamped is None or over is None:
        raise HTTPException(404, "not_found")
    name = evidences.file_name(over).removesuffix(".jws")
    return printing.file(stamped.tsr, f"{name}.tsr", "application/timestamp-reply")


async def certificate(request: Request) -> Response:
    """The certificate of the installation, which checks each evidence."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        await find(db, request, person)
    found = await certificates.of_installation(request.app.state.parts)
    return printing.file(found.pem, "seal.pem", "application/x-pem-file")


async def _evidence_of(
    request: Request,
) -> tuple[TransmissionEvidence, TransmissionStamp | None, TransmissionEvidence | None]:
    """The evidence that the path names, the time-stamp that counts for it, and the evidence which that one is over."""
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        row = await find(db, request, person)
        rows = await evidences.of_request(db, row, state=person.owner_state)
        stamps = await evidences.stamps(db, rows)
    found = next((one for one in rows if one.id == request.path_params["evidence"]), None)
    if found is None:
        raise HTTPException(404, "not_found")
    stamped = stamps.get(found.id)
    return found, stamped, next((one for one in rows if stamped and one.id == stamped.evidence_id), None)


routes = [
    Route("/requests/{reference}/transmission", page, methods=["GET"]),
    Route("/requests/{reference}/transmission/seal.pem", certificate, methods=["GET"]),
    Route("/requests/{reference}/transmission/{evidence}", download, methods=["GET"]),
    Route("/requests/{reference}/transmission/{evidence}/stamp", stamp, methods=["GET"]),
]
