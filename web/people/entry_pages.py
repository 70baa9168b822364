"""Sign-in and sign-out: sign-in links, join links with a PIN, language."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings import errors
from hearings.hearing import codes, links
from hearings.hearing.links import Redeemed
from hearings.people import logins, staff
from hearings.people.logins import LoginEnd
from hearings.texts import HEARING_OVER
from web import security_log
from web.security_log import EventCode
from web.sending import code_sending
from web.server import forms
from web.server.forms import FormError
from web.server.rendering import render
from web.server.sign_in import OWN_TEST, drop_cookie, end_previous, set_cookie, signed_in, start_page
from web.words import court_clocks, sentences
from web.words.i18n import COOKIE as LANGUAGE_COOKIE, LANGUAGES, _, current, ngettext

UseOfLink = Callable[..., Awaitable[Redeemed]]
Again = Callable[[Request, str, str], Awaitable[Response]]

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
    if signed.test_only:
        return RedirectResponse(OWN_TEST, 303)
    return RedirectResponse(f"/h/{signed.hearing.ref}/live" if signed.hearing else start_page(signed.person), 303)


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
    answer = RedirectResponse(start_page(person), 303)
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
    redeemed = await _by_pin(request, links.redeem, _join_again)
    if isinstance(redeemed, Response):
        return redeemed
    await end_previous(request, LoginEnd.signed_in_again)
    security_log.emit(EventCode.joined, person=redeemed.participant.id, state=redeemed.participant.owner_state)
    request.app.state.parts.conductors.touch(redeemed.hearing.id)
    answer = RedirectResponse(f"/h/{redeemed.hearing.ref}/live", 303)
    set_cookie(answer, redeemed.cookie)
    return answer


async def open_test(request: Request) -> Response:
    """Opens a person's test of their own equipment before the lobby opens, by link and PIN. Effects: those of
    `links.open_test`; sets the cookie when the PIN is right."""
    redeemed = await _by_pin(request, links.open_test, _test_again)
    if isinstance(redeemed, Response):
        return redeemed
    await end_previous(request, LoginEnd.signed_in_again)
    guest = redeemed.participant
    security_log.emit(EventCode.joined, person=guest.id, state=guest.owner_state, reason=redeemed.login.way)
    answer = RedirectResponse(OWN_TEST, 303)
    set_cookie(answer, redeemed.cookie)
    return answer


async def _by_pin(request: Request, use: UseOfLink, again: Again) -> Redeemed | Response:
    """A link used with the PIN of a form, or the page that says why not. `again`: the form once more."""
    form = await forms.read(request, token=False)
    secret = form.text("secret")
    pin = "".join(form.text("pin").split())
    if not (pin.isascii() and pin.isdigit() and len(pin) == 6):
        return await again(request, secret, _("Enter the PIN: six digits."))
    parts = request.app.state.parts
    try:
        return await use(parts.database, secret=secret, pin=pin, now=datetime.now(UTC))
    except errors.PinWrong as wrong:
        security_log.emit(EventCode.pin_wrong, good=False)
        parts.pulse.counts["refused_logins"] += 1
        if wrong.tries_left == 0 and await links.look_dead(parts.database, secret=secret):
            return _refused(request, errors.LinkDead())
        if wrong.tries_left == 0:
            return await again(request, secret, _("This code was wrong five times. Ask for a new one below."))
        left = ngettext(
            "This PIN is wrong. You have {n} try left.", "This PIN is wrong. You have {n} tries left.", wrong.tries_left
        )
        return await again(request, secret, left.format(n=wrong.tries_left))
    except errors.CodeDead:
        security_log.emit(EventCode.pin_wrong, good=False, reason="code_dead")
        parts.pulse.counts["refused_logins"] += 1
        return await again(request, secret, _("There is no code that works. Ask for a new one below."))
    except errors.LinkEarly as refused:
        _count_refused(request, refused)
        return await _early(request, secret, status=403)
    except errors.LinkRefused as refused:
        _count_refused(request, refused)
        return _refused(request, refused)
    except errors.NotReady as refused:  # the lobby has opened since: there is no test any more, but the hearing
        return await _join_again(request, secret, forms.explain(refused).text)


def _count_refused(request: Request, refused: errors.LinkRefused, event: EventCode = EventCode.joined) -> None:
    security_log.emit(event, good=False, reason=refused.code)
    request.app.state.parts.pulse.counts["refused_logins"] += 1


async def _join_again(request: Request, secret: str, text: str) -> Response:
    context = {"values": {"secret": secret}, "errors": [FormError("pin", text)]} | _sends(request)
    return render(request, "join.html", context, status=422)


async def _test_again(request: Request, secret: str, text: str) -> Response:
    return await _early(request, secret, status=422, errors=[FormError("pin", text)])


async def _early(request: Request, secret: str, *, status: int, **more: Any) -> Response:
    """The page of a link that waits for the lobby: the times of the hearing, whose case must not be displayed, and the
    way to the test of one's own equipment."""
    hearing = await links.hearing_of(request.app.state.parts.database, secret=secret)
    context = {"values": {"secret": secret}, "opens_at": None, "places": []} | _sends(request) | {"early": True} | more
    if hearing is not None:
        context |= {"opens_at": hearing.starts_at, "places": court_clocks.of_hearing(hearing)}
    return render(request, "join.html", context, status=status)


def _sends(request: Request) -> dict[str, Any]:
    return {"sends_codes": len(code_sending.ways(request.app.state.parts.settings)) > 1, "early": False}


async def send_code(request: Request) -> Response:
    """Sends a one-use code for a join link; with `test`, for the test before the lobby opens. Effects: those of
    `codes.make`; a mail or text message, and where it was taken `codes.handed_over`."""
    form = await forms.read(request, token=False)
    secret, parts, now = form.text("secret"), request.app.state.parts, datetime.now(UTC)
    early = form.text("test") == "yes"
    again = _test_again if early else _join_again
    try:
        message = await codes.make(parts.database, secret=secret, say=sentences.say, early=early, now=now)
    except errors.LinkEarly as refused:
        _count_refused(request, refused, EventCode.code_sent)
        return await _early(request, secret, status=403)
    except errors.LinkRefused as refused:
        _count_refused(request, refused, EventCode.code_sent)
        return _refused(request, refused)
    except errors.NotReady as refused:
        return await again(request, secret, forms.explain(refused).text)
    sent = await code_sending.send(parts.settings, message, now=now)
    security_log.emit(EventCode.code_sent, good=sent, reason=message.way.value)
    if sent:
        await codes.handed_over(parts.database, code_id=message.code_id, now=datetime.now(UTC))
    else:
        return await again(
            request, secret, _("The code could not be sent. Wait a minute and try again, or call the court.")
        )
    notice = _("A code has been sent to the address or number that the court has noted. It works for ten minutes.")
    if early:
        return await _early(request, secret, status=200, notice=notice)
    return render(request, "join.html", {"values": {"secret": secret}, "notice": notice} | _sends(request))


def _refused(request: Request, refused: errors.LinkRefused) -> Response:
    call = _("Call the court that invited you. The clerk can give you a new link.")
    title, happened, advice = {
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
    context = {"title": title, "happened": happened, "advice": advice}
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
    Route("/j/test", open_test, methods=["POST"]),
    Route("/language", language_page, methods=["GET"]),
    Route("/language", choose_language, methods=["POST"]),
]
