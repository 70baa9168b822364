"""Signing in at the OpenID Connect issuer of a State: to come in, to bind an identity, and to prove again who one is.

The browser goes to the issuer and comes back to `/issuer/{key}/return`, from another site: the login's cookie does not
come along, so what was asked is known by the challenge (`state`) and the browser's own cookie.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from hearings.actors import Actor, person_actor
from hearings.errors import HearingsError, Invalid, SignInRefused
from hearings.models import Login, Person, SignInChallenge
from hearings.models.credentials import ChallengePurpose
from hearings.outward import administrators
from hearings.outward.joint_changes import MailContext
from hearings.people import challenges, id_tokens, identities, logins, proofs
from hearings.people.logins import LoginEnd, Way
from hearings.queries import get
from hearings.sentences import tell
from web import security_log
from web.issuers import Flow, Issuer
from web.people.browser_cookie import browser_of, keep_browser
from web.security_log import EventCode
from web.sending import joint_words
from web.server.page_acts import Sent, page_act
from web.server.rendering import render
from web.server.sign_in import end, set_cookie, staff, start_page

P = ChallengePurpose
LIFETIME = timedelta(minutes=10)
LONGEST = 2000
EVENTS = {
    P.issuer_sign_in: EventCode.sign_in,
    P.issuer_bind: EventCode.passkey_changed,
    P.issuer_confirm: EventCode.step_up,
}
AGAIN = frozenset({P.issuer_bind, P.issuer_confirm})
"""Purposes for which the person has to prove anew to the issuer who they are."""


def _issuer(request: Request) -> Issuer:
    issuer = request.app.state.parts.issuers.issuers.get(request.path_params["issuer"])
    if issuer is None:
        raise HTTPException(404, "not_found")
    known: Issuer = issuer
    return known


def _flow(request: Request, issuer: Issuer, state: str, browser: str) -> Flow:
    origin = request.app.state.parts.settings.origin
    return Flow(issuer, state, browser, f"{origin}/issuer/{issuer.key}/return")


async def _go(request: Request, purpose: ChallengePurpose) -> Response:
    """Sends the browser to the issuer. Effects: a challenge, bound to the browser and its login."""
    issuer, parts, signed = _issuer(request), request.app.state.parts, request.scope["actor"]
    browser = browser_of(request)
    async with parts.database.transaction() as db:
        state = await challenges.issue(
            db,
            purpose=purpose,
            browser=browser,
            about=issuer.key,
            login_id=signed.login.id if signed else "",
            now=datetime.now(UTC),
            lifetime=LIFETIME,
        )
    flow = _flow(request, issuer, state, browser)
    answer = RedirectResponse(await parts.issuers.authorization_address(flow, again=purpose in AGAIN), 303)
    keep_browser(answer, browser)
    return answer


async def sign_in(request: Request) -> Response:
    """To come in."""
    try:
        return await _go(request, P.issuer_sign_in)
    except SignInRefused as refused:
        security_log.emit(EventCode.sign_in, good=False, reason=f"issuer:{refused.why}")
        return RedirectResponse("/sign-in?why=issuer_away", 303)


async def bind(request: Request) -> Response:
    """To bind the person signed in to what the issuer calls them. Raises as `proofs.require`."""
    signed, person = staff(request)
    async with request.app.state.parts.database.transaction() as db:
        await proofs.require(db, person=person, login_id=signed.login.id, now=datetime.now(UTC))
    return await _go(request, P.issuer_bind)


async def confirm(request: Request) -> Response:
    """To prove again who one is."""
    staff(request)
    return await _go(request, P.issuer_confirm)


# --- coming back -------------------------------------------------------------------------------------------------


async def come_back(request: Request) -> Response:
    """What the browser brings back from the issuer. Effects: the challenge is used up; then those of its purpose."""
    issuer, parts, now = _issuer(request), request.app.state.parts, datetime.now(UTC)
    query = {name: value for name, value in request.query_params.items() if len(value) <= LONGEST}
    purpose, who = P.issuer_sign_in, dict[str, Any]()
    try:
        browser = browser_of(request)
        row = await challenges.use(
            parts.database,
            challenge=query.get("state", ""),
            purposes=frozenset(EVENTS),
            browser=browser,
            about=issuer.key,
            now=now,
        )
        purpose = row.purpose
        flow = _flow(request, issuer, query["state"], browser)
        claims = await parts.issuers.claims(flow, query, again=purpose in AGAIN)
        subject = claims.get(issuer.subject_claim)
        if not isinstance(subject, str) or not 0 < len(subject) <= 255:
            raise SignInRefused("subject")
        doer = {P.issuer_sign_in: _signed_in, P.issuer_bind: _bound, P.issuer_confirm: _confirmed}[purpose]
        answer, who = await doer(request, issuer, row, subject, claims, now)
    except HearingsError as refused:
        parts.pulse.counts["refused_logins"] += 1
        why = refused.why if isinstance(refused, SignInRefused) else refused.code
        security_log.emit(EVENTS[purpose], good=False, reason=f"issuer:{why}", state=issuer.state)
        return render(request, "issuer_refused.html", {"issuer": issuer}, status=403)
    security_log.emit(EVENTS[purpose], reason=Way.issuer.value, **who)
    return answer


Done = tuple[Response, dict[str, Any]]


async def _signed_in(
    request: Request, issuer: Issuer, row: SignInChallenge, subject: str, claims: Any, now: datetime
) -> Done:
    parts, how = request.app.state.parts, {"issuer": issuer.issuer, "state": issuer.state, "subject": subject}
    async with parts.database.transaction() as db:
        person, identity = await identities.authenticate(db, **how, now=now)
        if not issuer.confirms(claims, person.functions):
            raise SignInRefused("functions")
        _login, secret = await logins.create_login(
            db,
            person=person,
            way=Way.issuer,
            credential_id=identity.id,
            proved_at=id_tokens.proved_at(claims, now=now),
            now=now,
        )
        before = await db.get(Login, row.login_id) if row.login_id else None
    if before is not None and before.ended_at is None:
        await end(parts, before, LoginEnd.signed_in_again, now)
    # A page of ours leads on: a redirect from the issuer would not bring the strict cookie along.
    answer = render(request, "issuer_return.html", {"to": start_page(person), "issuer": issuer})
    set_cookie(answer, secret)
    return answer, {"person": person.id, "state": person.owner_state}


async def _of_login(db: Any, row: SignInChallenge, now: datetime) -> Person:
    """The person of the login that went to the issuer, which still stands. Raises `LoginEnded`, `NotFound`."""
    login = await logins.require_live(db, login_id=row.login_id, now=now)
    return await get(db, Person, login.person_id or "")


async def _bound(
    request: Request, issuer: Issuer, row: SignInChallenge, subject: str, claims: Any, now: datetime
) -> Done:
    async with request.app.state.parts.database.transaction() as db:
        person = await _of_login(db, row, now)
        how = {"issuer": issuer.issuer, "state": issuer.state, "subject": subject}
        made = await identities.bind(
            db,
            person=person,
            login_id=row.login_id,
            proved_at=id_tokens.proved_at(claims, now=now),
            actor=person_actor(person),
            now=now,
            **how,
        )
        await _mailed(joint_words.telling(request), db, person, "identity_added", made.id, now)
    answer = render(request, "issuer_return.html", {"to": "/sign-ins?done=identity_added", "issuer": issuer})
    return answer, {"person": person.id, "state": person.owner_state, "about": made.id}


async def _confirmed(
    request: Request, issuer: Issuer, row: SignInChallenge, subject: str, claims: Any, now: datetime
) -> Done:
    async with request.app.state.parts.database.transaction() as db:
        person = await _of_login(db, row, now)
        how = {"issuer": issuer.issuer, "state": issuer.state, "subject": subject}
        await identities.authenticate(db, person_id=person.id, now=now, **how)
        await logins.authenticated(db, login_id=row.login_id, at=id_tokens.proved_at(claims, now=now))
    answer = render(request, "issuer_return.html", {"to": "", "issuer": issuer})
    return answer, {"person": person.id, "state": person.owner_state}


async def _mailed(
    telling: MailContext, db: AsyncSession, person: Person, change: str, identity_id: str, now: datetime
) -> None:
    how: dict[str, Any] = {"origin": telling.origin, "say": telling.say, "now": now}
    await administrators.tell_of_credential(db, change=change, person=person, about=identity_id, **how)


async def bind_identity(
    issuers: Mapping[str, Issuer],
    db: AsyncSession,
    person: Person,
    key: str,
    subject: str,
    telling: MailContext,
    actor: Actor,
    now: datetime,
) -> None:
    """Bind somebody for their first entry. Raises `Invalid` naming the field. Effects: as `identities.bind_for`; a mail
    to the person."""
    issuer = issuers.get(key)
    if issuer is None or issuer.state != person.owner_state:
        raise Invalid(tell("No sign-in of this State has this name"), "issuer")
    how = {"issuer": issuer.issuer, "state": issuer.state, "subject": subject}
    made = await identities.bind_for(db, person=person, actor=actor, now=now, **how)
    await _mailed(telling, db, person, "identity_added", made.id, now)


@page_act()
async def remove(sent: Sent) -> str:
    """Removes an own identity. Effects: those of `identities.remove`; a mail to the person."""
    identity_id, login_id = sent.path["identity"][:36], sent.signed.login.id
    await identities.remove(sent.db, person=sent.person, identity_id=identity_id, login_id=login_id, **sent.by)
    await _mailed(joint_words.telling(sent.request), sent.db, sent.person, "identity_removed", identity_id, sent.now)
    return "/sign-ins?done=identity_removed"


routes = [
    Route("/sign-in/issuer/{issuer}", sign_in),
    Route("/sign-ins/issuer/{issuer}", bind),
    Route("/confirm/issuer/{issuer}", confirm),
    Route("/issuer/{issuer}/return", come_back),
    Route("/sign-ins/identities/{identity}/remove", remove, methods=["POST"]),
]
