"""Authentication of requests: from the cookie to the person or participant signed in, and the `Actor` of an act.

One cookie, `__Host-vivavoce`: Secure, HttpOnly, SameSite=Strict, no Domain. Browsers take it from https and, because
they trust the loopback address, from http://localhost and http://127.0.0.1. It holds a random secret; the database
keeps its hash. Staff are signed out after 20 minutes without a request; an open live page or player sends requests. A
login that has ended stays ended: its row is updated as soon as a request with it comes.
"""

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hearings import queries
from hearings.actors import Actor, participant_actor, person_actor
from hearings.coordination import facilitators
from hearings.errors import LoginEnded, NotFound
from hearings.models import Hearing, HearingRequest, Login, Participant, Person
from hearings.people import logins
from hearings.people.logins import LoginEnd, Way
from hearings.permissions import may_staff, require_staff
from web import security_log
from web.cookies import value as cookie
from web.parts import Parts
from web.security_log import EventCode
from web.server.followed import STREAM
from web.server.security import csrf_token, require_csrf_header
from web.words import court_clocks
from web.words.i18n import clock, offset, state_name
from web.words.roles import label

COOKIE = "__Host-vivavoce"
TOUCH = timedelta(minutes=1)
"""Interval of writes of `seen_at`: at most one a minute."""
LOOK = 1.0
"""Seconds between two checks, during a long response, whether its login is still valid."""
WITHOUT_LOGIN = re.compile(
    r"/static/.*|/healthz(/.*)?|/metrics|/csp-report|/api/v1(/.*)?|/calendar/[^/]+\.ics", re.DOTALL
)
OWN_TEST = "/own-test"
"""Path of the test of one's own equipment, of a participant who came by a link."""
TEST_ONLY = re.compile(rf"/|/s|/j(/code|/test)?|/sign-out|{OWN_TEST}(/begin|/report|/media/[^/]+)?")
"""All that a login of a test (`Way.test_link`) is a login for: the test, and what ends or replaces the login."""
FACILITATION = re.compile(
    r"/|/s|/sign-out|/session|/language|/help(/.*)?|/docs(/.*)?|/status|/accessibility|/privacy"
    r"|/sign-in(s|/.*)?|/sign-ins/.*|/confirm/.*|/facilitation(/.*)?"
)
"""All that a login of a facilitator is a login for: what States share with it, notices, and its own sign-ins."""
BY_ITSELF = frozenset({STREAM})
"""Paths that a page asks for without its reader: they keep no login awake."""


@dataclass(frozen=True)
class SignedIn:
    """A login and its holder: a member of staff, or a participant who came by a link."""

    login: Login
    person: Person | None
    participant: Participant | None
    hearing: Hearing | None
    """The hearing of a participant who came by a link."""

    @property
    def name(self) -> str:
        """Name, as displayed in the page header."""
        if self.person is not None:
            return self.person.name
        return self.participant.display_name if self.participant else ""

    @property
    def test_only(self) -> bool:
        """Whether it is for the test of one's own equipment and for nothing else (`TEST_ONLY`)."""
        return self.login.way == Way.test_link

    @property
    def office(self) -> str:
        """Authority and State of staff; role of a participant, not told before the lobby opens."""
        if self.person is not None and facilitators.is_facilitator(self.person):
            return self.person.authority_name
        if self.person is not None:
            authority = self.person.authority_name or self.person.city
            return f"{authority} · {self.person.owner_state} {state_name(self.person.owner_state)}"
        if self.test_only:
            return ""
        return label(self.participant.role) if self.participant else ""

    @property
    def ends_at(self) -> str:
        """When the login of a member of staff reaches its maximum duration, by the clock of their State."""
        if self.person is None or self.login.expires_at is None:
            return ""
        zone = court_clocks.of_person(self.person)[0].zone
        return f"{clock(self.login.expires_at, zone)} {offset(self.login.expires_at, zone)}"

    def warned_in(self, now: datetime) -> int:
        """Seconds until a page warns of `ends_at`; negative when that time has passed."""
        assert self.login.expires_at is not None
        return int((self.login.expires_at - now - timedelta(minutes=logins.WARNED[0])).total_seconds())

    @property
    def state(self) -> str:
        """The State whose data this person may see."""
        return self.person.owner_state if self.person else ""

    def actor(self, seat: Participant | None = None) -> Actor:
        """The actor for the history: with the role in the hearing, where the act belongs to one."""
        here = seat or self.participant
        if here is not None:
            return participant_actor(here, self.person)
        return person_actor(cast(Person, self.person))


async def find(connection: HTTPConnection, now: datetime) -> SignedIn | None:
    """The login of a request; None without one that is valid, and is one for this path.

    Effects: `seen_at` of the row, or its end if it is due.
    """
    secret = cookie(connection.headers.get("cookie", ""), COOKIE)
    if not secret or len(secret) > 200:
        return None
    parts: Parts = connection.scope["app"].state.parts
    async with parts.database.reading() as db:
        row = await logins.look_up(db, secret=secret)
        if row is None:
            return None
        login, person = row
        if login.way == Way.test_link and not TEST_ONLY.fullmatch(connection.scope["path"]):
            return None
        facilitating = person is not None and facilitators.is_facilitator(person)
        if facilitating and not FACILITATION.fullmatch(connection.scope["path"]):
            return None
        watched = parts.logins.watched(login.id)
        why = logins.ending(login, person, now, watched=watched)
        participant = await db.get(Participant, login.participant_id) if login.participant_id else None
        hearing = await db.get(Hearing, participant.hearing_id) if participant else None
    if why is not None:
        if login.ended_at is None:
            await end(parts, login, why, now)
        return None
    if now - login.seen_at > TOUCH and connection.scope["path"] not in BY_ITSELF:
        async with parts.database.transaction() as db:
            if watched:
                await logins.keep_awake(db, login_ids=[login.id], now=now)
            else:
                await logins.touch_login(db, login_id=login.id, now=now)
    return SignedIn(login, person, participant, hearing)


async def end(parts: Parts, login: Login, why: LoginEnd, now: datetime) -> None:
    """End a login. Effects: its row; its pages and media in this process, at once."""
    async with parts.database.transaction() as db:
        if why is LoginEnd.idle:
            await logins.end_idle(db, login_id=login.id, now=now)
        else:
            await logins.end_login(db, login_id=login.id, now=now, why=why)
    if why is not LoginEnd.signed_out:  # the idle end has an event of its own
        holder = login.person_id or login.participant_id or ""
        security_log.emit(
            EventCode.login_ended, reason=why.value, person=holder, state=login.owner_state, about=login.id
        )
    parts.logins.ended(login.id, why)


class LoginMiddleware:
    """Puts `actor` (a `SignedIn` or None) and `csrf` into the scope of every request that may need them."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["actor"], scope["csrf"] = None, ""
        if scope["type"] == "http" and not WITHOUT_LOGIN.fullmatch(scope["path"]):
            signed = await find(HTTPConnection(scope), datetime.now(UTC))
            if signed is not None:
                scope["actor"] = signed
                scope["csrf"] = csrf_token(scope["app"].state.parts.keys.cookie, signed.login.id)
                send = _while_login_lasts(scope["app"].state.parts, signed.login, send)
        await self.app(scope, receive, send)


def _while_login_lasts(parts: Parts, login: Login, send: Send) -> Send:
    """Sends a response while its login is valid: a long response is cut off when the login ends (`LoginEnded`)."""
    looked = time.monotonic()

    async def checked(message: Message) -> None:
        nonlocal looked
        if message.get("more_body") and time.monotonic() - looked >= LOOK:
            looked = time.monotonic()
            async with parts.database.reading() as db:
                ended = await logins.endings(db, login_ids=[login.id], now=datetime.now(UTC))
            if ended:
                raise LoginEnded(ended[login.id])
        await send(message)

    return checked


def signed_in(request: Request) -> SignedIn:
    """The login of this request. Raises 401."""
    actor = cast(SignedIn | None, request.scope["actor"])
    if actor is None:
        raise HTTPException(401, "sign_in_needed")
    return actor


def staff(request: Request) -> tuple[SignedIn, Person]:
    """The member of staff who sent this request. Raises 401; 404 for participants, who have no staff pages."""
    actor = signed_in(request)
    if actor.person is None:
        raise HTTPException(404, "not_found")
    return actor, actor.person


def administrator(right: str, request: Request) -> tuple[SignedIn, Person]:
    """The member of staff who sent this request and has a right in their own State. Raises as `staff`, `NotAllowed`."""
    signed, person = staff(request)
    state = person.owner_state
    require_staff(right, signed.actor(), requesting_state=state, requested_state=state)
    return signed, person


def start_page(person: Person | None) -> str:
    """Where a person begins who has signed in: the docket, or what is shared with a facilitator."""
    return "/facilitation" if person is not None and facilitators.is_facilitator(person) else "/docket"


def may_on(action: str, person: Person, case: HearingRequest | Hearing) -> bool:
    """Whether a member of staff may do this with a request or a hearing: decides which controls a page has."""
    functions = frozenset(person.functions)
    states = {"requesting_state": case.requesting_state, "requested_state": case.requested_state}
    return may_staff(action, functions, own_state=person.owner_state, **states).allowed


def may_own(action: str, person: Person) -> bool:
    """Whether a member of staff may do this in their own State."""
    own, functions = person.owner_state, frozenset(person.functions)
    return may_staff(action, functions, own_state=own, requesting_state=own, requested_state=own).allowed


async def seat(db: AsyncSession, signed: SignedIn, ref: str) -> tuple[Hearing, Participant]:
    """The hearing and the seat this login has in it. Raises `NotFound`, the same for unknown and foreign hearings."""
    if signed.person is not None:
        hearing = await queries.hearing(db, ref, state=signed.person.owner_state)
        return hearing, await queries.seat_of(db, hearing_id=hearing.id, person_id=signed.person.id)
    hearing = await queries.hearing_by_ref(db, ref)
    if signed.participant is None or signed.participant.hearing_id != hearing.id:
        raise NotFound
    return hearing, await queries.get(db, Participant, signed.participant.id)


def require_token(request: Request) -> None:
    """Check a request of an island: the header `X-CSRF-Token` must be the token of this login."""
    require_csrf_header(request, request.app.state.parts.keys.cookie, signed_in(request).login.id)


def set_cookie(response: Response, secret: str) -> None:
    """Set the login cookie, a session cookie; the login's end is decided by the server."""
    response.set_cookie(COOKIE, secret, path="/", secure=True, httponly=True, samesite="strict")


def drop_cookie(response: Response) -> None:
    """Delete the login cookie."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")


async def end_previous(request: Request, why: LoginEnd) -> None:
    """A new login replaces the one this browser had (session rotation). Effects: those of `end`."""
    signed = cast(SignedIn | None, request.scope["actor"])
    if signed is not None:
        await end(request.app.state.parts, signed.login, why, datetime.now(UTC))
