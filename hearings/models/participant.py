"""People of one hearing, the links they come by, and the summonses served on them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, state_code, word
from hearings.roles import Role, track
from hearings.status import PresenceStatus

IN_OFFICE = text("vacated_at IS NULL")
HAS_FLOOR = text("has_floor")
NEXT = text("next_in_turn")


class Participant(Row, table=True):
    """A person with a role in a hearing: staff (`person_id`), somebody invited by link, or somebody who sits at the
    device of another (`device_of_id`)."""

    __tablename__ = "participant"
    __table_args__ = (
        state_check(),
        state_check("state"),
        CheckConstraint("original BETWEEN 0 AND 40", name="original"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("device_of_id IS NULL OR device_of_id <> id", name="device_of_another"),
        CheckConstraint("device_of_id IS NULL OR NOT (microphone OR camera)", name="no_device_no_media"),
        CheckConstraint("vacated_at IS NULL OR NOT (essential OR microphone OR camera)", name="vacated_means_out"),
        CheckConstraint("renders = '' OR role = 'interpreter'", name="interpreters_render"),
        CheckConstraint("interprets_since IS NULL OR role = 'interpreter'", name="interpreters_interpret"),
        CheckConstraint("NOT (microphone AND muted_by_court)", name="muted_means_off"),
        UniqueConstraint("hearing_id", "role", "number"),
        Index("ix_participant_person_id", "person_id"),
        Index(
            "ix_participant_in_office",
            "hearing_id",
            "person_id",
            unique=True,
            sqlite_where=IN_OFFICE,
            postgresql_where=IN_OFFICE,
        ),
        Index(
            "ix_participant_presiding",
            "hearing_id",
            unique=True,
            sqlite_where=text("role = 'presiding_judge' AND vacated_at IS NULL"),
            postgresql_where=text("role = 'presiding_judge' AND vacated_at IS NULL"),
        ),
        Index(
            "ix_participant_has_floor", "hearing_id", unique=True, sqlite_where=HAS_FLOOR, postgresql_where=HAS_FLOOR
        ),
        Index("ix_participant_next_in_turn", "hearing_id", unique=True, sqlite_where=NEXT, postgresql_where=NEXT),
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
    interprets: list[str] = json(default_factory=list)
    """Languages between which an interpreter interprets; empty for those of the two courts."""
    interprets_into: list[str] = json(default_factory=list)
    """Those of them that the interpreter speaks into; empty for all."""
    presence: PresenceStatus = word(PresenceStatus, "presence", default=PresenceStatus.invited)
    presence_since: datetime = instant()
    microphone: bool = False
    muted_by_court: bool = False
    camera: bool = False
    hand_at: datetime | None = instant(default=None)
    help_at: datetime | None = instant(default=None)
    has_floor: bool = False
    """Has been given the floor. While nobody has, the presiding judge has it (`hearings.hearing.floor.turn`)."""
    next_in_turn: bool = False
    interprets_since: datetime | None = instant(default=None)
    """Of an interpreter who is speaking to the floor what was said (consecutive)."""
    help_answered_by: str = Field(default="", max_length=36)
    """The participant who comes to help; empty while nobody has answered."""
    break_asked_at: datetime | None = instant(default=None)
    """Since when the person asks for a break; None once it is decided."""
    break_reason: str = Field(default="", max_length=200)
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
    name_folded: str = Field(default="", max_length=400)
    """The name as it is compared (`texts.folded`), for the search."""
    pinned_id: str = Field(default="", max_length=36)
    """The participant this person has chosen to see large; empty for none."""
    device_of_id: str | None = Field(default=None, foreign_key="participant.id", max_length=36)
    """The participant at whose device this person sits, of the same State; None for a device of one's own."""
    replaces_id: str | None = Field(default=None, foreign_key="participant.id", max_length=36)
    """Whose place this person took, of the same role and State."""
    vacated_at: datetime | None = instant(default=None)
    """When somebody else took this person's place; None while nobody has."""

    @property
    def mic_track(self) -> str:
        """Name of the recorded microphone track."""
        return track(self.role, self.number, "mic")

    @property
    def cam_track(self) -> str:
        """Name of the recorded camera track."""
        return track(self.role, self.number, "cam")

    def end_calls(self) -> None:
        """Forget what the person has asked for: help, a break."""
        self.help_at = self.break_asked_at = None
        self.help_answered_by = self.break_reason = ""


class ParticipantContact(Row, table=True):
    """Where a participant who joins by link gets mail. Read by the State that entered it (`owner_state`) only."""

    __tablename__ = "participant_contact"
    __table_args__ = (state_check(), UniqueConstraint("participant_id"))

    participant_id: str = Field(foreign_key="participant.id", max_length=36)
    email: str = Field(max_length=254)
    language: str = Field(max_length=35)
    """BCP 47 tag of the language of the mails."""
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()


class CodeWay(StrEnum):
    """How a participant gets the six digits that a join link wants: a PIN with the link, or a code when it is used."""

    phone = "phone"
    """A PIN, which the court reads out."""
    mail = "mail"
    sms = "sms"


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
    """Empty where a code is sent instead."""
    code_way: CodeWay = word(CodeWay, "code_way", default=CodeWay.phone)
    code_to: str = Field(default="", max_length=254)
    """Address or telephone number that codes are sent to."""
    tries_left: int = 5
    created_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
    dead_at: datetime | None = instant(default=None)
    dead_why: str = Field(default="", max_length=40)


class SummonsOutcome(StrEnum):
    """What came of serving a summons."""

    served = "served"
    refused = "refused"
    """The person was met, and did not accept it."""
    not_served = "not_served"


class SummonsWay(StrEnum):
    """How a summons was served, or tried to be."""

    in_person = "in_person"
    by_post = "by_post"
    """With an acknowledgement of receipt."""
    by_court = "by_court"
    electronically = "electronically"
    by_police = "by_police"


class SummonsService(Deed, table=True):
    """What came of serving one person's summons; the newest of a person counts (`hearings.summons.services`).
    `owner_state`: the requested State, which served it."""

    __tablename__ = "summons_service"
    __table_args__ = (
        state_check(),
        CheckConstraint("outcome = 'served' OR reason <> ''", name="reason"),
        Index("ix_summons_service_hearing", "hearing_id", "participant_id", "id"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    participant_id: str = Field(foreign_key="participant.id", max_length=36)
    summoned_to: datetime = instant()
    """The start of the hearing that the summons names."""
    outcome: SummonsOutcome = word(SummonsOutcome, "outcome")
    way: SummonsWay = word(SummonsWay, "way")
    served_at: datetime = instant()
    """When it was served, refused, or last tried."""
    served_zone: str = Field(max_length=60)
    """The zone of the requested State by which the day of service counts."""
    served_by: str = Field(max_length=200)
    language: str = Field(max_length=35)
    """BCP 47 tag of the language the summons is written in."""
    translation: str = Field(default="", max_length=35)
    """Of the translation served with it; empty for none."""
    attachment_id: str | None = Field(default=None, foreign_key="attachment.id", max_length=36)
    """The proof, among the files of the request."""
    reason: str = Field(default="", max_length=1000)
    """Why it was refused or could not be served."""
    remarks: str = Field(default="", max_length=1000)
    recorded_by: str = Field(max_length=36)
    recorded_by_label: str = Field(max_length=200)
    through: str = Field(default="", max_length=36)
    """Id of the API client that recorded it; empty: a person at the page."""
    at: datetime = instant()
