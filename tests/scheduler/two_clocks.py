"""Clocks on one database, for tests/scheduler/test_two_clocks.py.

For every line `URL HOW` it starts one more clock, a process of its own, and prints its number; importing once, it can
start many. The effect of a clock is a row in a table without any unique key: what happened twice is there twice.
"""

import asyncio
import os
import random
import signal
import sys
from datetime import timedelta
from typing import Any

import apscheduler.schedulers.asyncio  # type: ignore[import-untyped]  # noqa: F401  loaded once, before forking
from sqlalchemy import text

from hearings.db import Database
from hearings.models import StatusChange
from hearings.outward import invitations, notices
from scheduler import delivery, following, jobs  # noqa: F401
from scheduler.due import Kind
from scheduler.election import election
from scheduler.environment import World
from scheduler.runner import Clock, Pace

PACE = Pace(first=0, tick=0.05, follow=0.05, deliver=60, audit=60, candidate=0.1, beat=0.1)


class Always:
    """A candidate that wins whatever the others do: claims must hold without an election."""

    async def win(self) -> bool:
        return True

    async def holds(self) -> bool:
        return True

    async def resign(self) -> None:
        pass


async def effect(db: Any, what: str) -> None:
    await (await db.connection()).execute(text("INSERT INTO effect VALUES (:what)"), {"what": what})
    await asyncio.sleep(random.uniform(0, 0.01))


async def notice(_world: World, db: Any, action: Any, _now: Any, _prepared: Any) -> None:
    await effect(db, action.key)


async def readers(db: Any, change: StatusChange) -> tuple[None, str, tuple[()]]:
    await effect(db, f"change:{change.id}")
    return None, "", ()


async def updates(db: Any, **_: Any) -> list[Any]:
    return []


async def main(url: str, how: str) -> None:
    jobs.HANDLERS = {**jobs.HANDLERS, **{kind: notice for kind in Kind if kind not in jobs.HANDLERS}}
    jobs.PREPARE = {}
    vars(notices)["readers"] = readers
    vars(invitations)["updates"] = updates
    database = Database(url)
    world = World(database=database, origin="https://court.example")
    # A clock that is set back and forth by some minutes all the time.
    start = world.clock
    world = World(
        database=database, origin=world.origin, clock=lambda: start() + timedelta(seconds=random.uniform(-300, 0))
    )
    clock = Clock(world, PACE, candidate=Always() if how == "always" else election(database))
    clock.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # whoever is killed is gone at once
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            random.seed()
            asyncio.run(main(*line.split()))
        print(child, flush=True)
