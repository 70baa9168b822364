"""Claims of due actions, the outbox, webhooks, calendar feeds and entries, custody audits."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, word


class ClaimOutcome(StrEnum):
    """The outcome of a due action. Missed: it was due while no clock ran, and is of no use any more."""

    done = "done"
    missed = "missed"


class OutboxKind(StrEnum):
    """By which way a message leaves."""

    mail = "mail"
    webhook = "webhook"


class OutboxStatus(StrEnum):
    """The status of a message. Unconfirmed: it may have arrived without an answer; it is sent again, recognisably."""

    waiting = "waiting"
    sending = "sending"
    sent = "sent"
    unconfirmed = "unconfirmed"
    not_delivered = "not_delivered"


class FeedScope(StrEnum):
    """The hearings in a calendar feed."""

    own = "own"
    state = "state"


class Claim(Row, table=True):
    """One due action, claimed by its key in the transaction of its effect. Of no State where it concerns none."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint(
            "owner_state = '' OR (length(owner_state) = 2 AND owner_state = upper(owner_state))", name="owner_state"
        ),
        CheckConstraint("outcome = 'done' OR reason <> ''", name="missed_says_why"),
        UniqueConstraint("key"),
        Index("ix_claim_outcome", "owner_state", "outcome", "at", "id"),
    )

    key: str = Field(max_length=200)
    kind: str = Field(max_length=40)
    subject: str = Field(max_length=40)
    subject_id: str = Field(max_length=36)
    about: str = Field(default="", max_length=40)
    """The reference people know the subject by."""
    due_at: datetime = instant()
    at: datetime = instant()
    outcome: ClaimOutcome = word(ClaimOutcome, "outcome", default=ClaimOutcome.done)
    reason: str = Field(default="", max_length=300)


class UnfollowedChange(Row, table=True):
    """A `status_change` (the same id) the clock has not made notices of yet; deleted in the transaction that does."""

    __tablename__ = "unfollowed_change"
    __table_args__ = (state_check(), CheckConstraint("tries >= 0", name="tries"))

    tries: int = 0


class OutboxMessage(Row, table=True):
    """A message to be sent. Repeats are recognised by its id (Message-ID, webhook-id); `key` is unique."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        state_check(),
        CheckConstraint("attempts >= 0", name="attempts"),
        CheckConstraint("status <> 'sent' OR sent_at IS NOT NULL", name="sent_when"),
        UniqueConstraint("key"),
        Index("ix_outbox_message_due", "status", "next_at", "id"),
        Index("ix_outbox_message_owner", "owner_state", "id"),
        Index("ix_outbox_message_owner_status", "owner_state", "status", "id"),
    )

    kind: OutboxKind = word(OutboxKind, "kind")
    key: str = Field(max_length=200)
    address: str = Field(max_length=254)
    """An e-mail address, or the id of a webhook."""
    about: str = Field(default="", max_length=40)
    """The reference people know the subject by."""
    payload: dict[str, Any] = json(default_factory=dict)
    status: OutboxStatus = word(OutboxStatus, "status", default=OutboxStatus.waiting)
    created_at: datetime = instant()
    next_at: datetime = instant()
    """When it is tried (again)."""
    expires_at: datetime | None = instant(default=None)
    """After this instant it is not sent any more."""
    attempts: int = 0
    counted_from: int = 0
    """Attempts made before a person last asked for it again; these do not count."""
    sent_at: datetime | None = instant(default=None)
    last_code: str = Field(default="", max_length=40)
    """Why the last attempt failed: a word of `hearings.outward.outbox.CODES`."""
    last_text: str = Field(default="", max_length=300)
    """The answer of the other side, shortened."""
    erased_at: datetime | None = instant(default=None)
    """Since when text and address are gone (`hearings.personal_data.erasing`)."""
    digest: str | None = Field(default=None, max_length=64)
    """SHA-256 of the address and content that were erased, as `erasing.digest` makes it; None before."""


class OutboxAttempt(Row, table=True):
    """The delivery log: one attempt and its outcome."""

    __tablename__ = "outbox_attempt"
    __table_args__ = (state_check(), UniqueConstraint("message_id", "number"))

    message_id: str = Field(foreign_key="outbox_message.id", max_length=36)
    number: int
    at: datetime = instant()
    outcome: OutboxStatus = word(OutboxStatus, "outcome")
    code: str = Field(default="", max_length=40)
    text: str = Field(default="", max_length=300)


class Webhook(Row, table=True):
    """Where a State's own system receives events. Its secret follows from the installation's key and `salt`."""

    __tablename__ = "webhook"
    __table_args__ = (state_check(), Index("ix_webhook_owner", "owner_state", "id"))

    url: str = Field(max_length=500)
    events: list[str] = json(default_factory=list)
    salt: str = Field(max_length=32)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    disabled_at: datetime | None = instant(default=None)
    disabled_why: str = Field(default="", max_length=40)


class CalendarFeed(Row, table=True):
    """A person's subscription address. Only the SHA-256 of its token is kept."""

    __tablename__ = "calendar_feed"
    __table_args__ = (state_check(), UniqueConstraint("token_hash"))

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    token_hash: str = Field(max_length=64)
    scope: FeedScope = word(FeedScope, "scope", default=FeedScope.own)
    created_at: datetime = instant()
    revoked_at: datetime | None = instant(default=None)


class CalendarEntry(Row, table=True):
    """The last invitation on a day of a hearing: a digest of the day, RFC 5545's SEQUENCE, and the people invited."""

    __tablename__ = "calendar_entry"
    __table_args__ = (
        state_check(),
        CheckConstraint("sequence >= 0", name="sequence"),
        CheckConstraint("day >= 1", name="day"),
        UniqueConstraint("hearing_id", "day"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    day: int = 1
    """Number of the day, as in `HearingDay`."""
    sequence: int = 0
    digest: str = Field(max_length=64)
    people: list[str] = json(default_factory=list)
    changed_at: datetime = instant()


class CustodyAudit(Row, table=True):
    """One periodic verification of a stored recording, as `vivavoce verify` would give it."""

    __tablename__ = "custody_audit"
    __table_args__ = (state_check(), Index("ix_custody_audit_recording", "recording_id", "id"))

    recording_id: str = Field(foreign_key="recording.id", max_length=36)
    at: datetime = instant()
    verdict: str = Field(max_length=20)
    first: str = Field(default="", max_length=300)
    """The first finding that failed."""
    size: int | None = None
    root: str = Field(default="", max_length=100)
