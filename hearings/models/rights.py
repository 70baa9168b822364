"""What people have said to the items of a hearing's rights checklist."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlmodel import Field

from hearings.models.columns import Deed, instant, json, state_check, word


class RightAnswerKind(StrEnum):
    """What was said to an item."""

    kept = "kept"
    not_applicable = "not_applicable"
    not_kept = "not_kept"
    overridden = "overridden"
    """The presiding judge goes on without it, with a reason."""
    objection = "objection"
    """Counsel objects: it stands beside the answers, and blocks nothing by itself."""


class RightAnswer(Deed, table=True):
    """An answer to an item, or an objection; append-only (`hearings.rights.answers`). `owner_state`: whose it is."""

    __tablename__ = "right_answer"
    __table_args__ = (state_check(), Index("ix_right_answer_hearing", "hearing_id", "item", "id"))

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    item: str = Field(max_length=60)
    """Id of data/rights.yaml; empty of counsel who asks that the acts wait for the list."""
    kind: RightAnswerKind = word(RightAnswerKind, "kind")
    reason: str = Field(default="", max_length=1000)
    evidence: list[str] = json(default_factory=list)
    """Ids of the evidence there was, each with what it was found in: `basis_in_force row:hearing_request`."""
    person_id: str = Field(max_length=36)
    """Of the member of staff, or of the participant who came by a link."""
    person_name: str = Field(max_length=200)
    role: str = Field(default="", max_length=40)
    """Role in the hearing, or the function of staff it was answered with."""
    through: str = Field(default="", max_length=36)
    """Id of the API client that answered in that person's name; empty: they were signed in themselves."""
    at: datetime = instant()
