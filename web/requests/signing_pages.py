"""The acts on a request. An act that binds the State is signed first, on a page that displays it and posts it with the
act.

That page changes nothing: the act is tried and rolled back, so that a refusal is displayed before anybody signs. The
values typed on the request's page are carried in hidden fields, and the act compares the signed body with the body
built from them.
"""

from datetime import UTC, datetime

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.models import Person
from web.requests import refusal as request_refusal
from web.requests.access import find
from web.requests.acts import ACTIONS, ANSWER, Action
from web.requests.refusal import Unconfirmed
from web.requests.request_pages import request_page
from web.server import forms, statements as signing
from web.server.forms import Form, FormError
from web.server.page_acts import Sent, page_act
from web.server.problems import status_of
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import _
from web.words.sentences import translated_markup

CARRIED = ("text", "ground", "motive", "confirmed", "review", "left_out")
"""Inputs carried in hidden fields, besides the conditions (`c_…`) and the answers to the legal check."""


async def _again(sent: Sent, error: errors.HearingsError | Unconfirmed) -> Response:
    action = ACTIONS[sent.path["action"]]
    if isinstance(error, errors.SignatureRefused | errors.TermsChanged | errors.AnsweredSince):
        return await _to_sign(sent.request, sent.signed, sent.person, action, sent.form, error)
    return await _refused(sent.request, sent.person, action, sent.form, error)


@page_act(_again, (errors.HearingsError, Unconfirmed))
async def act(sent: Sent) -> str:
    """Performs one of `ACTIONS`. Effects: those of the function named there; the statement is stored where one is
    needed."""
    action = ACTIONS.get(sent.path["action"])
    if action is None:
        raise HTTPException(404, "not_found")
    row = await find(sent.db, sent.request, sent.person, lock=True)
    said = await action.said(sent.db, row, sent.actor, sent.now)
    if statement := action.statement(row, sent.form, sent.actor, said):
        await statement.receive(sent.db, jws=sent.form.text("jws"), **sent.by)
    await action.act(sent.db, row, sent.form, sent.actor, sent.now, said)
    return f"/requests/{row.reference}?done={action.name}"


async def page(request: Request) -> Response:
    """The statement an authority is about to sign."""
    signed, person = staff(request)
    form = await forms.read(request)
    action = ACTIONS.get(request.path_params["action"])
    if action is None or action.signs is None:
        raise HTTPException(404, "not_found")
    return await _to_sign(request, signed, person, action, form, None)


async def back(request: Request) -> Response:
    """The address of an act, opened again without its form: to the request."""
    return RedirectResponse(f"/requests/{request.path_params['reference']}", 303)


async def _to_sign(
    request: Request, signed: SignedIn, person: Person, action: Action, form: Form, refused: errors.HearingsError | None
) -> Response:
    """Renders the page that signs; if a statement was `refused`, with the reason and a new statement to sign."""
    actor, now = signed.actor(), datetime.now(UTC)
    database = request.app.state.parts.database
    try:
        async with database.trial() as db:
            tried = await find(db, request, person, lock=True)
            await action.act(db, tried, form, actor, now, await action.said(db, tried, actor, now))
            objections = tried.answered_objections if action.consults else []
    except (errors.HearingsError, Unconfirmed) as error:
        return await _refused(request, person, action, form, error)
    wrong = [signing.refusal(request, refused)] if refused else []
    async with database.reading() as db:
        row = await find(db, request, person)
        statement = action.statement(row, form, actor, await action.said(db, row, actor, now))
        context = {
            "row": row,
            "action": action,
            "warning": request_refusal.kept_in_words(objections),
            "prepared": await statement.prepare(db, now=now) if statement else None,
            "hidden": {name: form.text(name) for name in form if name in CARRIED or name.startswith(("c_", ANSWER))},
            "errors": wrong,
        }
    return render(request, "request_sign.html", context, status=status_of(refused) if refused else 200)


async def _refused(
    request: Request, person: Person, action: Action, form: Form, error: errors.HearingsError | Unconfirmed
) -> Response:
    """The request's page with the error beside its field. Raises the error when it concerns no field."""
    wrong = _explained(action.name, error)
    if not wrong:
        raise error
    return await request_page(request, person, form.first, wrong, action.name)


def _explained(action: str, error: errors.HearingsError | Unconfirmed) -> list[FormError]:
    """The errors of an act by the input they concern; empty when the error is not in the values typed."""
    if isinstance(error, errors.GateNotMet):
        return [FormError("gate", translated_markup(text)) for text in error.missing]
    if isinstance(error, errors.NotReady) and "consultation" in error.missing:
        return [
            FormError(f"{action}-{'ground' if ACTIONS[action].ground else 'text'}", translated_markup(error.text)),
        ]
    if isinstance(error, errors.GateOpen):
        return [FormError(f"{action}-answers", translated_markup(text)) for text in error.missing]
    if isinstance(error, errors.HearingNotOver):
        return [FormError(f"{action}-text", translated_markup(error.text))]
    if isinstance(error, Unconfirmed):
        text = Markup("{} {}").format(
            request_refusal.objections_in_words(error.objections), _("State below if you refuse on it nevertheless.")
        )
        return [FormError("confirmed", text)]
    if isinstance(error, errors.NotFound) and action == "delegate":
        return [FormError("delegate-person", _("Choose a colleague."))]
    return [_invalid(action, error)] if isinstance(error, errors.Invalid) else []


def _invalid(action: str, error: errors.Invalid) -> FormError:
    named = {
        "answers": _("Answer at least one question."),
        "ground": _("Choose a ground of refusal."),
        "person": _("Choose a colleague who may work on it."),
        "motive": _("Choose one of the list, or none."),
        "due": _("Choose a future day, at most two years ahead."),
        "review": _("Choose a future day, at most two years ahead."),
        "value": _("A number from 0 to 15."),
    }
    if error.field in named:
        return FormError(f"{action}-{error.field}", named[error.field])
    if error.field.startswith("rules"):
        text = _("A condition is incomplete, or two of them contradict each other. Complete the marked fields.")
        return FormError("c_official_present", text)
    if "characters are needed" in str(error) or "empty" in str(error):
        return FormError(f"{action}-text", _("Write at least a few words: the other State will read them."))
    return FormError(f"{action}-text", forms.explain(error).text)


routes = [
    Route("/requests/{reference}/act/{action}", act, methods=["POST"]),
    Route("/requests/{reference}/sign/{action}", page, methods=["POST"]),
    *(Route(f"/requests/{{reference}}/{step}/{{action}}", back, methods=["GET"]) for step in ("act", "sign")),
]
