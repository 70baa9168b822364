"""Whatever is done about a hearing of three days: nobody gets more than one mail about it, with all of its days."""

import base64
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import icalendar
import pytest
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.db import Database
from hearings.hearing import adjournments, days as hearing_days, hearing as diary
from hearings.models import Hearing, HearingRequest, OutboxMessage
from hearings.models.hearing import RecordingPolicy
from hearings.requests import requests
from hearings.times import queries as diary_queries
from hearings.times.wall_times import WallTime, fix
from scheduler import following
from scheduler.environment import World
from tests.support.court import NOW, STAGES, Court
from tests.support.databases import Sqlite

DAY = timedelta(days=1)
ZONES, STATES = ("Europe/Bucharest", "Asia/Bangkok"), ("RO", "TH")


@pytest.fixture
async def short(sqlite_server: Sqlite) -> AsyncIterator[Court]:
    """A hearing of one day that is ready."""
    with sqlite_server.at(STAGES["ready"]) as url:
        database = Database(url)
        yield await Court.load(database)
        await database.close()


@pytest.fixture
async def court(sqlite_server: Sqlite) -> AsyncIterator[Court]:
    """A hearing of three days that both States have to sign anew."""
    with sqlite_server.at(STAGES["ready"]) as url:
        database = Database(url)
        made = await Court.load(database)
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, made.hearing.id)
            more = [fix(wall(day), zones=ZONES, states=STATES, now=NOW) for day in (3, 4)]
            await hearing_days.plan(db, hearing=hearing, times=more)
        yield made
        await database.close()


def wall(day: int) -> WallTime:
    return WallTime(
        wall_start=datetime(2026, 12, day, 9, 0),  # noqa: DTZ001  a wall time
        wall_zone=ZONES[0],
        duration=timedelta(hours=2),
        fold=None,
    )


Act = Callable[[Court, AsyncSession, Hearing, datetime], Awaitable[object]]


async def postpone(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await adjournments.postpone(db, hearing=hearing, to=wall(9), reason="No room", actor=court.staff("clerk"), now=now)


async def counter(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await adjournments.postpone(
        db, hearing=hearing, to=wall(14), reason="No room", actor=court.staff("authority"), now=now
    )


async def _sign(court: Court, db: AsyncSession, hearing: Hearing, who: str, now: datetime) -> None:
    offers = await diary_queries.offers_of(db, hearing.id, open_only=True)
    await diary.sign(db, hearing=hearing, offer=offers[0] if offers else None, actor=court.staff(who), now=now)


async def clerk_signs(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await _sign(court, db, hearing, "clerk", now)


async def authority_signs(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await _sign(court, db, hearing, "authority", now)


async def other_terms(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await diary.change_terms(
        db,
        hearing=hearing,
        recording_policy=RecordingPolicy.sound_only,
        reason="By order",
        actor=court.staff("clerk"),
        now=now,
    )


async def cancel(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await diary.cancel(db, hearing=hearing, reason="Not needed", actor=court.staff("clerk"), now=now)


async def close(court: Court, db: AsyncSession, hearing: Hearing, now: datetime) -> None:
    await cancel(court, db, hearing, now)
    request = await queries.get(db, HearingRequest, hearing.request_id, lock=True)
    await requests.close(db, request=request, reason="Not needed", actor=court.staff("clerk"), now=now)


AGREED: tuple[Act, ...] = (postpone, authority_signs, clerk_signs)
COURSES: dict[str, tuple[Act, ...]] = {
    "postponed by the requesting State": AGREED,
    "postponed by the requested State": (*AGREED, counter, clerk_signs, authority_signs),
    "on other terms": (*AGREED, other_terms, authority_signs, clerk_signs),
    "cancelled": (*AGREED, cancel),
    "cancelled while offered": (postpone, cancel),
    "closed with its hearing": (*AGREED, close),
}


async def mails(database: Database) -> list[OutboxMessage]:
    async with database.reading() as db:
        return list((await db.exec(select(OutboxMessage).order_by(OutboxMessage.id))).all())


def once(made: list[OutboxMessage]) -> None:
    counted = Counter(message.address for message in made)
    assert set(counted.values()) <= {1}, sorted((one.address, one.payload["subject"]) for one in made)


@pytest.mark.parametrize("course", COURSES)
async def test_nobody_gets_more_than_one_mail_for_an_act_on_a_hearing_of_three_days(court: Court, course: str) -> None:
    at = NOW
    world = World(database=court.database, origin="https://court.example", clock=lambda: at)
    await following.follow(world)
    for act in COURSES[course]:
        at += timedelta(minutes=1)
        before = len(await mails(court.database))
        async with court.database.transaction() as db:
            await act(court, db, await queries.get(db, Hearing, court.hearing.id, lock=True), at)
        await following.follow(world)
        once((await mails(court.database))[before:])


async def test_the_end_of_a_hearing_and_its_sealed_recording_are_one_mail(short: Court) -> None:
    at = NOW
    world = World(database=short.database, origin="https://court.example", clock=lambda: at)
    await following.follow(world)
    at = short.hearing.starts_at
    await short.begin(at)
    await following.follow(world)
    before = len(await mails(short.database))
    await short.end(at)
    await following.follow(world)
    made = (await mails(short.database))[before:]
    assert {one.payload["subject"].partition(": ")[2] for one in made} == {"the hearing is concluded"}
    assert all("The recording is sealed." in one.payload["text"] for one in made)
    once(made)


async def test_an_agreed_hearing_of_three_days_postponed_once_is_at_most_three_mails_for_each_person(
    court: Court,
) -> None:
    at = NOW
    world = World(database=court.database, origin="https://court.example", clock=lambda: at)
    await following.follow(world)
    for act in AGREED:
        at += timedelta(minutes=1)
        async with court.database.transaction() as db:
            await act(court, db, await queries.get(db, Hearing, court.hearing.id, lock=True), at)
        await following.follow(world)
    made = await mails(court.database)
    counted = Counter(message.address for message in made)
    assert max(counted.values()) <= 3 + 1, counted  # one for what was agreed before, and one for each act
    files = [each["content"] for each in made[-1].payload["calendars"]]
    events = [event for file in files for event in icalendar.Calendar.from_ical(base64.b64decode(file)).walk("VEVENT")]
    assert [(event["DTSTART"].dt.day, event["DTSTART"].dt.hour, int(event["SEQUENCE"])) for event in events] == [
        *((day, 9, 2) for day in (9, 10, 11))
    ]
    assert all(made[-1].payload["text"].count(f"day {number}\n") == 1 for number in (1, 2, 3))
