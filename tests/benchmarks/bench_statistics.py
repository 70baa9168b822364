"""The statistics of a State as of a past day over 10,000 requests, against one plain select over the same log.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_statistics [--requests 10000]`. All requests are between two
States, so that every one of them counts, with histories made at random. The select reads the changes of status, from
which most of the figures come, as rows of columns. Ratios within one run, on SQLite:

    reading the past and counting every measure of both sides     at most 15 selects
    of that, what runs while the database is read                 at most 10 selects
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.db import Database
from hearings.models import StatusChange
from hearings.statistics import counting
from tests.support.random_past import kept, random_past

NOW = datetime(2028, 1, 10, 9, tzinfo=UTC)
RUNS = 5
ALL, READ = 15, 10


async def main(requests: int) -> None:
    """Selects, reading and counting in turns; the medians are compared."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/bench.db")
        await database.upgrade()
        await kept(database, random_past(1, requests, ("RO", "TH")))
        actor = Actor(id="a", label="a", state="RO", functions=frozenset({"authority"}))
        asked = counting.asked(state="RO", now=NOW, since=date(2025, 1, 1), as_of=date(2027, 6, 30))
        columns = [getattr(StatusChange, name) for name in StatusChange.model_fields]
        plain, reading, counted, figures = [], [], [], 0
        for _run in range(RUNS):
            began = time.perf_counter()
            await database.look(lambda db: _select(db, columns))
            plain.append(time.perf_counter() - began)
            began = time.perf_counter()
            past = await database.look(lambda db: counting.read(db, asked=asked, actor=actor, now=NOW))
            reading.append(time.perf_counter() - began)
            figures = len(list(counting.own(past, asked)))
            counted.append(time.perf_counter() - began)
        await database.close()
    one, read, whole = (statistics.median(times) for times in (plain, reading, counted))
    print(
        f"{requests} requests, {figures} figures: select {one:.2f} s, read {read:.2f} s = {read / one:.1f} selects "
        f"(at most {READ}), with counting {whole:.2f} s = {whole / one:.1f} selects (at most {ALL})"
    )
    raise SystemExit(0 if whole <= ALL * one and read <= READ * one else "the ratio does not hold")


async def _select(db: AsyncSession, columns: list[Any]) -> Any:
    return (await db.exec(select(*columns))).all()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().requests))
