"""The booked judicial event: wall time and zone as the court fixed it, UTC, and the places of both courts."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, beginning, instant, json, state_check, state_code, word
from hearings.roles import Role
from hearings.status import HearingStatus


class RecordingPolicy(StrEnum):
    """What both States have agreed to be recorded; part of the terms of a hearing."""

    sound_and_picture = "sound_and_picture"
    sound_only = "sound_only"
    not_recorded = "not_recorded"


def everybody() -> list[str]:
    """The classes of participants a hearing is open to unless its terms say otherwise: every role."""
    return sorted(Role)


class Hearing(Row, table=True):
    """A hearing. `starts_at` follows from `wall_start` in `wall_zone` by the time-zone data `tzdb_version`."""

    __tablename__ = "hearing"
    __table_args__ = (
        state_check(),
        state_check("requesting_state"),
        state_check("requested_state"),
        CheckConstraint("owner_state = requesting_state", name="owner_asks"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("wall_fold IN (0, 1)", name="wall_fold"),
        CheckConstraint("margin_before BETWEEN 0 AND 240", name="margin_before"),
        CheckConstraint("margin_after BETWEEN 0 AND 240", name="margin_after"),
        CheckConstraint("line_test BETWEEN 0 AND 240", name="line_test"),
        CheckConstraint("terms_version IN (1, 2)", name="terms_version"),
        CheckConstraint("rights_version IN (0, 1)", name="rights_version"),
        CheckConstraint(
            "status NOT IN ('agreed', 'ready') OR one_signed "
            "OR (requesting_signed <> '' AND requesting_signed = requested_signed)",
            name="both_signed",
        ),
        UniqueConstraint("ref"),
        Index("ix_hearing_requesting", "requesting_state", "starts_at", "id"),
        Index("ix_hearing_requested", "requested_state", "starts_at", "id"),
        Index("ix_hearing_requesting_step", "requesting_state", "status", "starts_at", "id"),
        Index("ix_hearing_requested_step", "requested_state", "status", "starts_at", "id"),
        Index("ix_hearing_status", "status", "starts_at"),
    )

    ref: str = beginning(20)
    request_id: str = Field(foreign_key="hearing_request.id", index=True, max_length=36)
    case_number: str = Field(default="", max_length=100)
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    wall_start: str = Field(max_length=30)
    """The wall time the court fixed, ISO 8601 without offset."""
    wall_zone: str = Field(max_length=60)
    wall_fold: int = 0
    """1 when the clocks show the wall time twice and the second is meant."""
    requesting_state: str = state_code()
    requesting_zone: str = Field(max_length=60)
    requesting_city: str = Field(max_length=100)
    requested_state: str = state_code()
    requested_zone: str = Field(max_length=60)
    requested_city: str = Field(max_length=100)
    tzdb_version: str = Field(max_length=20)
    language_requesting: str = Field(max_length=35)
    language_requested: str = Field(max_length=35)
    booked_languages: list[str] = json(default_factory=list)
    """Further languages, BCP 47, spoken or signed, in the order in which they were booked."""
    status: HearingStatus = word(HearingStatus, "status", default=HearingStatus.proposed)
    recording_policy: RecordingPolicy = word(
        RecordingPolicy, "recording_policy", default=RecordingPolicy.sound_and_picture
    )
    participant_classes: list[str] = json(default_factory=everybody)
    """Roles that may take part; part of the terms."""
    margin_before: int = 0
    """Minutes for which what is booked is kept free before and after, and those of a line test before that."""
    margin_after: int = 0
    line_test: int = 0
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    requesting_signed: str = Field(default="", max_length=64)
    """SHA-256 of the terms the requesting State has signed, empty while it has signed none of those on the table."""
    requested_signed: str = Field(default="", max_length=64)
    one_signed: bool = False
    """Agreed when one signature was enough: the missing one is required before its next step."""
    terms_version: int = 2
    """Which fields the terms have (`hearings.hearing.agreed_terms`); what is signed keeps its version."""
    capacity: str = Field(default="", max_length=40)
    """In what capacity the person is heard, as the request says (`Capacity`); empty where it does not."""
    agreed_rooms: list[dict[str, Any]] = json(default_factory=list)
    """The rooms in the terms once a State has signed these: objects of `resource`, `state`, `city` and `name`."""

    rights_version: int = 0
    """Version of the rights checklist that its acts wait for (`hearings.rights.answers.begin`); 0: for none."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the hearing, each with a channel: the requesting court's, the requested court's, and those
        booked besides. Whatever needs the languages of a hearing reads them here."""
        return tuple(dict.fromkeys((self.language_requesting, self.language_requested, *self.booked_languages)))
