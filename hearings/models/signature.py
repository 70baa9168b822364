"""Signing keys of authorities, the statements they signed as they came in, those that were refused, and the evidences
of what went from one authority to the other."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, state_code, word


class Act(StrEnum):
    """What an authority binds itself to by a signature."""

    submit_request = "submit_request"
    accept_request = "accept_request"
    accept_with_conditions = "accept_with_conditions"
    refuse_request = "refuse_request"
    postpone_request = "postpone_request"
    withdraw_request = "withdraw_request"
    agree_hearing = "agree_hearing"
    sign_agreement = "sign_agreement"
    sign_minutes = "sign_minutes"
    release_recording = "release_recording"
    receive_recording = "receive_recording"
    answer_gate = "answer_gate"


class SigningKey(Row, table=True):
    """An authority's public Ed25519 key. `kid` is its RFC 7638 thumbprint; a key belongs to one State, for ever."""

    __tablename__ = "signing_key"
    __table_args__ = (state_check(), UniqueConstraint("kid"), Index("ix_signing_key_state", "owner_state", "id"))

    authority_name: str = Field(max_length=300)
    kid: str = Field(max_length=43)
    public_key: str = Field(max_length=43)
    """The 32 bytes (RFC 8032) in base64url, as `x` of its JWK (RFC 8037)."""
    demo: bool = False
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    retired_at: datetime | None = instant(default=None)


class Signature(Deed, table=True):
    """A signed statement, byte for byte as received. The owner is the State that signed. Only grows.

    A State uses a `jti` once: a repeat is refused by the database, after a restart too.
    """

    binds: ClassVar[bool] = True

    __tablename__ = "signature"
    __table_args__ = (
        state_check(),
        state_check("other_state"),
        CheckConstraint("owner_state <> other_state", name="two_states"),
        CheckConstraint("length(payload_sha256) = 64", name="payload_sha256"),
        UniqueConstraint("owner_state", "jti"),
        UniqueConstraint("payload_sha256"),
        Index("ix_signature_subject", "subject", "subject_id", "id"),
    )

    other_state: str = state_code()
    key_id: str = Field(foreign_key="signing_key.id", max_length=36)
    act: Act = word(Act, "act")
    about: str = Field(max_length=100)
    """The reference the statement names, in words its signer sees."""
    subject: str = Field(max_length=40)
    """The table of the row it is about, and the row."""
    subject_id: str = Field(max_length=36)
    jti: str = Field(max_length=64)
    payload_sha256: str = Field(max_length=64)
    jws: str = Field(sa_type=Text)
    signed_at: datetime = instant()
    """`iat`: the signer's clock."""
    received_at: datetime = instant()
    actor: str = Field(max_length=36)
    """Who handed it in; the signature is the authority's."""
    actor_label: str = Field(max_length=200)


class RefusedStatement(Deed, table=True):
    """A statement that was refused: why, and no more of it than the States it names. Only grows.

    The owner is the State that handed it in; `other_state` sees the entry too when it concerns both.
    """

    __tablename__ = "refused_statement"
    __table_args__ = (
        state_check(),
        state_check("other_state"),
        Index("ix_refused_statement_owner", "owner_state", "id"),
        Index("ix_refused_statement_other", "other_state", "id"),
    )

    other_state: str | None = Field(default=None, max_length=2)
    code: str = Field(max_length=40)
    act: Act = word(Act, "act")
    about: str = Field(max_length=100)
    issuer: str = Field(default="", max_length=2)
    audience: str = Field(default="", max_length=2)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)


class TransmissionEvent(StrEnum):
    """What an evidence of an electronic transmission says has happened (docs/transmission.md)."""

    submission_accepted = "submission_accepted"
    submission_rejected = "submission_rejected"
    made_available = "made_available"
    notified = "notified"
    retrieved = "retrieved"
    acceptance = "acceptance"


class TransmissionEvidence(Deed, table=True):
    """A signed evidence of one event of a transmission, in the chain of its request. Only grows.

    The owner is the State that sent. `shown_to`: the one State that may read it and its chain; empty for both.
    """

    __tablename__ = "transmission_evidence"
    __table_args__ = (
        state_check(),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("length(sha256) = 64 AND length(digest) = 64", name="hashes"),
        UniqueConstraint("request_id", "shown_to", "number"),
        UniqueConstraint("request_id", "source", "event"),
    )

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    shown_to: str = Field(default="", max_length=2)
    number: int
    """From 1, without holes, in each chain."""
    event: TransmissionEvent = word(TransmissionEvent, "event")
    source: str = Field(max_length=80)
    """What was transmitted: table and id of the row, or what names it in a chain."""
    what: str = Field(max_length=40)
    """The kind of what was transmitted: a word of `hearings.signatures.evidences.Transmitted`."""
    digest: str = Field(max_length=64)
    content: dict[str, Any] | None = json(default=None)
    """What the digest is of, where neither a file nor a signed statement has it."""
    at: datetime = instant()
    made_at: datetime = instant()
    """When it was signed."""
    jws: str = Field(sa_type=Text)
    sha256: str = Field(max_length=64)
    """Of the JWS: the next evidence of the chain names it."""


class TransmissionStamp(Row, table=True):
    """A time-stamp (RFC 3161) over the SHA-256 of an evidence, and so over all before it in its chain. Only grows."""

    __tablename__ = "transmission_stamp"
    __table_args__ = (state_check(), UniqueConstraint("evidence_id"))

    evidence_id: str = Field(foreign_key="transmission_evidence.id", max_length=36)
    tsr: bytes = Field(sa_type=LargeBinary)
    """The whole answer of the authority (DER)."""
    stamped_at: datetime = instant()
    """The authority's time."""
    stamped_by: str = Field(max_length=253)
    """Host of the authority."""


class RequestReading(Row, table=True):
    """Somebody of one of its two States has opened a request, by page or API, after it was submitted. The owner is the
    State of the reader. Only grows."""

    __tablename__ = "request_reading"
    __table_args__ = (state_check(), Index("ix_request_reading_request", "request_id", "owner_state", "id"))

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    version: int
    """Version and status of the request as they were read."""
    status: str = Field(max_length=40)
    reader: str = Field(max_length=36)
    reader_label: str = Field(max_length=200)
    at: datetime = instant()
