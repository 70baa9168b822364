"""Signing in: one-use links of staff, and logins, which are what a cookie stands for.

Secrets are 128 random bits in base64url; the database keeps their SHA-256 only. That is enough for a secret nobody
can guess; PINs, which somebody could, are under scrypt (`hearings.hearing.links`).
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import LinkDead, LinkUnknown, LinkUsed
from hearings.models import Login, Participant, Person, SignInLink
from hearings.sentences import tell

STAFF_LOGIN = timedelta(hours=12)
"""A member of staff signs in at least once a day."""
LINK_LIFETIME = timedelta(hours=1)


def new_secret() -> str:
    """128 random bits in base64url."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> str:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def issue_sign_in_link(
    db: AsyncSession, *, person: Person, now: datetime, lifetime: timedelta = LINK_LIFETIME
) -> str:
    """A new secret that signs this person in once, within `lifetime`. Effects: adds the link's row."""
    secret = new_secret()
    db.add(
        SignInLink(
            owner_state=person.owner_state,
            person_id=person.id,
            secret_hash=hash_secret(secret),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    await db.flush()
    return secret


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
    person = await db.get(Person, link.person_id)
    if now >= link.expires_at or person is None or not person.active:
        raise LinkDead(tell("This sign-in link is too old. Ask for a new one"))
    link.used_at = now
    person.language = language or person.language
    login, cookie = await create_login(db, person=person, now=now)
    return person, login, cookie


async def create_login(
    db: AsyncSession,
    *,
    person: Person | None = None,
    participant: Participant | None = None,
    now: datetime,
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
    )
    db.add(login)
    await db.flush()
    return login, secret


async def find_login(
    db: AsyncSession, *, secret: str, now: datetime, idle_limit: timedelta | None = None
) -> Login | None:
    """The login a cookie stands for, or None when it has ended, is too old, or (staff) was idle too long."""
    login = (await db.exec(select(Login).where(Login.secret_hash == hash_secret(secret)))).first()
    if login is None or login.ended_at is not None:
        return None
    if login.expires_at is not None and now >= login.expires_at:
        return None
    if idle_limit is not None and login.person_id is not None and now - login.seen_at > idle_limit:
        return None
    return login


async def touch_login(db: AsyncSession, *, login_id: str, now: datetime) -> None:
    """Note that the login is in use. Effects: sets `seen_at`."""
    await db.exec(update(Login).where(col(Login.id) == login_id).values(seen_at=now))


async def end_login(db: AsyncSession, *, login_id: str, now: datetime, why: str) -> None:
    """End one login; ending it again changes nothing. Effects: sets `ended_at` and `ended_why`."""
    await db.exec(
        update(Login)
        .where(col(Login.id) == login_id, col(Login.ended_at).is_(None))
        .values(ended_at=now, ended_why=why)
    )


async def end_logins_of(db: AsyncSession, *, participant_ids: list[str], now: datetime, why: str) -> None:
    """End all logins of these participants. Effects: as `end_login`."""
    await db.exec(
        update(Login)
        .where(col(Login.participant_id).in_(participant_ids), col(Login.ended_at).is_(None))
        .values(ended_at=now, ended_why=why)
    )
