"""What happened, append-only: every change of a status, and every act in a hearing."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check


class StatusChange(Row, table=True):
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


class HearingEvent(Row, table=True):
    """One act or incident of a hearing. `kind` is a member of `hearings.events.EventKind`."""

    __tablename__ = "hearing_event"
    __table_args__ = (
        state_check(),
        CheckConstraint("seq >= 1", name="seq"),
        UniqueConstraint("hearing_id", "seq"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    seq: int
    at: datetime = instant()
    kind: str = Field(max_length=40)
    actor: str = Field(max_length=36)
    actor_role: str = Field(default="", max_length=40)
    data: dict[str, Any] = json(default_factory=dict)
