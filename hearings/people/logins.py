"""Signing in: one-use links of staff, and logins, which are what a cookie stands for.

Secrets are 128 random bits in base64url; the database keeps their SHA-256 only. That is enough for a secret nobody
can guess; PINs, which somebody could, are under scrypt (`hearings.hearing.links`).
"""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import LinkDead, LinkUnknown, LinkUsed, LoginEnded, NotFound, NotReady
from hearings.models import Login, Participant, Person, SignInLink
from hearings.pages import by_id
from hearings.queries import Page
from hearings.sentences import tell

STAFF_LOGIN = timedelta(hours=12)
"""A member of staff signs in at least once a day."""
LINK_LIFETIME = timedelta(hours=1)
IDLE = timedelta(minutes=20)
"""How long a member of staff may do nothing."""


class LoginEnd(StrEnum):
    """Every way a login ends. With it ends whatever it holds: sockets, tickets, media, streams (docs/live.md)."""

    signed_out = "signed_out"
    signed_in_again = "signed_in_again"
    """Another login has taken its place in the same browser."""
    idle = "idle"
    expired = "expired"
    link_replaced = "link_replaced"
    link_revoked = "link_revoked"
    removed = "removed"
    closed = "closed"
    """The hearing is over, or its day."""
    cancelled = "cancelled"
    deactivated = "deactivated"
    functions_changed = "functions_changed"


class Way(StrEnum):
    """How a login came about."""

    operator_link = "operator_link"
    """A sign-in link that the operator printed by a command."""
    administrator_link = "administrator_link"
    join_link = "join_link"
    """A join link with its PIN, of somebody who is not of the staff."""


OPERATOR = "operator"
"""Stands for whoever runs the installation, where an act needs an actor's id."""


def new_secret() -> str:
    """128 random bits in base64url."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def issue_sign_in_link(
    db: AsyncSession, *, person: Person, now: datetime, lifetime: timedelta = LINK_LIFETIME, by: Actor = SYSTEM
) -> str:
    """A new secret that signs this person in once, within `lifetime`. `by`: who made it, which the person sees.

    Effects: adds the link's row.
    """
    secret = new_secret()
    db.add(
        SignInLink(
            owner_state=person.owner_state,
            person_id=person.id,
            secret_hash=hash_secret(secret),
            created_at=now,
            expires_at=now + lifetime,
            made_by=by.id,
            made_label=by.label,
        )
    )
    await db.flush()
    return secret


async def withdraw_link(db: AsyncSession, *, link_id: str, person: Person, by: Actor, now: datetime) -> None:
    """Let a sign-in link of this person sign nobody in any more. Raises `NotFound`, `NotReady` where it has ended.

    Effects: `withdrawn_at`, `withdrawn_label`.
    """
    link = await db.get(SignInLink, link_id, with_for_update=True, populate_existing=True)
    if link is None or link.person_id != person.id:
        raise NotFound
    if link.used_at is not None or link.withdrawn_at is not None or now >= link.expires_at:
        raise NotReady(tell("This sign-in link has ended already"))
    link.withdrawn_at, link.withdrawn_label = now, by.label
    db.add(link)
    await db.flush()


async def links_of(db: AsyncSession, *, person_id: str, limit: int = 20) -> Sequence[SignInLink]:
    """The sign-in links made for a person, the newest first."""
    query = select(SignInLink).where(SignInLink.person_id == person_id)
    return (await db.exec(query.order_by(col(SignInLink.created_at).desc(), col(SignInLink.id)).limit(limit))).all()


async def logins_of(db: AsyncSession, *, person_id: str, after: str = "", limit: int = 20) -> Page[Login]:
    """The sign-ins of a person, the newest first."""
    query = select(Login).where(Login.person_id == person_id)
    return await by_id(db, query, Login, after=after, limit=limit, newest=True)


async def sign_in(db: AsyncSession, *, secret: str, language: str = "", now: datetime) -> tuple[Person, Login, str]:
    """Use a sign-in link. Returns the person, the login and the secret for the cookie.

    Raises `LinkUnknown`, `LinkUsed`, `LinkDead` (too old, or the person no longer works here).
    Effects: marks the link used, adds a login; the `language` the person's pages are in is that of mails from now on.
    """
    query = select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret)).with_for_update()
    link = (await db.exec(query.execution_options(populate_existing=True))).first()
    if link is None:
        raise LinkUnknown
    if link.used_at is not None:
        raise LinkUsed(tell("This sign-in link has been used. Ask for a new one"))
    if link.withdrawn_at is not None:
        raise LinkDead(tell("This sign-in link has been withdrawn. Ask for a new one"))
    person = await db.get(Person, link.person_id)
    if now >= link.expires_at or person is None or not person.active:
        raise LinkDead(tell("This sign-in link is too old. Ask for a new one"))
    link.used_at = now
    person.language = language or person.language
    way = Way.operator_link if link.made_by in ("", OPERATOR, SYSTEM.id) else Way.administrator_link
    login, cookie = await create_login(db, person=person, way=way, now=now)
    return person, login, cookie


async def create_login(
    db: AsyncSession,
    *,
    person: Person | None = None,
    participant: Participant | None = None,
    now: datetime,
    way: Way = Way.join_link,
    lifetime: timedelta = STAFF_LOGIN,
) -> tuple[Login, str]:
    """A login of a person (for `lifetime`) or of a participant (until the hearing closes). Give exactly one.

    Returns the login and the secret for the cookie. Effects: adds the login's row.
    """
    holder = person or participant
    if holder is None or (person and participant):
        raise ValueError("A login belongs to a person or to a participant")
    secret = new_secret()
    login = Login(
        owner_state=holder.owner_state,
        person_id=person.id if person else None,
        participant_id=participant.id if participant else None,
        secret_hash=hash_secret(secret),
        created_at=now,
        seen_at=now,
        expires_at=now + lifetime if person else None,
        way=way.value,
    )
    db.add(login)
    await db.flush()
    return login, secret


def ending(login: Login, person: Person | None, now: datetime, *, watched: bool = False) -> LoginEnd | None:
    """How a login has ended by `now`, None while it stands. Pure.

    `person` is whose it is, if it is of the staff. `watched`: a live page of it is open, so nobody is idle.
    """
    if login.ended_at is not None:
        return LoginEnd(login.ended_why)
    if login.expires_at is not None and now >= login.expires_at:
        return LoginEnd.expired
    if login.person_id is None:
        return None
    if person is None or not person.active:
        return LoginEnd.deactivated
    return LoginEnd.idle if now - login.seen_at > IDLE and not watched else None


async def look_up(db: AsyncSession, *, secret: str) -> tuple[Login, Person | None] | None:
    """The login a cookie stands for and the member of staff it is of, whether or not it still stands (`ending`)."""
    query = _with_person().where(col(Login.secret_hash) == hash_secret(secret))
    found = (await db.exec(query.execution_options(populate_existing=True))).first()
    return None if found is None else (found[0], found[1])


async def find_login(db: AsyncSession, *, secret: str, now: datetime) -> Login | None:
    """The login a cookie stands for, or None when it has ended."""
    found = await look_up(db, secret=secret)
    return None if found is None or ending(*found, now) else found[0]


async def require_standing(db: AsyncSession, *, login_id: str, now: datetime) -> Login:
    """The login, locked against its end until this transaction's. Raises `NotFound`, `LoginEnded`."""
    query = _with_person().where(col(Login.id) == login_id)
    query = query.with_for_update(read=True, of=Login).execution_options(populate_existing=True)
    found = (await db.exec(query)).first()
    if found is None:
        raise NotFound
    # What asks this is a live page, which is no idling; whether it was idle before, its ticket has been asked.
    if why := ending(found[0], found[1], now, watched=True):
        raise LoginEnded(why)
    login: Login = found[0]
    return login


async def endings(db: AsyncSession, *, login_ids: Collection[str], now: datetime) -> dict[str, LoginEnd]:
    """Of these logins, those that have ended, other than by being idle: somebody watches. One that is not there at
    all has ended too."""
    if not login_ids:
        return {}
    found = (await db.exec(_with_person().where(col(Login.id).in_(login_ids)))).all()
    known = {login.id: ending(login, person, now, watched=True) for login, person in found}
    told = {login_id: known.get(login_id, LoginEnd.expired) for login_id in login_ids}
    return {login_id: why for login_id, why in told.items() if why is not None}


async def unheld(db: AsyncSession, *, participants: Collection[Participant], now: datetime) -> list[str]:
    """Ids of those people of a hearing for whom no login stands: whatever they still hold is nobody's."""
    ids = [one.id for one in participants]
    persons = [one.person_id for one in participants if one.person_id]
    query = _with_person().where(
        or_(col(Login.participant_id).in_(ids), col(Login.person_id).in_(persons)), col(Login.ended_at).is_(None)
    )
    stand = [login for login, person in (await db.exec(query)).all() if not ending(login, person, now, watched=True)]
    holders = {login.participant_id or login.person_id for login in stand}
    return [one.id for one in participants if (one.person_id or one.id) not in holders]


def _with_person() -> Any:
    return select(Login, Person).join(Person, col(Person.id) == col(Login.person_id), isouter=True)


async def touch_login(db: AsyncSession, *, login_id: str, now: datetime) -> None:
    """Note that the login is in use. Nothing makes one stand again that has ended, if only by being idle.

    Effects: sets `seen_at`.
    """
    in_use = or_(col(Login.person_id).is_(None), col(Login.seen_at) >= now - IDLE)
    await db.exec(_touch([login_id], now).where(in_use))


async def keep_awake(db: AsyncSession, *, login_ids: Collection[str], now: datetime) -> None:
    """Live pages of these logins are open: nobody is idle, whatever the clock did. Effects: as `touch_login`."""
    await db.exec(_touch(login_ids, now))


def _touch(login_ids: Collection[str], now: datetime) -> Any:
    stands = and_(col(Login.ended_at).is_(None), or_(col(Login.expires_at).is_(None), col(Login.expires_at) > now))
    return update(Login).where(col(Login.id).in_(login_ids), stands).values(seen_at=now)


async def end_login(db: AsyncSession, *, login_id: str, now: datetime, why: LoginEnd) -> None:
    """End one login; ending it again changes nothing. Effects: sets `ended_at` and `ended_why`."""
    await _end(db, col(Login.id) == login_id, now, why)


async def end_idle(db: AsyncSession, *, login_id: str, now: datetime) -> None:
    """End a login that was found idle, unless somebody has used it since. Effects: as `end_login`."""
    await _end(db, and_(col(Login.id) == login_id, col(Login.seen_at) < now - IDLE), now, LoginEnd.idle)


async def end_logins_of(db: AsyncSession, *, participant_ids: list[str], now: datetime, why: LoginEnd) -> None:
    """End all logins of these participants. Effects: as `end_login`."""
    await _end(db, col(Login.participant_id).in_(participant_ids), now, why)


async def end_logins_of_person(db: AsyncSession, *, person_id: str, now: datetime, why: LoginEnd) -> None:
    """End all logins of a member of staff, and let no link that is still about sign them in.

    Effects: as `end_login`; their unused sign-in links are withdrawn.
    """
    await _end(db, col(Login.person_id) == person_id, now, why)
    unused = (
        col(SignInLink.person_id) == person_id,
        col(SignInLink.used_at).is_(None),
        col(SignInLink.withdrawn_at).is_(None),
    )
    await db.exec(update(SignInLink).where(*unused).values(withdrawn_at=now))


async def _end(db: AsyncSession, which: ColumnElement[bool], now: datetime, why: LoginEnd) -> None:
    await db.exec(update(Login).where(which, col(Login.ended_at).is_(None)).values(ended_at=now, ended_why=why.value))
