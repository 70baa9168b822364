"""The administrator's own rows of law, laid over the data files. Rows are only added: each edit is a new version.

Also joint changes of data of other States, which wait until an administrator entitled to has confirmed them.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, word


class LawKind(StrEnum):
    """The kind of a row of law; the files of hearings/data hold the same kinds."""

    instrument = "instrument"
    party = "party"
    declaration = "declaration"
    overlay = "overlay"
    rule = "rule"
    court_hours = "court_hours"
    jurisdiction = "jurisdiction"
    interpreting_rest = "interpreting_rest"


class LawRow(Deed, table=True):
    """One version of one row. The owner is the State of the administrator who made it; it holds for everybody."""

    __tablename__ = "law_row"
    __table_args__ = (
        state_check(),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("serial >= 1", name="serial"),
        UniqueConstraint("serial"),
        UniqueConstraint("kind", "key", "version"),
    )

    serial: int
    """Number of the edit over all rows; the newest says whether the law has changed."""
    kind: LawKind = word(LawKind, "kind")
    key: str = Field(max_length=120)
    """As `hearings.reference.key_of` makes it: `RO/untoc`."""
    version: int
    data: dict[str, Any] | None = json(default=None)
    """The whole row in the shape of the files; None takes the override back, or changes nothing (`confirms`)."""
    confirms: int | None = None
    """Number of the version that was looked at again and found right, 0 for the files'; None for a change."""
    reason: str = Field(max_length=2000)
    edited_by: str = Field(max_length=36)
    edited_label: str = Field(max_length=200)
    at: datetime = instant()


class JointKind(StrEnum):
    """The data a joint change is about."""

    law = "law"
    directory = "directory"


class JointStatus(StrEnum):
    """How far a joint change is."""

    waiting = "waiting"
    confirmed = "confirmed"
    refused = "refused"
    withdrawn = "withdrawn"


class JointChange(Row, table=True):
    """A change of data of another State, or of the installation. The owner is the State that proposes it."""

    __tablename__ = "joint_change"
    __table_args__ = (
        state_check(),
        CheckConstraint("(status = 'waiting') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("status <> 'confirmed' OR decided_state <> owner_state", name="by_another"),
        Index("ix_joint_change_status", "status", "id"),
    )

    kind: JointKind = word(JointKind, "kind")
    concerns: str = Field(default="", max_length=2)
    """The State that owns the data; empty: the installation."""
    data: list[dict[str, Any]] = json()
    """Of the law: edits. Of the directory: rows of the table, by column."""
    about: str = Field(default="", max_length=1000)
    """Kind and key of each row of the law, in lines of their own."""
    reason: str = Field(default="", max_length=2000)
    proposed_by: str = Field(max_length=36)
    proposed_label: str = Field(max_length=200)
    at: datetime = instant()
    status: JointStatus = word(JointStatus, "status", default=JointStatus.waiting)
    decided_by: str = Field(default="", max_length=36)
    decided_label: str = Field(default="", max_length=200)
    decided_state: str = Field(default="", max_length=2)
    decided_reason: str = Field(default="", max_length=2000)
    decided_at: datetime | None = instant(default=None)
