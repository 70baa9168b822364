"""Column types the tables share: instants that are always UTC, words out of a closed list, JSON.

SQLModel does not validate rows of tables, so constraints are enforced here and as CHECK constraints.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import JSON, CheckConstraint, DateTime, Enum, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DontWrapMixin
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from hearings.db import LoggedAct, Weight
from hearings.errors import NaiveTime
from hearings.ids import new_id

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class _NaiveColumn(NaiveTime, DontWrapMixin):
    """Reaches the caller as it is: SQLAlchemy would hide it in a statement error, parameters and all."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: refuses a datetime without zone, stores UTC, gives back aware UTC on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite has no zones and gets UTC written without one; PostgreSQL gets the aware value."""
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None or value.utcoffset() is None:
            raise _NaiveColumn(f"An instant needs a time zone: {value!r}")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def instant(**options: Any) -> Any:
    """A column holding an instant; nullable when `default=None`."""
    options.setdefault("nullable", "default" in options and options["default"] is None)
    return Field(sa_type=UtcDateTime, **options)


def word(enum: type[StrEnum], name: str, **options: Any) -> Any:
    """A column holding a member of `enum`, as its name, with a CHECK constraint called `name`."""
    options.setdefault("nullable", "default" in options and options["default"] is None)
    kind = Enum(enum, native_enum=False, create_constraint=True, length=40, name=name, validate_strings=True)
    return Field(sa_type=kind, **options)


def beginning(most: int, **options: Any) -> Any:
    """A column of text that is looked up by how it begins: compared byte by byte on both databases, by its index."""
    kind = String(most).with_variant(String(most, collation="C"), "postgresql")
    return Field(sa_type=kind, **options)


def json(**options: Any) -> Any:
    """A column holding JSON. Assign a new value to change it: changes inside it are not seen."""
    options.setdefault("nullable", "default" in options and options["default"] is None)
    kind = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    return Field(sa_type=kind, **options)


def state_code(**options: Any) -> Any:
    """A column holding an ISO 3166-1 alpha-2 code."""
    return Field(max_length=2, **options)


def state_check(column: str = "owner_state") -> CheckConstraint:
    """A CHECK for two capital letters, as far as both databases can express it."""
    return CheckConstraint(f"length({column}) = 2 AND {column} = upper({column})", name=column)


class Row(SQLModel):
    """Base of every row: an id and the State that owns it."""

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    owner_state: str = state_code()


ABOUT = {
    "hearing_id": "hearing",
    "request_id": "hearing_request",
    "minutes_id": "minutes",
    "agreement_id": "agreement",
    "line_test_id": "line_test",
}
"""Columns with the id of what a deed is about, and their tables."""
INSTANTS = ("at", "received_at", "recorded_at", "created_at")
"""Columns that say when something was done."""


class Deed(Row):
    """Base of append-only rows on acts of people: adding one raises the head of acts in the same transaction."""

    binds: ClassVar[bool] = False
    """Whether it binds a State."""

    def as_act(self) -> LoggedAct:
        """Table and id of what it is about: its `subject`, else the row named by a column, else itself."""
        given: Any = self
        named = ((table, getattr(given, name, "")) for name, table in ABOUT.items())
        subject, subject_id = next((pair for pair in named if pair[1]), (str(type(given).__tablename__), given.id))
        if hasattr(given, "subject_id"):
            subject, subject_id = given.subject, given.subject_id
        at = next(done_at for name in INSTANTS if (done_at := getattr(given, name, None)) is not None)
        return LoggedAct(subject, subject_id, getattr(given, "seq", 0), at, self.weight())

    def weight(self) -> Weight:
        """The urgency with which it must be in the anchor."""
        return Weight.binds if self.binds else Weight.plain
