"""Building blocks of the API's schemas: strict models that know no other fields, and types with their limits."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from hearings.signatures import signatures

_WALL = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?"


class Model(BaseModel):
    """Something sent to the API: strict, and a field that is not in the schema is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class Column:
    """Beside the type of a field: what a row calls it, or where it is from there (`hearing.ref`)."""

    path: str


class Shown(BaseModel):
    """Something the API answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_row(cls, row: Any, **more: Any) -> Self:
        """What is shown of a row: the fields in `more`, and every other as the row has it."""
        return cls(**{name: read(row) for name, read in _columns(cls) if name not in more}, **more)


@cache
def _columns(shown: type[Shown]) -> Sequence[tuple[str, Callable[[Any], Any]]]:
    paths = (
        (name, next((one.path for one in field.metadata if isinstance(one, Column)), name))
        for name, field in shown.model_fields.items()
    )
    return [(name, attrgetter(path)) for name, path in paths]


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def _wall(value: Any) -> Any:
    if not re.fullmatch(_WALL, _text(value), re.ASCII):
        raise ValueError("a wall time has no offset: 2027-03-28T09:00")
    return datetime.fromisoformat(value)


def _day(value: Any) -> Any:
    if type(value) is date:  # of a row that is shown: JSON has no dates
        return value
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", _text(value), re.ASCII):
        raise ValueError("a day is written 2027-03-28")
    return date.fromisoformat(value)


def _instant(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if not re.match(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:", _text(value), re.ASCII):
        raise ValueError("an instant is written 2027-03-28T09:00:00Z")
    return value


StateCode = Annotated[str, Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2 code of a State.")]
Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Wall = Annotated[
    datetime,
    BeforeValidator(_wall),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{_WALL}$",
            "description": "A wall time: what the clocks of the zone beside it show, without an offset.",
        }
    ),
]


def _in_range(value: datetime) -> datetime:
    if not 1900 < value.year < 2200:  # at the ends of the calendar no other zone can tell it
        raise ValueError("an instant lies between 1901 and 2199")
    return value


Instant = Annotated[datetime, BeforeValidator(_instant), AfterValidator(_in_range), Field(strict=False)]
"""An instant as it is sent: text with a date and a time, never a number of seconds."""
Moment = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
"""An instant in UTC, written with `Z`."""


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _in_order(value[name]) for name in sorted(value)}
    return [_in_order(one) for one in value] if isinstance(value, list) else value


Ordered = AfterValidator(_in_order)
"""For what comes out of a JSON column: databases keep no order of names, and the tag is that of the bytes."""
Json = Annotated[dict[str, Any], Ordered]


class Nothing(Model):
    """An act that needs no more than its address; `{}` or no body."""


class Reason(Model):
    """An act with reasons, which stand in the history for both States."""

    reason: str = Field(min_length=3, max_length=4000)


class SignedAct(Model):
    """An act the authority has signed: a compact JWS whose statement holds the act's content."""

    jws: str = Field(
        min_length=20,
        max_length=signatures.LONGEST,
        pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
    )


class Problem(BaseModel):
    """RFC 9457. `code` is stable; further members say more, as docs/api.md tells for each code."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
