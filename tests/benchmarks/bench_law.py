"""Evaluating every legal basis for one request, against a warm select by id; at most 20 times as long.

Run by hand: `.venv/bin/python -m tests.benchmarks.bench_law`. A witness and an accused person, over all pairs of five
States; the figure is the median of all evaluations, the ratio is within this run.
"""

import asyncio
import itertools
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta

from sqlmodel import select

from hearings.clocks import tzdb_version
from hearings.db import Database
from hearings.law import legal_bases
from hearings.law.answer import Ask
from hearings.models import Hearing, HearingRequest
from hearings.models.request import Capacity

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
STATES = ("RO", "TH", "FR", "IT", "JP")
SELECTS = 20


async def main() -> None:
    """One hearing, many selects and evaluations in turns."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/bench.db")
        await database.upgrade()
        sides = {"owner_state": "RO", "requesting_state": "RO", "requested_state": "TH", "created_by": "bench"}
        request = HearingRequest(**sides, reference="RO-2026-0001", created_at=NOW)
        hearing = Hearing(
            **sides,
            ref="B0000001",
            request_id=request.id,
            starts_at=NOW,
            ends_at=NOW + timedelta(hours=1),
            wall_start="2026-12-02T08:00:00",
            wall_zone="Europe/Bucharest",
            requesting_zone="Europe/Bucharest",
            requesting_city="A",
            requested_zone="Asia/Bangkok",
            requested_city="B",
            tzdb_version=tzdb_version(),
            language_requesting="ro",
            language_requested="th",
            created_at=NOW,
        )
        async with database.transaction() as db:
            db.add(request)
            await db.flush()
            db.add(hearing)
        selecting, evaluating = [], []
        async with database.reading() as db:
            for turn, (one, other) in enumerate([*itertools.permutations(STATES, 2)] * 10):
                db.expunge_all()
                began = time.perf_counter()
                (await db.exec(select(Hearing).where(Hearing.id == hearing.id))).one()
                between = time.perf_counter()
                capacity = (Capacity.witness, Capacity.accused)[turn % 2]
                legal_bases.evaluate(Ask(requesting_state=one, requested_state=other, on=NOW.date(), capacity=capacity))
                if turn >= 10:
                    selecting.append((between - began) * 1000)
                    evaluating.append((time.perf_counter() - between) * 1000)
        await database.close()
    select_ms, law_ms = statistics.median(selecting), statistics.median(evaluating)
    print(
        f"select by id {select_ms:.3f} ms, all bases {law_ms:.3f} ms: "
        f"{law_ms / select_ms:.1f} selects (at most {SELECTS})"
    )
    raise SystemExit(0 if law_ms <= SELECTS * select_ms else "the ratio does not hold")


if __name__ == "__main__":
    asyncio.run(main())
