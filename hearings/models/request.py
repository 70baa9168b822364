"""The request of one State to another for a hearing by video (never bare `Request`: that is Starlette's)."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, state_code, word
from hearings.status import RequestStatus


class Capacity(StrEnum):
    """In what capacity the person is to be heard (`person_status` of data/enums.yaml)."""

    witness = "witness"
    expert = "expert"
    victim = "victim"
    suspect = "suspect"
    accused = "accused"
    convicted_person = "convicted_person"
    affected_person = "affected_person"


class ReasonNoAttendance(StrEnum):
    """Why the person does not come to the court (`reason_no_attendance` of data/enums.yaml)."""

    not_possible = "not_possible"
    not_desirable = "not_desirable"


class OffenceScope(StrEnum):
    """Which convention the offence falls under (`offence_scope` of data/enums.yaml)."""

    any = "any"
    untoc_offence = "untoc_offence"
    uncac_offence = "uncac_offence"
    cybercrime_offence = "cybercrime_offence"


class HearingRequest(Row, table=True):
    """A request. The owner is the requesting State; the requested State reads it once it is submitted."""

    __tablename__ = "hearing_request"
    __table_args__ = (
        state_check(),
        state_check("requesting_state"),
        state_check("requested_state"),
        CheckConstraint("owner_state = requesting_state", name="owner_asks"),
        CheckConstraint("requesting_state <> requested_state", name="two_states"),
        UniqueConstraint("owner_state", "reference"),
        Index("ix_hearing_request_requesting", "requesting_state", "created_at", "id"),
        Index("ix_hearing_request_requested", "requested_state", "created_at", "id"),
    )

    reference: str = Field(max_length=40)
    requesting_state: str = state_code()
    requested_state: str = state_code()
    requesting_authority: str = Field(default="", max_length=300)
    requested_authority: str = Field(default="", max_length=300)
    case_number: str = Field(default="", max_length=100)
    person_name: str = Field(default="", max_length=200)
    capacity: Capacity | None = word(Capacity, "capacity", default=None)
    offence_summary: str = Field(default="", max_length=4000)
    offence_scope: list[str] = json(default_factory=list)
    """Members of `OffenceScope`; an offence may fall under several conventions."""
    offence_serious: bool | None = None
    offence_transnational: bool | None = None
    offence_organised: bool | None = None
    reason_no_attendance: ReasonNoAttendance | None = word(ReasonNoAttendance, "reason_no_attendance", default=None)
    reason_text: str = Field(default="", max_length=4000)
    language_of_person: str = Field(default="", max_length=35)
    language_of_court: str = Field(default="", max_length=35)
    language_of_request: str = Field(default="", max_length=35)
    """In which the request is written or to be translated; tested against what the requested State accepts."""
    instruments: list[str] = json(default_factory=list)
    """Ids of data/instruments.yaml the requesting State relies on."""
    gate_result: dict[str, Any] | None = json(default=None)
    """Snapshot of the legal gate at submission (`hearings.legal_bases.GateResult.as_json`)."""
    status: RequestStatus = word(RequestStatus, "status", default=RequestStatus.draft)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    submitted_at: datetime | None = instant(default=None)
    answered_at: datetime | None = instant(default=None)
    answered_by: str = Field(default="", max_length=36)
    answered_ground: str = Field(default="", max_length=60)
    """A refusal or postponement code of data/enums.yaml."""
    answered_reason: str = Field(default="", max_length=4000)
    conditions: str = Field(default="", max_length=4000)
