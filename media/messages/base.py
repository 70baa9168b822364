"""What all messages share: the base struct and the kinds of field."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Message(Struct, kw_only=True, tag_field="type", tag=_snake, forbid_unknown_fields=True):
    """Base of all messages; `type` is the class name in snake case."""


class Order(Message, kw_only=True):
    """Base of the orders of a web process to a worker or a recorder.

    `token` is a fencing token: it grows with every web process that becomes the conductor. A process that has had an
    order with a higher one refuses the order (`stale_conductor`), changes nothing, and reports it to the newer
    conductor (`order_refused`).
    """

    token: Annotated[int, Meta(ge=0, description="of the conductor that orders; 0: there is none")] = 0


CommandId = Annotated[str, Meta(min_length=1, max_length=64, description="chosen by the sender, unique to it")]
Seat = Annotated[str, Meta(max_length=64, description="the participant's id; opaque to media")]
Track = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="name of a recorded track")]
TrackOrNone = Annotated[
    str, Meta(pattern=r"^([a-z][a-z0-9_]{0,31})?$", description="name of a recorded track; empty: not recorded")
]
Language = Annotated[str, Meta(max_length=35, description="BCP 47 tag; empty means the floor as spoken")]
Sdp = Annotated[str, Meta(max_length=65_536, description="session description")]
Reason = Annotated[str, Meta(max_length=500, description="in the person's own words")]
Certificate = Annotated[
    str,
    Meta(
        pattern=r"^([0-9a-f]{64})?$",
        description="SHA-256 of a DTLS certificate (RFC 8122 section 5), lower case; empty: not known",
    ),
]
Fault = Annotated[
    Literal["", "no_common_protection"],
    Meta(
        description="why a media line cannot be made, however often it is tried: the page's browser and the agreement "
        "have no SRTP profile in common; empty: no such reason is known"
    ),
]
Unrecorded = Annotated[
    Literal["", "before_start", "condition", "sound_only", "line_test", "two_keys"],
    Meta(
        description="by what right a source is forwarded that no track records: before the start, a condition of the "
        "requested State, a recording agreed to be of sound only, a line test, two people of two "
        "States while the recording fails; empty: by none"
    ),
]
Nanoseconds = Annotated[int, Meta(description="nanoseconds since 1970 UTC")]
