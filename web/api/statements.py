"""Signed acts: the statement of an authority, taken in and read; and instants that come with an offset."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import ValidationError

from hearings.models.columns import Row
from hearings.signatures import signatures
from hearings.signatures.signatures import Act
from web.api.access import Caller
from web.api.fields import Model, Shown
from web.api.problems import ApiError

B = TypeVar("B", bound=Model)
V = TypeVar("V")


class Statement(Shown):
    """What is signed: written by RFC 8785, as a compact JWS with the header `{"alg","kid","typ":"vivavoce+jws"}`."""

    iss: str
    aud: str
    iat: int
    jti: str
    act: str
    about: str
    body: dict[str, Any]


async def receive(
    caller: Caller,
    *,
    jws: str,
    other: str,
    act: Act,
    about: str,
    subject: Row,
    expect: Mapping[str, Any] | None,
    body: type[B] | None,
) -> B | None:
    """Take in the statement of the caller's State and read its body, where `body` says how one looks.

    Raises what `signatures.receive` raises, and `ApiError` for a body of another form. Effects: keeps the statement.
    """
    kept = await signatures.receive(
        caller.db,
        jws=jws,
        state=caller.state,
        other=other,
        act=act,
        about=about,
        subject=subject,
        actor=caller.actor,
        now=caller.now,
        expect_body=expect,
    )
    if body is None:
        return None
    try:
        return body.model_validate(signatures.read(kept)["body"])
    except ValidationError as error:
        where = ", ".join(".".join(map(str, one["loc"])) for one in error.errors()[:20])
        raise ApiError("invalid_input", f"The body of the statement does not fit: {where[:200]}") from None


def instant(value: V, field: str) -> V:
    """A value that was sent; an instant, if it says where it is. Raises `ApiError`."""
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ApiError("invalid_input", f"{field} needs an offset, such as Z", more={"field": field})
    return value
