"""What operations on technical agreements take and show."""

from typing import Annotated, Any

from pydantic import Field

from hearings.agreement import outcome as outcomes, profiles
from hearings.agreement.negotiation import Interpreting
from hearings.models.hearing import RecordingPolicy
from hearings.status import AgreementStatus
from web.agreement import sites_api as site_bodies
from web.api.fields import Column, Json, Model, Moment, Shown


class Needs(Model):
    """What the hearing needs. What is left out follows from the hearing, its people and its conditions.

    `a` is the requesting State's side, `b` the requested State's.
    """

    interpreting: Annotated[Interpreting, Field(strict=False)] = Interpreting.consecutive
    cameras_a: int = Field(default=2, ge=1, le=12)
    cameras_b: int = Field(default=2, ge=1, le=12)
    least_height: int = Field(default=360, json_schema_extra={"enum": list(profiles.table()["sizes"])})
    least_fps: int = Field(default=15, ge=1, le=60)
    most_height: int = Field(default=1080, json_schema_extra={"enum": list(profiles.table()["sizes"])})
    most_fps: int = Field(default=30, ge=1, le=60)
    recording: Annotated[RecordingPolicy, Field(strict=False)] = RecordingPolicy.sound_and_picture
    end_to_end: bool = Field(default=False, description="Encryption the server cannot open is insisted on.")
    heard: str = Field(default="b", pattern="^[ab]$", description="The side at which the person is heard.")
    room_view: bool = False
    private_line: bool = False
    accessibility: list[str] = Field(
        default=[], max_length=10, json_schema_extra={"items": {"type": "string", "enum": list(profiles.ACCESSIBILITY)}}
    )
    interpreter_at: str = Field(
        default="b", json_schema_extra={"enum": list(outcomes.INTERPRETER_AT)}, description="Where interpreters sit."
    )
    pivot: bool = Field(default=False, description="Interpreting goes through a third language.")
    exhibits: bool = Field(default=False, description="Exhibits are shown.")
    redial: int = Field(default=3, ge=0, le=profiles.MOST_REDIALS)
    phone: bool = Field(default=True, description="The telephone may be used when the line breaks.")
    adjourn_after_minutes: int = Field(default=30, ge=1, le=profiles.MOST_MINUTES_DOWN)
    fingerprints: bool = Field(default=True, description="Both courts compare fingerprints aloud before the start.")
    true_to_life: bool = Field(default=False, description="The person heard is shown as if they sat opposite.")
    lip_sync: bool = Field(default=False, description="The line test must show that sound and picture keep together.")

    def sent(self) -> dict[str, Any]:
        """Only what was sent, as `hearings` takes it."""
        return self.model_dump(mode="json", exclude_unset=True)


class Preview(Model):
    """Two profiles and what a hearing between them would need."""

    a: site_bodies.Abilities
    b: site_bodies.Abilities
    needs: Needs = Needs()


class Draft(Model):
    """Two sites by their ids; the newest version of each profile is taken."""

    requesting_site: str = Field(max_length=40)
    requested_site: str = Field(max_length=40)
    needs: Needs = Needs()


class CounterOffer(Model):
    """Other needs, and why: those that are sent, the others stay."""

    needs: Needs
    reason: str = Field(default="", max_length=500)


class OutcomeLine(Shown):
    """One item of the outcome: what both offered, what came of it, why; for a conflict what would solve it."""

    item: str
    rule: str
    result: str
    offered_a: list[str]
    offered_b: list[str]
    value: str
    text: str
    options: list[str]
    advice: list[str]


class ShownOutcome(Shown):
    """Every line, and the session both sites can hold; none while a line is a conflict."""

    lines: list[OutcomeLine]
    session: Json | None


class ShownCondition(Shown):
    """A condition of the requested State: its rule, its sentence, and how the platform treats it."""

    rule: Json
    text: str
    treatment: str
    how: str


class ConditionList(Shown):
    """The conditions the room knows; what else was written is in the request."""

    items: list[ShownCondition]


class AgreementSide(Shown):
    """A site and the version of its profile the terms are built on."""

    site: str
    state: str
    name: str
    city: str
    version: int


class OfferedTerms(Shown):
    """The terms a State put on the table, and what it changed."""

    round: int
    by_state: str
    changes: list[Json]
    terms_sha256: str
    reason: str
    at: Moment
    by: Annotated[str, Column("actor_label")]


class AgreementSummary(Shown):
    """An agreement in a list."""

    hearing: str
    number: int
    status: AgreementStatus
    round: int
    by_state: str
    terms_sha256: str
    created_at: Moment


class AgreementList(Shown):
    """The agreements of a hearing, the newest first. A draft is its author's only."""

    items: list[AgreementSummary]


class ShownAgreement(AgreementSummary):
    """An agreement, whole. `changed` says what no longer is as it was when the terms were made."""

    requesting: AgreementSide
    requested: AgreementSide
    needs: Json
    lines: list[OutcomeLine]
    session: Json | None
    conditions: list[ShownCondition]
    terms: Json
    signed_by: list[str]
    changed: str
    passed_over_at: Moment | None
    passed_over_by: str
    passed_over_why: str
    offers: list[OfferedTerms]
