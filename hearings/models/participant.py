"""People of one hearing and the links they come by."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, state_code, word
from hearings.roles import Role, track
from hearings.status import PresenceStatus


class Participant(Row, table=True):
    """A person with a role in a hearing: staff (`person_id`) or somebody invited by link."""

    __tablename__ = "participant"
    __table_args__ = (
        state_check(),
        state_check("state"),
        CheckConstraint("original BETWEEN 0 AND 40", name="original"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("role <> 'presiding_judge' OR number = 1", name="one_presiding_judge"),
        CheckConstraint("renders = '' OR role = 'interpreter'", name="interpreters_render"),
        CheckConstraint("NOT (microphone AND muted_by_court)", name="muted_means_off"),
        UniqueConstraint("hearing_id", "role", "number"),
        UniqueConstraint("hearing_id", "person_id"),
        Index("ix_participant_person_id", "person_id"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=36)
    role: Role = word(Role, "role")
    number: int = 1
    display_name: str = Field(max_length=200)
    state: str = state_code()
    city: str = Field(default="", max_length=100)
    speaks: str = Field(max_length=35)
    hears: str = Field(default="", max_length=35)
    """BCP 47 tag of the language this person wants to hear; empty for the floor as spoken."""
    original: int = 15
    """How loud the floor stays under an interpreter, per cent."""
    renders: str = Field(default="", max_length=35)
    """The language an interpreter speaks into now; empty when into none."""
    presence: PresenceStatus = word(PresenceStatus, "presence", default=PresenceStatus.invited)
    presence_since: datetime = instant()
    microphone: bool = False
    muted_by_court: bool = False
    camera: bool = False
    hand_at: datetime | None = instant(default=None)
    help_at: datetime | None = instant(default=None)
    notice_at: datetime | None = instant(default=None)
    """When the recording notice was acknowledged."""
    devices: dict[str, Any] | None = json(default=None)
    """Outcome of the device check: camera, microphone, speaker, each True or False."""
    identity_confirmed_at: datetime | None = instant(default=None)
    identity_confirmed_by: str = Field(default="", max_length=36)
    identity_method: str = Field(default="", max_length=40)
    needs_identity: bool = False
    essential: bool = False
    admitted_at: datetime | None = instant(default=None)

    @property
    def mic_track(self) -> str:
        """Name of the recorded microphone track."""
        return track(self.role, self.number, "mic")

    @property
    def cam_track(self) -> str:
        """Name of the recorded camera track."""
        return track(self.role, self.number, "cam")


class Invitation(Row, table=True):
    """A one-use link with a PIN told by another way. Secret as SHA-256, PIN under scrypt; neither is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        state_check(),
        UniqueConstraint("secret_hash"),
        CheckConstraint("tries_left BETWEEN 0 AND 5", name="tries_left"),
    )

    participant_id: str = Field(foreign_key="participant.id", index=True, max_length=36)
    secret_hash: str = Field(max_length=64)
    pin_hash: str = Field(max_length=200)
    tries_left: int = 5
    created_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    dead_at: datetime | None = instant(default=None)
    dead_why: str = Field(default="", max_length=40)
