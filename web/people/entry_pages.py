"""Sign-in and sign-out: sign-in links, join links with a PIN, language."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.hearing import codes, links
from hearings.hearing.links import HEARING_OVER
from hearings.models import Hearing
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd
from web import security_log
from web.security_log import EventCode
from web.sending import code_sending
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import drop_cookie, end_previous, set_cookie, signed_in
from web.words import court_clocks, sentences
from web.words.i18n import COOKIE as LANGUAGE_COOKIE, LANGUAGES, _, current, ngettext

YEAR = timedelta(days=365)
WHY = {
    "used": lambda: _("This sign-in link has been used. Each link works once. Ask for a new one."),
    "old": lambda: _("This sign-in link has expired, or was withdrawn. Ask for a new one."),
    "unknown": lambda: _("This sign-in link is not known. Copy the whole link, up to its last letter."),
    "passkey_needed": lambda: _(
        "You have a passkey, or sign in at your State, so a link does not let you in. Sign in with that. If you have "
        "lost everything, ask your administrator for a new way in."
    ),
    "passkey": lambda: _("The passkey was not accepted. Nothing was changed. Try again, or use another one."),
    "issuer_away": lambda: _("The sign-in of the State does not answer. Nothing was changed. Try again later."),
    "out": lambda: _("You are signed out."),
}
WHY_OF = {"link_used": "used", "link_dead": "old", "passkey_needed": "passkey_needed"}
"""By the code of a refusal of `logins.sign_in`."""


async def home(request: Request) -> Response:
    """Redirects to the start page: the docket, the hearing the person is invited to, or the sign-in page."""
    signed = request.scope["actor"]
    if signed is None:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(f"/h/{signed.hearing.ref}/live" if signed.hearing else "/docket", 303)


async def sign_in_page(request: Request) -> Response:
    """The page that explains how to sign in, and why a link did not work."""
    why = WHY.get(request.query_params.get("why", ""))
    known = request.app.state.parts.issuers.issuers
    return render(request, "sign_in.html", {"why": why() if why else "", "issuers": list(known.values())})


async def link_page(request: Request) -> Response:
    """The page of a one-use sign-in link. Opening it does not use the link: the secret is in the fragment of the
    address."""
    return render(request, "link.html")


async def use_link(request: Request) -> Response:
    """Signs a member of staff in. Effects: uses the link, ends the browser's earlier login, sets the cookie; mails are
    in the browser's language from now on."""
    form = await forms.read(request, token=False)
    now = datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            person, login, secret = await logins.sign_in(
                db, secret=form.text("secret"), language=current.get().tag, now=now
            )
    except (errors.LinkUsed, errors.LinkDead, errors.LinkUnknown, errors.PasskeyNeeded) as refused:
        request.app.state.parts.pulse.counts["refused_logins"] += 1
        why = WHY_OF.get(refused.code, "unknown")
        security_log.emit(EventCode.sign_in, good=False, reason=why)
        return RedirectResponse(f"/sign-in?why={why}", 303)
    security_log.emit(EventCode.sign_in, person=person.id, state=person.owner_state, reason=login.way)
    await end_previous(request, LoginEnd.signed_in_again)
    answer = RedirectResponse("/docket", 303)
    set_cookie(answer, secret)
    return answer


async def sign_out(request: Request) -> Response:
    """Signs the person out. Effects: ends the login and its live pages, deletes the cookie."""
    await forms.read(request)
    signed_in(request)
    await end_previous(request, LoginEnd.signed_out)
    answer = RedirectResponse("/sign-in?why=out", 303)
    drop_cookie(answer)
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


async def session(request: Request) -> Response:
    """Keeps the login of a page awake; 401 when it has ended."""
    signed_in(request)
    return JSONResponse({"signed_in": True})


# --- invited people ----------------------------------------------------------------------------------------------


async def join_page(request: Request) -> Response:
    """The page of a join link. Opening it does not use the link."""
    return render(request, "join.html", _sends(request))


async def join(request: Request) -> Response:
    """Uses a join link with its PIN. Effects: those of `links.redeem`; sets the cookie when the PIN is right."""
    form = await forms.read(request, token=False)
    secret = form.text("secret")
    pin = "".join(form.text("pin").split())
    if not (pin.isascii() and pin.isdigit() and len(pin) == 6):
        return _join_again(request, secret, _("Enter the PIN: six digits."))
    now = datetime.now(UTC)
    parts = request.app.state.parts
    try:
        redeemed = await links.redeem(parts.database, secret=secret, pin=pin, now=now)
    except errors.PinWrong as wrong:
        security_log.emit(EventCode.pin_wrong, good=False)
        parts.pulse.counts["refused_logins"] += 1
        if wrong.tries_left == 0 and await links.look_dead(parts.database, secret=secret):
            return _refused(request, errors.LinkDead(), None)
        if wrong.tries_left == 0:
            return _join_again(request, secret, _("This code was wrong five times. Ask for a new one below."))
        left = ngettext(
            "This PIN is wrong. You have {n} try left.", "This PIN is wrong. You have {n} tries left.", wrong.tries_left
        )
        return _join_again(request, secret, left.format(n=wrong.tries_left))
    except errors.CodeDead:
        security_log.emit(EventCode.pin_wrong, good=False, reason="code_dead")
        parts.pulse.counts["refused_logins"] += 1
        return _join_again(request, secret, _("There is no code that works. Ask for a new one below."))
    except errors.LinkRefused as refused:
        security_log.emit(EventCode.joined, good=False, reason=refused.code)
        parts.pulse.counts["refused_logins"] += 1
        return _refused(request, refused, await _places(request, secret, refused))
    await end_previous(request, LoginEnd.signed_in_again)
    security_log.emit(EventCode.joined, person=redeemed.participant.id, state=redeemed.participant.owner_state)
    parts.conductors.touch(redeemed.hearing.id)
    answer = RedirectResponse(f"/h/{redeemed.hearing.ref}/live", 303)
    set_cookie(answer, redeemed.cookie)
    return answer


def _join_again(request: Request, secret: str, text: str) -> Response:
    context = {"values": {"secret": secret}, "errors": [FormError("pin", text)]} | _sends(request)
    return render(request, "join.html", context, status=422)


def _sends(request: Request) -> dict[str, Any]:
    return {"sends_codes": len(code_sending.ways(request.app.state.parts.settings)) > 1}


async def send_code(request: Request) -> Response:
    """Sends a one-use code for a join link. Effects: those of `codes.make`; a mail or text message, and where
    it was taken `codes.handed_over`."""
    form = await forms.read(request, token=False)
    secret, parts, now = form.text("secret"), request.app.state.parts, datetime.now(UTC)
    try:
        message = await codes.make(parts.database, secret=secret, say=sentences.say, now=now)
    except errors.LinkRefused as refused:
        parts.pulse.counts["refused_logins"] += 1
        security_log.emit(EventCode.code_sent, good=False, reason=refused.code)
        return _refused(request, refused, await _places(request, secret, refused))
    except errors.NotReady as refused:
        return _join_again(request, secret, forms.explain(refused).text)
    sent = await code_sending.send(parts.settings, message, now=now)
    security_log.emit(EventCode.code_sent, good=sent, reason=message.way.value)
    if sent:
        await codes.handed_over(parts.database, code_id=message.code_id, now=datetime.now(UTC))
    else:
        return _join_again(
            request, secret, _("The code could not be sent. Wait a minute and try again, or call the court.")
        )
    context = {
        "values": {"secret": secret},
        "notice": _(
            "A code has been sent to the address or number that the court has noted. It works for ten minutes."
        ),
    }
    return render(request, "join.html", context | _sends(request))


async def _places(request: Request, secret: str, refused: errors.LinkRefused) -> Hearing | None:
    """The hearing of a link that is used too early, for its times; its case must not be displayed. None for other
    refusals."""
    if not isinstance(refused, errors.LinkEarly):
        return None
    return await links.hearing_of(request.app.state.parts.database, secret=secret)


def _refused(request: Request, refused: errors.LinkRefused, hearing: Hearing | None) -> Response:
    call = _("Call the court that invited you. The clerk can give you a new link.")
    title, happened, advice = {
        "link_early": (
            _("The lobby is not open yet"),
            _("Your link is valid, but the court has not opened the lobby. You can use the link again."),
            _("Come back shortly before the hearing and open your link again."),
        ),
        "link_late": (_(HEARING_OVER), _("This link worked until the hearing was closed."), call),
        "link_used": (
            _("This link has been used"),
            _("Somebody has already joined with this link and its PIN. It works once."),
            _("If that was you, continue in the same browser. If not, call the court at once."),
        ),
        "link_dead": (
            _("This link no longer works"),
            _("The PIN was wrong five times, or the clerk has issued a new link."),
            call,
        ),
    }.get(
        refused.code,
        (
            _("This link is not known"),
            _("The address is not complete, or it is not one of ours."),
            _("Copy the whole link, up to its last letter. If it still does not work, call the court."),
        ),
    )
    context: dict[str, Any] = {"title": title, "happened": happened, "advice": advice, "opens_at": None, "places": []}
    if hearing is not None:
        context |= {"opens_at": hearing.starts_at, "places": court_clocks.of_hearing(hearing)}
    return render(request, "join_refused.html", context, status=403)


# --- language --------------------------------------------------------------------------------------------------------


def _inside(path: str) -> str:
    """A path of this service to go back to; anything else becomes `/`."""
    parts = urlsplit(path)
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if good and len(path) < 500 and path.isprintable() else "/"


async def language_page(request: Request) -> Response:
    """The languages, each in its own name."""
    return render(request, "language.html", {"back": _inside(request.query_params.get("back", "/"))})


async def choose_language(request: Request) -> Response:
    """Sets the language of this browser. Effects: sets a cookie, and the language of mails to the person signed in."""
    form = await forms.read(request, token=False)
    answer = RedirectResponse(_inside(form.text("back") or "/"), 303)
    tag = form.text("tag")
    if tag in LANGUAGES:
        secure = request.app.state.parts.settings.secure
        answer.set_cookie(
            LANGUAGE_COOKIE, tag, int(YEAR.total_seconds()), path="/", secure=secure, httponly=True, samesite="lax"
        )
        signed = request.scope.get("actor")
        if signed is not None and signed.person is not None:
            async with request.app.state.parts.database.transaction() as db:
                await staff.reads(db, person_id=signed.person.id, lang=tag)
    return answer


routes = [
    Route("/", home),
    Route("/sign-in", sign_in_page),
    Route("/s", link_page, methods=["GET"]),
    Route("/s", use_link, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/session", session),
    Route("/j", join_page, methods=["GET"]),
    Route("/j", join, methods=["POST"]),
    Route("/j/code", send_code, methods=["POST"]),
    Route("/language", language_page, methods=["GET"]),
    Route("/language", choose_language, methods=["POST"]),
]
