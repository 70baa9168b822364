"""Evidences of electronic transmissions between the two authorities of a request (docs/transmission.md).

Whatever goes from one authority to the other leaves signed evidences with the meaning of ETSI EN 319 522-1: taken in,
made available, notified, retrieved, accepted. They follow from the history of the request, which only grows: `owed`
says which are missing, `attest` signs them, each naming the hash of the one before. A State's own signature on what it
sent is named in the evidence; the evidence itself is signed by the installation, which is no party.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries, reference
from hearings.ids import earliest
from hearings.models import (
    Attachment,
    Consultation,
    HearingRequest,
    OutboxAttempt,
    OutboxMessage,
    RefusedStatement,
    RequestEvent,
    RequestReading,
    Signature,
    SigningKey,
    StatusChange,
    TransmissionEvidence,
    TransmissionStamp,
)
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.models.request_parts import RequestAct
from hearings.models.signature import Act, TransmissionEvent as Event
from hearings.signatures import jws as proofs
from hearings.status import RequestStatus as R

FORMAT, VERSION = "vivavoce-transmission", 1
TYPE, ALGORITHM = "vivavoce-evidence+jws", "ES256"
ETSI: Mapping[Event, str] = {
    Event.submission_accepted: "SubmissionAcceptance",
    Event.submission_rejected: "SubmissionRejection",
    Event.made_available: "ContentConsignment",
    Event.notified: "ConsignmentNotification",
    Event.retrieved: "ContentHandover",
    Event.acceptance: "ConsignmentAcceptance",
}
"""The event of ETSI EN 319 522-1, clause 6, that each means."""


class Transmitted(StrEnum):
    """What was transmitted."""

    request = "request"
    question = "question"
    information = "information"
    answer = "answer"
    resumption = "resumption"
    withdrawal = "withdrawal"
    closing = "closing"
    confirmation = "confirmation"
    comment = "comment"
    document = "document"
    translation = "translation"
    legal_check = "legal_check"
    consultation = "consultation"
    statement = "statement"
    """A signed statement that was rejected: nothing was transmitted."""


@dataclass(frozen=True)
class Sent:
    """How a change of status to `after`, from one of `before` or any, is a transmission. `signed`: the act by which
    the sending authority signs it."""

    kind: Transmitted
    by_requesting: bool
    signed: Act | None = None
    before: frozenset[R] = frozenset()
    wordless: bool = False
    """Only where nothing was written: an answer to a question has a text, going on without one has none."""


CHANGES: Mapping[R, tuple[Sent, ...]] = {
    R.submitted: (Sent(Transmitted.request, True, Act.submit_request),),
    R.information_requested: (Sent(Transmitted.question, False),),
    R.under_review: (
        Sent(Transmitted.resumption, False, before=frozenset({R.postponed, R.information_requested}), wordless=True),
        Sent(Transmitted.information, True, before=frozenset({R.information_requested})),
    ),
    R.accepted: (Sent(Transmitted.answer, False, Act.accept_request),),
    R.accepted_with_conditions: (Sent(Transmitted.answer, False, Act.accept_with_conditions),),
    R.refused: (Sent(Transmitted.answer, False, Act.refuse_request),),
    R.postponed: (Sent(Transmitted.answer, False, Act.postpone_request),),
    R.withdrawn: (Sent(Transmitted.withdrawal, True, Act.withdraw_request),),
    R.closed: (Sent(Transmitted.closing, True),),
}
ACKNOWLEDGED = (R.received.value, R.under_review.value)
"""The change by which the requested authority acknowledges a request: it accepts the consignment."""
LOGGED: Mapping[RequestAct, Transmitted] = {
    RequestAct.refusal_commented: Transmitted.comment,
    RequestAct.confirmed_in_writing: Transmitted.confirmation,
    RequestAct.translation_added: Transmitted.translation,
    RequestAct.gate_answered: Transmitted.legal_check,
}
TRANSLATION = frozenset({"language", "translator", "machine", "reviewer", "certified", "id", "sha256"})
"""What the log keeps of a translation as it was recorded; `id` and `sha256` are of its file."""
REJECTED_A_DAY = 20
"""Rejected statements of a State about one request that leave evidence on one day; the rest are in its list alone."""
REQUEST_ACTS = frozenset(
    {Act.submit_request, Act.accept_request, Act.accept_with_conditions, Act.refuse_request}
    | {Act.postpone_request, Act.withdraw_request, Act.answer_gate}
)


@dataclass(frozen=True)
class Signer:
    """Signs for an installation. `name`: as the evidences call it; `certificate`: PEM, for whoever verifies."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: bytes

    @classmethod
    def load(cls, key: Path, certificate: Path, name: str) -> "Signer":
        """The seal of an installation that is set on its documents. Raises OSError, `ValueError`. Blocks."""
        private = serialization.load_pem_private_key(key.read_bytes(), None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError(f"The document seal {key} is no key on P-256")
        return cls(name, private, certificate.read_bytes())

    @property
    def public(self) -> proofs.PublicKey:
        """The public half."""
        return key_of(self.key.public_key())

    def sign(self, claims: Mapping[str, Any]) -> str:
        """A compact JWS over canonical JSON. Its signature has the low s, so that nobody can make a second of it."""
        fingerprint = x509.load_pem_x509_certificate(self.certificate).fingerprint(hashes.SHA256())
        header = {
            "alg": ALGORITHM,
            "kid": self.public.thumbprint,
            "typ": TYPE,
            "x5t#S256": proofs.encode(fingerprint),
        }
        signed = f"{proofs.encode(rfc8785.dumps(header))}.{proofs.encode(rfc8785.dumps(dict(claims)))}"
        r, s = decode_dss_signature(self.key.sign(signed.encode("ascii"), ec.ECDSA(hashes.SHA256())))
        low = min(s, proofs.P256_ORDER - s)
        return f"{signed}.{proofs.encode(r.to_bytes(32) + low.to_bytes(32))}"


def key_of(public: ec.EllipticCurvePublicKey) -> proofs.PublicKey:
    """A public key on P-256 as JWK, with its thumbprint."""
    numbers = public.public_numbers()
    x, y = (proofs.encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return proofs.public_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})


# --- what follows from the history --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Transmission:
    """Something that went from one authority to the other. `source`: table and id of its row; `digest`: its SHA-256,
    of the signed statement, of the file, or of `content` as canonical JSON; `change`: its place in the history; `file`:
    id of the file that it is, or of a translation's."""

    kind: Transmitted
    source: str
    at: datetime
    sender: str
    recipient: str
    digest: str
    content: Mapping[str, Any] | None = None
    statement: Mapping[str, str] | None = None
    name: str = ""
    change: int | None = None
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """An event that an evidence is owed for. `by`: who opened it; `code`: why it was rejected."""

    event: Event
    of: Transmission
    at: datetime
    by: str = ""
    code: str = ""
    shown_to: str = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """The rows of one request from which evidences follow, each kind oldest first."""

    request: HearingRequest
    changes: Sequence[StatusChange] = ()
    events: Sequence[RequestEvent] = ()
    files: Sequence[Attachment] = ()
    consultations: Sequence[Consultation] = ()
    signed: Sequence[tuple[Signature, SigningKey]] = ()
    refused: Sequence[RefusedStatement] = ()
    readings: Sequence[RequestReading] = ()
    mailed: Mapping[tuple[str, datetime], datetime] = field(default_factory=dict)
    """By recipient and instant of the act: when the first mail that tells of it was sent."""


async def history(db: AsyncSession, request: HearingRequest) -> History:
    """Read what the evidences of a request follow from."""
    subject = str(HearingRequest.__tablename__)
    signed = await _all(db, Signature, Signature.subject == subject, Signature.subject_id == request.id)
    keys = {one.key_id: await db.get_one(SigningKey, one.key_id) for one in signed}
    changes = await _all(db, StatusChange, StatusChange.subject == subject, StatusChange.subject_id == request.id)
    refused = (
        col(RefusedStatement.owner_state).in_(_states(request)),
        RefusedStatement.about == request.reference,
        col(RefusedStatement.act).in_(REQUEST_ACTS),
    )
    return History(
        request=request,
        changes=changes,
        events=await _all(db, RequestEvent, RequestEvent.request_id == request.id),
        files=await _all(db, Attachment, Attachment.request_id == request.id),
        consultations=await _all(db, Consultation, Consultation.request_id == request.id),
        signed=[(one, keys[one.key_id]) for one in signed],
        refused=await _all(db, RefusedStatement, *refused),
        readings=await _all(db, RequestReading, RequestReading.request_id == request.id),
        mailed=await _mailed(db, request),
    )


async def _all(db: AsyncSession, table: Any, *conditions: Any) -> Sequence[Any]:
    return (await db.exec(select(table).where(*conditions).order_by(col(table.id)))).all()


def _states(request: HearingRequest) -> tuple[str, str]:
    return request.requesting_state, request.requested_state


async def _mailed(db: AsyncSession, request: HearingRequest) -> Mapping[tuple[str, datetime], datetime]:
    """When the first mail on each act was sent, by State and instant of the act. A mail names the act's first change
    in its key (`scheduler.following`)."""
    query = select(OutboxMessage.key, OutboxMessage.owner_state, OutboxMessage.sent_at).where(
        OutboxMessage.about == request.reference,
        col(OutboxMessage.owner_state).in_(_states(request)),
        OutboxMessage.kind == OutboxKind.mail,
        OutboxMessage.status == OutboxStatus.sent,
        col(OutboxMessage.key).startswith("change:"),
    )
    rows = [(key.split(":")[1], state, sent) for key, state, sent in (await db.exec(query)).all() if sent is not None]
    named = select(StatusChange.id, StatusChange.at).where(col(StatusChange.id).in_({row[0] for row in rows}))
    at = dict((await db.exec(named)).all()) if rows else {}
    found: dict[tuple[str, datetime], datetime] = {}
    for change, state, sent in rows:
        if change in at:
            place = (state, at[change])
            found[place] = min(sent, found.get(place, sent))
    return found


def transmissions(past: History) -> Iterator[Transmission]:
    """Everything that was transmitted so far, request first. Pure."""
    if past.request.submitted_at is None:
        return
    yield from _by_status(past)
    yield from _by_log(past)
    yield from _files(past)
    yield from _consultations(past)


def _by_status(past: History) -> Iterator[Transmission]:
    request = past.request
    for place, change in enumerate(past.changes):
        rows = CHANGES.get(R(change.after), ())
        fits = (row for row in rows if not row.before or change.before in row.before)
        sent = next((row for row in fits if not (row.wordless and change.reason)), None)
        unsent = change.before == R.draft and sent is not None and sent.kind is not Transmitted.request
        if sent is None or unsent or change.before == change.after:
            continue
        content = {"about": request.reference, "what": sent.kind.value, "at": stamp(change.at)}
        content |= {"status": change.after, "text": change.reason}
        one = _sent(request, sent.kind, f"status_change:{change.id}", change.at, sent.by_requesting, content)
        yield _signed_by(replace(one, change=place), past.signed, sent.signed)


def _sent(
    request: HearingRequest, kind: Transmitted, source: str, at: datetime, by_requesting: bool, content: dict[str, Any]
) -> Transmission:
    """A transmission whose digest is of `content`."""
    one, other = _states(request) if by_requesting else _states(request)[::-1]
    digest = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    return Transmission(kind=kind, source=source, at=at, sender=one, recipient=other, digest=digest, content=content)


def _signed_by(one: Transmission, signed: Iterable[tuple[Signature, SigningKey]], act: Act | None) -> Transmission:
    """With the statement by which the sender's authority has signed it, where there is one."""
    for signature, key in signed:
        if signature.act is act and signature.owner_state == one.sender and signature.received_at == one.at:
            named = {"act": signature.act.value, "kid": key.kid, "sha256": signature.payload_sha256}
            return replace(one, digest=signature.payload_sha256, content=None, statement=named)
    return one


def _by_log(past: History) -> Iterator[Transmission]:
    request = past.request
    assert request.submitted_at is not None
    for event in past.events:
        kind = LOGGED.get(event.act)
        if kind is None or (event.at <= request.submitted_at and kind is not Transmitted.translation):
            continue
        at = max(event.at, request.submitted_at)
        content = {"about": request.reference, "what": kind.value, "at": stamp(at)}
        if kind is Transmitted.comment:
            content["text"] = request.refusal_comment
        if kind is Transmitted.legal_check:
            content |= {"answers": event.data["answers"], "note": event.reason}
        if kind is Transmitted.translation:
            if not event.data.keys() >= TRANSLATION or _replaced(past, event):
                continue
            content |= {name: event.data[name] for name in TRANSLATION - {"id", "sha256"}}
            content["file"] = event.data["sha256"]
        by_requesting = event.owner_state == request.requesting_state
        one = _sent(request, kind, f"request_event:{event.id}", at, by_requesting, content)
        one = replace(one, file=str(event.data["id"]) if kind is Transmitted.translation else "")
        yield _signed_by(one, past.signed, Act.answer_gate) if kind is Transmitted.legal_check else one


def _replaced(past: History, event: RequestEvent) -> bool:
    """Whether the record of a translation was corrected before the request was submitted: that was never sent."""
    limit, same = past.request.submitted_at, (event.act, event.data["language"])
    assert limit is not None
    later = past.events[past.events.index(event) + 1 :]
    return event.at <= limit and any(row.at <= limit and (row.act, row.data.get("language")) == same for row in later)


def _files(past: History) -> Iterator[Transmission]:
    request = past.request
    assert request.submitted_at is not None
    one, other = _states(request)
    for file in past.files:
        sender, recipient = (one, other) if file.owner_state == one else (other, one)
        yield Transmission(
            kind=Transmitted.document,
            source=f"attachment:{file.id}",
            at=max(file.added_at, request.submitted_at),
            sender=sender,
            recipient=recipient,
            digest=file.sha256,
            name=file.name,
            file=file.id,
        )


def _consultations(past: History) -> Iterator[Transmission]:
    request, kind = past.request, Transmitted.consultation
    for row in past.consultations:
        content = {"about": request.reference, "what": kind.value, "at": stamp(row.recorded_at)}
        content |= {"held_at": stamp(row.held_at), "way": row.way.value, "with_whom": row.with_whom}
        content |= {"subject": row.subject, "outcome": row.outcome}
        by_requesting = row.owner_state == request.requesting_state
        yield _sent(request, kind, f"consultation:{row.id}", row.recorded_at, by_requesting, content)


def occurrences(past: History) -> list[Occurrence]:
    """Everything that evidences are owed for, oldest first. Pure."""
    found = [_rejected(past.request, row) for row in _first_of_each_day(past.refused)]
    for one in transmissions(past):
        found += [
            Occurrence(event=event, of=one, at=one.at) for event in (Event.submission_accepted, Event.made_available)
        ]
        if (sent := past.mailed.get((one.recipient, one.at))) is not None:
            found.append(Occurrence(event=Event.notified, of=one, at=sent))
        if (read := _retrieved(past, one)) is not None:
            found.append(Occurrence(event=Event.retrieved, of=one, at=read[0], by=read[1]))
        if one.kind is Transmitted.request and (change := _acknowledged(past)) is not None:
            found.append(Occurrence(event=Event.acceptance, of=one, at=change.at, by=change.actor_label))
    order = list(Event)
    return sorted(found, key=lambda one: (one.at, order.index(one.event), one.of.source))


def _acknowledged(past: History) -> StatusChange | None:
    return next((change for change in past.changes if (change.before, change.after) == ACKNOWLEDGED), None)


def _retrieved(past: History, one: Transmission) -> tuple[datetime, str] | None:
    """When somebody of the recipient's State first had it before them, and who; of a file, and of a translation that is
    one, when the file was first read."""
    if one.file:
        for event in past.events:
            theirs = event.act is RequestAct.attachment_read and event.owner_state == one.recipient
            if theirs and event.data.get("id") == one.file and event.at >= one.at:
                return event.at, event.actor_label
        return None
    for reading in past.readings:
        if reading.owner_state == one.recipient and reading.at >= one.at and _includes(past, reading, one):
            return reading.at, reading.reader_label
    return None


def _includes(past: History, reading: RequestReading, one: Transmission) -> bool:
    """Whether what was read was no older than the change: the last change to the status that was read is not before
    it."""
    if one.change is None:
        return True
    same = [n for n, row in enumerate(past.changes) if row.after == reading.status and row.at <= reading.at]
    return bool(same) and same[-1] >= one.change


def _first_of_each_day(rows: Sequence[RefusedStatement]) -> Iterator[RefusedStatement]:
    """The first `REJECTED_A_DAY` of each State and day (UTC), so that nobody floods the chain. Oldest first."""
    count = Counter[tuple[str, date]]()
    for row in rows:
        day = (row.owner_state, row.at.astimezone(UTC).date())
        count[day] += 1
        if count[day] <= REJECTED_A_DAY:
            yield row


def _rejected(request: HearingRequest, row: RefusedStatement) -> Occurrence:
    """A signed statement that was rejected, for the State that handed it in."""
    other = next(state for state in _states(request) if state != row.owner_state)
    content = {"about": row.about, "what": Transmitted.statement.value, "at": stamp(row.at)}
    content |= {"act": row.act.value, "code": row.code}
    digest = hashlib.sha256(rfc8785.dumps(content)).hexdigest()
    one = Transmission(
        kind=Transmitted.statement,
        source=f"refused_statement:{row.id}",
        at=row.at,
        sender=row.owner_state,
        recipient=other,
        digest=digest,
        content=content,
    )
    return Occurrence(event=Event.submission_rejected, of=one, at=row.at, code=row.code, shown_to=row.owner_state)


# --- signing ------------------------------------------------------------------------------------------------------


def owed(past: History, made: Iterable[TransmissionEvidence]) -> list[Occurrence]:
    """What has happened and has no evidence yet. Pure."""
    there = {(row.source, row.event) for row in made}
    return [one for one in occurrences(past) if (one.of.source, one.event) not in there]


async def attest(db: AsyncSession, *, request_id: str, signer: Signer, now: datetime) -> Sequence[TransmissionEvidence]:
    """Sign the evidences that a request is owed; returns them. Effects: adds them to the ends of its chains, with the
    request locked meanwhile."""
    request = await queries.get(db, HearingRequest, request_id, lock=True)
    there = await of_request(db, request)
    new: list[TransmissionEvidence] = []
    ends = {row.shown_to: row for row in sorted(there, key=lambda row: row.number)}
    for one in owed(await history(db, request), there):
        end = ends.get(one.shown_to)
        number, before = (end.number + 1, end.sha256) if end else (1, "")
        made = max(now, one.at, end.made_at if end else now)  # clocks of several processes, or one set back
        jws = signer.sign(claims(request, one, issuer=signer.name, number=number, previous=before, now=made))
        new.append(
            TransmissionEvidence(
                owner_state=one.of.sender,
                request_id=request.id,
                shown_to=one.shown_to,
                number=number,
                event=one.event,
                source=one.of.source,
                what=one.of.kind.value,
                digest=one.of.digest,
                content=dict(one.of.content) if one.of.content is not None else None,
                at=one.at,
                made_at=made,
                jws=jws,
                sha256=hashlib.sha256(jws.encode("ascii")).hexdigest(),
            )
        )
        ends[one.shown_to] = new[-1]
    db.add_all(new)
    await db.flush()
    return new


def claims(
    request: HearingRequest, one: Occurrence, *, issuer: str, number: int, previous: str, now: datetime
) -> dict[str, Any]:
    """What an evidence says, in JSON that RFC 8785 can write. Pure."""
    sent = one.of
    return {
        "format": FORMAT,
        "version": VERSION,
        "iss": issuer,
        "iat": int(now.timestamp()),
        "about": request.reference,
        "chain": one.shown_to or "both",
        "number": number,
        "previous": previous,
        "event": one.event.value,
        "etsi": ETSI[one.event],
        "at": stamp(one.at),
        "sender": _party(request, sent.sender),
        "recipient": _party(request, sent.recipient),
        "what": sent.kind.value,
        "source": sent.source,
        "name": sent.name,
        "digest": {"alg": "sha-256", "value": sent.digest},
        "statement": dict(sent.statement) if sent.statement is not None else None,
        "by": one.by,
        "code": one.code,
    }


def _party(request: HearingRequest, state: str) -> dict[str, str]:
    named = request.requesting_authority if state == request.requesting_state else request.requested_authority
    return {"state": state, "authority": named or reference.jurisdiction(state).central_authority}


def stamp(at: datetime) -> str:
    """An instant in UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


# --- reading ------------------------------------------------------------------------------------------------------


async def is_owed(db: AsyncSession, request: HearingRequest) -> bool:
    """Whether something has happened to a request that has no evidence yet."""
    return bool(owed(await history(db, request), await of_request(db, request)))


async def of_request(db: AsyncSession, request: HearingRequest, *, state: str = "") -> Sequence[TransmissionEvidence]:
    """The evidences of a request in the order they were made: all, or those that a State may read."""
    query = select(TransmissionEvidence).where(TransmissionEvidence.request_id == request.id)
    if state:
        query = query.where(col(TransmissionEvidence.shown_to).in_(("", state)))
    return (await db.exec(query.order_by(col(TransmissionEvidence.id)))).all()


async def touched(db: AsyncSession, *, since: float | None) -> Sequence[str]:
    """Ids of the requests to which something may have happened since an instant (seconds since 1970), or ever, that
    evidences are owed for."""
    low = earliest(since) if since is not None else ""
    rejected = (
        select(HearingRequest.id)
        .join(RefusedStatement, col(RefusedStatement.about) == col(HearingRequest.reference))
        .where(col(RefusedStatement.id) >= low)
    )
    looks: tuple[Any, ...] = (
        select(StatusChange.subject_id).where(
            col(StatusChange.id) >= low, StatusChange.subject == str(HearingRequest.__tablename__)
        ),
        select(RequestEvent.request_id).where(col(RequestEvent.id) >= low),
        select(RequestReading.request_id).where(col(RequestReading.id) >= low),
        select(HearingRequest.id)
        .join(OutboxMessage, col(OutboxMessage.about) == col(HearingRequest.reference))
        .join(OutboxAttempt, col(OutboxAttempt.message_id) == col(OutboxMessage.id))
        .where(col(OutboxAttempt.id) >= low),
    )
    if since is None:
        looks = (select(HearingRequest.id).where(col(HearingRequest.submitted_at).is_not(None)),)
    return sorted({request_id for look in (*looks, rejected) for request_id in (await db.exec(look.distinct())).all()})


async def unstamped(db: AsyncSession, request_id: str) -> Sequence[TransmissionEvidence]:
    """The last evidence of each chain of a request that no time-stamp is over."""
    request = await queries.get(db, HearingRequest, request_id)
    rows = await of_request(db, request)
    stamped = await stamps(db, rows)
    last = {row.shown_to: row for row in rows}
    return [row for row in last.values() if row.id not in stamped]


async def stamps(db: AsyncSession, rows: Sequence[TransmissionEvidence]) -> Mapping[str, TransmissionStamp]:
    """By id of an evidence, the time-stamp over it or over the next one in its chain that has one."""
    query = select(TransmissionStamp).where(col(TransmissionStamp.evidence_id).in_([row.id for row in rows]))
    own = {row.evidence_id: row for row in (await db.exec(query)).all()}
    found: dict[str, TransmissionStamp] = {}
    later: dict[str, TransmissionStamp] = {}
    for row in sorted(rows, key=lambda row: row.number, reverse=True):
        if row.id in own:
            later[row.shown_to] = own[row.id]
        if row.shown_to in later:
            found[row.id] = later[row.shown_to]
    return found


def file_name(row: TransmissionEvidence) -> str:
    """The name of an evidence as a file, such as `0003-retrieved.jws`; of a State's own chain with its code before."""
    own = f"{row.shown_to}-" if row.shown_to else ""
    return f"{own}{row.number:04d}-{row.event.value}.jws"
