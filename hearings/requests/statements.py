"""What an authority signs of a request: the bodies of statements, for pages and API alike, so that both sign the same.

A body holds everything that is agreed to, in JSON that RFC 8785 can write: dates as text, no fractions. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from hearings.models import HearingRequest
from hearings.requests.fields import FIELDS


def plain(value: Any) -> Any:
    """A value of a row as JSON has it; an instant in UTC with `Z`."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def content(request: HearingRequest) -> dict[str, Any]:
    """Every field of a request a person has filled in, or left empty."""
    return {name: plain(getattr(request, name)) for name in FIELDS}


def submission(request: HearingRequest) -> dict[str, Any]:
    """For `submit_request`: the request as it stands."""
    return {
        "requesting_state": request.requesting_state,
        "requested_state": request.requested_state,
        "version": request.version,
        "content": content(request),
    }
