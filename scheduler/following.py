"""Follows the history: turns every change of status into notices, events and calendar updates, once.

Changes of one act (of the same instant) are followed together: one mail for each person has all of them.

Each change has a row to be followed, written with it (`hearings.moves`); it is deleted in the transaction that puts the
messages into the outbox. No order of ids or clocks matters, and a change that commits late is not passed over.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import Hearing, HearingRequest, Person, StatusChange, UnfollowedChange
from hearings.outward import claims, invitations, notices
from hearings.outward.notices import News
from hearings.status import HearingStatus
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.following")

MOST_TRIES = 5
OVER = frozenset({HearingStatus.concluded, HearingStatus.aborted})
Mails = dict[tuple[str, str], tuple[Person, list[News]]]
"""What one act has for a person, by case and person."""


async def follow(world: World, *, limit: int = 100) -> int:
    """Follow the changes since the last call. Effects: per act, in one transaction, those of `_follow_act`.

    If an act fails, its changes are followed one by one, so that the others are not lost with the one that fails.
    """
    async with world.database.reading() as db:
        acts = await _waiting(db, limit)
    done = 0
    for act in acts:
        try:
            done += await _together(world, act)
        except Exception:
            logger.exception("an act could not be told of, changes of status: %d", len(act))
            for change_id in act:
                done += await _alone(world, change_id)
    return done


async def _waiting(db: AsyncSession, limit: int) -> list[list[str]]:
    """Ids of the changes to follow, by act, in the order of the acts; an act is read whole."""
    query = (
        select(UnfollowedChange.id, StatusChange.at)
        .join(StatusChange, col(StatusChange.id) == col(UnfollowedChange.id), isouter=True)
        .order_by(col(UnfollowedChange.tries), col(UnfollowedChange.id))
    )
    rows = (await db.exec(query.limit(limit))).all()
    acts: dict[datetime, list[str]] = {}
    for change_id, at in rows:
        acts.setdefault(at, []).append(change_id)
    if len(rows) == limit and len(acts) > 1:
        acts.popitem()  # the rest of the last act may lie beyond the limit: it comes with the next call
    return list(acts.values())


async def _together(world: World, act: Sequence[str]) -> int:
    async with world.database.transaction() as db:
        return await _follow_act(world, db, act, world.clock())


async def _alone(world: World, change_id: str) -> int:
    try:
        return await _together(world, [change_id])
    except Exception:
        logger.exception("a change of status could not be told of, id %s", change_id)
        await _put_off(world, change_id)
        return 0


async def _follow_act(world: World, db: AsyncSession, act: Sequence[str], now: datetime) -> int:
    """Effects, in order: deletes the rows followed; calendar updates; a missed claim for what is too old, else events
    in the outbox; one mail for each person. Returns how many changes no other process had followed first."""
    changes = await _take(db, act)
    mails: Mails = {}
    await _calendars(world, db, changes, mails, now)
    for change in changes:
        if now - change.at > notices.USEFUL:
            await _missed(db, change, notices.MISSED, now)
            continue
        subject, text, people = await notices.readers(db, change)
        if subject is None:
            continue
        told = News(subject=subject, text=text, head=await notices.head(db, change) if people else "")
        for person in people:
            _add(_mail_of(mails, person, subject), change, told)
        await notices.post(db, subject=subject, change=change, origin=world.origin, now=now)
    await _participants(world, db, changes, now)
    for (case, _person_id), (person, news) in mails.items():
        if news:
            await notices.put(
                db,
                news,
                to=person,
                key=f"change:{changes[0].id}:{case}",
                origin=world.origin,
                organiser=world.organiser,
                say=world.say,
                now=now,
            )
    return len(changes)


async def _calendars(
    world: World, db: AsyncSession, changes: Sequence[StatusChange], mails: Mails, now: datetime
) -> None:
    """Effects: those of `invitations.updates` for each hearing concerned; what it says is added to the mails."""
    settled = set()
    for change in changes:
        if change.subject != "hearing" and (change.subject != "participant" or change.before):
            continue
        subject = await notices.subject_of(db, change.subject, change.subject_id)
        if not isinstance(subject, Hearing) or subject.id in settled:
            continue
        settled.add(subject.id)
        for update in await invitations.updates(db, hearing_id=subject.id, origin=world.origin, say=world.say, now=now):
            _mail_of(mails, update.person, subject).extend(update.news)


async def _participants(world: World, db: AsyncSession, changes: Sequence[StatusChange], now: datetime) -> None:
    """Effects: a mail to each participant with an address, for each hearing whose time an act has changed."""
    by_hearing: dict[str, list[StatusChange]] = {}
    for change in changes:
        if change.subject == "hearing" and now - change.at <= notices.USEFUL:
            by_hearing.setdefault(change.subject_id, []).append(change)
    for hearing_id, made in by_hearing.items():
        hearing = await db.get(Hearing, hearing_id)
        if hearing is not None and (text := notices.participant_text(made)):
            await notices.mail_participants(db, hearing=hearing, text=text, cause=made[-1].id, say=world.say, now=now)


def _mail_of(mails: Mails, person: Person, subject: Hearing | HearingRequest) -> list[News]:
    return mails.setdefault((notices.case_of(subject), person.id), (person, []))[1]


def _add(mail: list[News], change: StatusChange, news: News) -> None:
    """Add a sentence. An invitation says already what has become of a hearing, unless the hearing is over: the
    cancellation of its further days does not say how it ended, so that stands before."""
    if change.subject == "hearing" and change.after in OVER:
        mail.insert(0, news)
    elif change.subject != "hearing" or all(each.booking is None for each in mail):
        mail.append(news)


async def _take(db: AsyncSession, act: Sequence[str]) -> list[StatusChange]:
    """The changes of an act that are still to be followed, in order. Effects: deletes their rows."""
    gone = delete(UnfollowedChange).where(col(UnfollowedChange.id).in_(act)).returning(col(UnfollowedChange.id))
    mine = [row[0] for row in (await db.exec(gone)).all()]
    query = select(StatusChange).where(col(StatusChange.id).in_(mine)).order_by(col(StatusChange.id))
    return list((await db.exec(query)).all())


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
    """A change that fails does not stop the others, and after some attempts is marked as missed."""
    now = world.clock()
    async with world.database.transaction() as db:
        row = await db.get(UnfollowedChange, change_id, with_for_update=True)
        if row is None:
            return
        row.tries += 1
        db.add(row)
        if row.tries >= MOST_TRIES and (change := await db.get(StatusChange, change_id)) is not None:
            await db.delete(row)
            await _missed(db, change, notices.UNMAKEABLE, now)
