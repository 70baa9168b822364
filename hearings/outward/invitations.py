"""Invitations: calendars follow a hearing, day by day. A row stores what was last sent on a day;
differences are sent.

Nothing is computed from events: each day is compared with what was last sent, so the cause of a change and the number
of comparisons do not matter.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.models import CalendarEntry, Hearing, HearingDay, OutboxMessage, Person, StatusChange, UnfollowedChange
from hearings.outward import calendar_files, notices
from hearings.outward.calendar_files import SHOWN_AS, CalendarDay, CalendarEvent, Method
from hearings.outward.notices import News
from hearings.queries import get
from hearings.sentences import N_, Say, english
from hearings.status import HearingStatus
from hearings.texts import HEARING_OFF
from hearings.times.queries import days_of

H = HearingStatus
INVITES = frozenset({H.agreed, H.ready})
"""A hearing is put into calendars once its time is agreed."""
DAY_OFF, DAYS_OFF = N_("This day is cancelled"), N_("These days are cancelled")
REPLACED = N_("Each day now has its own entry, in place of this one")


def digest(hearing: Hearing, day: CalendarDay) -> str:
    """Digest of what a calendar displays of a day: a new digest raises SEQUENCE."""
    content = [
        day.starts_at.isoformat(),
        day.ends_at.isoformat(),
        day.wall_zone,
        hearing.requesting_zone,
        hearing.requested_zone,
        hearing.requesting_city,
        hearing.requested_city,
        day.shown_as,
    ]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


async def entries_of(db: AsyncSession, hearing_id: str, *, lock: bool = False) -> dict[int, CalendarEntry]:
    """The entries last sent on the days of a hearing, by number."""
    query = select(CalendarEntry).where(CalendarEntry.hearing_id == hearing_id)
    query = query.execution_options(populate_existing=True)
    return {entry.day: entry for entry in (await db.exec(query.with_for_update() if lock else query)).all()}


async def settle(
    db: AsyncSession, *, hearing_id: str, origin: str, organiser: str, say: Say = english, now: datetime
) -> list[OutboxMessage]:
    """Send calendars the changes of a hearing since the last message: one mail to each person.

    Effects: those of `updates`; the messages in the outbox.
    """
    found = await updates(db, hearing_id=hearing_id, origin=origin, say=say, now=now)
    return [
        await notices.put(
            db,
            each.news,
            to=each.person,
            key=f"calendar:{hearing_id}:{int(now.timestamp() * 1000)}",  # added, removed, added again: three messages
            origin=origin,
            organiser=organiser,
            say=say,
            now=now,
        )
        for each in found
    ]


@dataclass(frozen=True, kw_only=True)
class CalendarUpdate:
    """The days of a hearing that the calendar of a person is to change."""

    person: Person
    news: list[News] = field(default_factory=list)


async def updates(
    db: AsyncSession, *, hearing_id: str, origin: str, say: Say = english, now: datetime
) -> list[CalendarUpdate]:
    """What calendars are to change, by person, so that it is said in one mail. Locks the hearing.

    Effects, for each day planned or dropped: the entry, its SEQUENCE raised if the day differs from what was last
    sent. Invitations or updates are for everybody then, else for new participants; cancellations for those who no
    longer take part, and for everybody if the day is off. Nothing before the time is agreed, nor on a day that has
    begun, unless calendars show it at the time of another day: then it is cancelled, once.
    """
    hearing = await get(db, Hearing, hearing_id, lock=True)
    entries = await entries_of(db, hearing.id, lock=True)
    if not entries and hearing.status not in INVITES:
        return []
    people = {
        person.id: person
        for state in (hearing.requesting_state, hearing.requested_state)
        for person in await notices.concerned(db, hearing, state)
    }
    made: dict[str, CalendarUpdate] = {}
    days = calendar_files.days(hearing, await days_of(db, hearing.id))
    for day in days:
        entry = entries.get(day.number)
        changed: list[tuple[Person, News]] = []
        if entry is not None and day.past and _shows_another(hearing, day, entry, days):
            changed += await _take_back(db, hearing, day, entry, origin, say, now)
        if not day.past and (entry is not None or (hearing.status in INVITES and not day.off)):
            changed += await _settle_day(db, hearing, day, entry, people, origin, say, now)
        for person, news in changed:
            made.setdefault(person.id, CalendarUpdate(person=person)).news.append(news)
    return [replace(each, news=_worded(each.news)) for each in made.values()]


async def _settle_day(
    db: AsyncSession,
    hearing: Hearing,
    day: CalendarDay,
    entry: CalendarEntry | None,
    people: Mapping[str, Person],
    origin: str,
    say: Say,
    now: datetime,
) -> list[tuple[Person, News]]:
    now_shown = digest(hearing, day)
    if entry is None:
        entry = CalendarEntry(
            owner_state=hearing.owner_state, hearing_id=hearing.id, day=day.number, digest=now_shown, changed_at=now
        )
    known = list(entry.people)
    changed = not known or entry.digest != now_shown
    if day.off and not changed:
        return []
    gone = [person_id for person_id in known if day.off or person_id not in people]
    invited = [] if day.off else [person_id for person_id in people if changed or person_id not in known]
    if not invited and not gone:
        return []
    if entry.digest != now_shown:
        entry.sequence += 1
        entry.digest = now_shown
    entry.changed_at = now
    # People of a day that is off stay in the entry: if it is planned again, they get an update.
    entry.people = known if day.off else sorted(people)
    db.add(entry)
    booking = CalendarEvent(hearing=hearing, day=day, sequence=entry.sequence, changed_at=now, origin=origin, say=say)
    left = {
        person.id: person for person in await _people(db, [person_id for person_id in gone if person_id not in people])
    }
    made = [(people[person_id], _news(booking, Method.request)) for person_id in invited]
    for person_id in gone:
        if (person := people.get(person_id) or left.get(person_id)) is not None:
            made.append((person, _news(booking, Method.cancel)))
    return made


def _shows_another(hearing: Hearing, day: CalendarDay, entry: CalendarEntry, days: Sequence[CalendarDay]) -> bool:
    """Whether calendars display the event of a past day at the time of a coming one.

    Until each day was an event of its own, the one event of a hearing moved to its next day, which has its own now.
    """
    others = [other for other in days if other.number != day.number and not other.past]
    digests = {digest(hearing, replace(other, shown_as=each)) for other in others for each in SHOWN_AS.values()}
    return bool(entry.people) and entry.digest in digests


async def _take_back(
    db: AsyncSession,
    hearing: Hearing,
    day: CalendarDay,
    entry: CalendarEntry,
    origin: str,
    say: Say,
    now: datetime,
) -> list[tuple[Person, News]]:
    """Cancel the event for everybody invited. Effects: clears the people of the entry."""
    known = await _people(db, entry.people)
    entry.sequence, entry.digest, entry.people, entry.changed_at = entry.sequence + 1, digest(hearing, day), [], now
    db.add(entry)
    booking = CalendarEvent(hearing=hearing, day=day, sequence=entry.sequence, changed_at=now, origin=origin, say=say)
    return [(person, _news(booking, Method.cancel, REPLACED)) for person in known]


async def _people(db: AsyncSession, ids: Sequence[str]) -> Sequence[Person]:
    return (await db.exec(select(Person).where(col(Person.id).in_(ids)))).all() if ids else []


def _news(booking: CalendarEvent, method: Method, text: str = "") -> News:
    """The news of a day. `text` replaces the sentence of the table below."""
    off = HEARING_OFF if booking.hearing.status is H.cancelled or not booking.day.several else DAY_OFF
    text = text or {
        (Method.request, "CONFIRMED"): notices.PARTICIPANT_CHANGES["agreed"],
        (Method.request, "TENTATIVE"): notices.PARTICIPANT_CHANGES["proposed"],
        (Method.cancel, "CANCELLED"): off,
    }.get((method, booking.day.shown_as), N_("You no longer take part"))
    return News(subject=booking.hearing, text=text, method=method, booking=booking)


def _worded(news: Sequence[News]) -> list[News]:
    """The news of several days with one sentence for those of the same kind, which stand together."""
    texts = [each.text for each in news]
    plural = {DAY_OFF: DAYS_OFF} if texts.count(DAY_OFF) > 1 else {}
    worded = [replace(each, text=plural.get(each.text, each.text)) for each in news]
    return sorted(worded, key=lambda each: texts.index(each.text) if each.text in texts else texts.index(DAY_OFF))


async def unfollowed(db: AsyncSession, hearing_id: str) -> bool:
    """Whether a change of status of a hearing is still to be followed. Locks the hearing.

    Following it settles the hearing, and sends those who get an invitation no second mail.
    """
    await get(db, Hearing, hearing_id, lock=True)
    query = select(UnfollowedChange.id).join(StatusChange, col(StatusChange.id) == col(UnfollowedChange.id))
    query = query.where(StatusChange.subject == "hearing", StatusChange.subject_id == hearing_id)
    return (await db.exec(query.limit(1))).first() is not None


async def unsettled(db: AsyncSession, *, now: datetime, limit: int = 500) -> Sequence[str]:
    """Ids of hearings to be settled, soonest first: those to come, and those begun with days left."""
    later = select(HearingDay.hearing_id).where(col(HearingDay.starts_at) > now)
    coming = and_(col(Hearing.starts_at) > now, col(Hearing.status).in_([*INVITES, H.countered, H.proposed]))
    begun = and_(col(Hearing.status).in_([H.part_heard, H.concluded, H.aborted]), col(Hearing.id).in_(later))
    query = select(Hearing.id).where(or_(coming, begun)).order_by(col(Hearing.starts_at)).limit(limit)
    return (await db.exec(query)).all()
