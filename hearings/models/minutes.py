"""The minutes of a hearing: their passages, each version kept; readings back, answers to corrections; reservations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Deed, Row, instant, json, state_check, state_code, word
from hearings.status import MinutesStatus


class ReservationKind(StrEnum):
    """An addition to the minutes that does not change their text."""

    reservation = "reservation"
    refusal_to_sign = "refusal_to_sign"


class ReadingOutcome(StrEnum):
    """The outcome of a reading back."""

    accepted = "accepted"
    corrections = "corrections"


class Minutes(Row, table=True):
    """Minutes no. `number` of a hearing: of the sittings no earlier minutes are about."""

    __tablename__ = "minutes"
    __table_args__ = (
        state_check(),
        state_check("requested_state"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("after_seq >= 0 AND until_seq >= after_seq", name="stretch"),
        CheckConstraint("status IN ('drafted', 'in_review') OR length(text_sha256) = 64", name="read_text"),
        CheckConstraint("status <> 'signed' OR signed_at IS NOT NULL", name="signed_when"),
        CheckConstraint("received_at IS NULL OR signed_at IS NOT NULL", name="received_signed"),
        UniqueConstraint("hearing_id", "number"),
        Index("ix_minutes_requesting_step", "owner_state", "status", "received_at", "hearing_id"),
        Index("ix_minutes_requested_step", "requested_state", "status", "received_at", "hearing_id"),
    )

    requested_state: str = state_code()
    """Of the hearing (`owner_state` is the requesting State), for queries of what waits for either."""
    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    number: int = 1
    status: MinutesStatus = word(MinutesStatus, "status", default=MinutesStatus.drafted)
    language_requesting: str = Field(max_length=35)
    language_requested: str = Field(max_length=35)
    after_seq: int = 0
    """Events up to this number belong to earlier minutes."""
    until_seq: int = 0
    """Events up to this number have been drafted from."""
    sittings: list[str] = json(default_factory=list)
    """Ids of the sittings these minutes are about."""
    text_sha256: str = Field(default="", max_length=64)
    """Of the text as read back; empty before, and again when it is opened for a change."""
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    signed_at: datetime | None = instant(default=None)
    """When the second authority had signed: from then on both have them."""
    received_at: datetime | None = instant(default=None)
    received_by: str = Field(default="", max_length=200)


class MinutesPassage(Deed, table=True):
    """One version of one passage, in all its languages. Only grows: a change is a new version."""

    __tablename__ = "minutes_passage"
    __table_args__ = (
        state_check(),
        CheckConstraint("revision >= 1", name="revision"),
        UniqueConstraint("minutes_id", "key", "revision"),
    )

    minutes_id: str = Field(foreign_key="minutes.id", max_length=36)
    key: str = Field(max_length=60)
    revision: int = 1
    position: int = 0
    texts: dict[str, str] = json(default_factory=dict)
    """By language tag; `en` is also there as the draft's working text where it is no language of the minutes."""
    marks: dict[str, Any] = json(default_factory=dict)
    """By language tag: `how` the text came about, `by` whom, `stale` when the other language has changed since, and
    `open`, the lines of the draft that said what somebody still has to complete."""
    sources: list[str] = json(default_factory=list)
    open_for: str = Field(default="", max_length=40)
    """The role that still has to complete it; empty if none."""
    required: bool = False
    author: str = Field(max_length=36)
    author_label: str = Field(max_length=200)
    at: datetime = instant()
    note: str = Field(default="", max_length=500)


class MinutesReading(Deed, table=True):
    """One reading back of the whole text, and its outcome. Only grows."""

    __tablename__ = "minutes_reading"
    __table_args__ = (
        state_check(),
        CheckConstraint("length(passages_sha256) = 64", name="passages_sha256"),
        CheckConstraint("outcome <> 'corrections' OR corrections <> ''", name="which_corrections"),
        UniqueConstraint("minutes_id", "number"),
    )

    minutes_id: str = Field(foreign_key="minutes.id", max_length=36)
    number: int = 1
    outcome: ReadingOutcome = word(ReadingOutcome, "outcome")
    read_by: str = Field(max_length=200)
    languages: list[str] = json(default_factory=list)
    """In which it was read."""
    heard_by: list[str] = json(default_factory=list)
    """Names, or pseudonyms, of those it was read to."""
    corrections: str = Field(default="", max_length=4000)
    passages_sha256: str = Field(max_length=64)
    author: str = Field(max_length=36)
    author_label: str = Field(max_length=200)
    at: datetime = instant()


class MinutesAnswer(Deed, table=True):
    """Why corrections asked for at a reading back are not made. Only grows."""

    __tablename__ = "minutes_answer"
    __table_args__ = (
        state_check(),
        CheckConstraint("text <> ''", name="text"),
        UniqueConstraint("reading_id"),
    )

    minutes_id: str = Field(foreign_key="minutes.id", max_length=36)
    reading_id: str = Field(foreign_key="minutes_reading.id", max_length=36)
    text: str = Field(max_length=4000)
    author: str = Field(max_length=36)
    author_label: str = Field(max_length=200)
    at: datetime = instant()


class MinutesReservation(Deed, table=True):
    """A reservation to the minutes, or a refusal to sign them; not part of their text. Only grows."""

    __tablename__ = "minutes_reservation"
    __table_args__ = (
        state_check(),
        CheckConstraint("text <> ''", name="text"),
        UniqueConstraint("minutes_id", "number"),
    )

    minutes_id: str = Field(foreign_key="minutes.id", max_length=36)
    number: int = 1
    kind: ReservationKind = word(ReservationKind, "kind", default=ReservationKind.reservation)
    made_by: str = Field(max_length=200)
    """The person who makes it: a name or a pseudonym."""
    role: str = Field(default="", max_length=40)
    language: str = Field(max_length=35)
    text: str = Field(max_length=4000)
    text_sha256: str = Field(default="", max_length=64)
    """The text it was made to, when that had been read back."""
    author: str = Field(max_length=36)
    """Who entered it."""
    author_label: str = Field(max_length=200)
    at: datetime = instant()


class MinutesCorrection(Deed, table=True):
    """A correction of minutes both authorities have signed: a record beside their text, itself signed by both. Only
    grows.
    """

    __tablename__ = "minutes_correction"
    __table_args__ = (
        state_check(),
        state_check("asked_by"),
        CheckConstraint("length(text_sha256) = 64 AND length(sha256) = 64", name="hashes"),
        UniqueConstraint("minutes_id", "number"),
    )

    minutes_id: str = Field(foreign_key="minutes.id", max_length=36)
    number: int = 1
    asked_by: str = state_code()
    """The State that asks for it."""
    texts: dict[str, str] = json(default_factory=dict)
    """What is to be read instead, by language of the minutes."""
    reasons: dict[str, str] = json(default_factory=dict)
    """Why, by language of the minutes."""
    text_sha256: str = Field(max_length=64)
    """Of the text of the minutes that were signed."""
    heads: dict[str, str] = json(default_factory=dict)
    """`SIZE:ROOT` of each recording of the minutes, by its id."""
    sha256: str = Field(max_length=64)
    """Of this correction as it is signed (`hearings.minutes.signed_corrections.text`)."""
    author: str = Field(max_length=36)
    author_label: str = Field(max_length=200)
    at: datetime = instant()
