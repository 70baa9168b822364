"""A recording that goes on is copied to a second disk; a copy that cannot be written is said, and catches up later."""

import json
import shutil
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from media.evidence.archive.folder_store import MARK
from media.evidence.archive.second_copy import read_status
from media.evidence.log import custody, key_exchange, tlog
from scheduler.second_target import SecondTarget
from tests.scheduler.test_archiving import whole
from tests.scheduler.test_stamping import Court

__all__ = ["whole"]


class Followed:
    """A recording that a test writes line by line, and its copy."""

    def __init__(self, court: Court, tmp_path: Path) -> None:
        self.court, self.second = court, tmp_path / "second"
        self.second.mkdir()
        (self.second / MARK).touch()
        self.copy = self.second / court.name
        self.segments = sorted((court.folder / "seg").iterdir())
        for path in self.segments:
            path.rename(path.with_name(f".{path.name}"))
        self.begin()

    def begin(self) -> None:
        self.job = SecondTarget(self.court.recordings, self.second)

    def write(self, count: int | None = None) -> None:
        """Some lines, each after the file it names."""
        for line in self.court.left[:count]:
            if line["type"] in ("segment", "init"):
                path = self.court.folder / line["file"]
                path.with_name(f".{path.name}").rename(path)
        self.court.write(count)

    async def round(self) -> None:
        await self.job.follow(self.court.world)

    async def close(self) -> None:
        """Followed from its middle to its close."""
        self.write(6)
        await self.round()
        self.write()
        await self.round()
        await self.round()

    async def later(self) -> None:
        """A round, some minutes later."""
        now = self.court.world.clock() + timedelta(minutes=2)
        self.court.world = replace(self.court.world, clock=lambda: now)
        await self.round()

    def lost(self) -> bool:
        found = read_status(self.court.recordings)
        assert found is not None
        return self.court.name in found.lost

    def is_consistent(self) -> bool:
        """The copy's head covers lines that are there, and each file they name is there."""
        head = tlog.parse_checkpoint(tlog.parse_note((self.copy / custody.CHECKPOINT).read_bytes()).text)
        lines = (self.copy / custody.JOURNAL).read_bytes().splitlines()
        tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
        names = [line["file"] for line in map(json.loads, lines) if line["type"] in ("segment", "init", "keywrap")]
        there = all((self.copy / name).read_bytes() == (self.court.folder / name).read_bytes() for name in names)
        return len(lines) >= head.size and tree.root(head.size) == head.root and there


@pytest.fixture
def followed(setting: Any, tmp_path: Path, whole: Any) -> Followed:
    return Followed(Court(setting, tmp_path, whole, None), tmp_path)


async def test_the_copy_follows_a_recording_and_is_one_at_any_time(followed: Followed) -> None:
    for _ in range(6):
        followed.write(4)
        await followed.round()
        assert followed.is_consistent() and not followed.lost()
    followed.write()
    await followed.round()
    assert followed.is_consistent()
    for name in (custody.JOURNAL, custody.CHECKPOINT, custody.LOG, custody.LOG_CHECKPOINT):
        assert (followed.copy / name).read_bytes() == (followed.court.folder / name).read_bytes()


async def test_the_copy_goes_on_after_its_process_has_ended(followed: Followed) -> None:
    followed.write(8)
    await followed.round()
    seen = {path: path.stat().st_mtime_ns for path in (followed.copy / "seg").iterdir()}
    followed.begin()
    followed.write(8)
    await followed.round()
    assert followed.is_consistent()
    assert {path: path.stat().st_mtime_ns for path in seen} == seen


async def test_a_disk_that_is_away_is_said_and_catches_up_when_it_is_back(followed: Followed) -> None:
    followed.write(6)
    await followed.round()
    shutil.move(followed.second, followed.second.with_name("away"))
    followed.second.mkdir()
    followed.write(6)
    await followed.round()
    assert followed.lost() and list(followed.second.iterdir()) == []
    followed.second.rmdir()
    shutil.move(followed.second.with_name("away"), followed.second)
    await followed.round()
    assert not followed.lost() and followed.is_consistent()


async def test_lines_behind_the_signed_head_are_not_copied_since_a_restart_may_cut_them(followed: Followed) -> None:
    followed.write(6)
    with (followed.court.folder / custody.JOURNAL).open("ab") as journal:
        journal.write(b'{"at":"1","type":"notice"}\n{"at":"2","ty')
    await followed.round()
    lines = (followed.copy / custody.JOURNAL).read_bytes().splitlines()
    assert len(lines) == 6 and followed.is_consistent()


async def test_another_recording_in_its_place_is_not_changed(followed: Followed) -> None:
    followed.write(6)
    followed.copy.mkdir()
    (followed.copy / custody.JOURNAL).write_bytes(b'{"another":"recording"}\n')
    await followed.round()
    assert followed.lost()
    assert (followed.copy / custody.JOURNAL).read_bytes() == b'{"another":"recording"}\n'


async def test_what_was_closed_before_there_was_a_second_disk_is_left_to_the_archives(followed: Followed) -> None:
    followed.write()
    await followed.round()
    assert not followed.copy.exists() and not followed.lost()


@pytest.mark.parametrize("restarted", [True, False])
async def test_a_key_that_was_wrapped_anew_after_the_close_takes_the_place_of_the_old_one(
    followed: Followed, restarted: bool
) -> None:
    await followed.close()
    court, name = followed.court, "hearing-key.age"
    old = (followed.copy / name).read_bytes()
    key_exchange.rewrap(court.folder, {name: old + b"for another"}, [], court.seal, time.time_ns())
    if restarted:
        followed.begin()
    await followed.later()
    assert (followed.copy / name).read_bytes() == old + b"for another"
    for each in (custody.LOG, custody.LOG_CHECKPOINT):
        assert (followed.copy / each).read_bytes() == (court.folder / each).read_bytes()
    assert not followed.lost()


async def test_a_key_that_was_wrapped_anew_while_the_disk_was_away_is_replaced_when_it_is_back(
    followed: Followed,
) -> None:
    await followed.close()
    away = shutil.move(followed.second, followed.second.with_name("away"))
    court, name = followed.court, "hearing-key.age"
    key_exchange.rewrap(court.folder, {name: b"for another"}, [], court.seal, time.time_ns())
    for _ in range(3):
        await followed.later()
    shutil.move(away, followed.second)
    for _ in range(3):
        await followed.later()
    assert (followed.copy / name).read_bytes() == b"for another" and not followed.lost()
