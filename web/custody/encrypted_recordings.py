"""Which recordings are encrypted to a recipient, and who else can open each.

By dates, since no file says it: those opened while it was in force, for its State, and those re-wrapped to it since. A
closed session may be for fewer, which is not looked at here.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.agreement import room_rules
from hearings.errors import NotFound
from hearings.models import AuthorityKey, Hearing, Recording, Rewrap, Sitting


@dataclass(frozen=True)
class EncryptedRecording:
    """A recording that is encrypted to a recipient, and the other recipients that can still open it: those whose key
    file is not known to be lost."""

    recording: str
    hearing: str
    others: tuple[AuthorityKey, ...]


async def by_text(db: AsyncSession, recipient: str) -> AuthorityKey:
    """The recipient with this text, in force or not. Raises `NotFound`."""
    row = (await db.exec(select(AuthorityKey).where(AuthorityKey.recipient == recipient))).first()
    if row is None:
        raise NotFound
    return row


async def encrypted_to(db: AsyncSession, key: AuthorityKey) -> list[EncryptedRecording]:
    """The recordings encrypted to a recipient, oldest first."""
    query = (
        select(Recording, Hearing)
        .join(Sitting, col(Recording.sitting_id) == col(Sitting.id))
        .join(Hearing, col(Sitting.hearing_id) == col(Hearing.id))
        .where(col(Recording.opened_at).is_not(None))
        .order_by(col(Recording.id))
    )
    keys = (await db.exec(select(AuthorityKey).order_by(col(AuthorityKey.id)))).all()
    anew = await _rewrapped(db)
    found = []
    for recording, hearing in (await db.exec(query)).all():
        states = await room_rules.recipients(db, hearing)
        opens = [one for one in keys if _opens(one, recording, states, anew.get(recording.id))]
        if key.id in {one.id for one in opens}:
            others = tuple(one for one in opens if one.id != key.id and one.lost_at is None)
            found.append(EncryptedRecording(recording.id, hearing.ref, others))
    return found


async def _rewrapped(db: AsyncSession) -> dict[str, frozenset[str]]:
    """By recording, the recipients of its last re-wrap (ids)."""
    rows: Sequence[Rewrap] = (await db.exec(select(Rewrap).where(col(Rewrap.done)).order_by(col(Rewrap.id)))).all()
    return {row.recording_id: frozenset(row.recipients) for row in rows}


def _opens(key: AuthorityKey, recording: Recording, states: Collection[str], anew: frozenset[str] | None) -> bool:
    if anew is not None:
        return key.id in anew
    opened: datetime | None = recording.opened_at
    until = key.retired_at
    return (
        opened is not None
        and key.owner_state in states
        and key.created_at <= opened
        and (until is None or opened < until)
    )
