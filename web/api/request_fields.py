"""The fields of a request as the API takes and shows them; a test compares them with `hearings.requests.fields`."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from hearings.models.request import (
    Capacity,
    Channel,
    InterpretingMode,
    OathForm,
    OffenceScope,
    Procedure,
    Protection,
    ReasonNoAttendance,
    Side,
    Stage,
)
from web.api.fields import Day, Model, Moment, Shown, Wall

Line = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=4000)]
Language = Annotated[str, Field(max_length=35, description="BCP 47 tag, or empty.", examples=["th"])]
Lax = Field(strict=False)


class Slot(Model):
    """A time that would suit: what the clocks of a place show."""

    wall: Wall
    zone: Annotated[str, Field(max_length=60, examples=["Europe/Bucharest"])]
    fold: Literal[0, 1] | None = None
    minutes: Annotated[int, Field(ge=5, le=720)] = 60


class RequestFields(Model):
    """What a draft can say. A field that is not sent is left as it is; letters are those of UNTOC art. 18(15)."""

    requesting_authority: Line = ""
    requested_authority: Line = ""
    authority_contact: Line = ""
    authority_mailbox: Line = ""
    authority_phone: Line = ""
    case_number: Line = Field(default="", examples=["1234/P/2027"])
    procedure: Annotated[Procedure, Lax] | None = None
    stage: Annotated[Stage, Lax] | None = None
    proceeding_nature: Line = ""
    proceeding_subject: Text = ""
    conducting_authority: Line = ""
    conducting_functions: Line = ""
    judicial_authority: Line = ""
    persons_conducting: Text = ""
    offence_summary: Text = ""
    offences: Text = ""
    penalty_max: Line = ""
    penalty_years: Annotated[int, Field(ge=0, le=99)] | None = None
    convention_link: Text = ""
    offence_scope: list[Annotated[OffenceScope, Lax]] = Field(default=[], max_length=10)
    offence_serious: bool | None = None
    offence_transnational: bool | None = None
    offence_organised: bool | None = None
    grave_offence_or_jury: bool | None = None
    special_procedure: Text = ""
    reason_no_attendance: Annotated[ReasonNoAttendance, Lax] | None = None
    reason_text: Text = ""
    recording_asked: bool | None = None
    recording_by: Annotated[Side, Lax] | None = None
    recording_format: Line = ""
    interpreter_languages: list[Language] = Field(default=[], max_length=6)
    interpreter_side: Annotated[Side, Lax] | None = None
    interpreter_mode: Annotated[InterpretingMode, Lax] | None = None
    oath_form: Annotated[OathForm, Lax] | None = None
    oath_text: Text = ""
    rights_notice_requesting: Text = ""
    rights_notice_requested: Text = ""
    question_list: str = Field(default="", max_length=8000)
    exhibits: Text = ""
    protection_requested: list[Annotated[Protection, Lax]] = Field(default=[], max_length=20)
    protection_reason: Text = ""
    costs: Annotated[Side, Lax] | None = None
    costs_note: Text = ""
    proposed_slots: list[Slot] = Field(default=[], max_length=20)
    person_name: Line = ""
    capacity: Annotated[Capacity, Lax] | None = None
    person_born: Day | None = None
    person_nationality: str = Field(default="", pattern="^([A-Z]{2})?$")
    person_address: Text = ""
    person_age_under_18: bool | None = None
    custody_place: Line = ""
    detained_since: Day | None = None
    custody_limit: Day | None = None
    language_of_person: Language = ""
    purpose: Text = ""
    evidential_purpose: bool | None = None
    instruments: list[Annotated[str, Field(max_length=60)]] = Field(default=[], max_length=40)
    prefer_convention: bool = False
    lawyer_access: bool | None = None
    domestic_law_confirmed: bool | None = None
    authorities_agree: bool | None = None
    domestic_basis: Text = ""
    reciprocity: Text = ""
    dual_criminality: Text = ""
    language_of_court: Language = ""
    language_of_request: Language = ""
    channel: Annotated[Channel, Lax] | None = None
    urgent: bool = False
    urgent_reason: Text = ""
    both_agree_urgent_route: bool | None = None
    oral: bool = False
    oral_at: Annotated[datetime, Lax] | None = None
    wanted_by: Day | None = None
    wanted_by_reason: Text = ""
    confidential: bool = True
    confidentiality_note: Text = ""
    use_limits: Text = ""
    evidence_risk: Annotated[int, Field(ge=0, le=3)] | None = None
    evidence_risk_reason: Text = ""

    def told(self) -> dict[str, Any]:
        """Only what was sent, as `hearings` takes it."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        if "proposed_slots" in fields:
            fields["proposed_slots"] = [
                {**slot.model_dump(exclude_none=True), "wall": slot.wall.isoformat()} for slot in self.proposed_slots
            ]
        return fields


class ShownSlot(Shown):
    """A time that would suit, as it was given and in UTC."""

    at: str
    until: str
    minutes: int
    wall: str
    zone: str
    fold: int | None = None
    """Which of the two, where the clocks show the wall time twice: 0 the first, 1 the second."""


_OTHER: dict[str, Any] = {"proposed_slots": list[ShownSlot], "oral_at": Moment | None}

_FIELDS: dict[str, Any] = {
    name: (_OTHER.get(name, field.annotation), ...) for name, field in RequestFields.model_fields.items()
}
Content: Any = create_model(
    "RequestContent", __base__=Shown, __doc__="Every field of a request, filled in or empty.", **_FIELDS
)
"""`hearings.requests.statements.content` as a schema."""
