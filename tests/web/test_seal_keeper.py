"""The seal from the web's side: it is started, started again, never started for somebody else, and its key not held."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import web
from media.evidence.log import tlog
from media.evidence.seal.client import SealSilentError
from media.evidence.seal.heads import SealRefusedError
from media.evidence.seal.seal_key import make_seal_key
from tests.support.process import end_seal
from web.seal_keeper import SealKeeper
from web.security_log import SecurityLog
from web.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(data=tmp_path)
    made.seal_folder.mkdir(parents=True)
    made.run.mkdir()
    make_seal_key(made.seal_folder / "seal.key")
    yield made
    end_seal(made.seal_folder)


async def test_a_seal_that_is_killed_is_started_again_and_one_that_runs_is_taken_over(settings: Settings) -> None:
    keeper = SealKeeper(settings)
    assert keeper.state() == "not_separated"  # nobody has needed it yet
    keys = (await keeper.ready()).keys()
    lock = settings.seal_folder / "lock"
    first = lock.read_text()
    os.kill(int(first), signal.SIGKILL)
    async with asyncio.timeout(20):
        while lock.read_text() in ("", first):  # noqa: ASYNC110 another process writes it
            await asyncio.sleep(0.05)
    assert (await keeper.ready()).keys() == keys
    await keeper.detach()
    second = lock.read_text()
    assert (await asyncio.to_thread(SealKeeper(settings).ensure)).keys() == keys
    assert lock.read_text() == second


async def test_somebody_elses_seal_is_never_started_and_its_silence_is_said(settings: Settings, tmp_path: Path) -> None:
    keeper = SealKeeper(Settings(data=settings.data, seal_socket=tmp_path / "elsewhere.sock"))
    with pytest.raises(SealSilentError):
        await keeper.ready()
    assert keeper.state() == "silent"
    assert not (settings.seal_folder / "lock").exists()


def test_what_the_seal_has_answered_is_in_the_security_log_once_and_asking_whether_it_is_there_is_not(
    settings: Settings, tmp_path: Path
) -> None:
    log, tree = SecurityLog(tmp_path / "log"), tlog.Tree([bytes(32)])
    head = tlog.Checkpoint("court.example/hearing/recording-1/custody", tree.size, tree.root())
    log.start()
    keeper = SealKeeper(settings)
    for _again in range(3):
        seal = keeper.ensure()
    seal.sign_head(head, tree)
    other = tlog.Tree([b"x" * 32])
    with pytest.raises(SealRefusedError):
        seal.sign_head(tlog.Checkpoint(head.origin, other.size, other.root()), other)
    end_seal(settings.seal_folder)
    with pytest.raises(SealSilentError):
        seal.sign_head(head, tree)
    elsewhere = SealKeeper(Settings(data=settings.data, seal_socket=tmp_path / "elsewhere.sock"))
    for _again in range(3):
        with pytest.raises(SealSilentError):
            elsewhere.ensure()
    log.stop()
    written = [json.loads(line) for line in (tmp_path / "log").read_text("ascii").splitlines()]
    assert {one["event.code"] for one in written} == {"seal_used"}
    assert [(one.get("vivavoce.about"), one["event.outcome"], one.get("event.reason")) for one in written] == [
        ("recording-1", "success", None),
        ("recording-1", "failure", "fork"),
        ("recording-1", "failure", "silent"),
        (None, "failure", "silent"),
    ]


def test_no_module_of_web_reads_the_seal_key_but_the_command_that_makes_it() -> None:
    folder = Path(web.__file__).parent
    found = [path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if "seal_key" in path.read_text()]
    readers = [name for name in found if "import seal_key" in (folder / name).read_text()]
    assert readers == ["cli.py"]
