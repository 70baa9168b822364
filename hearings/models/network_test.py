"""Network tests: what a person's browser has measured on its ways to the server, before a hearing or in its lobby."""

from datetime import datetime
from typing import Any

from sqlmodel import Field, Index

from hearings.models.columns import Row, instant, json, state_check


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
