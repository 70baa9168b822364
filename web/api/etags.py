"""Entity tags: a strong one for each representation, out of its content; `If-Match` before something is changed."""

import hashlib
import re
from typing import TypeVar

from pydantic import BaseModel

from web.api.access import Caller
from web.api.problems import ApiError

M = TypeVar("M", bound=BaseModel)
_TAGS = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


def of(model: BaseModel) -> str:
    """The tag of a representation."""
    return tag_of(model.model_dump_json().encode())


def tag_of(data: bytes) -> str:
    """The tag of these bytes."""
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def tag(caller: Caller, model: M) -> M:
    """The same representation, its tag on the answer."""
    data = model.model_dump_json().encode()
    caller.written = model, data
    caller.headers["ETag"] = tag_of(data)
    return model


def require(caller: Caller, model: BaseModel) -> None:
    """Refuse a change by somebody who has not seen what they change: 428 without `If-Match`, 412 with an old one.

    `*` says that nothing was read: 428 too.
    """
    if caller.request.headers.get("if-match", "*") == "*":
        raise ApiError("precondition_required", "Send the ETag of what you read as If-Match")
    allow(caller, model)


def allow(caller: Caller, model: BaseModel) -> None:
    """As `require`, for an act that may be done unseen: without `If-Match` there is nothing to check."""
    told = caller.request.headers.get("if-match", "*")
    if told != "*" and of(model) not in _TAGS.findall(told):
        raise ApiError("precondition_failed", headers={"ETag": of(model)})


def unchanged(caller: Caller) -> bool:
    """Whether a reader has the representation already (`If-None-Match`)."""
    return known(caller.request.headers.get("if-none-match", ""), caller.headers.get("ETag", "-"))


def known(told: str, tag: str) -> bool:
    """Whether `If-None-Match` names a tag; weakly compared (RFC 9110 §13.1.2)."""
    return bool(told) and tag in [one.removeprefix("W/") for one in _TAGS.findall(told)]
