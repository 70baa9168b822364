"""Signing in: one-use links of staff, and logins, which cookies identify.

Secrets are 128 random bits in base64url; the database keeps their SHA-256 only. That is enough for secrets that cannot
be guessed; PINs can, and are hashed with scrypt (`hearings.hearing.links`).
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.errors import LinkDead, LinkUnknown, LinkUsed, LoginEnded, NotFound, NotReady, PasskeyNeeded
from hearings.models import Login, Participant, Person, SignInLink
from hearings.paging import Page, page
from hearings.people import credentials
from hearings.sentences import tell

STAFF_LOGIN = timedelta(hours=12)
"""Longest time of a login of staff: a day."""
TEST_LOGIN = timedelta(hours=2)
"""Longest time of a login for a test of one's own equipment, before the lobby opens."""
WARNED = (15, 5, 1)
"""Minutes before the longest time of a login at which people are warned, once each."""
LINK_LIFETIME = timedelta(hours=1)
IDLE = timedelta(minutes=20)
"""How long a login of staff may be idle."""


class LoginEnd(StrEnum):
    """Every reason why a login ends. Its sockets, tickets, media and streams end with it (docs/live.md)."""

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
    credential_removed = "credential_removed"
    """The passkey or the identity it was made with has been removed."""
    credential_added = "credential_added"
    """Its person has added a first passkey or identity from another login."""
    recovered = "recovered"
    """Two administrators, or the operator, have given its person a new way in."""


class Way(StrEnum):
    """How a login was made."""

    operator_link = "operator_link"
    """A sign-in link that the operator printed by a command."""
    administrator_link = "administrator_link"
    passkey = "passkey"
    issuer = "issuer"
    """At the OpenID Connect issuer of the State."""
    join_link = "join_link"
    """A join link with its PIN, of somebody who is not of the staff."""
    test_link = "test_link"
    """A join link with its PIN before the lobby opens: the test of one's own equipment, and nothing else."""


OPERATOR = "operator"
"""Actor id of the installation's operator."""


def new_secret() -> str:
    """128 random bits in base64url."""
    return secrets.token_urlsafe(16)


def hash_secret(secret: str) -> str:
    """The hash of a secret that is stored."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


async def issue_sign_in_link(
    db: AsyncSession,
    *,
    person: Person,
    now: datetime,
    lifetime: timedelta = LINK_LIFETIME,
    by: Actor = SYSTEM,
    recovery: bool = False,
) -> str:
    """A new secret that signs this person in once, within `lifetime`. `by`: name of the maker, which the person sees.
    `recovery`: it may let in somebody who has had a passkey.

    Raises `NotReady` for such a person otherwise. Effects: adds the link's row.
    """
    if not recovery and await credentials.ever(db, person_id=person.id):
        raise NotReady(
            tell(
                "This person signs in with a passkey or at their issuer: a link no longer lets them in. If everything "
                "is lost, ask for a new way in, which another administrator confirms; whoever runs the service can "
                "give one by `vivavoce staff recover`. Nothing was changed"
            )
        )
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
            recovery=recovery,
        )
    )
    await db.flush()
    return secret


async def withdraw_link(db: AsyncSession, *, link_id: str, person: Person, by: Actor, now: datetime) -> None:
    """Revoke a sign-in link of this person. Raises `NotFound`, `NotReady` where it has ended.

    Effects: `withdrawn_at`, `withdrawn_label`.
    """
    link = await db.get(SignInLink, link_id, with_for_update=True, populate_existing=True)
    if link is None or link.person_id != person.id:
        raise NotFound
    if link.used_at is not None or link.withdrawn_at is not None or now >= link.expires_at:
        raise NotReady(tell("This sign-in link has already been ended"))
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
    return await page(db, query, col(Login.id).desc(), after=after, limit=limit)


async def sign_in(db: AsyncSession, *, secret: str, language: str = "", now: datetime) -> tuple[Person, Login, str]:
    """Use a sign-in link. Returns the person, the login and the secret for the cookie.

    Raises `LinkUnknown`, `LinkUsed`, `LinkDead` (too old, or the person no longer works here), `PasskeyNeeded`.
    Effects: marks the link used, adds a login; the `language` the person's pages are in is that of mails from now on.
    """
    query = select(SignInLink).where(SignInLink.secret_hash == hash_secret(secret)).with_for_update()
    link = (await db.exec(query.execution_options(populate_existing=True))).first()
    if link is None:
        raise LinkUnknown
    if link.used_at is not None:
        raise LinkUsed(tell("This sign-in link has been used. Ask for a new one"))
    person = await db.get(Person, link.person_id)
    if person is not None and person.active and not link.recovery and await credentials.ever(db, person_id=person.id):
        raise PasskeyNeeded  # before what else is wrong with it: a new link would not help either
    if link.withdrawn_at is not None:
        raise LinkDead(tell("This sign-in link has been withdrawn. Ask for a new one"))
    if now >= link.expires_at or person is None or not person.active:
        raise LinkDead(tell("This sign-in link has expired. Ask for a new one"))
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
    credential_id: str = "",
    proved_at: datetime | None = None,
) -> tuple[Login, str]:
    """A login of a person (for `lifetime`) or of a participant (until the hearing closes; of a test, for `lifetime`).
    Give exactly one.
    `credential_id`: the passkey or the identity that has proved who the person is; `proved_at`: when, if not now.

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
        expires_at=now + lifetime if person or way is Way.test_link else None,
        way=way.value,
        credential_id=credential_id,
        authenticated_at=(proved_at or now) if credential_id else None,
    )
    db.add(login)
    await db.flush()
    return login, secret


def ending(login: Login, person: Person | None, now: datetime, *, watched: bool = False) -> LoginEnd | None:
    """The reason why a login has ended by `now`; None if it has not. Pure. `person`: its owner, for a login of staff.
    `watched`: a live page of it is open, so it is not idle.
    """
    why = _ended(login.ended_at, login.ended_why, login.expires_at, now)
    if why is not None or login.person_id is None:
        return why
    if person is None or not person.active:
        return LoginEnd.deactivated
    return LoginEnd.idle if now - login.seen_at > IDLE and not watched else None


def _ended(ended_at: datetime | None, ended_why: str, expires_at: datetime | None, now: datetime) -> LoginEnd | None:
    if ended_at is not None:
        return LoginEnd(ended_why)
    return LoginEnd.expired if expires_at is not None and now >= expires_at else None


async def look_up(db: AsyncSession, *, secret: str) -> tuple[Login, Person | None] | None:
    """The login of a cookie's secret, with its member of staff, even if it has ended (`ending`)."""
    query = _with_person().where(col(Login.secret_hash) == hash_secret(secret))
    row = (await db.exec(query.execution_options(populate_existing=True))).first()
    return None if row is None else (row[0], row[1])


async def find_login(db: AsyncSession, *, secret: str, now: datetime) -> Login | None:
    """The login of a cookie's secret; None if it has ended."""
    row = await look_up(db, secret=secret)
    return None if row is None or ending(*row, now) else row[0]


async def require_live(db: AsyncSession, *, login_id: str, now: datetime) -> Login:
    """The login, locked until the end of the transaction, so that it cannot end. Raises `NotFound`, `LoginEnded`."""
    query = _with_person().where(col(Login.id) == login_id)
    query = query.with_for_update(read=True, of=Login).execution_options(populate_existing=True)
    row = (await db.exec(query)).first()
    if row is None:
        raise NotFound
    # The caller is a live page, so the login is not idle; earlier idleness was checked with its ticket.
    if why := ending(row[0], row[1], now, watched=True):
        raise LoginEnded(why)
    login: Login = row[0]
    return login


@dataclass(frozen=True)
class Watched:
    """What became of logins: those that have ended, with the reason, and the time left of those that end soon."""

    ended: Mapping[str, LoginEnd]
    soon: Mapping[str, timedelta]
    """Those that reach their longest time within the first of `WARNED`."""


async def watch(db: AsyncSession, *, login_ids: Collection[str], now: datetime) -> Watched:
    """What became of these logins, by one query of the columns that decide it; unknown ones have ended. With a live
    page no login is idle."""
    if not login_ids:
        return Watched({}, {})
    fields: Any = (Login.id, Login.ended_at, Login.ended_why, Login.expires_at, Login.person_id, Person.active)
    query = select(*fields).select_from(Login).join(Person, col(Person.id) == col(Login.person_id), isouter=True)
    ended: dict[str, LoginEnd] = dict.fromkeys(login_ids, LoginEnd.expired)
    soon: dict[str, timedelta] = {}
    rows = (await db.exec(query.where(col(Login.id).in_(login_ids)))).all()
    for login_id, ended_at, ended_why, expires_at, person_id, active in rows:
        why = _ended(ended_at, ended_why, expires_at, now) or (
            LoginEnd.deactivated if person_id and not active else None
        )
        if why is not None:
            ended[login_id] = why
            continue
        del ended[login_id]
        if expires_at is not None and expires_at - now <= timedelta(minutes=WARNED[0]):
            soon[login_id] = expires_at - now
    return Watched(ended, soon)


async def endings(db: AsyncSession, *, login_ids: Collection[str], now: datetime) -> Mapping[str, LoginEnd]:
    """Those of these logins that have ended, with the reason (`watch`)."""
    return (await watch(db, login_ids=login_ids, now=now)).ended


async def unheld(db: AsyncSession, *, participants: Collection[Participant], now: datetime) -> list[str]:
    """Ids of participants without a login in force, whose connections are to be ended."""
    ids = [participant.id for participant in participants]
    persons = [participant.person_id for participant in participants if participant.person_id]
    query = _with_person().where(
        or_(col(Login.participant_id).in_(ids), col(Login.person_id).in_(persons)),
        col(Login.ended_at).is_(None),
        col(Login.way) != Way.test_link.value,
    )
    stand = [login for login, person in (await db.exec(query)).all() if not ending(login, person, now, watched=True)]
    holders = {login.participant_id or login.person_id for login in stand}
    return [participant.id for participant in participants if (participant.person_id or participant.id) not in holders]


def _with_person() -> Any:
    return select(Login, Person).join(Person, col(Person.id) == col(Login.person_id), isouter=True)


async def touch_login(db: AsyncSession, *, login_id: str, now: datetime) -> None:
    """Record that the login is in use. A login that has ended, even by idleness, stays ended.

    Effects: sets `seen_at`.
    """
    in_use = or_(col(Login.person_id).is_(None), col(Login.seen_at) >= now - IDLE)
    await db.exec(_touch([login_id], now).where(in_use))


async def keep_awake(db: AsyncSession, *, login_ids: Collection[str], now: datetime) -> None:
    """Record that live pages of these logins are open, so that they are not idle. Effects: as `touch_login`."""
    await db.exec(_touch(login_ids, now))


def _touch(login_ids: Collection[str], now: datetime) -> Any:
    stands = and_(col(Login.ended_at).is_(None), or_(col(Login.expires_at).is_(None), col(Login.expires_at) > now))
    return update(Login).where(col(Login.id).in_(login_ids), stands).values(seen_at=now)


async def end_login(db: AsyncSession, *, login_id: str, now: datetime, why: LoginEnd) -> None:
    """End one login; ending it again changes nothing. Effects: sets `ended_at` and `ended_why`."""
    await _end(db, col(Login.id) == login_id, now, why)


async def end_idle(db: AsyncSession, *, login_id: str, now: datetime) -> None:
    """End an idle login, unless it has been used since. Effects: as `end_login`."""
    await _end(db, and_(col(Login.id) == login_id, col(Login.seen_at) < now - IDLE), now, LoginEnd.idle)


async def end_logins_of(db: AsyncSession, *, participant_ids: list[str], now: datetime, why: LoginEnd) -> None:
    """End all logins of these participants. Effects: as `end_login`."""
    await _end(db, col(Login.participant_id).in_(participant_ids), now, why)


async def end_logins_of_person(
    db: AsyncSession, *, person_id: str, but: str = "", now: datetime, why: LoginEnd
) -> None:
    """End all logins of a member of staff, `but` one, and revoke their sign-in links.

    Effects: as `end_login`; their unused sign-in links are withdrawn.
    """
    await _end(db, and_(col(Login.person_id) == person_id, col(Login.id) != but), now, why)
    unused = (
        col(SignInLink.person_id) == person_id,
        col(SignInLink.used_at).is_(None),
        col(SignInLink.withdrawn_at).is_(None),
    )
    await db.exec(update(SignInLink).where(*unused).values(withdrawn_at=now))


async def end_logins_by(db: AsyncSession, *, credential_id: str, but: str = "", now: datetime, why: LoginEnd) -> None:
    """End all logins made with a passkey or an identity, `but` one. Effects: as `end_login`."""
    await _end(db, and_(col(Login.credential_id) == credential_id, col(Login.id) != but), now, why)


async def authenticated(db: AsyncSession, *, login_id: str, at: datetime) -> None:
    """Record when the person of a login has proved who they are. Effects: `authenticated_at`."""
    stands = (col(Login.id) == login_id, col(Login.ended_at).is_(None))
    await db.exec(update(Login).where(*stands).values(authenticated_at=at))


async def _end(db: AsyncSession, which: ColumnElement[bool], now: datetime, why: LoginEnd) -> None:
    await db.exec(update(Login).where(which, col(Login.ended_at).is_(None)).values(ended_at=now, ended_why=why.value))
