"""The booked judicial event: wall time and zone as the court fixed it, UTC, the places of both courts; its costs."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, beginning, instant, json, state_check, state_code, word
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
    """Version of the rights checklist that its acts wait for, from the proposal; 0: for none, in a hearing that was
    proposed before there was one and for which nobody has begun it (`hearings.rights.answers.begin`)."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of the hearing, each with a channel: the requesting court's, the requested court's, and those
        booked besides. Whatever needs the languages of a hearing reads them here."""
        return tuple(dict.fromkeys((self.language_requesting, self.language_requested, *self.booked_languages)))


class CostKind(StrEnum):
    """What is paid for, as the instruments tell costs apart (data/costs.yaml)."""

    link_setup = "link_setup"
    link_service = "link_service"
    interpreter_pay = "interpreter_pay"
    interpreter_travel = "interpreter_travel"
    allowance = "allowance"
    """Of a witness or an expert."""
    travel = "travel"
    """Of a witness or an expert."""
    lost_earnings = "lost_earnings"
    expert_fee = "expert_fee"
    other = "other"


class CostMatter(StrEnum):
    """What a State says to the other about the costs of a hearing."""

    estimate = "estimate"
    """What the hearing is expected to cost the requested State."""
    threshold = "threshold"
    """The amount from which its costs count as substantial or extraordinary."""
    bearer = "bearer"
    """Who bears one kind of costs."""
    consultation = "consultation"
    """A consultation that was held: a record, on which nobody has to agree."""
    waiver = "waiver"
    """The State to which a refund is owed does without it: of one kind of costs, or of all."""


class CostBearer(StrEnum):
    """Who bears a kind of costs: one of the two States, or each State what it has paid itself."""

    requesting = "requesting"
    requested = "requested"
    each = "each"


class CostTerm(Deed, table=True):
    """What a State (`owner_state`) says to the other about costs. On an estimate, a threshold or who bears a kind the
    States agree when the newest rows of both say the same (`hearings.costs.cost_terms`)."""

    __tablename__ = "cost_term"
    __table_args__ = (
        state_check(),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount"),
        CheckConstraint("(amount IS NULL) = (currency = '')", name="currency"),
        CheckConstraint("matter NOT IN ('estimate', 'threshold') OR amount IS NOT NULL", name="amount_said"),
        CheckConstraint("(matter = 'bearer') = (bearer IS NOT NULL)", name="bearer_said"),
        CheckConstraint("matter <> 'bearer' OR kind IS NOT NULL", name="kind_said"),
        Index("ix_cost_term_hearing", "hearing_id", "id"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    matter: CostMatter = word(CostMatter, "matter")
    kind: CostKind | None = word(CostKind, "kind", default=None)
    """Of a bearer or a waiver; None: all kinds."""
    bearer: CostBearer | None = word(CostBearer, "bearer", default=None)
    amount: int | None = Field(default=None, sa_type=BigInteger)
    """In the minor unit of the currency (ISO 4217)."""
    currency: str = Field(default="", max_length=3)
    text: str = Field(default="", max_length=2000)
    recorded_by: str = Field(max_length=36)
    recorded_by_label: str = Field(max_length=200)
    through: str = Field(default="", max_length=36)
    """The API client that it came by; empty for a page."""
    at: datetime = instant()


class CostClaim(Row, table=True):
    """What one person or office claims for a hearing, from the State that pays it first (`owner_state`). Nobody of
    another State reads it. How far it has come: its steps."""

    __tablename__ = "cost_claim"
    __table_args__ = (
        state_check(),
        CheckConstraint("length(currency) = 3", name="currency"),
        Index("ix_cost_claim_hearing", "hearing_id", "owner_state", "id"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    participant_id: str | None = Field(default=None, foreign_key="participant.id", max_length=36)
    """Whose it is; None for a court, or somebody who took no part, such as who operates the link."""
    claimant: str = Field(max_length=200)
    """The name of whoever is paid."""
    currency: str = Field(max_length=3)
    made_by: str = Field(max_length=36)
    made_by_label: str = Field(max_length=200)
    through: str = Field(default="", max_length=36)
    at: datetime = instant()


class CostLine(Row, table=True):
    """One cost of a claim. Amounts are in the minor unit of the claim's currency."""

    __tablename__ = "cost_line"
    __table_args__ = (
        state_check(),
        CheckConstraint("minutes IS NULL OR minutes BETWEEN 1 AND 60000", name="minutes"),
        CheckConstraint("logged IS NULL OR logged >= 0", name="logged"),
        CheckConstraint("rate IS NULL OR rate >= 1", name="rate"),
        CheckConstraint("amount IS NOT NULL OR rate IS NOT NULL", name="amount_or_rate"),
        CheckConstraint("amount IS NULL OR amount >= 0", name="amount"),
        CheckConstraint("approved IS NULL OR (approved >= 0 AND approved <= amount)", name="approved"),
        Index("ix_cost_line_claim", "claim_id", "id"),
    )

    claim_id: str = Field(foreign_key="cost_claim.id", max_length=36)
    kind: CostKind = word(CostKind, "kind")
    text: str = Field(max_length=300)
    rate: int | None = Field(default=None, sa_type=BigInteger)
    """Of interpreting: what an hour of it costs."""
    minutes: int | None = None
    """Of interpreting: the minutes claimed; None for those of the log."""
    logged: int | None = None
    """Of interpreting: the minutes of the log when the claim was submitted, or decided."""
    amount: int | None = Field(default=None, sa_type=BigInteger)
    """None until the minutes of the log are known."""
    reason: str = Field(default="", max_length=1000)
    """Why the minutes claimed are not those of the log."""
    approved: int | None = Field(default=None, sa_type=BigInteger)
    """None while nobody has decided."""
    decision_reason: str = Field(default="", max_length=1000)
    """Why it is less than was claimed; otherwise a remark."""


class CostStepKind(StrEnum):
    """What has happened to a claim. A claim without a step is a draft."""

    submitted = "submitted"
    approved = "approved"
    reduced = "reduced"
    """Approved in part."""
    refused = "refused"
    paid = "paid"


class CostStep(Deed, table=True):
    """A step of a claim; the newest says how it stands."""

    __tablename__ = "cost_step"
    __table_args__ = (
        state_check(),
        CheckConstraint("kind <> 'refused' OR reason <> ''", name="reason"),
        UniqueConstraint("claim_id", "seq"),
    )

    claim_id: str = Field(foreign_key="cost_claim.id", max_length=36)
    seq: int
    kind: CostStepKind = word(CostStepKind, "kind")
    reason: str = Field(default="", max_length=1000)
    """Why it was refused; of a payment, its reference."""
    done_by: str = Field(max_length=36)
    done_by_label: str = Field(max_length=200)
    through: str = Field(default="", max_length=36)
    at: datetime = instant()


class CostReceipt(Row, table=True):
    """A receipt of a claim, a file with its digest; its bytes lie in `CostReceiptBytes`."""

    __tablename__ = "cost_receipt"
    __table_args__ = (
        state_check(),
        CheckConstraint("size >= 1", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        Index("ix_cost_receipt_claim", "claim_id", "id"),
    )

    claim_id: str = Field(foreign_key="cost_claim.id", max_length=36)
    name: str = Field(max_length=150)
    media_type: str = Field(max_length=40)
    size: int
    sha256: str = Field(max_length=64)
    added_by: str = Field(max_length=36)
    added_by_label: str = Field(max_length=200)
    at: datetime = instant()


class CostReceiptBytes(Row, table=True):
    """The bytes of a receipt, apart so that lists do not read them."""

    __tablename__ = "cost_receipt_bytes"
    __table_args__ = (state_check(), UniqueConstraint("receipt_id"))

    receipt_id: str = Field(foreign_key="cost_receipt.id", max_length=36)
    data: bytes = Field(sa_type=LargeBinary)
