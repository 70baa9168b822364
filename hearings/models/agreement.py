"""The technical agreement of a hearing, its offers, its line tests, what was confirmed in the room, network tests."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, state_code, word
from hearings.status import AgreementStatus


class Agreement(Row, table=True):
    """The technical agreement of both sites. At most one of a hearing is not void; owned by the requesting State."""

    __tablename__ = "agreement"
    __table_args__ = (
        state_check(),
        state_check("by_state"),
        state_check("requested_state"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("round >= 1", name="round"),
        CheckConstraint("(passed_over_at IS NULL) = (passed_over_why = '')", name="passed_over"),
        UniqueConstraint("hearing_id", "number"),
        Index(
            "uq_agreement_running",
            "hearing_id",
            unique=True,
            sqlite_where=text("status <> 'void'"),
            postgresql_where=text("status <> 'void'"),
        ),
        Index("ix_agreement_requesting_step", "owner_state", "status", "starts_at", "hearing_id", "by_state"),
        Index("ix_agreement_requested_step", "requested_state", "status", "starts_at", "hearing_id", "by_state"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    requested_state: str = state_code()
    starts_at: datetime = instant()
    """Of the hearing: kept by `hearings.hearing.days.put`."""
    number: int
    status: AgreementStatus = word(AgreementStatus, "status", default=AgreementStatus.drafted)
    round: int = 1
    """Counts up with every counter-offer."""
    by_state: str = state_code()
    """The State that made the latest offer."""
    requesting_profile_id: str = Field(foreign_key="site_profile.id", index=True, max_length=36)
    requested_profile_id: str = Field(foreign_key="site_profile.id", index=True, max_length=36)
    needs: dict[str, Any] = json()
    terms: dict[str, Any] = json()
    terms_sha256: str = Field(max_length=64)
    passed_over_at: datetime | None = instant(default=None)
    """When it was decided to go on without a passed line test, by whom, and why."""
    passed_over_by: str = Field(default="", max_length=200)
    passed_over_why: str = Field(default="", max_length=500)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()


class AgreementOffer(Deed, table=True):
    """One round: the terms a State proposed, and its changes. Only grows."""

    __tablename__ = "agreement_offer"
    __table_args__ = (
        state_check(),
        state_check("by_state"),
        CheckConstraint("round >= 1", name="round"),
        UniqueConstraint("agreement_id", "round"),
    )

    agreement_id: str = Field(foreign_key="agreement.id", max_length=36)
    round: int
    by_state: str = state_code()
    needs: dict[str, Any] = json()
    changes: list[dict[str, Any]] = json(default_factory=list)
    """`{"need", "before", "after"}` against the round before."""
    terms: dict[str, Any] = json()
    terms_sha256: str = Field(max_length=64)
    reason: str = Field(default="", max_length=500)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)


class LineTest(Row, table=True):
    """A measurement of the line between the two sites of an agreement, judged when both have reported."""

    __tablename__ = "line_test"
    __table_args__ = (
        state_check(),
        CheckConstraint("(judged_at IS NULL) = (passed IS NULL)", name="judged"),
        Index("ix_line_test_agreement", "agreement_id", "id"),
    )

    agreement_id: str = Field(foreign_key="agreement.id", max_length=36)
    terms_sha256: str = Field(max_length=64)
    begun_at: datetime = instant()
    begun_by: str = Field(max_length=36)
    judged_at: datetime | None = instant(default=None)
    passed: bool | None = None
    findings: list[dict[str, Any]] = json(default_factory=list)
    """`{"item", "side", "measured", "limit", "passed"}`, as judged."""


class LineReport(Deed, table=True):
    """What one site's browser measured. The owner is the site's State. Only grows."""

    __tablename__ = "line_report"
    __table_args__ = (state_check(), UniqueConstraint("line_test_id", "owner_state"))

    line_test_id: str = Field(foreign_key="line_test.id", max_length=36)
    measured: dict[str, Any] = json()
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)


class RoomConfirmation(Row, table=True):
    """A named person has confirmed in a sitting that a condition is kept."""

    __tablename__ = "room_confirmation"
    __table_args__ = (state_check(), UniqueConstraint("sitting_id", "condition_kind"))

    sitting_id: str = Field(foreign_key="sitting.id", max_length=36)
    condition_kind: str = Field(max_length=40)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)


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


class NetworkTest(Row, table=True):
    """One test by one person. The owner is the State of the person; without a seat in the hearing, staff of it."""

    __tablename__ = "network_test"
    __table_args__ = (state_check(), Index("ix_network_test_hearing", "hearing_id", "id"))

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    participant_id: str | None = Field(default=None, foreign_key="participant.id", max_length=36)
    measured: dict[str, Any] = json()
    """By way (`direct`, `udp`, `tcp`, `tls`), and `devices` if they were checked, as
    `hearings.agreement.network_tests.read` gives it."""
    verdict: str = Field(max_length=10)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)
