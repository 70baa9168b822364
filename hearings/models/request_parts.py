"""What belongs to a request: consents, attachments, translations, consultations, the informal thread, its log."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, word
from hearings.status import ConsentStatus


class AttachmentKind(StrEnum):
    """What a file is to the request."""

    request = "request"
    decision = "decision"
    translation = "translation"
    exhibit = "exhibit"
    consent = "consent"
    answer = "answer"
    other = "other"


class ConsultationWay(StrEnum):
    """How the two authorities spoke before a refusal (18(26), 46(26))."""

    video = "video"
    telephone = "telephone"
    meeting = "meeting"
    writing = "writing"


class RequestAct(StrEnum):
    """What the request's own log holds besides changes of status."""

    priority_set = "priority_set"
    priority_cleared = "priority_cleared"
    priority_refreshed = "priority_refreshed"
    delegated = "delegated"
    refusal_commented = "refusal_commented"
    confirmed_in_writing = "confirmed_in_writing"
    consultation_recorded = "consultation_recorded"
    attachment_added = "attachment_added"
    attachment_removed = "attachment_removed"
    attachment_read = "attachment_read"
    translation_added = "translation_added"
    gate_answered = "gate_answered"


class AnsweredWith(StrEnum):
    """The act by which a State answered a question of the legal check. Draft: a box that its clerk had ticked there,
    before such answers were signed."""

    answer = "answer"
    submission = "submission"
    acceptance = "acceptance"
    draft = "draft"


class Consent(Row, table=True):
    """Whether the person agrees, as one rule asks it. Owned by the requesting State, kept by both."""

    __tablename__ = "consent"
    __table_args__ = (
        state_check(),
        UniqueConstraint("request_id", "rule"),
        CheckConstraint("status <> 'given' OR given_at IS NOT NULL", name="given_has_a_time"),
    )

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    rule: str = Field(max_length=80)
    """Id of the rule, overlay or policy that asks for it."""
    provision: str = Field(default="", max_length=300)
    text: str = Field(default="", max_length=1000)
    status: ConsentStatus = word(ConsentStatus, "status", default=ConsentStatus.not_asked)
    since: datetime = instant()
    counsel: str = Field(default="", max_length=200)
    counsel_present: bool | None = None
    lawyer_access: bool | None = None
    given_at: datetime | None = instant(default=None)
    note: str = Field(default="", max_length=1000)


class Attachment(Row, table=True):
    """A file of a request; its bytes lie in `AttachmentBytes`. The owner is the State that added it."""

    __tablename__ = "attachment"
    __table_args__ = (
        state_check(),
        Index("ix_attachment_request", "request_id", "id"),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    kind: AttachmentKind = word(AttachmentKind, "kind", default=AttachmentKind.other)
    name: str = Field(max_length=150)
    media_type: str = Field(max_length=40)
    size: int
    sha256: str = Field(max_length=64)
    added_by: str = Field(max_length=36)
    added_by_label: str = Field(max_length=200)
    added_at: datetime = instant()
    signatures: dict[str, Any] | None = json(default=None)
    """Of a PDF: what its signatures were found to be when it came (`pdf_seals.as_json`); None for one from before."""


class AttachmentBytes(Row, table=True):
    """The bytes of an attachment, apart so that lists do not read them."""

    __tablename__ = "attachment_bytes"
    __table_args__ = (state_check(), UniqueConstraint("attachment_id"))

    attachment_id: str = Field(foreign_key="attachment.id", max_length=36)
    data: bytes = Field(sa_type=LargeBinary)


class Translation(Row, table=True):
    """A translation of the request: by whom, or by a machine and then read by whom."""

    __tablename__ = "translation"
    __table_args__ = (
        state_check(),
        UniqueConstraint("request_id", "language"),
        CheckConstraint("machine OR translator <> ''", name="somebody"),
    )

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    language: str = Field(max_length=35)
    translator: str = Field(default="", max_length=200)
    machine: bool = False
    reviewer: str = Field(default="", max_length=200)
    certified: bool = False
    attachment_id: str | None = Field(default=None, foreign_key="attachment.id", max_length=36)
    added_by: str = Field(max_length=36)
    added_at: datetime = instant()


class Consultation(Deed, table=True):
    """A consultation held before a refusal or a postponement (18(26), 46(26)). Only grows."""

    __tablename__ = "consultation"
    __table_args__ = (state_check(), Index("ix_consultation_request", "request_id", "id"))

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    held_at: datetime = instant()
    way: ConsultationWay = word(ConsultationWay, "way")
    with_whom: str = Field(max_length=300)
    subject: str = Field(max_length=2000)
    outcome: str = Field(max_length=2000)
    recorded_by: str = Field(max_length=36)
    recorded_by_label: str = Field(max_length=200)
    recorded_at: datetime = instant()


class GateAnswer(Deed, table=True):
    """What a State, the owner, has answered to a question of the legal check (`facts` of data/gate.yaml). The newest of
    a State counts. Only grows.
    """

    __tablename__ = "gate_answer"
    __table_args__ = (state_check(), Index("ix_gate_answer_request", "request_id", "id"))

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    fact: str = Field(max_length=60)
    answer: bool
    answered_with: AnsweredWith = word(AnsweredWith, "answered_with")
    note: str = Field(default="", max_length=1000)
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)
    at: datetime = instant()


class InformalMessage(Deed, table=True):
    """A line of the informal thread of two authorities: not formal, never evidence. Only grows."""

    __tablename__ = "informal_message"
    __table_args__ = (state_check(), Index("ix_informal_message_request", "request_id", "id"))

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    author: str = Field(max_length=36)
    author_label: str = Field(max_length=200)
    text: str = Field(max_length=4000)
    at: datetime = instant()


class RequestEvent(Deed, table=True):
    """An act on a request that is no change of status. The owner is the State of who acted. Only grows."""

    __tablename__ = "request_event"
    __table_args__ = (state_check(), Index("ix_request_event_request", "request_id", "id"))

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    act: RequestAct = word(RequestAct, "act")
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)
    reason: str = Field(default="", max_length=1000)
    data: dict[str, Any] = json(default_factory=dict)
