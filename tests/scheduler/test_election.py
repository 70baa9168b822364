"""The election: one at a time, again after a kill, and a leader that notices that it is one no more."""

import asyncio
import logging
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearings.db import Database
from scheduler import runner
from scheduler.election import FileElection, election
from scheduler.environment import World
from scheduler.runner import Clock, Pace

HOLD = """
import asyncio, pathlib, time
from scheduler.election import FileElection
one = FileElection(pathlib.Path({file!r}))
print(asyncio.run(one.win()), flush=True)
time.sleep(60)
"""


async def test_of_two_candidates_one_wins_until_it_resigns(tmp_path: Path) -> None:
    one, other = FileElection(tmp_path / "db.clock"), FileElection(tmp_path / "db.clock")
    assert (await one.win(), await other.win(), await one.win()) == (True, False, True)
    assert (await one.holds(), await other.holds()) == (True, False)
    await one.resign()
    assert (await one.holds(), await other.win()) == (False, True)
    await other.resign()


async def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    file = tmp_path / "db.clock"
    code = HOLD.format(file=str(file))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)  # noqa: ASYNC220
    assert process.stdout is not None
    assert process.stdout.readline() == b"True\n"
    mine = FileElection(file)
    assert not await mine.win()
    process.kill()
    process.communicate()
    assert await mine.win()
    await mine.resign()


async def test_a_leader_whose_file_was_replaced_is_one_no_more(tmp_path: Path) -> None:
    one = FileElection(tmp_path / "db.clock")
    await one.win()
    (tmp_path / "db.clock").unlink()
    assert not await one.holds()
    await one.resign()


async def test_the_lock_lies_beside_the_database_and_only_its_owner_reads_it(database: Database) -> None:
    mine = election(database)
    assert await mine.win()
    assert Path(f"{database.url.database}.clock").stat().st_mode & 0o777 == 0o600
    await mine.resign()


class Fickle:
    """Elected for as long as the test says."""

    def __init__(self) -> None:
        self.held, self.resigned = True, 0

    async def win(self) -> bool:
        return self.held

    async def holds(self) -> bool:
        return self.held

    async def resign(self) -> None:
        self.resigned += 1


async def until(what: Any) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def test_a_process_that_loses_the_election_stops_looking(setting: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[datetime] = []

    def now() -> datetime:
        looked.append(datetime.now(UTC))
        return setting.now

    candidate = Fickle()
    world = World(database=setting.database, origin="https://court.example", clock=now)
    pace = Pace(first=0, tick=0.05, follow=0.05, deliver=0.05, audit=0.05, candidate=0.1, beat=0.05)
    clock = Clock(world, pace, candidate=candidate)
    clock.start()
    await until(lambda: clock.elected and len(looked) > 5)
    candidate.held = False
    await until(lambda: not clock.elected and candidate.resigned)
    seen = len(looked)
    await asyncio.sleep(0.3)
    assert len(looked) == seen
    candidate.held = True
    await until(lambda: clock.elected and len(looked) > seen)
    await clock.stop()
    assert not clock.elected
    before = len(looked)
    await asyncio.sleep(0.15)
    assert len(looked) == before


async def test_stopping_before_the_first_look_leaves_nothing_behind(setting: Any) -> None:
    before = asyncio.all_tasks()
    clock = Clock(setting.world)
    clock.start()
    await asyncio.sleep(0)
    await clock.stop()
    await clock.stop()
    assert not clock.elected
    assert asyncio.all_tasks() == before


async def test_a_job_that_fails_is_logged_and_comes_again(
    setting: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    count = 0

    async def bad(_world: World) -> None:
        nonlocal count
        count += 1
        raise ZeroDivisionError

    clock = Clock(setting.world, Pace(first=0, beat=0.05), candidate=Fickle())
    monkeypatch.setattr(clock, "_jobs", lambda: {"bad": (bad, 0.05)})
    with caplog.at_level(logging.ERROR):
        clock.start()
        await until(lambda: count > 2)
        await clock.stop()
    assert "a job of the clock of the docket failed" in caplog.text


@pytest.mark.parametrize("name", ["docket", "sandbox"])
async def test_the_log_says_of_which_database_a_process_is_the_clock(
    setting: Any, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    clock = Clock(replace(setting.world, name=name), Pace(first=0, beat=0.05), candidate=Fickle())
    with caplog.at_level(logging.INFO, "vivavoce.scheduler.runner"):
        clock.start()
        await until(lambda: clock.elected)
        await clock.stop()
    assert f"this process is the clock of the {name}" in caplog.text


async def test_after_the_wall_clock_was_set_everything_is_looked_at_now() -> None:
    timer = await asyncio.to_thread(runner._timer)
    ran = asyncio.Event()

    async def job() -> None:
        ran.set()

    timer.add_job(job, "interval", seconds=3600, next_run_time=datetime.now(UTC) + timedelta(hours=1))
    timer.start()
    runner.look_now(timer)
    assert await asyncio.wait_for(ran.wait(), 20)
    timer.shutdown(wait=False)


def test_the_clock_costs_nothing_before_it_is_elected() -> None:
    code = (
        "import sys, web.app, web.clock, web.cli; "
        "print(sorted({'apscheduler', 'aiosmtplib', 'httpx', 'icalendar'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
