"""The fields of a request as the API takes and shows them, made of the table in `hearings.requests.fields`."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field as Limits, create_model

from hearings.requests import field_kinds as kinds
from hearings.requests.demands import provisions
from hearings.requests.fields import FIELDS, Field
from web.api.fields import Day, Instant, Model, Moment, Shown, Wall

Tag = Annotated[str, Limits(max_length=35, description="BCP 47 tag, or empty.")]
Lax = Limits(strict=False)


class ProposedSlot(Model):
    """A time that would suit: what the clocks of a place show."""

    wall: Wall
    zone: Annotated[str, Limits(max_length=60)]
    fold: Literal[0, 1] | None = None
    minutes: Annotated[int, Limits(ge=kinds.MINUTES[0], le=kinds.MINUTES[-1])] = 60


class ShownSlot(Shown):
    """A time that would suit, as it was given and in UTC."""

    at: str
    until: str
    minutes: int
    wall: str
    zone: str
    fold: int | None = None
    """Which of the two, where the clocks show the wall time twice: 0 the first, 1 the second."""


TYPES: Mapping[type[kinds.Kind], Callable[[Any], Any]] = {
    kinds.Line: lambda kind: Annotated[str, Limits(max_length=kind.most)],
    kinds.Lines: lambda kind: Annotated[str, Limits(max_length=kind.most)],
    kinds.Answer: lambda kind: bool | None,
    kinds.Flag: lambda kind: bool,
    kinds.Choice: lambda kind: Annotated[kind.of, Lax] | None,
    kinds.Several: lambda kind: Annotated[list[Annotated[kind.of, Lax]], Limits(max_length=20)],  # type: ignore[name-defined]
    kinds.Language: lambda kind: Tag,
    kinds.Languages: lambda kind: Annotated[list[Tag], Limits(max_length=kind.most)],
    kinds.Instruments: lambda kind: Annotated[list[Annotated[str, Limits(max_length=60)]], Limits(max_length=40)],
    kinds.Day: lambda kind: Day | None,
    kinds.Number: lambda kind: Annotated[int, Limits(ge=0, le=kind.most)] | None,
    kinds.Level: lambda kind: Annotated[int, Limits(ge=0, le=kind.most)] | None,
    kinds.Instant: lambda kind: Instant | None,
    kinds.State: lambda kind: Annotated[str, Limits(pattern="^([A-Z]{2})?$")],
    kinds.States: lambda kind: Annotated[
        list[Annotated[str, Limits(pattern="^[A-Z]{2}$")]], Limits(max_length=kind.most)
    ],
    kinds.Slots: lambda kind: Annotated[list[ProposedSlot], Limits(max_length=20)],
}
"""By kind, what a field of it takes."""
SHOWN: Mapping[type[kinds.Kind], Any] = {kinds.Slots: list[ShownSlot], kinds.Instant: Moment | None}
"""Kinds that are shown in another way than they are taken."""


MOST_CITED = 4
"""Provisions that the description of a field names, of the instruments that ask for it."""


def _described(field: Field) -> str:
    where = ", ".join(provisions(field.name)[:MOST_CITED])
    return " ".join(text if text[-1] in ".?" else f"{text}." for text in (field.label, field.help, where) if text)


def taken(table: Mapping[str, Field]) -> Any:
    """The fields of a table as a body of the API."""
    made: Any = {
        name: (TYPES[type(one.kind)](one.kind), Limits(default=_default(one.kind), description=_described(one)))
        for name, one in table.items()
    }
    doc = "What a draft can say. A field that is not sent is left as it is."
    return create_model("RequestFields", __base__=Model, __doc__=doc, **made)


def _default(kind: kinds.Kind) -> Any:
    return None if isinstance(kind, kinds.Choice) else kind.empty


def field_values(table: Mapping[str, Field]) -> Any:
    """The fields of a table as the API answers them, `hearings.requests.document.content`: all of them."""
    made: Any = {
        name: (SHOWN.get(type(one.kind)) or TYPES[type(one.kind)](one.kind), Limits(description=_described(one)))
        for name, one in table.items()
    }
    doc = "Every field of a request, filled in or empty."
    return create_model("RequestContent", __base__=Shown, __doc__=doc, **made)


RequestFields: Any = taken(FIELDS)
Content: Any = field_values(FIELDS)
