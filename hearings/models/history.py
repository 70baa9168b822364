"""Append-only histories: changes of status, events of a hearing, acts on the installation."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.db import LoggedAct, Weight
from hearings.models.columns import Deed, Row, instant, json, state_check, word
from hearings.status import RecordingStatus, SittingStatus

SEEN_AT_ONCE = frozenset({"hearing_request", "hearing", "agreement", "minutes", "consent", "offer"})
"""Tables whose changes of status are in the anchor before the response is sent."""
ENDS = frozenset({SittingStatus.closed.value, RecordingStatus.sealed.value, RecordingStatus.failed.value})


class StatusChange(Deed, table=True):
    """One move of one row's status. `subject` is the table's name; `before` is empty when the row was made."""

    __tablename__ = "status_change"
    __table_args__ = (state_check(), Index("ix_status_change_subject", "subject", "subject_id", "at", "id"))

    subject: str = Field(max_length=40)
    subject_id: str = Field(max_length=36)
    before: str = Field(max_length=40)
    after: str = Field(max_length=40)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)
    reason: str = Field(default="", max_length=4000)

    def weight(self) -> Weight:
        """Of sittings and recordings only the end is in the anchor at once, so that a room does not wait for a disk."""
        ends = self.subject in ("sitting", "recording") and self.after in ENDS
        return Weight.at_once if self.subject in SEEN_AT_ONCE or ends else Weight.plain


class HearingEvent(Deed, table=True):
    """One act or incident of a hearing. `kind` is a member of `hearings.events.EventKind`."""

    __tablename__ = "hearing_event"
    __table_args__ = (
        state_check(),
        CheckConstraint("seq >= 1", name="seq"),
        UniqueConstraint("hearing_id", "seq"),
        Index("ix_hearing_event_kind", "hearing_id", "kind", "seq"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    seq: int
    at: datetime = instant()
    kind: str = Field(max_length=40)
    actor: str = Field(max_length=36)
    actor_role: str = Field(default="", max_length=40)
    data: dict[str, Any] = json(default_factory=dict)


class InstallationKind(StrEnum):
    """An act on the installation as a whole."""

    demo_made = "demo_made"
    restored = "restored"
    taken_over = "taken_over"
    anchor_begun = "anchor_begun"
    newer_seen = "newer_seen"
    loss_accepted = "loss_accepted"


class InstallationEvent(Deed, table=True):
    """One such act. It belongs to no State; `restored` without a later `taken_over`: this copy stands by.

    `anchor_begun`: from here on an anchor is kept outside; `newer_seen`: a client showed a head that is not ours;
    `loss_accepted`: a person takes it on record that the data are older than they were.
    """

    __tablename__ = "installation_event"
    __table_args__ = (
        CheckConstraint("owner_state = ''", name="owner_state"),
        CheckConstraint("kind = 'demo_made' OR actor <> ''", name="by_whom"),
        CheckConstraint("kind NOT IN ('taken_over', 'loss_accepted') OR reason <> ''", name="why"),
    )

    kind: InstallationKind = word(InstallationKind, "kind")
    at: datetime = instant()
    actor: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=500)
    data: dict[str, Any] = json(default_factory=dict)


class RetentionPeriod(Deed, table=True):
    """How long a State keeps what one rule of data/personal_data.yaml is about (`hearings.personal_data.periods`)."""

    __tablename__ = "retention_period"
    __table_args__ = (
        state_check(),
        CheckConstraint("days >= 1", name="days"),
        CheckConstraint("reason <> ''", name="reason"),
        Index("ix_retention_period_rule", "owner_state", "rule", "id"),
    )

    rule: str = Field(max_length=40)
    days: int
    reason: str = Field(max_length=500)
    set_by: str = Field(max_length=36)
    set_label: str = Field(max_length=200)
    through: str = Field(default="", max_length=36)
    """Id of the API client that chose it; empty: a person at the page."""
    at: datetime = instant()


class Erasure(Deed, table=True):
    """What the service has erased in one transaction by a rule of data/personal_data.yaml: how many rows of a State."""

    __tablename__ = "erasure"
    __table_args__ = (
        state_check(),
        CheckConstraint("rows_erased >= 1", name="rows_erased"),
        Index("ix_erasure_state", "owner_state", "id"),
    )

    rule: str = Field(max_length=40)
    rows_erased: int
    at: datetime = instant()


class DataReport(Deed, table=True):
    """That a report was made of what is held about a person (`hearings.personal_data.reports`), and not about whom."""

    __tablename__ = "data_report"
    __table_args__ = (
        state_check(),
        CheckConstraint("length(about_sha256) = 64 AND length(report_sha256) = 64", name="digests"),
        Index("ix_data_report_state", "owner_state", "id"),
    )

    about_sha256: str = Field(max_length=64)
    """Of what was asked for: whoever asks again can show it."""
    identity: str = Field(max_length=300)
    """How it was checked that the one who asks is this person."""
    reason: str = Field(max_length=500)
    rows_told: int
    report_sha256: str = Field(max_length=64)
    made_by: str = Field(max_length=36)
    made_label: str = Field(max_length=200)
    at: datetime = instant()


class DataAsked(StrEnum):
    """What a person asks for about their data."""

    erasure = "erasure"
    rectification = "rectification"
    restriction = "restriction"


class DataOutcome(StrEnum):
    """What came of it."""

    granted = "granted"
    partly = "partly"
    refused = "refused"


class DataRequest(Deed, table=True):
    """What a person of a hearing asks for about their data (`hearings.personal_data.data_requests`)."""

    __tablename__ = "data_request"
    __table_args__ = (state_check(), Index("ix_data_request_state", "owner_state", "id"))

    kind: DataAsked = word(DataAsked, "kind")
    participants: list[str] = json()
    """Ids of the person's seats in hearings."""
    asked: str = Field(max_length=2000)
    identity: str = Field(max_length=300)
    """How it was checked that the one who asks is this person."""
    received_on: date
    recorded_by: str = Field(max_length=36)
    recorded_label: str = Field(max_length=200)
    at: datetime = instant()


class DataDecision(Deed, table=True):
    """The decision on a `DataRequest`, one each, with what was erased and what stays."""

    __tablename__ = "data_decision"
    __table_args__ = (
        state_check(),
        UniqueConstraint("request_id"),
        CheckConstraint("reason <> ''", name="reason"),
    )

    request_id: str = Field(foreign_key="data_request.id", max_length=36)
    outcome: DataOutcome = word(DataOutcome, "outcome")
    reason: str = Field(max_length=2000)
    erased: dict[str, int] = json(default_factory=dict)
    """By rule of data/personal_data.yaml, how many rows."""
    stays: list[dict[str, Any]] = json(default_factory=list)
    """`{"table", "rows", "why", "provision"}` of what was not erased."""
    decided_by: str = Field(max_length=36)
    decided_label: str = Field(max_length=200)
    at: datetime = instant()

    def as_act(self) -> LoggedAct:
        """About the request of the person, which is none to another State."""
        return LoggedAct("data_request", self.request_id, 0, self.at, self.weight())


class ActHead(Row, table=True):
    """The head of acts at the commit of a transaction (`hearings.db`). Number 0 is the installation's own:
    its hash is a secret that no other installation has."""

    __tablename__ = "act_head"
    __table_args__ = (
        CheckConstraint("owner_state = ''", name="owner_state"),
        CheckConstraint("number >= 0", name="number"),
        CheckConstraint("length(hash) = 64", name="hash"),
        UniqueConstraint("number"),
    )

    number: int = Field(sa_type=BigInteger)
    hash: str = Field(max_length=64)
    at: datetime = instant()
    about: list[list[Any]] = json(default_factory=list)
    """Rows acted on: table, id, and the last number of its own log (0 if it has none)."""
