"""The administrator's own rows of law, laid over the data files. Rows are only added: each edit is a new version."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, instant, json, state_check, word


class LawKind(StrEnum):
    """What a row of law is; the files of hearings/data hold the same kinds."""

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
    """The whole row in the shape of the files; None takes the override back."""
    reason: str = Field(max_length=2000)
    edited_by: str = Field(max_length=36)
    edited_label: str = Field(max_length=200)
    at: datetime = instant()
