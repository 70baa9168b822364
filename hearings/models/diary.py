"""The diary: resources and their bookings, times of courts that differ, offered times, days, consents to terms."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from hearings.models.columns import Row, instant, state_check, state_code, word
from hearings.status import OfferStatus


class ResourceKind(StrEnum):
    """What can be booked."""

    room = "room"
    endpoint = "endpoint"
    judge = "judge"
    interpreter = "interpreter"


class PeriodKind(StrEnum):
    """How a court's times differ from those in the data files."""

    recess = "recess"
    closure = "closure"
    special_opening = "special_opening"
    hours = "hours"


class Resource(Row, table=True):
    """A resource that can be booked once at a time. In the owner's diary; `shared` shows it to other States."""

    __tablename__ = "resource"
    __table_args__ = (
        state_check(),
        CheckConstraint("resource_no >= 1", name="resource_no"),
        CheckConstraint("accredited_until IS NULL OR kind = 'interpreter'", name="accredited"),
        UniqueConstraint("resource_no"),
        Index("ix_resource_owner", "owner_state", "kind", "name", "id"),
    )

    resource_no: int = Field(sa_type=BigInteger)
    kind: ResourceKind = word(ResourceKind, "kind")
    name: str = Field(max_length=200)
    city: str = Field(default="", max_length=100)
    zone: str = Field(max_length=60)
    person_id: str | None = Field(default=None, foreign_key="person.id", index=True, max_length=36)
    shared: bool = False
    accreditation: str = Field(default="", max_length=300)
    accredited_until: date | None = None
    """The last day on which the accreditation is valid."""
    note: str = Field(default="", max_length=500)
    active: bool = True
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()


class LanguagePair(Row, table=True):
    """A direction an interpreter works in: BCP 47 tags."""

    __tablename__ = "language_pair"
    __table_args__ = (
        state_check(),
        CheckConstraint("source <> target", name="two_languages"),
        UniqueConstraint("resource_id", "source", "target"),
        Index("ix_language_pair_languages", "source", "target", "resource_id"),
    )

    resource_id: str = Field(foreign_key="resource.id", max_length=36)
    source: str = Field(max_length=35)
    target: str = Field(max_length=35)


class CourtPeriod(Row, table=True):
    """Days of one State's courts, both inclusive, on which they are closed, open at other times, or whose hours hold.

    `opens` and `closes` are minutes since midnight, the end exclusive; for a recess or closure they are empty. An
    empty zone means every zone of the State.
    """

    __tablename__ = "court_period"
    __table_args__ = (
        state_check(),
        CheckConstraint("last_day >= first_day", name="days"),
        CheckConstraint(
            "(kind IN ('recess', 'closure') AND opens IS NULL AND closes IS NULL) OR "
            "(kind IN ('special_opening', 'hours') AND opens >= 0 AND closes > opens AND closes <= 1440)",
            name="opens_closes",
        ),
        Index("ix_court_period_days", "owner_state", "last_day", "id"),
    )

    zone: str = Field(default="", max_length=60)
    kind: PeriodKind = word(PeriodKind, "kind")
    first_day: date
    last_day: date
    weekdays: str = Field(default="", max_length=7)
    """Of `hours`: digits as in ISO 8601, `12345` is Monday to Friday."""
    opens: int | None = None
    closes: int | None = None
    reason: str = Field(default="", max_length=300)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    struck_at: datetime | None = instant(default=None)
    struck_by: str = Field(default="", max_length=36)


class Offer(Row, table=True):
    """One time a State has offered to the other. Up to three are alternatives, of which one is accepted."""

    __tablename__ = "offer"
    __table_args__ = (
        state_check(),
        state_check("by_state"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("wall_fold IN (0, 1)", name="wall_fold"),
        CheckConstraint("number BETWEEN 1 AND 3", name="number"),
        CheckConstraint("status <> 'taken_back' OR read_at IS NULL", name="taken_back_unread"),
        UniqueConstraint("hearing_id", "round", "number"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    round: int
    """Counts up with every counter-proposal."""
    number: int
    by_state: str = state_code()
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    wall_start: str = Field(max_length=30)
    wall_zone: str = Field(max_length=60)
    wall_fold: int = 0
    tzdb_version: str = Field(max_length=20)
    status: OfferStatus = word(OfferStatus, "status", default=OfferStatus.offered)
    read_at: datetime | None = instant(default=None)
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    signed_terms: str = Field(default="", max_length=64)
    """SHA-256 of the terms it would make, once the State that offers it has signed them; empty until then."""


class HearingDay(Row, table=True):
    """One day of a hearing. The hearing's own time is that of the day that comes next."""

    __tablename__ = "hearing_day"
    __table_args__ = (
        state_check(),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("wall_fold IN (0, 1)", name="wall_fold"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("heard_at IS NULL OR dropped_at IS NULL", name="one_end"),
        UniqueConstraint("hearing_id", "number"),
        Index("ix_hearing_day_starts", "starts_at", "id"),
        Index("ix_hearing_day_moved", "owner_state", "moved_by", "starts_at", "hearing_id"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    number: int
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    wall_start: str = Field(max_length=30)
    wall_zone: str = Field(max_length=60)
    wall_fold: int = 0
    tzdb_version: str = Field(max_length=20)
    heard_at: datetime | None = instant(default=None)
    dropped_at: datetime | None = instant(default=None)
    dropped_why: str = Field(default="", max_length=500)
    moved_by: str = Field(default="", max_length=20)
    """The newest time-zone data that would move it; decided once `tzdb_version` is this version (`tzdata_check`)."""


class Booking(Row, table=True):
    """A stretch [starts_at, ends_at) of one resource's time, margins included. The database refuses overlaps of active
    bookings by itself (migrations/versions/0001_baseline.py). Without a hearing it is a block: leave, maintenance.
    """

    __tablename__ = "booking"
    __table_args__ = (
        state_check(),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_booking_resource", "resource_no", "active", "ends_at", "starts_at"),
    )

    resource_no: int = Field(sa_type=BigInteger, foreign_key="resource.resource_no")
    hearing_id: str | None = Field(default=None, foreign_key="hearing.id", index=True, max_length=36)
    offer_id: str | None = Field(default=None, foreign_key="offer.id", index=True, max_length=36)
    day: int | None = None
    """Number of the day of the hearing, for a booking that no offer holds any more."""
    starts_at: datetime = instant()
    ends_at: datetime = instant()
    reason: str = Field(default="", max_length=300)
    active: bool = True
    created_by: str = Field(max_length=36)
    created_at: datetime = instant()
    released_at: datetime | None = instant(default=None)


class TermsConsent(Row, table=True):
    """One State has signed the terms of a hearing with this hash. Terms that change have another hash."""

    __tablename__ = "terms_consent"
    __table_args__ = (
        state_check(),
        UniqueConstraint("hearing_id", "owner_state", "terms_hash"),
    )

    hearing_id: str = Field(foreign_key="hearing.id", max_length=36)
    terms_hash: str = Field(max_length=64)
    at: datetime = instant()
    actor: str = Field(max_length=36)
    actor_label: str = Field(max_length=200)
