"""Invitations: calendars follow a hearing, day by day. What they were last told of a day is a row; what has changed
since is sent to them.

Nothing is computed from events: each day as it is now is compared with what was last told, so it does not matter how
it came to change, nor how often the comparison is made.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.minutes.phrases import N_
from hearings.models import CalendarEntry, Hearing, HearingDay, OutboxMessage, Person
from hearings.models.outbox import OutboxKind
from hearings.outward import calendar_files, notices, outbox
from hearings.outward.calendar_files import SHOWN_AS, Booking, Day, Method
from hearings.outward.mail_words import Say, english
from hearings.queries import get
from hearings.status import HearingStatus
from hearings.times.queries import days_of

H = HearingStatus
INVITES = frozenset({H.agreed, H.ready})
"""A hearing is put into calendars once its time is agreed."""
REPLACED = N_("Each day has an entry of its own now, in place of this one")


def digest(hearing: Hearing, day: Day) -> str:
    """Names what a calendar shows of a day: another digest is another SEQUENCE."""
    shown = [
        day.starts_at.isoformat(),
        day.ends_at.isoformat(),
        day.wall_zone,
        hearing.requesting_zone,
        hearing.requested_zone,
        hearing.requesting_city,
        hearing.requested_city,
        day.shown_as,
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


async def entries_of(db: AsyncSession, hearing_id: str, *, lock: bool = False) -> dict[int, CalendarEntry]:
    """What calendars were last told of the days of a hearing, by number."""
    query = select(CalendarEntry).where(CalendarEntry.hearing_id == hearing_id)
    query = query.execution_options(populate_existing=True)
    return {one.day: one for one in (await db.exec(query.with_for_update() if lock else query)).all()}


async def settle(
    db: AsyncSession, *, hearing_id: str, origin: str, organiser: str, say: Say = english, now: datetime
) -> list[OutboxMessage]:
    """Tell calendars what they do not know yet of a hearing. Locks the hearing.

    Effects, in order, for each day still to be held or fallen away: the entry with its SEQUENCE, risen when the day
    shows otherwise than last told; invitations or updates to everybody then, else to those who are new; cancellations
    to those who no longer take part, and to everybody when the day is off. Nothing before the time has been agreed,
    nor of a day that has begun, but where calendars show it at the time of another day: then it is taken back, once.
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
    made: list[OutboxMessage] = []
    days = calendar_files.days(hearing, await days_of(db, hearing.id))
    for day in days:
        entry = entries.get(day.number)
        if entry is not None and day.past and _shows_another(hearing, day, entry, days):
            made += await _take_back(db, hearing, day, entry, origin, organiser, say, now)
        if not day.past and (entry is not None or (hearing.status in INVITES and not day.off)):
            made += await _settle_day(db, hearing, day, entry, people, origin, organiser, say, now)
    return made


async def _settle_day(
    db: AsyncSession,
    hearing: Hearing,
    day: Day,
    entry: CalendarEntry | None,
    people: Mapping[str, Person],
    origin: str,
    organiser: str,
    say: Say,
    now: datetime,
) -> list[OutboxMessage]:
    now_shown = digest(hearing, day)
    if entry is None:
        entry = CalendarEntry(
            owner_state=hearing.owner_state, hearing_id=hearing.id, day=day.number, digest=now_shown, changed_at=now
        )
    known = list(entry.people)
    changed = not known or entry.digest != now_shown
    if day.off and not changed:
        return []
    gone = [one for one in known if day.off or one not in people]
    told = [] if day.off else [one for one in people if changed or one not in known]
    if not told and not gone:
        return []
    if entry.digest != now_shown:
        entry.sequence += 1
        entry.digest = now_shown
    entry.changed_at = now
    # Those of a day that is off stay in the entry: whoever comes to be told next has been told before.
    entry.people = known if day.off else sorted(people)
    db.add(entry)
    booking = Booking(hearing=hearing, day=day, sequence=entry.sequence, changed_at=now, origin=origin, say=say)
    left = {person.id: person for person in await _people(db, [one for one in gone if one not in people])}
    made = [await _send(db, booking, Method.request, people[one], organiser, now) for one in told]
    for one in gone:
        if (person := people.get(one) or left.get(one)) is not None:
            made.append(await _send(db, booking, Method.cancel, person, organiser, now))
    return made


def _shows_another(hearing: Hearing, day: Day, entry: CalendarEntry, days: Sequence[Day]) -> bool:
    """Whether calendars have the event of a day that is over at the time of one that is not.

    Until each day was an event of its own, the one event of a hearing moved to its next day, which has its own now.
    """
    others = [other for other in days if other.number != day.number and not other.past]
    shown = {digest(hearing, replace(other, shown_as=each)) for other in others for each in SHOWN_AS.values()}
    return bool(entry.people) and entry.digest in shown


async def _take_back(
    db: AsyncSession,
    hearing: Hearing,
    day: Day,
    entry: CalendarEntry,
    origin: str,
    organiser: str,
    say: Say,
    now: datetime,
) -> list[OutboxMessage]:
    """Effects: a cancellation to everybody who was told; the entry knows nobody, and shows the day as it was."""
    known = await _people(db, entry.people)
    entry.sequence, entry.digest, entry.people, entry.changed_at = entry.sequence + 1, digest(hearing, day), [], now
    db.add(entry)
    booking = Booking(hearing=hearing, day=day, sequence=entry.sequence, changed_at=now, origin=origin, say=say)
    return [await _send(db, booking, Method.cancel, person, organiser, now, REPLACED) for person in known]


async def _people(db: AsyncSession, ids: Sequence[str]) -> Sequence[Person]:
    return (await db.exec(select(Person).where(col(Person.id).in_(ids)))).all() if ids else []


async def _send(
    db: AsyncSession,
    booking: Booking,
    method: Method,
    person: Person,
    organiser: str,
    now: datetime,
    text: str = "",
) -> OutboxMessage:
    """`text` says what has happened where the table below does not."""
    hearing, day = booking.hearing, booking.day
    said = text or {
        (Method.request, "CONFIRMED"): N_("The time has been agreed"),
        (Method.request, "TENTATIVE"): N_("The time is being discussed again"),
        (Method.cancel, "CANCELLED"): N_("This day is off") if day.several else N_("The hearing is off"),
    }.get((method, day.shown_as), N_("You no longer take part"))
    booking = replace(booking, lang=person.language or "en")
    file = calendar_files.invitation(booking, method=method, organiser=organiser, attendee=person.email)
    payload = notices.mail(hearing, said, booking.origin, to=person, say=booking.say, day=day if day.several else None)
    payload |= {"calendar": b64encode(file).decode(), "method": method.value}
    return await outbox.put(
        db,
        kind=OutboxKind.mail,
        to=person.email,
        payload=payload,
        about=hearing.ref,
        owner_state=person.owner_state,
        now=now,
        key=f"calendar:{hearing.id}:{day.number}:{booking.sequence}:{method.value}:{person.id}:{_turn(now)}",
        expires_at=max(day.ends_at, now + timedelta(days=1)),
    )


def _turn(now: datetime) -> str:
    """Somebody may be added, removed and added again while the hearing stays as it is: three messages."""
    return str(int(now.timestamp() * 1000))


async def unsettled(db: AsyncSession, *, now: datetime, limit: int = 500) -> Sequence[str]:
    """Ids of hearings that are still to come, or have begun and were to go on, soonest first: each is to be settled."""
    later = select(HearingDay.hearing_id).where(col(HearingDay.starts_at) > now)
    coming = and_(col(Hearing.starts_at) > now, col(Hearing.status).in_([*INVITES, H.countered, H.proposed]))
    begun = and_(col(Hearing.status).in_([H.part_heard, H.concluded, H.aborted]), col(Hearing.id).in_(later))
    query = select(Hearing.id).where(or_(coming, begun)).order_by(col(Hearing.starts_at)).limit(limit)
    return (await db.exec(query)).all()
