"""What an authority signs: the bodies of statements, made here for pages and API alike, so that both sign the same.

A body holds everything that is agreed to, in JSON that RFC 8785 can write: dates as text, no fractions. Pure.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from hearings.models import Hearing, HearingRequest
from hearings.request_fields import FIELDS
from hearings.terms import Terms
from hearings.wall_times import Timed


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


def hearing_terms(hearing: Hearing, terms: Terms, time: Timed | None = None) -> dict[str, Any]:
    """For `agree_hearing`: the terms whole and their hash, and the wall time as it was fixed (`time`: of an offer).

    Any change of these needs a new signature.
    """
    fixed = time or hearing
    return {
        "request": hearing.request_id,
        "wall_start": fixed.wall_start,
        "wall_zone": fixed.wall_zone,
        "wall_fold": fixed.wall_fold,
        "terms": terms.body,
        "terms_sha256": terms.hash,
    }
