"""Places from which people take part, and the versions of what each can do."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check


class Site(Row, table=True):
    """A room of a court or prison. Its owner keeps the profile; the newest version counts."""

    __tablename__ = "site"
    __table_args__ = (state_check(), Index("ix_site_owner", "owner_state", "id"))

    name: str = Field(max_length=200)
    court: str = Field(max_length=300)
    room: str = Field(default="", max_length=100)
    city: str = Field(max_length=100)
    zone: str = Field(max_length=60)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    retired_at: datetime | None = instant(default=None)


class SiteProfile(Deed, table=True):
    """One version of what a site can do (`hearings.agreement.profiles`). Only grows; the database refuses a change."""

    __tablename__ = "site_profile"
    __table_args__ = (
        state_check(),
        CheckConstraint("version >= 1", name="version"),
        UniqueConstraint("site_id", "version"),
    )

    site_id: str = Field(foreign_key="site.id", max_length=36)
    version: int
    abilities: dict[str, Any] = json()
    details: dict[str, Any] = json(default_factory=dict)
    """Texts for people, each `{"value", "confidential"}`."""
    reason: str = Field(default="", max_length=500)
    created_by: str = Field(max_length=36)
    created_label: str = Field(max_length=200)
    created_at: datetime = instant()
