"""Calendar feeds: an address from which a calendar program reads a person's hearings, without a login.

The address holds a secret of 128 bits; the database stores its hash. The feed holds times and places, and no name.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import NotFound, NotReady
from hearings.models import CalendarEntry, CalendarFeed, Hearing, HearingDay, HearingRequest, Participant, Person
from hearings.models.outbox import FeedScope
from hearings.sentences import Say, english, tell_n

PAST, AHEAD, MOST = timedelta(days=90), timedelta(days=730), 1000
"""Days of hearings a feed covers, back and ahead, and the most hearings it holds (the next ones)."""
FEEDS = 10
"""Addresses a person may have at the same time."""


@dataclass(frozen=True)
class MadeFeed:
    """A new feed, and the secret of its address, which is displayed once."""

    feed: CalendarFeed
    token: str


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def make(db: AsyncSession, *, person: Person, scope: FeedScope, now: datetime) -> MadeFeed:
    """Make an address for a person. Raises `NotReady` when they have too many. Effects: adds the row."""
    if len(await feeds_of(db, person)) >= FEEDS:
        raise NotReady(
            tell_n("You have {n} address: revoke it first", "You have {n} addresses: revoke one first", FEEDS)
        )
    token = secrets.token_urlsafe(16)
    made = CalendarFeed(
        owner_state=person.owner_state, person_id=person.id, token_hash=_hash(token), scope=scope, created_at=now
    )
    db.add(made)
    await db.flush()
    return MadeFeed(made, token)


async def revoke(db: AsyncSession, *, feed_id: str, person: Person, now: datetime) -> None:
    """Revoke an address. Raises `NotFound` for another person's. Effects: `revoked_at`."""
    query = select(CalendarFeed).where(CalendarFeed.id == feed_id, CalendarFeed.person_id == person.id)
    feed = (await db.exec(query.with_for_update())).first()
    if feed is None:
        raise NotFound
    feed.revoked_at = feed.revoked_at or now
    db.add(feed)


async def feeds_of(db: AsyncSession, person: Person) -> Sequence[CalendarFeed]:
    """A person's addresses that work, oldest first."""
    query = select(CalendarFeed).where(CalendarFeed.person_id == person.id, col(CalendarFeed.revoked_at).is_(None))
    return (await db.exec(query.order_by(col(CalendarFeed.id)))).all()


async def read(db: AsyncSession, *, token: str, origin: str, say: Say = english, now: datetime) -> bytes:
    """The calendar behind an address. Raises `NotFound`, also if it is revoked or the person inactive."""
    query = select(CalendarFeed, Person).join(Person).where(CalendarFeed.token_hash == _hash(token))
    row = (await db.exec(query.where(col(CalendarFeed.revoked_at).is_(None), col(Person.active)))).first()
    if row is None:
        raise NotFound
    wanted, person = row
    owner = person if wanted.scope is FeedScope.own else None
    hearings = await _hearings(db, person.owner_state, owner, now)
    return await _written(db, hearings, origin=origin, lang=person.language or "en", say=say)


async def of_state(db: AsyncSession, *, state: str, origin: str, now: datetime) -> bytes:
    """The calendar of all hearings of a State, in English, in the form of a feed."""
    return await _written(db, await _hearings(db, state, None, now), origin=origin, lang="en", say=english)


async def of_hearing(db: AsyncSession, hearing: Hearing, *, origin: str, lang: str, say: Say) -> bytes:
    """The calendar of the days of one hearing; its events are those of the feeds."""
    return await _written(db, [hearing], origin=origin, lang=lang, say=say)


async def _written(db: AsyncSession, hearings: Sequence[Hearing], *, origin: str, lang: str, say: Say) -> bytes:
    from hearings.outward.calendar_files import (  # when it is needed: icalendar takes long to load
        CalendarEvent,
        days,
        feed,
    )

    ids = [hearing.id for hearing in hearings]
    rows, entries = await _days(db, ids), await _entries(db, ids)
    bookings = []
    for hearing in hearings:
        for day in days(hearing, rows.get(hearing.id, [])):
            entry = entries.get((hearing.id, day.number))
            bookings.append(
                CalendarEvent(
                    hearing=hearing,
                    day=day,
                    sequence=entry.sequence if entry else 0,
                    changed_at=entry.changed_at if entry else hearing.created_at,
                    origin=origin,
                    lang=lang,
                    say=say,
                )
            )
    return feed(bookings)


async def _hearings(db: AsyncSession, state: str, person: Person | None, now: datetime) -> Sequence[Hearing]:
    """Of a State: all of them, or those a person takes part in or handles."""
    first, last = now - PAST, now + AHEAD
    near = select(HearingDay.hearing_id).where(
        col(HearingDay.starts_at) >= first, col(HearingDay.starts_at) < last, col(HearingDay.dropped_at).is_(None)
    )
    query = select(Hearing).where(
        or_(col(Hearing.requesting_state) == state, col(Hearing.requested_state) == state),
        or_(and_(col(Hearing.starts_at) >= first, col(Hearing.starts_at) < last), col(Hearing.id).in_(near)),
    )
    if person is not None:
        seats = select(Participant.hearing_id).where(
            Participant.person_id == person.id, col(Participant.vacated_at).is_(None)
        )
        handled = select(HearingRequest.id).where(
            or_(
                col(HearingRequest.created_by) == person.id,
                col(HearingRequest.answered_by) == person.id,
                col(HearingRequest.requesting_assignee) == person.id,
                col(HearingRequest.requested_assignee) == person.id,
            )
        )
        query = query.where(
            or_(col(Hearing.id).in_(seats), col(Hearing.created_by) == person.id, col(Hearing.request_id).in_(handled))
        )
    return (await db.exec(query.order_by(col(Hearing.starts_at), col(Hearing.id)).limit(MOST))).all()


async def _days(db: AsyncSession, ids: Sequence[str]) -> dict[str, list[HearingDay]]:
    by_hearing: dict[str, list[HearingDay]] = {}
    for start in range(0, len(ids), 500):
        query = select(HearingDay).where(col(HearingDay.hearing_id).in_(ids[start : start + 500]))
        for day in (await db.exec(query.order_by(col(HearingDay.number)))).all():
            by_hearing.setdefault(day.hearing_id, []).append(day)
    return by_hearing


async def _entries(db: AsyncSession, ids: Sequence[str]) -> dict[tuple[str, int], CalendarEntry]:
    by_day: dict[tuple[str, int], CalendarEntry] = {}
    for start in range(0, len(ids), 500):
        query = select(CalendarEntry).where(col(CalendarEntry.hearing_id).in_(ids[start : start + 500]))
        by_day |= {(entry.hearing_id, entry.day): entry for entry in (await db.exec(query)).all()}
    return by_day
