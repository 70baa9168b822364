"""The directory: authorities and contact points of States, as an administrator has imported them."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, word


class AuthorityKind(StrEnum):
    """What an authority is to those who write to it."""

    central_authority = "central_authority"
    competent_authority = "competent_authority"
    court = "court"
    contact_point = "contact_point"


class Network(StrEnum):
    """A network of judicial cooperation a contact point belongs to (UNODC paper, paragraphs 27 to 32)."""

    ejn = "ejn"
    iberred = "iberred"
    seepag = "seepag"
    casc = "casc"
    jit = "jit"
    genocide = "genocide"
    aiamp = "aiamp"
    mercosur = "mercosur"
    globe = "globe"
    eurojust = "eurojust"


class Authority(Row, table=True):
    """One authority or contact point. The owner is the State it belongs to."""

    __tablename__ = "authority"
    __table_args__ = (state_check(), UniqueConstraint("owner_state", "kind", "name"))

    kind: AuthorityKind = word(AuthorityKind, "kind")
    name: str = Field(max_length=300)
    contact: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)
    phone: str = Field(default="", max_length=40)
    address: str = Field(default="", max_length=500)
    languages: list[str] = json(default_factory=list)
    networks: list[str] = json(default_factory=list)
    """Members of `Network`."""
    source: str = Field(default="", max_length=300)
    as_of: date | None = None
    """The day somebody last checked that this is right; None when nobody is known to have."""
    imported_at: datetime = instant()
    imported_by: str = Field(max_length=36)
