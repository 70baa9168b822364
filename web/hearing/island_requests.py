"""What islands post beside forms: offers of media lines, and reports in JSON; and how they are refused."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from hearings.errors import Invalid
from hearings.sentences import tell
from web import strict_json

LARGEST_OFFER = 65_536
LARGEST_REPORT = 16_384


def problem(status: int, code: str, detail: str) -> JSONResponse:
    """A refusal for a program (RFC 9457), with a stable code."""
    body = {"type": f"about:blank#{code}", "title": code, "status": status, "code": code, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")


async def read_offer(request: Request) -> str | JSONResponse:
    """The session description of a request (application/sdp), or the answer that refuses it."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/sdp":
        return problem(415, "unsupported_media_type", "send the offer as application/sdp")
    try:
        offer = (await request.body()).decode("ascii")
    except UnicodeDecodeError:
        return problem(422, "malformed_offer", "the offer is not ASCII text")
    if len(offer) > LARGEST_OFFER:
        return problem(413, "too_large", "an offer has at most 64 KiB")
    return offer


def read_report(body: bytes, kind: str) -> dict[str, Any]:
    """A report out of the body of a request. Raises `Invalid`."""
    if kind.split(";")[0].strip() != "application/json" or len(body) > LARGEST_REPORT:
        raise Invalid(tell("A report is JSON of at most 16 KiB"), "")
    try:
        measured = strict_json.parse(body)
    except ValueError as error:
        raise Invalid(tell("A report is JSON"), "") from error
    if not isinstance(measured, dict):
        raise Invalid(tell("A report is a JSON object"), "")
    return measured
