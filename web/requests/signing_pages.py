"""The acts on a request. What binds the State is signed first, on a page that shows it and posts it with the act.

That page changes nothing: the act is tried and taken back, so that what it would refuse is said before anybody signs.
What was typed on the request's page comes along in hidden fields, and the act compares the signed body with what it
makes of them.
"""

from datetime import UTC, datetime

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.law import law
from hearings.models import Person
from web.requests import refusal as request_refusal
from web.requests.access import find
from web.requests.acts import ACTIONS, Action
from web.requests.pages import request_page
from web.requests.refusal import Unconfirmed
from web.server import forms, statements as signing
from web.server.forms import Form, FormError
from web.server.problems import status_of
from web.server.rendering import render
from web.server.sign_in import SignedIn, staff
from web.words.i18n import _
from web.words.sentences import told_here

CARRIED = ("text", "ground", "motive", "confirmed", "review")
"""What comes along, besides the conditions (`c_…`)."""


async def act(request: Request) -> Response:
    """Do one of `ACTIONS`. Effects: those of the function named there, and the statement kept where it needs one."""
    signed, person = staff(request)
    form = await forms.read(request)
    action = ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(404, "not_found")
    actor, now = signed.actor(), datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            row = await find(db, request, person, lock=True)
            if bond := action.bond(row, form, actor):
                await bond.receive(db, jws=form.text("jws"), actor=actor, now=now)
            await action.act(db, row, form, actor, now)
    except (errors.SignatureRefused, errors.TermsChanged) as error:
        return await _to_sign(request, signed, person, action, form, error)
    except (errors.HearingsError, Unconfirmed) as error:
        return await _refused(request, person, action, form, error)
    return RedirectResponse(f"/requests/{row.reference}?done={action.name}", 303)


async def page(request: Request) -> Response:
    """What an authority is about to sign."""
    signed, person = staff(request)
    form = await forms.read(request)
    action = ACTIONS.get(request.path_params["action"])
    if action is None or action.statement is None:
        raise HTTPException(404, "not_found")
    return await _to_sign(request, signed, person, action, form, None)


async def back(request: Request) -> Response:
    """The address of an act, opened again without its form: to the request."""
    return RedirectResponse(f"/requests/{request.path_params['reference']}", 303)


async def _to_sign(
    request: Request, signed: SignedIn, person: Person, action: Action, form: Form, refused: errors.HearingsError | None
) -> Response:
    """The page that signs; after a statement that was `refused` with the reason, and a fresh one to sign."""
    actor, now = signed.actor(), datetime.now(UTC)
    database = request.app.state.parts.database
    try:
        async with database.trial() as db:
            await action.act(db, await find(db, request, person, lock=True), form, actor, now)
    except (errors.HearingsError, Unconfirmed) as error:
        return await _refused(request, person, action, form, error)
    wrong = [signing.refusal(request, refused)] if refused else []
    async with database.reading() as db:
        row = await find(db, request, person)
        bond = action.bond(row, form, actor)
        warning = ""
        if action.ground:
            warning = request_refusal.warning(row, form.text("ground"), form.text("text"), await law.current(db))
        context = {
            "row": row,
            "action": action,
            "warning": warning,
            "prepared": await bond.prepare(db, now=now) if bond else None,
            "hidden": {name: form.text(name) for name in form if name in CARRIED or name.startswith("c_")},
            "errors": wrong,
        }
    return render(request, "request_sign.html", context, status=status_of(refused) if refused else 200)


async def _refused(
    request: Request, person: Person, action: Action, form: Form, error: errors.HearingsError | Unconfirmed
) -> Response:
    """The request's page with what was wrong beside its field. Raises the error when it concerns none."""
    wrong = _explained(action.name, error)
    if not wrong:
        raise error
    return await request_page(request, person, form.first, wrong, action.name)


def _explained(action: str, error: errors.HearingsError | Unconfirmed) -> list[FormError]:
    """What was wrong with an act, beside the inputs it concerns; empty when it is not in what was typed."""
    if isinstance(error, errors.GateNotMet):
        return [FormError("gate", told_here(text)) for text in error.missing]
    if isinstance(error, errors.NotReady) and "consultation" in error.missing:
        text = _(
            "Record the consultation with the other State first, on the page Consultations of this request: a refusal "
            "or a postponement comes after it (18(26), 46(26))."
        )
        return [FormError(f"{action}-{'ground' if ACTIONS[action].ground else 'text'}", text)]
    if isinstance(error, errors.HearingNotOver):
        return [FormError(f"{action}-text", told_here(error.text))]
    if isinstance(error, Unconfirmed):
        text = Markup("{} {}").format(
            request_refusal.told(error.objections), _("Say below if you refuse on it all the same.")
        )
        return [FormError("confirmed", text)]
    if isinstance(error, errors.NotFound) and action == "delegate":
        return [FormError("delegate-person", _("Choose a colleague."))]
    return [_invalid(action, error)] if isinstance(error, errors.Invalid) else []


def _invalid(action: str, error: errors.Invalid) -> FormError:
    named = {
        "ground": _("Choose a ground of refusal."),
        "person": _("Choose a colleague who may work on it."),
        "motive": _(
            "What the request relies on allows this ground only for reasons of this very case, not for a general rule. "
            "Say that the refusal rests on them, and give them."
        ),
        "due": _("Choose a day that is still to come, at most two years ahead."),
        "review": _("Choose a day that is still to come, at most two years ahead."),
        "value": _("A number from 0 to 15."),
    }
    if error.field in named:
        return FormError(f"{action}-{error.field}", named[error.field])
    if error.field.startswith("rules"):
        text = _("A condition lacks something, or two of them do not go together. Fill in what stands beside it.")
        return FormError("c_official_present", text)
    if "characters are needed" in str(error) or "empty" in str(error):
        return FormError(f"{action}-text", _("Write at least a few words: the other State will read them."))
    return FormError(f"{action}-text", forms.explain(error).text)


routes = [
    Route("/requests/{reference}/act/{action}", act, methods=["POST"]),
    Route("/requests/{reference}/sign/{action}", page, methods=["POST"]),
    *(Route(f"/requests/{{reference}}/{step}/{{action}}", back, methods=["GET"]) for step in ("act", "sign")),
]
