"""What happened, append-only: every change of a status, every act in a hearing, what was done to the installation."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, word


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


class InstallationKind(StrEnum):
    """What was done to an installation as a whole."""

    demo_made = "demo_made"
    restored = "restored"
    taken_over = "taken_over"


class InstallationEvent(Row, table=True):
    """One such act. It belongs to no State; `restored` without a later `taken_over`: this copy stands by."""

    __tablename__ = "installation_event"
    __table_args__ = (
        CheckConstraint("owner_state = ''", name="owner_state"),
        CheckConstraint("kind = 'demo_made' OR actor <> ''", name="by_whom"),
        CheckConstraint("kind <> 'taken_over' OR reason <> ''", name="why"),
    )

    kind: InstallationKind = word(InstallationKind, "kind")
    at: datetime = instant()
    actor: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=500)
    data: dict[str, Any] = json(default_factory=dict)
