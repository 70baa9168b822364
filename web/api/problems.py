"""What went wrong, for a program: RFC 9457 problems with a stable `code`, from one table.

Codes of `hearings` are taken from its own tree of errors, with the statuses of `web.server.problems`. What nobody
foresaw is our failure: 500, a reference, and the traceback in the log; no route turns it into a fault of the caller.
"""

import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from hearings import errors
from hearings.signatures.signatures import CAUSES
from web.paths import BASE
from web.server.problems import AGAIN, status_of

logger = logging.getLogger("vivavoce.web.api.problems")

MEDIA_TYPE = "application/problem+json"


@dataclass
class ApiError(Exception):
    """A request the API refuses before `hearings` sees it. `code` is a key of `CODES`; `more` is told as it is."""

    code: str
    detail: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    status: int = 0
    """Where it is another than that of the code."""


CODES: Mapping[str, tuple[int, str]] = {
    "not_json": (400, "The body is not JSON"),
    "not_http": (400, "The request could not be read"),
    "scope_invalid": (400, "The client does not have a scope it asks for"),
    "token_missing": (401, "No access token, or not with the DPoP scheme"),
    "token_invalid": (401, "The access token is not in force"),
    "proof_invalid": (401, "The DPoP proof does not fit the request"),
    "use_dpop_nonce": (401, "The DPoP proof is to carry the nonce of this answer; 400 where a token is asked for"),
    "client_invalid": (401, "The client assertion does not hold"),
    "scope_missing": (403, "The token does not carry the scope this needs"),
    "sandbox_only": (403, "Only in the sandbox"),
    "no_such_route": (404, "No such resource"),
    "method_not_allowed": (405, "The resource does not take this method"),
    "precondition_failed": (412, "It has changed since it was read"),
    "too_large": (413, "The body is too large"),
    "media_type": (415, "The body has a type this resource does not take"),
    "invalid_input": (422, "The input does not fit the schema"),
    "unknown_field": (422, "The input has a field that does not exist"),
    "unknown_parameter": (422, "The query has a parameter that does not exist"),
    "repeated_name": (422, "A name stands twice in one JSON object"),
    "not_a_number": (422, "A number that JSON does not have"),
    "too_deep": (422, "The JSON is nested too deeply"),
    "too_many_parts": (422, "The JSON has too many values"),
    "key_reused": (422, "The Idempotency-Key was used for another request"),
    "precondition_required": (428, "If-Match is needed to change this"),
    "too_many_requests": (429, "Too many requests"),
    "failed": (500, "The service has failed to answer"),
    "recording_away": (503, "The recording, its archive copies or the seal cannot be read or written now"),
    "sandbox_off": (503, "This installation has no sandbox"),
}
"""Codes of the API itself: status, title. Those of `hearings` are in `codes()`."""

OAUTH = {
    "token_invalid": "invalid_token",
    "proof_invalid": "invalid_dpop_proof",
    "proof_used": "invalid_dpop_proof",
    "use_dpop_nonce": "use_dpop_nonce",
    "client_invalid": "invalid_client",
    "scope_invalid": "invalid_scope",
    "scope_missing": "insufficient_scope",
}
"""What RFC 6749 §5.2, RFC 6750 §3.1 and RFC 9449 §7.1 call it; in these problems as `error`."""

_EXTRA = ("field", "current", "wanted", "allowed", "missing", "who_can", "before", "after", "first", "second", "zone")
"""What an error of `hearings` knows more exactly than its sentence says, where it does."""


def _kinds(kind: type[errors.HearingsError] = errors.HearingsError) -> Iterator[type[errors.HearingsError]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass
            yield from _kinds(subclass)


def codes() -> dict[str, tuple[int, str]]:
    """Every code there is with its status and title."""
    kinds = (kind for kind in _kinds() if "code" in vars(kind) and _is_told(kind))
    found = {kind.code: (status_of(kind.__new__(kind)), _title(kind)) for kind in kinds}
    refused = {code: (401, text) for code, text in CAUSES.items()}
    return dict(sorted((found | refused | dict(CODES)).items()))


def _is_told(kind: type[errors.HearingsError]) -> bool:
    """Whether a client learns more of it than that the service has failed."""
    status = status_of(kind.__new__(kind))
    passing = not issubclass(kind, errors.DatabaseRefused) or issubclass(
        kind, errors.DatabaseAway | errors.DatabaseFull | errors.AnchorAway
    )
    return status < 500 or (status == 503 and passing)


def _title(kind: type[Exception]) -> str:
    """The first sentence of what an error's class says of itself."""
    return (kind.__doc__ or kind.__name__).splitlines()[0].split(". ")[0].rstrip(".")


def answer(request: Request, error: Exception) -> JSONResponse:
    """The problem that tells a failure."""
    code, status, title, detail, more, headers = _parts(error)
    if status >= 500:
        more = {**more, "instance": f"urn:vivavoce:failure:{secrets.token_hex(4)}"}
        logger.error("request failed, reference %s", more["instance"], exc_info=error)
    if status == 503:
        headers = {"Retry-After": AGAIN, **headers}
    if status == 401:
        told = OAUTH.get(code, "invalid_token")
        headers = {"WWW-Authenticate": f'DPoP error="{told}", algs="EdDSA ES256"', **headers}
    origin = request.scope["app"].state.parts.settings.origin
    if code in OAUTH:
        more = {"error": OAUTH[code], **more}
    body = {"type": f"{origin}{BASE}/problems#{code}", "title": title, "status": status, "detail": detail, "code": code}
    return JSONResponse({**body, **more}, status, dict(headers), media_type=MEDIA_TYPE)


def _parts(error: Exception) -> tuple[str, int, str, str, Mapping[str, Any], Mapping[str, str]]:
    """Code, status, title, detail, further members, headers."""
    if isinstance(error, ApiError):
        status, title = CODES[error.code]
        return error.code, error.status or status, title, error.detail or title, error.more, error.headers
    if isinstance(error, errors.HearingsError):
        status = status_of(error)
        if _is_told(type(error)):
            title = CAUSES.get(error.code) or _title(type(error))
            headers = {"Retry-After": str(error.wait)} if isinstance(error, errors.TooFast) else {}
            return error.code, status, title, str(error), dict(_more(error)), headers
    if isinstance(error, HTTPException):
        code = {404: "no_such_route", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "not_http")
        status, title = CODES[code]
        return code, status, title, title, {}, error.headers or {}
    status, title = CODES["failed"]
    return "failed", status, title, "Try again; tell the operator the reference if it happens again", {}, {}


def _more(error: errors.HearingsError) -> Iterator[tuple[str, Any]]:
    if isinstance(error, errors.DoubleBooking):
        yield "resources", [{"number": number, "name": name} for number, name in error.resources]
        yield "hidden", error.hidden
    if isinstance(error, errors.InterpreterUnfit):
        yield (
            "interpreters",
            [{"number": number, "name": name, "codes": list(codes)} for number, name, codes in error.interpreters],
        )
        yield "free", [{"number": number, "name": name} for number, name in error.free]
        yield "hidden", error.hidden
    if isinstance(error, errors.RightsOpen):
        yield "items", [{"item": item, "answered_by": _staff(who)} for item, who in error.owed]
    if isinstance(error, errors.Undecided):
        yield "errors", [{"field": f"body.{name}", "code": error.code, "text": str(error)} for name in error.fields]
    for name in _EXTRA:
        value = getattr(error, name, None)
        if value in (None, ""):
            continue
        if isinstance(value, datetime):
            value = value.isoformat()
        yield name, [str(one) for one in value] if isinstance(value, tuple | list | frozenset) else value


def _staff(who: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"function": str(function), "state": state} for function, state in who]


Misfit = tuple[tuple[int | str, ...], str, str]
"""Something that does not fit the schema: where it is, pydantic's code and its text."""


def misfit(errors: Sequence[Misfit]) -> ApiError:
    """What did not fit the schema, field by field; nothing of the input is repeated."""
    found = [
        {"field": ".".join(map(str, where))[:200], "code": code, "text": text[:200]}
        for where, code, text in errors[:50]
    ]
    unknown = bool(found) and all(one["code"] == "extra_forbidden" for one in found)
    code = "unknown_field" if unknown else "invalid_input"
    where = ", ".join(sorted({one["field"] for one in found}))[:200]
    return ApiError(code, f"{CODES[code][1]}: {where}", more={"errors": found})


def table() -> str:
    """The codes as docs/api.md lists them."""
    lines = ["| code | status | meaning |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| `{code}` | {status} | {title} |" for code, (status, title) in codes().items())])
