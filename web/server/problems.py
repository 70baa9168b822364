"""Error responses: one table from exceptions to HTTP statuses, and one function that makes the response.

Browsers that ask for HTML get a page in their language with a reference; everything else gets RFC 9457
`application/problem+json` with a stable `code`. An unknown exception reveals nothing: its traceback goes to the log
under the same reference.
"""

import logging
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings import errors
from web.paths import within
from web.server.rendering import render
from web.words import refusals
from web.words.i18n import N_, _

logger = logging.getLogger("vivavoce.web.server.problems")


@dataclass(frozen=True)
class FailureText:
    """Texts of a kind of failure: status, heading, explanation, next step."""

    status: int
    title: str
    happened: str
    advice: str
    retry: int = 0
    """Seconds for `Retry-After`, where known."""


PROBLEMS: dict[str, FailureText] = {
    "bad_request": FailureText(
        400,
        N_("This request could not be read"),
        N_("Something in the address or the form was not as expected. Nothing was changed."),
        N_("Go back, reload the page and try again."),
    ),
    "too_many_parameters": FailureText(
        400,
        N_("This address has too many values"),
        N_("What follows the question mark in the address has more than 200 values. Nothing was changed."),
        N_("Go back, choose less and try again."),
    ),
    "sign_in_needed": FailureText(
        401,
        N_("Sign in first"),
        N_("You are not signed in, or your sign-in has ended."),
        N_("Ask for a new sign-in link, or open your own link again."),
    ),
    "signature_refused": FailureText(
        401,
        N_("The signature was refused"),
        N_("What was signed does not match, or could not be verified. Nothing was changed."),
        N_("Reload the page, read what is to be signed and sign again with your authority's key."),
    ),
    "not_allowed": FailureText(
        403,
        N_("You may not do this"),
        N_("Your role does not allow this. Nothing was changed."),
        N_("The presiding judge or the clerk can tell you who may."),
    ),
    "step_up_needed": FailureText(
        403,
        N_("Confirm that it is you"),
        N_("This asks for a passkey, or your State's sign-in, shown in the last five minutes. Nothing was changed."),
        N_("Confirm at “Your sign-ins”, then do it again."),
    ),
    "new_link_needed": FailureText(
        403,
        N_("Open a new sign-in link first"),
        N_("The first passkey is added with a sign-in link that has just been opened. Nothing was changed."),
        N_("Ask your administrator for a new link, open it, and add the passkey at once."),
    ),
    "sign_in_refused": FailureText(
        403,
        N_("The sign-in was refused"),
        N_("What was shown does not prove who you are. Nothing was changed."),
        N_("Go back, reload the page and try again. If it happens again, tell your administrator."),
    ),
    "passkey_required": FailureText(
        403,
        N_("Add a passkey first"),
        N_("Here a link signs you in for your first entry only. Nothing was changed."),
        N_("Open “Your sign-ins” and add a passkey. Then everything is open to you."),
    ),
    "cross_origin": FailureText(
        403,
        N_("This request came from somewhere else"),
        N_("The form was not sent from a page of this service. Nothing was changed."),
        N_("Open the page here and send the form again."),
    ),
    "csrf": FailureText(
        403,
        N_("This form is too old"),
        N_("You have signed in again since this form was opened. Nothing was changed."),
        N_("Go back, reload the page and send the form again."),
    ),
    "not_found": FailureText(
        404,
        N_("Page not found"),
        N_("There is no such page, or it is not yours to see."),
        N_("Check the address, or start again from the docket."),
    ),
    "method_not_allowed": FailureText(
        405,
        N_("This cannot be done here"),
        N_("The page exists, but does not support this action. Nothing was changed."),
        N_("Go back and use the buttons on the page."),
    ),
    "conflict": FailureText(
        409,
        N_("Something has changed in the meantime"),
        N_("What you asked for is no longer possible. Nothing was changed."),
        N_("Reload the page to see the current status."),
    ),
    "transcripts_full": FailureText(
        409,
        N_("No room for another transcript"),
        N_("As many transcripts are kept with this recording as it can have. Nothing was changed."),
        N_("Go on with one of those that are kept."),
    ),
    "too_large": FailureText(
        413,
        N_("That is too much"),
        N_("What was sent is larger than this page accepts. Nothing was changed."),
        N_("Shorten the text and try again."),
    ),
    "unprocessable": FailureText(
        422,
        N_("This could not be accepted"),
        N_("What was sent does not match what is expected. Nothing was changed."),
        N_("Go back and correct it."),
    ),
    "too_many_requests": FailureText(
        429,
        N_("Too many requests"),
        N_("This address has asked too often in a short time. Nothing was changed."),
        N_("Wait a minute, then try again."),
    ),
    "failed": FailureText(
        500,
        N_("Something went wrong"),
        N_("The service has failed to answer. What you sent may not have been saved."),
        N_("Try again. If it happens again, give your court's help desk the reference below."),
    ),
    "fonts_missing": FailureText(
        503,
        N_("Documents cannot be made here"),
        N_("The fonts that documents are printed with are not installed on this service. Nothing was changed."),
        N_("Tell your court's help desk: whoever runs the service installs them with deploy/assets.py."),
    ),
    "conducted_elsewhere": FailureText(
        503,
        N_("The live room runs in another process"),
        N_("This process serves pages and is on standby; live rooms run in another. Nothing was changed."),
        N_(
            "Wait a moment, then try again. If the problem persists, tell your court's help desk: two processes "
            "share the data."
        ),
        retry=5,
    ),
    "database_away": FailureText(
        503,
        N_("Not available just now"),
        N_("The database does not answer. Nothing was changed."),
        N_("Wait a moment, then try again. What you typed is still in the page before this one."),
    ),
    "database_full": FailureText(
        503,
        N_("No storage space left"),
        N_("The disk of this service is full, so nothing can be saved. Nothing was changed."),
        N_("Tell your court's help desk. What you typed is still in the page before this one."),
    ),
    "disk_low": FailureText(
        503,
        N_("Little storage space left"),
        N_("What is left on the disk is kept for hearings that are being recorded. Nothing was changed."),
        N_("Tell your court's help desk, and try again when there is room."),
        retry=600,
    ),
    "monitor_token_needed": FailureText(
        401,
        N_("For monitoring only"),
        N_("This address answers only to the token of the installation."),
        N_("Whoever runs the service finds it in keys/monitor.token."),
    ),
    "standing_by": FailureText(
        503,
        N_("This copy of the service is on standby"),
        N_("It was restored from a backup and does nothing until somebody confirms that the other copy is gone."),
        N_("Go to the court's usual address. Whoever runs the service finds what to do in docs/operation.md."),
    ),
    "unavailable": FailureText(
        503,
        N_("Not available just now"),
        N_("A part of the service does not answer. Nothing was changed."),
        N_("Wait a moment, then try again."),
    ),
}

AGAIN = "10"
"""Seconds of `Retry-After` for an unavailable service."""

BY_STATUS: dict[int, str] = {
    400: "bad_request",
    401: "sign_in_needed",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "bad_request",
    422: "unprocessable",
    429: "too_many_requests",
    500: "failed",
    503: "unavailable",
}


def status_of(error: Exception) -> int:
    """The HTTP status of an exception, by the table; 500 for one not in it."""
    if isinstance(error, HTTPException):
        return error.status_code
    for kind, status in EXCEPTIONS:
        if isinstance(error, kind):
            return status
    return 500


EXCEPTIONS: tuple[tuple[type[Exception], int], ...] = (
    (errors.NotFound, 404),
    (errors.NotAllowed, 403),
    (errors.LoginEnded, 401),
    (errors.LinkRefused, 403),
    (errors.SignInRefused, 403),
    (errors.StepUpNeeded, 403),
    (errors.NewLinkNeeded, 403),
    (errors.ProofUsed, 401),
    (errors.SignatureRequired, 422),
    (errors.SignatureRefused, 401),
    (errors.IllegalMove, 409),
    (errors.Stale, 409),
    (errors.TermsChanged, 409),
    (errors.NotReady, 409),
    (errors.TooFast, 429),
    (errors.DoubleBooking, 409),
    (errors.InterpreterUnfit, 409),
    (errors.StaleTimeZones, 409),
    (errors.Invalid, 422),
    (errors.ConductedElsewhere, 503),
    (errors.FontsMissing, 503),
    (errors.DatabaseRefused, 503),
)
"""In order: the first matching class counts."""


def wants_html(request: Request) -> bool:
    """Whether to answer with a page: the request accepts HTML and is not from an island."""
    return "text/html" in request.headers.get("accept", "") and not within(request.scope["path"])


def code_of(error: Exception, status: int) -> str:
    """The stable code of a failure. Error texts of libraries are replaced by the code of the status."""
    word = str(getattr(error, "code", "") or getattr(error, "detail", ""))
    public = status < 500 or word in PROBLEMS
    return word if public and re.fullmatch("[a-z_]{3,40}", word) else BY_STATUS.get(status, "failed")


def answer(request: Request, error: Exception) -> Response:
    """The answer to a request that failed."""
    status = status_of(error)
    reference = secrets.token_hex(4)
    if status >= 500 and not isinstance(error, errors.ConductedElsewhere):  # logged once, when the process began
        logger.error("request failed, reference %s", reference, exc_info=error)
    code = code_of(error, status)
    problem = PROBLEMS.get(getattr(error, "family", code)) or PROBLEMS[BY_STATUS.get(status, "failed")]
    headers = {"Retry-After": str(problem.retry)} if problem.retry else {}
    headers |= dict(getattr(error, "headers", None) or {})
    if status == 503:
        headers.setdefault("Retry-After", AGAIN)
    if isinstance(error, errors.TooFast):
        headers["Retry-After"] = str(error.wait)
    detail = refusals.words(error) if isinstance(error, errors.HearingsError) and 404 != status < 500 else ""
    if wants_html(request):
        context = {"problem": problem, "status": status, "reference": reference, "detail": detail}
        return render(request, "problem.html", context | {"at": datetime.now(UTC)}, status=status, headers=headers)
    body = {
        "type": f"about:blank#{code}",
        "title": _(problem.title),
        "status": status,
        "detail": detail or _(problem.happened),
        "code": code,
        "instance": reference,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


async def handle(request: Request, error: Exception) -> Response:
    """The exception handler for Starlette's `exception_handlers`."""
    return answer(request, error)


class ProblemsMiddleware:
    """Answers every exception from inside, middlewares included, unless a response has already begun."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def remember(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, remember)
        except ClientDisconnect:
            return
        except errors.LoginEnded as error:
            if not started:
                await answer(Request(scope, receive), error)(scope, receive, send)
        except Exception as error:
            if started:
                raise
            await answer(Request(scope, receive), error)(scope, receive, send)
