"""Coordination between States: notices of a State about how it can be reached and heard, and who is mailed of them."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, json, state_check, word


class NoticeTopic(StrEnum):
    """What a notice is about (UNODC paper, paragraph 30)."""

    closure = "closure"
    delay = "delay"
    e_transmission = "e_transmission"
    e_signature = "e_signature"
    videoconference = "videoconference"
    transfer = "transfer"
    contact = "contact"
    law_change = "law_change"
    holiday = "holiday"


class NoticeEffect(StrEnum):
    """What a notice does on its days: it is only read, it warns, or it blocks what its topic stops."""

    none = "none"
    warn = "warn"
    block = "block"


class StateNotice(Row, table=True):
    """A notice of a State, the owner. Never changed but for its confirmation; another one supersedes it."""

    __tablename__ = "state_notice"
    __table_args__ = (
        state_check(),
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="days"),
        CheckConstraint("(confirmed_at IS NULL) = (confirmed_by = '')", name="confirmed"),
        CheckConstraint("effect <> 'block' OR (reason <> '' AND facilitator_id IS NULL)", name="block"),
        Index("ix_state_notice_owner", "owner_state", "first_day", "id"),
    )

    topic: NoticeTopic = word(NoticeTopic, "topic")
    text: str = Field(max_length=2000)
    effect: NoticeEffect = word(NoticeEffect, "effect")
    reason: str = Field(default="", max_length=500)
    """Why it blocks; empty of the others."""
    first_day: date
    last_day: date | None = None
    """The last day, in the State's own calendar; None: until another one supersedes it."""
    source: str = Field(default="", max_length=300)
    languages: list[str] = json(default_factory=list)
    supersedes: str = Field(default="", max_length=36)
    """Id of the earlier notice it takes the place of."""
    facilitator_id: str | None = Field(default=None, max_length=36)
    """Id of the facilitator who published it; None: the State itself did."""
    published_by: str = Field(max_length=36)
    published_label: str = Field(max_length=200)
    published_at: datetime = instant()
    confirmed_by: str = Field(default="", max_length=36)
    confirmed_label: str = Field(default="", max_length=200)
    confirmed_at: datetime | None = instant(default=None)


class NoticeSubscription(Row, table=True):
    """A member of staff who is mailed the notices of a State; the owner is their own State."""

    __tablename__ = "notice_subscription"
    __table_args__ = (state_check(), state_check("about_state"), UniqueConstraint("person_id", "about_state"))

    person_id: str = Field(foreign_key="person.id", index=True, max_length=36)
    about_state: str = Field(max_length=2)
    created_at: datetime = instant()


class FacilitatorKind(StrEnum):
    """The office of a facilitator, which is of no State (UNODC paper, paragraphs 27 to 33)."""

    eurojust_desk = "eurojust_desk"
    contact_point = "contact_point"
    europol_liaison = "europol_liaison"
    interpol_ncb = "interpol_ncb"
    unodc = "unodc"
    liaison_magistrate = "liaison_magistrate"


class Facilitator(Row, table=True):
    """Somebody who brings States together and acts for none; the owner is the State that keeps the entry."""

    __tablename__ = "facilitator"
    __table_args__ = (
        state_check(),
        UniqueConstraint("person_id"),
        CheckConstraint("(ended_at IS NULL) = (ended_label = '')", name="ended"),
    )

    person_id: str = Field(foreign_key="person.id", max_length=36)
    kind: FacilitatorKind = word(FacilitatorKind, "kind")
    organisation: str = Field(max_length=300)
    network: str = Field(default="", max_length=40)
    """A member of `hearings.models.people.Network`, or empty."""
    states: list[str] = json(default_factory=list)
    """The States covered."""
    valid_until: date
    mandate: str = Field(max_length=2000)
    contact: str = Field(default="", max_length=200)
    """How to reach the office at any hour; empty: it has no such contact."""
    made_by: str = Field(max_length=36)
    made_label: str = Field(max_length=200)
    made_at: datetime = instant()
    ended_label: str = Field(default="", max_length=200)
    ended_at: datetime | None = instant(default=None)


class RequestShare(Row, table=True):
    """That a State lets a facilitator read status, dates and open points of one request; the owner is that State."""

    __tablename__ = "request_share"
    __table_args__ = (
        state_check(),
        CheckConstraint("(revoked_at IS NULL) = (revoked_label = '')", name="revoked"),
        Index("ix_request_share_request", "request_id", "id"),
        Index("ix_request_share_facilitator", "facilitator_id", "id"),
    )

    request_id: str = Field(foreign_key="hearing_request.id", max_length=36)
    facilitator_id: str = Field(foreign_key="facilitator.id", max_length=36)
    shared_by: str = Field(max_length=36)
    shared_label: str = Field(max_length=200)
    shared_at: datetime = instant()
    revoked_label: str = Field(default="", max_length=200)
    revoked_at: datetime | None = instant(default=None)


class RoomKind(StrEnum):
    """What States meet for in a coordination room (UNODC paper, paragraphs 27 to 34)."""

    level_1 = "level_1"
    level_2 = "level_2"
    level_3 = "level_3"
    jit_meeting = "jit_meeting"
    contact_point_meeting = "contact_point_meeting"
    pre_consultation = "pre_consultation"
    technical = "technical"


class Classification(StrEnum):
    """How confidential a room is. Nothing above `restricted` is kept here."""

    ordinary = "ordinary"
    restricted = "restricted"


class RoomAnswer(StrEnum):
    """The answer of an invited State."""

    invited = "invited"
    accepts = "accepts"
    declines = "declines"
    proposes_other_time = "proposes_other_time"


class RoomRole(StrEnum):
    """What somebody does in a coordination room. Nobody is heard in one."""

    delegate = "delegate"
    facilitator = "facilitator"
    expert = "expert"
    interpreter = "interpreter"
    technician = "technician"


class OutcomeKind(StrEnum):
    """What States have come to."""

    action = "action"
    request_to_be_sent = "request_to_be_sent"
    conflict_of_jurisdiction = "conflict_of_jurisdiction"
    transfer = "transfer"
    freeze_day = "freeze_day"
    joint_action_day = "joint_action_day"
    none = "none"


class SummaryWord(StrEnum):
    """What a State says of the summary."""

    agreed = "agreed"
    dissents = "dissents"


class CoordinationRoom(Row, table=True):
    """A meeting of States, in which nothing is evidence; the owner is who convened it: a State, or `ZZ`."""

    __tablename__ = "coordination_room"
    __table_args__ = (
        state_check(),
        CheckConstraint("ends_at > starts_at", name="times"),
        UniqueConstraint("ref"),
    )

    ref: str = Field(max_length=20)
    kind: RoomKind = word(RoomKind, "kind")
    network: str = Field(default="", max_length=40)
    subject: str = Field(max_length=500)
    classification: Classification = word(Classification, "classification")
    agreement: str = Field(default="", max_length=500)
    """Of a joint investigation team: parties and date of its agreement, or that it is pending."""
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    languages: list[str] = json(default_factory=list)
    meeting: str = Field(default="", max_length=500)
    """How those invited meet."""
    agenda: list[dict[str, Any]] = json(default_factory=list)
    """Items: `item`, `state` that speaks (or empty), `minutes`."""
    facilitator_id: str | None = Field(default=None, max_length=36)
    convened_by: str = Field(max_length=36)
    convened_label: str = Field(max_length=200)
    created_at: datetime = instant()
    summary: str = Field(default="", max_length=8000)
    closed_at: datetime | None = instant(default=None)


class RoomState(Row, table=True):
    """A State invited to a room, the owner, and what it has said."""

    __tablename__ = "room_state"
    __table_args__ = (state_check(), UniqueConstraint("room_id", "owner_state"))

    room_id: str = Field(foreign_key="coordination_room.id", max_length=36)
    answer: RoomAnswer = word(RoomAnswer, "answer", default=RoomAnswer.invited)
    other_time: datetime | None = instant(default=None)
    answered_label: str = Field(default="", max_length=200)
    answered_at: datetime | None = instant(default=None)
    summary_word: SummaryWord | None = word(SummaryWord, "summary_word", default=None)
    dissent: str = Field(default="", max_length=4000)


class RoomLink(Row, table=True):
    """A request that a State, the owner, has linked to a room; the other States do not see it."""

    __tablename__ = "room_link"
    __table_args__ = (state_check(), UniqueConstraint("room_id", "owner_state", "request_id"))

    room_id: str = Field(foreign_key="coordination_room.id", max_length=36)
    request_id: str = Field(foreign_key="hearing_request.id", index=True, max_length=36)


class RoomParticipant(Row, table=True):
    """Somebody who takes part in a room for an authority of the owner's."""

    __tablename__ = "room_participant"
    __table_args__ = (state_check(), Index("ix_room_participant_room", "room_id", "id"))

    room_id: str = Field(foreign_key="coordination_room.id", max_length=36)
    name: str = Field(max_length=200)
    authority: str = Field(max_length=300)
    role: RoomRole = word(RoomRole, "role")


class RoomDocument(Row, table=True):
    """A text or a file that a State, the owner, shares in a room; the bytes lie in `RoomDocumentBytes`. No exhibit."""

    __tablename__ = "room_document"
    __table_args__ = (
        state_check(),
        CheckConstraint("(name = '') = (size = 0) AND (name = '') = (sha256 = '')", name="file"),
        CheckConstraint("name <> '' OR text <> ''", name="something"),
        Index("ix_room_document_room", "room_id", "id"),
    )

    room_id: str = Field(foreign_key="coordination_room.id", max_length=36)
    title: str = Field(max_length=200)
    text: str = Field(max_length=20_000)
    conditions: str = Field(default="", max_length=2000)
    """Of information given without a request: for what it may be used (UNTOC 18(5))."""
    shared_label: str = Field(max_length=200)
    shared_at: datetime = instant()
    name: str = Field(default="", max_length=150)
    """Of a file; empty of a text."""
    media_type: str = Field(default="", max_length=40)
    size: int = 0
    """Bytes of the file."""
    sha256: str = Field(default="", max_length=64)


class RoomDocumentBytes(Row, table=True):
    """The bytes of a file shared in a room, apart so that lists do not read them."""

    __tablename__ = "room_document_bytes"
    __table_args__ = (state_check(), UniqueConstraint("document_id"))

    document_id: str = Field(foreign_key="room_document.id", max_length=36)
    data: bytes = Field(sa_type=LargeBinary)


class RoomOutcome(Row, table=True):
    """What a room has come to; the owner is the State that owes it."""

    __tablename__ = "room_outcome"
    __table_args__ = (state_check(), Index("ix_room_outcome_room", "room_id", "id"))

    room_id: str = Field(foreign_key="coordination_room.id", max_length=36)
    kind: OutcomeKind = word(OutcomeKind, "kind")
    text: str = Field(max_length=2000)
    towards: str = Field(max_length=2)
    """The State it is owed to."""
    due: date | None = None
    done: bool = False
    request_id: str | None = Field(default=None, foreign_key="hearing_request.id", max_length=36)
    """The request that has come of it."""
