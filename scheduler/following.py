"""Following the history: every change of status becomes notices, events and calendar updates, once.

Each change has a row to be followed, written with it (`hearings.moves`); it is deleted in the transaction that puts the
messages into the outbox. No order of ids or clocks matters, and a change that commits late is not passed over.
"""

import logging
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, StatusChange, UnfollowedChange
from hearings.outward import claims, invitations, notices
from hearings.status import HearingStatus
from scheduler.world import World

logger = logging.getLogger("vivavoce.scheduler.following")

MOST_TRIES = 5
OVER = frozenset({HearingStatus.concluded, HearingStatus.aborted})
UNMAKEABLE = "It could not be made"


async def follow(world: World, *, limit: int = 100) -> int:
    """Follow what has happened since. Effects: per change, in one transaction, those of `_follow_one`."""
    async with world.database.reading() as db:
        query = select(UnfollowedChange.id).order_by(col(UnfollowedChange.tries), col(UnfollowedChange.id))
        waiting = (await db.exec(query.limit(limit))).all()
    done = 0
    for change_id in waiting:
        try:
            async with world.database.transaction() as db:
                done += await _follow_one(world, db, change_id, world.clock())
        except Exception:
            logger.exception("a change of status could not be told of, id %s", change_id)
            await _put_off(world, change_id)
    return done


async def _follow_one(world: World, db: AsyncSession, change_id: str, now: datetime) -> bool:
    """Effects, in order: the row to be followed is gone; what calendars need; a missed claim if it is no news any
    more, else messages in the outbox. False when another process was first."""
    gone = delete(UnfollowedChange).where(col(UnfollowedChange.id) == change_id).returning(col(UnfollowedChange.id))
    if (await db.exec(gone)).first() is None:
        return False
    change = await db.get(StatusChange, change_id)
    if change is None:
        return False
    told: set[str] = set()  # an invitation or its end says it already
    if change.subject == "hearing" or (change.subject == "participant" and not change.before):
        subject = await notices.subject_of(db, change.subject, change.subject_id)
        if isinstance(subject, Hearing):
            made = await invitations.settle(
                db,
                hearing_id=subject.id,
                origin=world.origin,
                organiser=world.organiser,
                say=world.say,
                now=now,
            )
            if change.after not in OVER:  # that a further day is off does not say how the hearing has ended
                told = {message.address for message in made}
    if now - change.at > notices.USEFUL:
        await _missed(db, change, notices.MISSED, now)
    else:
        await notices.follow(db, change=change, told=told, origin=world.origin, say=world.say, now=now)
    return True


async def _missed(db: AsyncSession, change: StatusChange, why: str, now: datetime) -> None:
    if (change.subject, change.after) not in notices.CHANGES:
        return
    subject = await notices.subject_of(db, change.subject, change.subject_id)
    await claims.claim(
        db,
        key=f"change:{change.id}",
        kind="notice",
        subject=change.subject,
        subject_id=change.subject_id,
        about=notices.reference(subject) if subject else "",
        owner_state=change.owner_state,
        due_at=change.at,
        now=now,
        missed=why,
    )


async def _put_off(world: World, change_id: str) -> None:
    """One that cannot be made lets the others pass, and after some tries is marked as missed."""
    now = world.clock()
    async with world.database.transaction() as db:
        row = await db.get(UnfollowedChange, change_id, with_for_update=True)
        if row is None:
            return
        row.tries += 1
        db.add(row)
        if row.tries >= MOST_TRIES and (change := await db.get(StatusChange, change_id)) is not None:
            await db.delete(row)
            await _missed(db, change, UNMAKEABLE, now)
