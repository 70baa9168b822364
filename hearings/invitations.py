"""Invitations: calendars follow a hearing. What they were last told is a row; what has changed since is sent to them.

Nothing is computed from events: the hearing as it is now is compared with what was last told, so it does not matter how
it came to change, nor how often the comparison is made.
"""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import calendar_files, notices, outbox
from hearings.calendar_files import Booking, Method
from hearings.models import CalendarEntry, Hearing, OutboxMessage, Person
from hearings.models.outbox import OutboxKind
from hearings.queries import get
from hearings.status import HearingStatus

H = HearingStatus
INVITES = frozenset({H.agreed, H.ready})
"""A hearing is put into calendars once its time is agreed."""
OVER = frozenset({H.cancelled, H.aborted})
_FINISHED = frozenset({H.in_progress, H.concluded})
"""Nothing changes in calendars any more."""


def digest(hearing: Hearing) -> str:
    """Names what a calendar shows of a hearing: another digest is another SEQUENCE."""
    shown = [
        hearing.starts_at.isoformat(),
        hearing.ends_at.isoformat(),
        hearing.wall_zone,
        hearing.requesting_zone,
        hearing.requested_zone,
        hearing.requesting_city,
        hearing.requested_city,
        calendar_files.SHOWN_AS[hearing.status],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


async def entry_of(db: AsyncSession, hearing_id: str, *, lock: bool = False) -> CalendarEntry | None:
    """What calendars were last told of a hearing."""
    query = select(CalendarEntry).where(CalendarEntry.hearing_id == hearing_id)
    query = query.execution_options(populate_existing=True)
    return (await db.exec(query.with_for_update() if lock else query)).first()


async def settle(
    db: AsyncSession, *, hearing_id: str, origin: str, organiser: str, now: datetime
) -> list[OutboxMessage]:
    """Tell calendars what they do not know yet of a hearing. Locks the hearing.

    Effects, in order: the entry with its SEQUENCE, risen when the hearing shows otherwise than last told; invitations
    or updates to everybody then, else to those who are new; cancellations to those who no longer take part, and to
    everybody when the hearing is off. Nothing before the time has been agreed.
    """
    hearing = await get(db, Hearing, hearing_id, lock=True)
    entry = await entry_of(db, hearing.id, lock=True)
    if hearing.status in _FINISHED or (entry is None and hearing.status not in INVITES):
        return []
    people = {
        person.id: person
        for state in (hearing.requesting_state, hearing.requested_state)
        for person in await notices.concerned(db, hearing, state)
    }
    known = list(entry.people) if entry else []
    now_shown = digest(hearing)
    if entry is None:
        entry = CalendarEntry(owner_state=hearing.owner_state, hearing_id=hearing.id, digest=now_shown, changed_at=now)
    changed = not known or entry.digest != now_shown
    gone = [one for one in known if hearing.status in OVER or one not in people]
    told = [] if hearing.status in OVER else [one for one in people if changed or one not in known]
    if hearing.status in OVER and not changed:
        return []
    if not told and not gone:
        return []
    if entry.digest != now_shown:
        entry.sequence += 1
        entry.digest = now_shown
    entry.changed_at = now
    # Those of a hearing that is off stay in the entry: whoever comes to be told next has been told before.
    entry.people = known if hearing.status in OVER else sorted(people)
    db.add(entry)
    booking = Booking(hearing=hearing, sequence=entry.sequence, changed_at=now, origin=origin)
    left = {person.id: person for person in await _people(db, [one for one in gone if one not in people])}
    made = [await _send(db, booking, Method.request, people[one], organiser, now) for one in told]
    for one in gone:
        if (person := people.get(one) or left.get(one)) is not None:
            made.append(await _send(db, booking, Method.cancel, person, organiser, now))
    return made


async def _people(db: AsyncSession, ids: Sequence[str]) -> Sequence[Person]:
    return (await db.exec(select(Person).where(col(Person.id).in_(ids)))).all() if ids else []


async def _send(
    db: AsyncSession, booking: Booking, method: Method, person: Person, organiser: str, now: datetime
) -> OutboxMessage:
    hearing = booking.hearing
    said = {
        (Method.request, "CONFIRMED"): "The time has been agreed",
        (Method.request, "TENTATIVE"): "The time is being discussed again",
        (Method.cancel, "CANCELLED"): "The hearing is off",
    }.get((method, calendar_files.SHOWN_AS[hearing.status]), "You no longer take part")
    file = calendar_files.invitation(booking, method=method, organiser=organiser, attendee=person.email)
    payload = notices.mail(hearing, said, booking.origin)
    payload |= {"calendar": b64encode(file).decode(), "method": method.value}
    return await outbox.put(
        db,
        kind=OutboxKind.mail,
        to=person.email,
        payload=payload,
        about=hearing.ref,
        owner_state=person.owner_state,
        now=now,
        key=f"calendar:{hearing.id}:{booking.sequence}:{method.value}:{person.id}:{_turn(now)}",
        expires_at=max(hearing.ends_at, now + timedelta(days=1)),
    )


def _turn(now: datetime) -> str:
    """Somebody may be added, removed and added again while the hearing stays as it is: three messages."""
    return str(int(now.timestamp() * 1000))


async def unsettled(db: AsyncSession, *, now: datetime, limit: int = 500) -> Sequence[str]:
    """Ids of hearings that are still to come, soonest first: each is to be settled."""
    query = (
        select(Hearing.id)
        .where(col(Hearing.starts_at) > now, col(Hearing.status).in_([*INVITES, H.countered, H.proposed]))
        .order_by(col(Hearing.starts_at))
        .limit(limit)
    )
    return (await db.exec(query)).all()
