"""The room is told within 20 s that the second copy of its recording is lost, and when it is back: with a real
recorder, and the clock's job over its folder."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hearings import queries
from hearings.roles import Role
from media import messages
from media.evidence.archive.folder_store import MARK
from scheduler.environment import World
from scheduler.second_target import SecondTarget
from tests.web.live.test_recording_side import Web, web
from web.live import conductor
from web.live.conductor import Conductor
from web.live.scene import Scene

__all__ = ["web"]


@dataclass
class Watcher:
    """A page of one participant, and what it was told when."""

    participant_id: str
    locale: str = "en"
    said: list[tuple[str, float]] = field(default_factory=list)

    def send(self, message: messages.Message) -> None:
        if isinstance(message, messages.Notice) and message.code.startswith("second_copy"):
            self.said.append((message.code, time.monotonic()))


async def clock(job: SecondTarget, world: World) -> None:
    while True:
        await job.follow(world)
        await asyncio.sleep(2)


@pytest.mark.parametrize("cause", ["the disk is away", "the clock stands still"])
async def test_a_lost_second_copy_is_told_to_who_conducts_and_is_in_the_log(
    web: Web,
    tmp_path: Path,
    cause: str,
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (second / MARK).touch()
    side = await web.begin()
    await web.until(lambda: side.open and web.entries())
    assert side.recorder._process is not None
    recorder = side.recorder._process.pid
    async with web.room.reading() as (_db, rows):
        people = {person.role: person for person in rows.participants}
        web.room.scene = Scene(rows, side.facts, generation=1, media_up=True)
    judge, witness = Watcher(people[Role.presiding_judge].id), Watcher(people[Role.witness].id)
    for page in (judge, witness):
        web.room.connections[page.participant_id] = page  # type: ignore[assignment]
    world = World(database=web.court.database, origin="https://court.example", clock=lambda: datetime.now(UTC))
    job = SecondTarget(tmp_path / "recordings", second)
    runs = asyncio.create_task(clock(job, world))
    place: Any = SimpleNamespace(room=web.room, recording=side)
    watch = asyncio.create_task(Conductor._watch_second_copy(place, tmp_path / "recordings"))
    try:
        await asyncio.sleep(5)
        assert judge.said == []
        lost = time.monotonic()
        if cause == "the disk is away":
            (second / MARK).unlink()
        else:
            runs.cancel()
        await web.until(lambda: judge.said)
        assert judge.said[0][0] == "second_copy_lost" and judge.said[0][1] - lost < 20
        assert side.open and side.recorder._process is not None and side.recorder._process.pid == recorder
        (second / MARK).touch()
        runs = asyncio.create_task(clock(job, world)) if runs.done() else runs
        await web.until(lambda: len(judge.said) == 2)
    finally:
        for task in (runs, watch):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
    assert [code for code, _at in judge.said] == ["second_copy_lost", "second_copy_back"]
    assert witness.said == []
    async with web.court.database.reading() as db:
        kinds = [event.kind for event in await queries.events(db, web.court.hearing.id)]
    assert [kind for kind in kinds if kind.startswith("second_copy")] == ["second_copy_lost", "second_copy_back"]
    (copy,) = [path for path in second.iterdir() if path.is_dir()]
    original = tmp_path / "recordings" / copy.name
    journal = (copy / "journal.jsonl").read_bytes()
    assert journal and (original / "journal.jsonl").read_bytes().startswith(journal)


def test_it_is_looked_at_often_enough_to_be_told_within_20_seconds() -> None:
    assert conductor.SECOND_COPY_SECONDS + conductor.SECOND_COPY_LATE < 18
