"""Challenges of sign-ins: 256 random bits for one browser, one purpose and one use, valid for minutes.

The database keeps hashes. Using one is a transaction of its own, so that it stays used up when what follows is refused.
"""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.errors import SignInRefused
from hearings.models import SignInChallenge
from hearings.models.credentials import ChallengePurpose
from hearings.people.logins import hash_secret

LIFETIME = timedelta(minutes=5)
KEPT = timedelta(minutes=5)
"""How long one is kept after its end, to tell one that is too old or used from one that never was."""
TIDIED = 100
"""Most challenges deleted when one is added."""


async def issue(
    db: AsyncSession,
    *,
    purpose: ChallengePurpose,
    browser: str,
    about: str = "",
    login_id: str = "",
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> str:
    """A new challenge in base64url. `browser`: secret of the cookie it is bound to; `login_id`: the login that asks.

    Effects: adds its row; deletes some that are too old, so that no more are kept than minutes bring.
    """
    await forget(db, now=now, most=TIDIED)
    challenge = secrets.token_urlsafe(32)
    row = SignInChallenge(
        owner_state="",
        purpose=purpose,
        hash=hash_secret(challenge),
        browser_hash=hash_secret(browser),
        about=about,
        login_id=login_id,
        expires_at=now + lifetime,
    )
    db.add(row)
    await db.flush()
    return challenge


async def forget(db: AsyncSession, *, now: datetime, most: int | None = None) -> None:
    """Delete challenges that are too old for anything, `most` of them or all. Effects: their rows."""
    old = select(SignInChallenge.id).where(col(SignInChallenge.expires_at) < now - KEPT)
    old = old.order_by(col(SignInChallenge.expires_at)).limit(most).with_for_update(skip_locked=True)
    ids = (await db.exec(old)).all()
    if ids:
        await db.exec(delete(SignInChallenge).where(col(SignInChallenge.id).in_(ids)))


async def use(
    database: Database,
    *,
    challenge: str,
    purposes: Collection[ChallengePurpose],
    browser: str,
    about: str = "",
    now: datetime,
) -> SignInChallenge:
    """Use a challenge up. Raises `SignInRefused`: unknown, used, too old, of another browser, purpose or issuer.

    Effects: `used_at`, also when it is refused for another reason than its age or its being unknown.
    """
    async with database.transaction() as db:
        query = select(SignInChallenge).where(SignInChallenge.hash == hash_secret(challenge)).with_for_update()
        row = (await db.exec(query.execution_options(populate_existing=True))).first()
        if row is None:
            raise SignInRefused("challenge_unknown")
        used, row.used_at = row.used_at is not None, row.used_at or now
        db.add(row)
    if used:
        raise SignInRefused("challenge_used")
    if now >= row.expires_at:
        raise SignInRefused("challenge_old")
    if row.purpose not in purposes or (row.browser_hash, row.about) != (hash_secret(browser), about):
        raise SignInRefused("challenge_foreign")
    return row
