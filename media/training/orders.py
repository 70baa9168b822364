"""What a simulated person is told: lines of JSON on the standard input of its process, the first one `Join`.

Nothing here loads a media library, so that whoever gives the orders need not.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

MOST_SECONDS = 120
"""The longest that a person speaks or stays away at one order."""


class Join(msgspec.Struct, tag="join", kw_only=True, forbid_unknown_fields=True):
    """Join by a link. `renders`: of an interpreter, the language spoken into; empty: to the floor."""

    url: str
    secret: str
    pin: str
    tone: Annotated[int, Meta(ge=100, le=4_000, multiple_of=50, description="Hz of the voice")]
    colour: Annotated[tuple[int, int, int], Meta(description="Y, U and V of the picture")]
    renders: str = ""


class Say(msgspec.Struct, tag="say", kw_only=True, forbid_unknown_fields=True):
    """Speak up, and tell the court in writing what is said: the voice is a tone."""

    text: Annotated[str, Meta(min_length=1, max_length=500)]
    seconds: Annotated[int, Meta(ge=1, le=MOST_SECONDS)]


class DropLine(msgspec.Struct, tag="drop_line", kw_only=True, forbid_unknown_fields=True):
    """Lose the line without a word, and come back after these seconds."""

    seconds: Annotated[int, Meta(ge=1, le=MOST_SECONDS)]


class Do(msgspec.Struct, tag="do", kw_only=True, forbid_unknown_fields=True):
    """Send a command of the room, as a page does; its `id` is given here."""

    command: dict[str, Any]


PersonOrder = Join | Say | DropLine | Do


def encode(order: PersonOrder) -> bytes:
    """The line of an order."""
    return msgspec.json.encode(order) + b"\n"


def decode(line: bytes) -> PersonOrder:
    """The order in a line. Raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    order: PersonOrder = msgspec.json.decode(line, type=PersonOrder)
    return order
