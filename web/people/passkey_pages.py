"""Passkeys: signing in with one, proving again who one is, and the own ones at "Your sign-ins".

Browser code (web/static/js/passkey.js) asks for options, asks the device, and sends its answer.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from hearings.errors import SignInRefused
from hearings.models import Person, SignInChallenge
from hearings.models.credentials import ChallengePurpose
from hearings.outward import administrators
from hearings.people import challenges, credentials, logins, passkeys, proofs
from hearings.people.logins import LoginEnd, Way
from hearings.people.passkeys import RelyingParty
from web import security_log
from web.people.browser_cookie import browser_of, keep_browser
from web.people.staff_pages import own_page
from web.security_log import EventCode
from web.sending import joint_words
from web.server import forms
from web.server.forms import FormError
from web.server.page_acts import Sent, page_act
from web.server.sign_in import end_previous, require_token, set_cookie, staff, start_page
from web.settings import Settings
from web.words.i18n import _

P = ChallengePurpose


def relying_party(settings: Settings) -> RelyingParty:
    """This installation, as authenticators know it: by its public address."""
    return RelyingParty(id=urlsplit(settings.origin).hostname or "", origin=settings.origin)


async def _options(request: Request, purpose: ChallengePurpose, person: Person | None) -> Response:
    """Options with a new challenge for this browser. Effects: the challenge; the cookie it is bound to."""
    parts, now = request.app.state.parts, datetime.now(UTC)
    party, browser = relying_party(parts.settings), browser_of(request)
    login = request.scope["actor"].login.id if person else ""
    async with parts.database.transaction() as db:
        challenge = await challenges.issue(db, purpose=purpose, browser=browser, login_id=login, now=now)
        if person is None:
            options = passkeys.request_options(party=party, challenge=challenge)
        elif purpose is P.passkey_add:
            options = await passkeys.creation_options(db, person=person, party=party, challenge=challenge)
        else:
            among, _identities = await credentials.in_use(db, person_id=person.id)
            options = passkeys.request_options(party=party, challenge=challenge, among=among)
    answer = JSONResponse(dict(options))
    keep_browser(answer, browser)
    return answer


async def _used(request: Request, answer: str, purpose: ChallengePurpose) -> tuple[str, SignInChallenge]:
    """The challenge that an answer is for, now used up. Raises `SignInRefused`."""
    challenge = passkeys.challenge_of(answer)
    database, browser = request.app.state.parts.database, browser_of(request)
    row = await challenges.use(
        database, challenge=challenge, purposes=(purpose,), browser=browser, now=datetime.now(UTC)
    )
    actor = request.scope["actor"]
    if row.login_id != (actor.login.id if actor and purpose is not P.passkey_sign_in else ""):
        raise SignInRefused("challenge_foreign")
    return challenge, row


# --- signing in --------------------------------------------------------------------------------------------------


async def sign_in_options(request: Request) -> Response:
    """Options to sign in with any passkey of this installation."""
    return await _options(request, P.passkey_sign_in, None)


async def sign_in(request: Request) -> Response:
    """Signs a member of staff in with a passkey. Effects: uses the challenge, ends the browser's earlier login, sets
    the cookie."""
    form = await forms.read(request, token=False)
    parts, now, answer = request.app.state.parts, datetime.now(UTC), form.text("answer")
    try:
        challenge, _row = await _used(request, answer, P.passkey_sign_in)
        async with parts.database.transaction() as db:
            party = relying_party(parts.settings)
            person, passkey = await passkeys.authenticate(db, answer=answer, challenge=challenge, party=party, now=now)
            _login, secret = await logins.create_login(
                db, person=person, way=Way.passkey, credential_id=passkey.id, now=now
            )
    except SignInRefused as refused:
        parts.pulse.counts["refused_logins"] += 1
        security_log.emit(EventCode.sign_in, good=False, reason=f"passkey:{refused.why}")
        return RedirectResponse("/sign-in?why=passkey", 303)
    security_log.emit(EventCode.sign_in, person=person.id, state=person.owner_state, reason=Way.passkey.value)
    await end_previous(request, LoginEnd.signed_in_again)
    done = RedirectResponse(start_page(person), 303)
    set_cookie(done, secret)
    return done


# --- proving again who one is ------------------------------------------------------------------------------------


async def confirm_options(request: Request) -> Response:
    """Options to prove with an own passkey who one is. Raises 404 for who has none."""
    require_token(request)
    _signed, person = staff(request)
    async with request.app.state.parts.database.reading() as db:
        among, _identities = await credentials.in_use(db, person_id=person.id)
    if not among:
        raise HTTPException(404, "not_found")
    return await _options(request, P.passkey_confirm, person)


async def confirm(request: Request) -> Response:
    """Proves who the person signed in is. Effects: uses the challenge; `authenticated_at` of the login."""
    form = await forms.read(request)
    signed, person = staff(request)
    parts, now, answer = request.app.state.parts, datetime.now(UTC), form.text("answer")
    party = relying_party(parts.settings)
    who: dict[str, Any] = {"person": person.id, "state": person.owner_state}
    try:
        challenge, _row = await _used(request, answer, P.passkey_confirm)
        async with parts.database.transaction() as db:
            await passkeys.authenticate(
                db, answer=answer, challenge=challenge, party=party, person_id=person.id, now=now
            )
            await logins.authenticated(db, login_id=signed.login.id, at=now)
    except SignInRefused as refused:
        security_log.emit(EventCode.step_up, good=False, reason=f"passkey:{refused.why}", **who)
        raise
    security_log.emit(EventCode.step_up, reason=Way.passkey.value, **who)
    return Response(status_code=204)


# --- the own passkeys --------------------------------------------------------------------------------------------


async def add_options(request: Request) -> Response:
    """Options to make a passkey for the person signed in. Raises as `proofs.require`."""
    require_token(request)
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        await proofs.require(db, person=person, login_id=signed.login.id, now=datetime.now(UTC))
    return await _options(request, P.passkey_add, person)


async def add(request: Request) -> Response:
    """Adds a passkey. Effects: those of `passkeys.add`; a mail to the person."""
    form = await forms.read(request)
    signed, person = staff(request)
    parts, now, answer = request.app.state.parts, datetime.now(UTC), form.text("answer")
    who: dict[str, Any] = {"person": person.id, "state": person.owner_state}
    try:
        challenge, _row = await _used(request, answer, P.passkey_add)
        async with parts.database.transaction() as db:
            made = await passkeys.add(
                db,
                person=person,
                answer=answer,
                name=form.text("name")[:100] or "Passkey",
                challenge=challenge,
                party=relying_party(parts.settings),
                login_id=signed.login.id,
                actor=signed.actor(),
                now=now,
            )
            await _mailed(request, db, person, "passkey_added", made.id, now)
    except SignInRefused as refused:
        security_log.emit(EventCode.passkey_changed, good=False, reason=f"passkey:{refused.why}", **who)
        text = _("The passkey was not added: what the device answered does not fit. Nothing was changed. Try again.")
        return await own_page(request, {"name": form.text("name")}, [FormError("name", text)])
    security_log.emit(EventCode.passkey_changed, reason="added", about=made.id, **who)
    return RedirectResponse("/sign-ins?done=passkey_added", 303)


async def _mailed(request: Request, db: Any, person: Person, change: str, passkey_id: str, now: datetime) -> None:
    telling = joint_words.telling(request)
    how: dict[str, Any] = {"origin": telling.origin, "say": telling.say, "now": now}
    await administrators.tell_of_credential(db, change=change, person=person, about=passkey_id, **how)


@page_act()
async def act(sent: Sent) -> str:
    """Renames or removes an own passkey. Effects: those of `hearings.people.passkeys`; a mail to the person."""
    action, passkey_id = sent.path["action"], sent.path["passkey"][:36]
    how: dict[str, Any] = {"person": sent.person, "passkey_id": passkey_id, "login_id": sent.signed.login.id}
    match action:
        case "rename":
            await passkeys.rename(sent.db, name=sent.form.text("name"), now=sent.now, **how)
        case "remove":
            await passkeys.remove(sent.db, **how, **sent.by)
        case _:
            raise HTTPException(404, "not_found")
    await _mailed(sent.request, sent.db, sent.person, f"passkey_{action}d", passkey_id, sent.now)
    return f"/sign-ins?done=passkey_{action}d"


routes = [
    Route("/sign-in/passkey/options", sign_in_options, methods=["POST"]),
    Route("/sign-in/passkey", sign_in, methods=["POST"]),
    Route("/confirm/passkey/options", confirm_options, methods=["POST"]),
    Route("/confirm/passkey", confirm, methods=["POST"]),
    Route("/sign-ins/passkeys/options", add_options, methods=["POST"]),
    Route("/sign-ins/passkeys", add, methods=["POST"]),
    Route("/sign-ins/passkeys/{passkey}/{action}", act, methods=["POST"]),
]
