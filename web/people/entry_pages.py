"""Coming in and going out: sign-in links, join links with a PIN, sign out, language, help."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.hearing import links
from hearings.models import Hearing
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd
from web import security_log
from web.security_log import Code
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import drop_cookie, end_previous, set_cookie, signed_in
from web.words import places
from web.words.i18n import COOKIE as LANGUAGE_COOKIE, LANGUAGES, _, catalogue, current, ngettext

YEAR = timedelta(days=365)
WHY = {
    "used": lambda: _("This sign-in link has been used. Each link works once. Ask for a new one."),
    "old": lambda: _("This sign-in link is too old, or was withdrawn. Ask for a new one."),
    "unknown": lambda: _("This sign-in link is not known. Copy the whole link, up to its last letter."),
    "out": lambda: _("You are signed out."),
}


async def home(request: Request) -> Response:
    """The page to start from: the docket, the hearing one is invited to, or how to sign in."""
    signed = request.scope["actor"]
    if signed is None:
        return RedirectResponse("/sign-in", 303)
    return RedirectResponse(f"/h/{signed.hearing.ref}/live" if signed.hearing else "/docket", 303)


async def sign_in_page(request: Request) -> Response:
    """How one signs in, and why a link has not worked."""
    why = WHY.get(request.query_params.get("why", ""))
    return render(request, "sign_in.html", {"why": why() if why else ""})


async def link_page(request: Request) -> Response:
    """The page of a one-use link. Looking at it consumes nothing: the secret is in the fragment."""
    return render(request, "link.html")


async def use_link(request: Request) -> Response:
    """Sign a member of staff in. Effects: uses the link, ends the browser's earlier login, sets the cookie; mails
    come in the browser's language from now on."""
    form = await forms.read(request, token=False)
    now = datetime.now(UTC)
    try:
        async with request.app.state.parts.database.transaction() as db:
            person, login, secret = await logins.sign_in(
                db, secret=form.text("secret"), language=current.get().tag, now=now
            )
    except (errors.LinkUsed, errors.LinkDead, errors.LinkUnknown) as refused:
        request.app.state.parts.pulse.counts["refused_logins"] += 1
        why = {"link_used": "used", "link_dead": "old"}.get(refused.code, "unknown")
        security_log.emit(Code.sign_in, good=False, reason=why)
        return RedirectResponse(f"/sign-in?why={why}", 303)
    security_log.emit(Code.sign_in, person=person.id, state=person.owner_state, reason=login.way)
    await end_previous(request, LoginEnd.signed_in_again)
    answer = RedirectResponse("/docket", 303)
    set_cookie(answer, secret)
    return answer


async def sign_out(request: Request) -> Response:
    """End the login. Effects: ends it, takes the cookie away, ends its live pages."""
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
    """The page of a join link. Looking at it consumes nothing."""
    return render(request, "join.html")


async def join(request: Request) -> Response:
    """Use a join link with its PIN. Effects: those of `links.redeem`; sets the cookie when it was right."""
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
        security_log.emit(Code.pin_wrong, good=False)
        parts.pulse.counts["refused_logins"] += 1
        if wrong.tries_left == 0:
            return _refused(request, errors.LinkDead(), None)
        left = ngettext(
            "This PIN is wrong. You have {n} try left.", "This PIN is wrong. You have {n} tries left.", wrong.tries_left
        )
        return _join_again(request, secret, left.format(n=wrong.tries_left))
    except errors.LinkRefused as refused:
        security_log.emit(Code.joined, good=False, reason=refused.code)
        parts.pulse.counts["refused_logins"] += 1
        return _refused(request, refused, await _places(request, secret, refused))
    await end_previous(request, LoginEnd.signed_in_again)
    security_log.emit(Code.joined, person=redeemed.participant.id, state=redeemed.participant.owner_state)
    parts.conductors.touch(redeemed.hearing.id)
    answer = RedirectResponse(f"/h/{redeemed.hearing.ref}/live", 303)
    set_cookie(answer, redeemed.cookie)
    return answer


def _join_again(request: Request, secret: str, text: str) -> Response:
    context = {"values": {"secret": secret}, "errors": [FormError("pin", text)]}
    return render(request, "join.html", context, status=422)


async def _places(request: Request, secret: str, refused: errors.LinkRefused) -> Hearing | None:
    """For a link that is too early: the hearing, whose times may be told but not its case."""
    if not isinstance(refused, errors.LinkEarly):
        return None
    return await links.hearing_of(request.app.state.parts.database, secret=secret)


def _refused(request: Request, refused: errors.LinkRefused, hearing: Hearing | None) -> Response:
    call = _("Call the court that invited you. The clerk can give you a new link.")
    title, happened, advice = {
        "link_early": (
            _("The lobby is not open yet"),
            _("Your link is good, but the court has not opened the lobby. Nothing was used up."),
            _("Come back shortly before the hearing and open your link again."),
        ),
        "link_late": (_("The hearing is over"), _("This link worked until the hearing was closed."), call),
        "link_used": (
            _("This link has been used"),
            _("Somebody has already joined with this link and its PIN. It works once."),
            _("If that was you, go on in the same browser. If not, call the court at once."),
        ),
        "link_dead": (
            _("This link no longer works"),
            _("The PIN was wrong five times, or the clerk has made a new link."),
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
        context |= {"opens_at": hearing.starts_at, "places": places.of_hearing(hearing)}
    return render(request, "join_refused.html", context, status=403)


# --- language and help -------------------------------------------------------------------------------------------


def _inside(path: str) -> str:
    """A path of this service to go back to; anything else becomes `/`."""
    parts = urlsplit(path)
    good = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if good and len(path) < 500 and path.isprintable() else "/"


async def language_page(request: Request) -> Response:
    """The languages, each in its own name."""
    return render(request, "language.html", {"back": _inside(request.query_params.get("back", "/"))})


async def choose_language(request: Request) -> Response:
    """Remember a language for this browser. Effects: sets a cookie; mails to who is signed in come in it too."""
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


async def help_page(request: Request) -> Response:
    """What to do when something does not work."""
    return render(request, "help.html")


async def messages(request: Request) -> Response:
    """The catalogue of a language, for the islands. 404 for languages that are not offered."""
    tag = request.path_params["tag"]
    if tag not in LANGUAGES:
        raise errors.NotFound
    return JSONResponse(catalogue(tag))


routes = [
    Route("/", home),
    Route("/sign-in", sign_in_page),
    Route("/s", link_page, methods=["GET"]),
    Route("/s", use_link, methods=["POST"]),
    Route("/sign-out", sign_out, methods=["POST"]),
    Route("/session", session),
    Route("/j", join_page, methods=["GET"]),
    Route("/j", join, methods=["POST"]),
    Route("/language", language_page, methods=["GET"]),
    Route("/language", choose_language, methods=["POST"]),
    Route("/help", help_page),
    Route("/catalogue/{tag}.json", messages),
]
