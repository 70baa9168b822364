"""`vivavoce archive restore`: a recording whose folder is gone comes back whole, or nothing is changed."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from media import held_folders
from media.evidence.archive import putting_back
from media.evidence.archive.folder_store import MARK, FolderStore
from media.evidence.archive.putting_back import Sources
from media.evidence.archive.status import FOLDER
from media.evidence.archive.store import ArchiveError
from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody, journal_lines
from scheduler.audits import GOOD
from tests.support.evidence.archive import Archive
from tests.support.evidence.recordings import COURT, SealedRecording
from tests.web.operation.test_backup import Done, command
from tests.web.operation.test_drill_command import archived
from web.operation import backup

pytestmark = pytest.mark.timeout(180)
CLERK = custody.Accessor("Ioana Marin", "clerk", "RO")


@pytest.fixture
async def court(prepared: Path, tmp_path: Path, built: SealedRecording) -> AsyncIterator[Archive]:
    """An installation whose one recording is in an archive's folder, `shelf`."""
    made = await Archive.make(prepared, tmp_path / "court", built)
    custody.open_log(made.sealed.folder, made.sealed.origin, made.sealed.seal, made.sealed.zero)
    custody.close_log(made.sealed.folder, made.sealed.seal, made.sealed.zero + 60 * 10**9)
    (made.settings.keys / "seal.pub").write_text(made.sealed.seal.key.vkey(COURT) + "\n", encoding="ascii")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / MARK).touch()
    await archived(made, tmp_path / "shelf")
    yield made
    made.served.close()


KILLED = """
import os, signal, sys
from media.evidence.log import custody
from web import cli

record, moment = custody.record, sys.argv.pop(1)

def killed(*given, **more):
    if moment == "after":
        record(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)

custody.record = killed
raise SystemExit(cli.main(sys.argv[1:]))
"""
"""A command that is killed before or after it has written into a custody log."""


def asked(
    made: Archive, shelf: Path, recording: str = "", why: str = "the disk had failed"
) -> tuple[list[str], dict[str, str]]:
    """The words of the command and its settings."""
    environment = {"VIVAVOCE_COURT_NAME": COURT, "VIVAVOCE_SEAL_SOCKET": str(made.settings.seal_socket)}
    words = ["archive", "restore", recording or made.sealed.recording, "--archive", "shelf"]
    words += ["--by", "Ana Popa", "--why", why]
    return words, environment | {"VIVAVOCE_ARCHIVES": f"file://{shelf}"}


async def restore(
    made: Archive, shelf: Path, recording: str = "", why: str = "the disk had failed", **more: str
) -> Done:
    """The command, in a thread: it has a loop of its own."""
    words, environment = asked(made, shelf, recording, why)
    return await asyncio.to_thread(command, made.settings.data, *words, **environment, **more)


def kill(made: Archive, shelf: Path, moment: str) -> int:
    """The command in a process of its own, which is killed; returns the exit code."""
    words, environment = asked(made, shelf)
    plain = {key: value for key, value in os.environ.items() if not key.startswith("VIVAVOCE_")}
    environment = {**plain, "VIVAVOCE_DATA": str(made.settings.data), **environment}
    command = [sys.executable, "-c", KILLED, moment, *words]
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=120).returncode


def all_files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lines(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / custody.LOG).read_bytes().splitlines()]


async def test_a_recording_that_is_gone_here_comes_back_as_it_was_and_its_custody_log_says_so(
    court: Archive, tmp_path: Path
) -> None:
    folder = court.sealed.folder
    before = all_files(folder)
    assert lines(folder)[-1]["type"] == "archive"  # which the archive itself does not have
    shutil.rmtree(folder)
    done = await restore(court, tmp_path / "shelf")
    assert done.returncode == 0, done.stderr
    assert "was put back from the archive shelf" in done.stdout
    after = all_files(folder)
    logs = {custody.LOG, custody.LOG_CHECKPOINT}
    assert {name: data for name, data in after.items() if name not in logs} == {
        name: data for name, data in before.items() if name not in logs
    }
    assert after[custody.LOG].startswith(before[custody.LOG])
    (line,) = lines(folder)[len(before[custody.LOG].splitlines()) :]
    assert (line["type"], line["what"], line["why"]) == ("access", "restored", "the disk had failed")
    assert line["person"].startswith("Ana Popa (account ")
    assert not list(court.settings.recordings.glob(".*.restoring"))
    bag.export(folder, tmp_path / "bag", court.sealed.seal, CLERK, "copy", datetime.now(UTC))  # the court goes on
    again = await restore(court, tmp_path / "shelf")
    assert (again.returncode, "nothing was changed" in again.stdout) == (0, True), again.stderr


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_killed_before_its_custody_log_says_so_the_same_command_writes_the_line_once(
    court: Archive, tmp_path: Path, moment: str
) -> None:
    folder = court.sealed.folder
    shutil.rmtree(folder)
    assert await asyncio.to_thread(kill, court, tmp_path / "shelf", moment) == -signal.SIGKILL
    assert folder.exists()
    done = await restore(court, tmp_path / "shelf")
    assert done.returncode == 0, done.stderr
    assert "was put back from the archive shelf" in done.stdout
    assert [line["why"] for line in lines(folder) if line.get("what") == "restored"] == ["the disk had failed"]
    again = await restore(court, tmp_path / "shelf")
    assert (again.returncode, "nothing was changed" in again.stdout) == (0, True), again.stderr
    assert list((court.settings.recordings / FOLDER / putting_back.OWED).iterdir()) == []


async def test_a_reason_that_no_custody_log_takes_is_refused_before_anything_is_put_back(
    court: Archive, tmp_path: Path
) -> None:
    shutil.rmtree(court.sealed.folder)
    refused = await restore(court, tmp_path / "shelf", why="x" * 100_000)
    assert (refused.returncode, "--why" in refused.stderr) == (2, True), refused.stdout
    assert not court.sealed.folder.exists()


async def test_what_is_there_as_in_the_archive_is_left_alone_and_what_differs_is_not_written_over(
    court: Archive, tmp_path: Path
) -> None:
    folder = court.sealed.folder
    before = all_files(folder)
    same = await restore(court, tmp_path / "shelf")
    assert (same.returncode, "nothing was changed" in same.stdout) == (0, True), same.stderr
    assert all_files(folder) == before
    piece = next((folder / "seg").glob("*-000001.age"))
    piece.unlink()
    spoilt = all_files(folder)
    refused = await restore(court, tmp_path / "shelf")
    assert (refused.returncode, "move it away first" in refused.stderr) == (2, True), refused.stdout
    assert all_files(folder) == spoilt


async def test_without_the_last_lines_of_its_custody_log_or_with_an_altered_part_nothing_is_put_back(
    court: Archive, tmp_path: Path
) -> None:
    folder, kept = court.sealed.folder, court.settings.recordings / FOLDER / putting_back.LOGS
    shutil.move(folder, tmp_path / "second" / folder.name)
    shutil.rmtree(kept)
    short = await restore(court, tmp_path / "shelf")
    assert short.returncode == 2 and "lines of its custody log" in short.stderr and not folder.exists()
    (tmp_path / "second" / MARK).touch()
    (part,) = [one for one in FolderStore(tmp_path / "shelf").listed("") if "/part-" in one.key]
    place = tmp_path / "shelf" / part.key / part.version
    good = place.read_bytes()
    place.chmod(0o600)
    place.write_bytes(good[:-700] + bytes([good[-700] ^ 1]) + good[-699:])
    broken = await restore(court, tmp_path / "shelf", VIVAVOCE_SECOND_TARGET=str(tmp_path / "second"))
    assert broken.returncode == 2 and "altered" in broken.stderr and not folder.exists()
    place.write_bytes(good)
    done = await restore(court, tmp_path / "shelf", VIVAVOCE_SECOND_TARGET=str(tmp_path / "second"))
    assert done.returncode == 0, done.stderr
    assert lines(folder)[-1]["what"] == "restored"


async def test_a_recording_that_the_docket_does_not_know_as_sealed_is_not_put_anywhere(
    court: Archive, tmp_path: Path
) -> None:
    there = {path.name for path in court.settings.recordings.iterdir()}
    for name in ("019300aa-0000-7000-8000-0000000000ff", "../elsewhere", "x"):
        refused = await restore(court, tmp_path / "shelf", name)
        assert (refused.returncode, "knows no sealed recording" in refused.stderr) == (2, True), refused.stderr
    assert {path.name for path in court.settings.recordings.iterdir()} == there


LINE = custody.Accessor("Ioana Marin (account court)", "operator", "").line("restored", "the disk was lost")


def destroy_keys(made: Archive) -> None:
    """As the clock does it: the signed line first, then the files; the kept log has the line, the archive has not."""
    folder, seal = made.sealed.folder, made.sealed.seal
    keys = [path for path in folder.iterdir() if journal_lines.KEY_FILE.fullmatch(path.name)]
    hashes = [hashlib.sha256(path.read_bytes()).hexdigest() for path in keys]
    who = {"proposed": "A. Popa", "decided": "D. Ionescu", "state": "RO", "why": "its retention has ended"}
    line = {"type": "destroyed", "files": [path.name for path in keys], "hashes": hashes, **who}
    custody.record(folder, [line], seal, time.time_ns())
    for path in keys:
        path.unlink()
    putting_back.keep_log(made.settings.recordings, folder)


async def test_keys_that_were_destroyed_since_it_was_archived_are_not_even_fetched(
    court: Archive, tmp_path: Path
) -> None:
    recordings, recording, seal = court.settings.recordings, court.sealed.recording, court.sealed.seal
    destroy_keys(court)
    before = all_files(court.sealed.folder)
    shutil.rmtree(court.sealed.folder)
    store, policy = FolderStore(tmp_path / "shelf"), parse(f"log {seal.key.vkey(COURT)}\nquorum none\n".encode())
    read, real = list[str](), store.read
    store.read = lambda key, version: (read.append(key), real(key, version))[1]  # type: ignore[method-assign]

    def verifies(folder: Path) -> bool:
        assert putting_back.remove_left(recordings) == 0  # it is in use
        return verify_stored(folder, VerificationRequest(policy, without_stamp=True)).findings.verdict in GOOD

    logs = [recordings / FOLDER / putting_back.LOGS]
    sources = Sources(store, logs)
    assert putting_back.put_back(sources, recording, recordings, seal, policy.logs, verifies, LINE)
    assert any("/part-" in key for key in read) and not any("/keys-" in key for key in read)
    assert {name: data for name, data in all_files(court.sealed.folder).items() if name != custody.LOG_CHECKPOINT} == {
        name: data for name, data in before.items() if name != custody.LOG_CHECKPOINT
    }
    assert lines(court.sealed.folder)[-1]["type"] == "destroyed"


async def test_without_the_log_that_would_say_so_no_keys_are_fetched_either(court: Archive, tmp_path: Path) -> None:
    recordings, seal = court.settings.recordings, court.sealed.seal
    destroy_keys(court)
    shutil.rmtree(court.sealed.folder)
    shutil.rmtree(recordings / FOLDER / putting_back.LOGS)
    store, policy = FolderStore(tmp_path / "shelf"), parse(f"log {seal.key.vkey(COURT)}\nquorum none\n".encode())
    read, real = list[str](), store.read
    store.read = lambda key, version: (read.append(key), real(key, version))[1]  # type: ignore[method-assign]
    with pytest.raises(ArchiveError, match="lines of its custody log"):
        putting_back.put_back(
            Sources(store, []), court.sealed.recording, recordings, seal, policy.logs, lambda _folder: True, LINE
        )
    assert read and not any("/keys-" in key for key in read)
    assert not list(recordings.glob(".*.restoring"))


async def test_what_a_killed_command_left_goes_with_the_next_one_and_is_in_no_backup(
    court: Archive, tmp_path: Path
) -> None:
    recordings, name = court.settings.recordings, court.sealed.recording
    left, older = recordings / f".{name}.a1b2c3d4.restoring", recordings / f".{name}.restoring"
    for room in (left / name, older):
        room.mkdir(parents=True)
        (room / "hearing-key.age").write_bytes(b"wrapped")
    held = held_folders.enter(recordings, f".{name}.", ".restoring")  # another command is at work
    try:
        (held / "hearing-key.age").write_bytes(b"wrapped")
        backup.copy_tree(recordings, tmp_path / "copied")
        assert {path.name for path in (tmp_path / "copied").iterdir()} == {FOLDER, name}
        assert (tmp_path / "copied" / name / "hearing-key.age").is_file()
        done = await restore(court, tmp_path / "shelf")
        assert done.returncode == 0, done.stderr
        assert list(recordings.glob(".*.restoring")) == [held]
    finally:
        held_folders.leave(held)
