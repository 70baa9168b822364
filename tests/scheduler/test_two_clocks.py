"""Two real processes on one database, one of them killed at random moments: every effect is there exactly once."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.moves import born
from scheduler.due import Rows, due
from tests.support.databases import UPGRADED, Server
from tests.support.rows import make_hearing, make_request

SCRIPT = Path(__file__).parent / "two_clocks.py"


@pytest.fixture(scope="module")
def starter() -> Iterator["subprocess.Popen[bytes]"]:
    """What the clocks are started by, everything imported."""
    found = subprocess.Popen([sys.executable, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield found
    found.communicate()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    server: Server = request.getfixturevalue(f"{request.param}_server")
    with server.at(UPGRADED) as found:
        yield found


async def prepare(database: Database) -> set[str]:
    """Hearings that begin in half an hour, each with a change to follow; the keys of everything that is due."""
    now = datetime.now(UTC)
    request, start = make_request(), now + timedelta(minutes=20)
    hearings = [
        make_hearing(request.id, ref=f"AAAA-{number:04d}", starts_at=start, ends_at=start + timedelta(hours=1))
        for number in range(20)
    ]
    async with database.transaction() as db:
        await (await db.connection()).execute(text("CREATE TABLE effect (what VARCHAR(200))"))
        db.add(request)
        await db.flush()
        db.add_all(hearings)
        await db.flush()
        changes = [
            born(db, hearing, hearing.status, actor=SYSTEM, now=now + timedelta(microseconds=number))
            for number, hearing in enumerate(hearings)
        ]  # each an act of its own
    late = [one for one in due(now, Rows(hearings=hearings)) if one.kind in ("reminder_hour", "opening")]
    # What is near its end of use may go either way while the clocks are off by minutes.
    return {one.key for one in late} | {f"change:{change.id}" for change in changes}


class Clocks:
    """Two processes; whichever is killed is followed by another."""

    def __init__(self, starter: "subprocess.Popen[bytes]", url: str, how: str) -> None:
        self.starter, self.line = starter, f"{url} {how}\n".encode()
        self.running = [self.start(), self.start()]

    def start(self) -> int:
        assert self.starter.stdin and self.starter.stdout
        self.starter.stdin.write(self.line)
        self.starter.stdin.flush()
        return int(self.starter.stdout.readline())

    def kill(self, which: int) -> None:
        os.kill(self.running[which], signal.SIGKILL)
        self.running[which] = self.start()

    def end(self) -> None:
        for process in self.running:
            os.kill(process, signal.SIGKILL)


async def left(database: Database, keys: set[str]) -> int:
    async with database.reading() as db:
        connection = await db.connection()
        found = set((await connection.execute(text("SELECT what FROM effect"))).scalars())
    return len(keys - found)


@pytest.mark.parametrize(("how", "seed"), [("election", 1), ("always", 2)])
async def test_every_effect_happens_exactly_once_whoever_is_killed(starter: Any, url: str, how: str, seed: int) -> None:
    dice = random.Random(seed)
    database = Database(url)
    keys = await prepare(database)
    clocks = Clocks(starter, url, how)
    try:
        deadline = time.monotonic() + 40
        for _ in range(6):
            await asyncio.sleep(dice.uniform(0.05, 0.4))
            clocks.kill(dice.randrange(2))
        while await left(database, keys):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)  # whoever would do something twice may
    finally:
        clocks.end()
    async with database.reading() as db:
        connection = await db.connection()
        effects = Counter((await connection.execute(text("SELECT what FROM effect"))).scalars())
        claimed = set((await connection.execute(text("SELECT key FROM claim WHERE outcome = 'done'"))).scalars())
        unfollowed = (await connection.execute(text("SELECT count(*) FROM unfollowed_change"))).scalar()
    await database.close()
    assert {what: count for what, count in effects.items() if count != 1} == {}
    assert keys <= set(effects)
    # The effect and its claim came together.
    assert {what for what in effects if not what.startswith("change:")} <= claimed
    assert unfollowed == 0
