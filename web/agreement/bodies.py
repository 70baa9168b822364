"""What operations on technical agreements take and show; and examples of both."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from hearings.agreement import outcome as outcomes, profiles
from hearings.agreement.negotiation import Interpreting
from hearings.agreement.outcome import Line
from hearings.models import Agreement, AgreementOffer, Hearing
from hearings.models.hearing import RecordingPolicy
from hearings.status import AgreementStatus
from web.agreement import sites_api as site_bodies
from web.api import examples
from web.api.fields import Json, Model, Moment, Shown

NEEDS = outcomes.as_json(outcomes.needs_from({}))
LINE = {
    "item": "audio_codec",
    "rule": "common",
    "result": "agreed",
    "offered_a": ["opus-fb"],
    "offered_b": ["opus-fb"],
    "value": "opus-fb",
    "text": "Both sites have it.",
    "options": [],
    "advice": [],
}
SESSION = {
    "audio_codec": "opus-fb",
    "audio_hz": 20000,
    "audio_kbps": 64,
    "video_codec": "vp8",
    "height": 720,
    "fps": 25,
    "video_kbps": 1500,
    "encryption": "dtls_srtp",
    "transport": "udp_direct",
    "interpreting": "consecutive",
    "recording": "sound_and_picture",
    "key_holders": "both_states",
    "format": "webm",
    "exhibits": "document_camera",
    "breakdown": {"redial": 3, "second_line": False, "phone": True, "adjourn_after_minutes": 30},
    "fingerprints": True,
    "srtp_profiles": ["SRTP_AEAD_AES_256_GCM", "SRTP_AES128_CM_HMAC_SHA1_80"],
    "lip_sync": False,
}
CONDITION = {
    "rule": {"kind": "counsel_present"},
    "text": "Defence counsel is present throughout.",
    "treatment": "enforced",
    "how": "The platform refuses the start while counsel is not in the room.",
}
SIDE = {"site": examples.ID, "state": "RO", "name": "Room 4", "city": "București", "version": 1}
AGREEMENT = {
    "hearing": "7F3K-22QD",
    "number": 1,
    "status": "proposed",
    "round": 1,
    "by_state": "RO",
    "requesting": SIDE,
    "requested": SIDE | {"state": "TH", "name": "Room 12", "city": "Bangkok"},
    "needs": NEEDS,
    "lines": [LINE],
    "session": SESSION,
    "conditions": [CONDITION],
    "terms": {"hearing": "7F3K-22QD", "agreement": 1, "round": 1},
    "terms_sha256": examples.TERMS_SHA256,
    "signed_by": [],
    "changed": "",
    "passed_over_at": None,
    "passed_over_by": "",
    "passed_over_why": "",
    "offers": [
        {
            "round": 1,
            "by_state": "RO",
            "changes": [],
            "terms_sha256": examples.TERMS_SHA256,
            "reason": "",
            "at": examples.AT,
            "by": "System of the Ministry of Justice",
        }
    ],
    "created_at": examples.AT,
}
SUMMARY = {name: AGREEMENT[name] for name in ("hearing", "number", "status", "round", "by_state", "terms_sha256")} | {
    "created_at": examples.AT
}


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

    def told(self) -> dict[str, Any]:
        """Only what was sent, as `hearings` takes it."""
        return self.model_dump(mode="json", exclude_unset=True)


class Preview(Model):
    """Two profiles and what a hearing between them would need."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"a": site_bodies.ABILITIES, "b": site_bodies.ABILITIES, "needs": {}}]}
    )

    a: site_bodies.Abilities
    b: site_bodies.Abilities
    needs: Needs = Needs()


class Draft(Model):
    """Two sites by their ids; the newest version of each profile is taken."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"requesting_site": examples.ID, "requested_site": examples.ID, "needs": {"most_height": 720}}]
        }
    )

    requesting_site: str = Field(max_length=40)
    requested_site: str = Field(max_length=40)
    needs: Needs = Needs()


class CounterOffer(Model):
    """Other needs, and why: those that are sent, the others stay."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"needs": {"most_height": 540}, "reason": "The line here is narrow."}]}
    )

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

    @classmethod
    def of(cls, line: Line) -> "OutcomeLine":
        return cls(
            item=line.item,
            rule=line.rule,
            result=line.result.value,
            offered_a=list(line.offered_a),
            offered_b=list(line.offered_b),
            value=line.value,
            text=line.text,
            options=list(line.options),
            advice=list(line.advice),
        )


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


class Round(Shown):
    """The terms a State put on the table, and what it changed."""

    round: int
    by_state: str
    changes: list[Json]
    terms_sha256: str
    reason: str
    at: Moment
    by: str

    @classmethod
    def of(cls, row: AgreementOffer) -> "Round":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "by"}
        return cls(**own, by=row.actor_label)


class AgreementSummary(Shown):
    """An agreement in a list."""

    hearing: str
    number: int
    status: AgreementStatus
    round: int
    by_state: str
    terms_sha256: str
    created_at: Moment

    @classmethod
    def of(cls, row: Agreement, hearing: Hearing) -> "AgreementSummary":
        own = {name: getattr(row, name) for name in cls.model_fields if name != "hearing"}
        return cls(hearing=hearing.ref, **own)


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
    offers: list[Round]
