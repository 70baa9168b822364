"""The six digits beside a join link: a PIN that goes with it, or a code sent when it is used. Stored under scrypt."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import CodeDead
from hearings.models import Invitation, JoinCode

TRIES = 5
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}
"""Cost of scrypt: 16 MiB and some tens of milliseconds an attempt."""


def hash_pin(pin: str) -> str:
    """The stored form of a PIN: `scrypt$salt$hash`, hexadecimal. Slow on purpose; run it in a thread."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(pin.encode(), salt=salt, **SCRYPT).hex()}"


def pin_matches(pin: str, stored: str) -> bool:
    """Whether the PIN is the one stored. Slow on purpose; run it in a thread."""
    _, salt, wanted = stored.split("$")
    computed = hashlib.scrypt(pin.encode("utf-8", "replace"), salt=bytes.fromhex(salt), **SCRYPT)
    return hmac.compare_digest(computed.hex(), wanted)


async def pin_tried(db: AsyncSession, *, invitation: Invitation, digits: str, now: datetime) -> int | None:
    """Compare with the PIN of a link, locked by the caller. None when it is right, else the tries left.

    Effects: a try fewer when it is wrong.
    """
    if await asyncio.to_thread(pin_matches, digits, invitation.pin_hash):
        return None
    invitation.tries_left -= 1
    return invitation.tries_left


async def code_tried(db: AsyncSession, *, invitation: Invitation, digits: str, now: datetime) -> int | None:
    """Compare with the newest code of a link, locked by the caller. None when it is right, else the tries left.

    Raises `CodeDead` where none was sent, it is too old, used, or out of tries. Effects: `used_at`, or a try fewer.
    """
    newest = next(iter(await codes(db, invitation, 1)), None)
    if newest is None or newest.used_at is not None or newest.tries_left == 0 or now >= newest.expires_at:
        raise CodeDead
    if await asyncio.to_thread(pin_matches, digits, newest.code_hash):
        newest.used_at, left = now, None
    else:
        newest.tries_left -= 1
        left = newest.tries_left
    db.add(newest)
    return left


async def codes(db: AsyncSession, invitation: Invitation, most: int, *, sent: bool = True) -> Sequence[JoinCode]:
    """The codes made for a link, the newest first; with `sent`, those that were handed over."""
    query = select(JoinCode).where(JoinCode.invitation_id == invitation.id).order_by(col(JoinCode.id).desc())
    query = query.where(col(JoinCode.handed_over_at).is_not(None)) if sent else query
    return (await db.exec(query.limit(most).execution_options(populate_existing=True))).all()
