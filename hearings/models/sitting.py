"""One continuous session of a hearing, its recording, the sound checks before it, fingerprints compared aloud."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, word
from hearings.models.participant import Participant
from hearings.roles import Role
from hearings.status import ComparisonStatus, RecordingStatus, SittingStatus


class FloorMode(StrEnum):
    """How people come to speak to the floor."""

    open = "open"
    """Everybody in the room who may speak opens their microphone when they want to."""
    by_turn = "by_turn"
    """Beside those who conduct, who has been given the floor."""
    consecutive = "consecutive"
    """As by turn; an interpreter then speaks to the floor what was said, before the next person speaks."""


class HoldCause(StrEnum):
    """Why the floor is closed."""

    order = "order"
    intervention = "intervention"
    fault = "fault"
    recording = "recording"


class HoldCode(StrEnum):
    """Why the service itself closes the floor: the reason of its holds, with whom or what it is about after a colon."""

    absent = "absent"
    consent_withdrawn = "consent_withdrawn"
    interpreter_line_poor = "interpreter_line_poor"
    interpreter_lost = "interpreter_lost"
    line_lost = "line_lost"
    recording_failing = "recording_failing"
    replaced = "replaced"


class CheckStatus(StrEnum):
    """The status of a sound check."""

    waiting = "waiting"
    running = "running"
    passed = "passed"
    failed = "failed"


class Sitting(Row, table=True):
    """A sitting. At most one per hearing is not closed. `hold_*` describe the hold that must be lifted first."""

    __tablename__ = "sitting"
    __table_args__ = (
        state_check(),
        CheckConstraint("NOT floor_open OR hold_cause IS NULL", name="held_means_closed"),
        Index(
            "uq_sitting_open",
            "hearing_id",
            unique=True,
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
    )

    hearing_id: str = Field(foreign_key="hearing.id", index=True, max_length=36)
    status: SittingStatus = word(SittingStatus, "status", default=SittingStatus.lobby_open)
    since: datetime = instant()
    floor_open: bool = False
    hold_cause: HoldCause | None = word(HoldCause, "hold_cause", default=None)
    hold_by: str = Field(default="", max_length=36)
    hold_by_role: str = Field(default="", max_length=40)
    hold_reason: str = Field(default="", max_length=500)
    hold_since: datetime | None = instant(default=None)
    holds: list[dict[str, Any]] = json(default_factory=list)
    """All holds in force, oldest first: the floor opens when the last is lifted by somebody who may."""
    floor_mode: FloorMode = word(FloorMode, "floor_mode", default=FloorMode.open)
    uninterpreted_id: str = Field(default="", max_length=36)
    """The participant whose words wait to be interpreted, or are being interpreted; empty for nobody."""
    uninterpreted_since: datetime | None = instant(default=None)
    without_recording: dict[str, Any] = json(default_factory=dict)
    """Who has proposed and who has confirmed to go on without a recording (`hearings.sitting.unrecorded`)."""
    closed_session: dict[str, Any] = json(default_factory=dict)
    """Since when, by whom, why, and who is out (`hearings.sitting.closed_sessions`); empty: none."""
    udp_port: int | None = None
    run_folder: str = Field(default="", max_length=300)
    started_at: datetime | None = instant(default=None)
    closed_at: datetime | None = instant(default=None)
    booths: dict[str, Any] = json(default_factory=dict)
    """Who has the turn in each booth of interpreters, by booth (`hearings.sitting.booths.Booth.kept`)."""
    uncovered: dict[str, Any] = json(default_factory=dict)
    """Languages that somebody needs and nobody interprets into now, and since when (ISO 8601)."""

    def excludes(self, participant: Participant) -> bool:
        """Whether a closed session keeps somebody out of the room; observers, whoever joins later too."""
        out = self.closed_session.get("out", ()) if self.closed_session else ()
        return bool(self.closed_session) and (participant.role is Role.observer or participant.id in out)


class Conduct(Row, table=True):
    """Which web process conducts the live hearings: one row, of no State (`hearings.sitting.conductor_lease`)."""

    __tablename__ = "conduct"
    __table_args__ = (
        CheckConstraint("id = 'conduct' AND owner_state = ''", name="one"),
        CheckConstraint("token >= 0", name="token"),
    )

    token: int = Field(default=0, sa_type=BigInteger)
    """Only grows."""
    place: str = Field(default="", max_length=200)
    """The run folder of the process that conducts, on its own machine; empty: none does."""
    beats: int = Field(default=0, sa_type=BigInteger)


class Recording(Row, table=True):
    """A recording, as the recorder reports it: the id (a UUID) names its folder and stands in its origin."""

    __tablename__ = "recording"
    __table_args__ = (state_check(), UniqueConstraint("sitting_id"), UniqueConstraint("origin"))

    sitting_id: str = Field(foreign_key="sitting.id", max_length=36)
    status: RecordingStatus = word(RecordingStatus, "status", default=RecordingStatus.not_started)
    since: datetime = instant()
    origin: str = Field(max_length=300)
    opened_at: datetime | None = instant(default=None)
    """Where its time code begins."""
    closed_at: datetime | None = instant(default=None)
    sealed_count: int = 0
    last_sealed_at: datetime | None = instant(default=None)
    size: int | None = None
    root: str = Field(default="", max_length=100)
    failing_code: str = Field(default="", max_length=40)


class Rewrap(Row, table=True):
    """That the keys of a recording are to be encrypted to other recipients (`hearings.custody.rewraps`).

    Proposed by one person and confirmed by another; never deleted. Of a recording at most one is open.
    """

    __tablename__ = "rewrap"
    __table_args__ = (
        state_check(),
        CheckConstraint("confirmed_by <> proposed_by", name="two_persons"),
        Index(
            "uq_rewrap_open",
            "recording_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    recording_id: str = Field(foreign_key="recording.id", index=True, max_length=36)
    recipients: list[str] = json()
    """Ids of the authorities' recipients (`AuthorityKey`)."""
    reason: str = Field(max_length=500)
    proposed_by: str = Field(max_length=36)
    proposed_by_label: str = Field(max_length=200)
    proposed_at: datetime = instant()
    confirmed_by: str = Field(default="", max_length=36)
    confirmed_by_label: str = Field(default="", max_length=200)
    confirmed_at: datetime | None = instant(default=None)
    ended_by_label: str = Field(default="", max_length=200)
    ended_at: datetime | None = instant(default=None)
    """Since when it is done with: carried out, or withdrawn."""
    done: bool = False
    """Whether the recording's keys are encrypted to these recipients."""
    claim: str = Field(default="", max_length=36)
    """Names the one request that may exchange the files now; empty when none is at it."""
    taken_by: str = Field(default="", max_length=36)
    """Who brought the re-wrapped keys."""
    put_back_by: str = Field(default="", max_length=36)
    put_back_by_label: str = Field(default="", max_length=200)
    put_back_at: datetime | None = instant(default=None)
    """Since when the former keys are back; `done` is false then."""


class KeepingKind(StrEnum):
    """What was decided about the keeping of a recording."""

    retention = "retention"
    """How long it is kept: `value` is a retention class."""
    hold = "hold"
    """It is kept, whatever its retention, until the hold is lifted."""
    lift = "lift"
    """`refers_to` a hold, which has ended."""
    propose = "propose"
    """Its keys are to be destroyed: another person of the State decides."""
    withdraw = "withdraw"
    """`refers_to` a proposal, which has ended."""
    destroy = "destroy"
    """`refers_to` a proposal: its keys are destroyed."""


class KeepingDecision(Deed, table=True):
    """One decision about the keeping of a recording; append-only (`hearings.custody.keeping`). `owner_state`: whose."""

    __tablename__ = "keeping_decision"
    __table_args__ = (
        state_check(),
        Index("ix_keeping_decision_recording_id", "recording_id", "id"),
        Index(
            "uq_keeping_decision_ends",
            "refers_to",
            unique=True,
            sqlite_where=text("refers_to <> ''"),
            postgresql_where=text("refers_to <> ''"),
        ),
    )

    recording_id: str = Field(foreign_key="recording.id", max_length=36)
    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    kind: KeepingKind = word(KeepingKind, "kind")
    value: str = Field(default="", max_length=40)
    refers_to: str = Field(default="", max_length=36)
    person_id: str = Field(max_length=36)
    person_name: str = Field(max_length=200)
    role: str = Field(default="", max_length=40)
    """Role in the hearing, or the function of staff it was decided with; empty where it was not kept."""
    through: str = Field(default="", max_length=36)
    """Id of the API client that decided in that person's name; empty: they were signed in themselves."""
    reason: str = Field(max_length=1000)
    at: datetime = instant()


class RecordingRelease(Row, table=True):
    """A copy of a recording that one State releases to the other (`hearings.custody.releases`): proposed by one person,
    confirmed by another with the State's signed statement, taken once, acknowledged by the other State's receipt.
    """

    __tablename__ = "recording_release"
    __table_args__ = (
        state_check(),
        state_check("to_state"),
        CheckConstraint("owner_state <> to_state", name="two_states"),
        CheckConstraint("decided_by <> proposed_by OR NOT confirmed", name="two_persons"),
        CheckConstraint("(decided_at IS NULL) = (decided_by = '')", name="decided"),
        CheckConstraint("NOT confirmed OR length(statement_sha256) = 64", name="signed"),
        CheckConstraint("taken_at IS NULL OR confirmed", name="confirmed_first"),
        CheckConstraint("received_at IS NULL OR bag_sha256 <> ''", name="taken_first"),
        Index("ix_recording_release_recording", "recording_id", "id"),
    )

    recording_id: str = Field(foreign_key="recording.id", max_length=36)
    part: dict[str, Any] = json(default_factory=dict)
    """Of an excerpt its `from` and `to` in ms and its `tracks`; empty: the whole."""
    to_person: str = Field(max_length=200)
    """Name of the person."""
    to_body: str = Field(max_length=300)
    to_state: str = Field(max_length=2)
    purpose: str = Field(max_length=1000)
    limits: list[dict[str, str]] = json(default_factory=list)
    """Limits on the use, each with its `source` and `text`, as they stood when it was proposed."""
    proposed_by: str = Field(max_length=36)
    proposed_label: str = Field(max_length=200)
    proposed_role: str = Field(default="", max_length=40)
    """Role in the hearing; empty where it was not kept."""
    proposed_at: datetime = instant()
    proposed_through: str = Field(default="", max_length=36)
    """Id of the API client that proposed it in that person's name; empty: they were signed in themselves."""
    decided_by: str = Field(default="", max_length=36)
    decided_label: str = Field(default="", max_length=200)
    decided_role: str = Field(default="", max_length=40)
    decided_at: datetime | None = instant(default=None)
    confirmed: bool = False
    """Decided, and not refused or withdrawn."""
    statement_sha256: str = Field(default="", max_length=64)
    """Of the payload of the signed statement, which stands in `signature`."""
    taken_label: str = Field(default="", max_length=200)
    taken_at: datetime | None = instant(default=None)
    bag_sha256: str = Field(default="", max_length=64)
    """Of `tagmanifest-sha256.txt` of the bag that was handed out, which names all of it."""
    custody_size: int | None = None
    custody_root: str = Field(default="", max_length=64)
    """Head of the custody log in that bag; None and empty of an excerpt, which has none."""
    received_by: str = Field(default="", max_length=200)
    """Who has received it, as the receipt says."""
    verdict: str = Field(default="", max_length=20)
    received_at: datetime | None = instant(default=None)
    """When the receipt was accepted here."""


class SoundCheck(Row, table=True):
    """What the recorder read back of one person (`lang` empty) or of one language channel."""

    __tablename__ = "sound_check"
    __table_args__ = (state_check(), UniqueConstraint("sitting_id", "participant_id", "lang"))

    sitting_id: str = Field(foreign_key="sitting.id", max_length=36)
    participant_id: str = Field(foreign_key="participant.id", max_length=36)
    lang: str = Field(default="", max_length=35)
    required: bool = True
    camera_required: bool = False
    status: CheckStatus = word(CheckStatus, "status", default=CheckStatus.waiting)
    audio_ok: bool | None = None
    level: int | None = None
    """Loudest 400 ms, tenths of dBFS RMS."""
    picture: bool | None = None
    text: str = Field(default="", max_length=500)
    at: datetime | None = instant(default=None)


class FingerprintComparison(Row, table=True):
    """What reading a worker's certificate code to each other has shown (`hearings.sitting.fingerprints`)."""

    __tablename__ = "fingerprint_comparison"
    __table_args__ = (
        state_check(),
        CheckConstraint("length(certificate) = 64", name="certificate"),
        Index("ix_fingerprint_comparison_sitting_id", "sitting_id", "id"),
    )

    sitting_id: str = Field(foreign_key="sitting.id", max_length=36)
    certificate: str = Field(max_length=64)
    """SHA-256, in hexadecimal digits."""
    status: ComparisonStatus = word(ComparisonStatus, "status", default=ComparisonStatus.open)
    since: datetime = instant()
    said: dict[str, bool] = json(default_factory=dict)
    """By State, whether its side has found the code the same."""
