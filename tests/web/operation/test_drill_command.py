"""A drill restores a backup or an archive into an empty folder, and tells whether each recording came back as it is."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearings.db import Database
from hearings.status import RecordingStatus
from media.evidence.archive import restoring
from media.evidence.archive.folder_store import MARK, FolderStore
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody
from scheduler.archiving import Archiving
from scheduler.environment import World
from tests.support.evidence.archive import Archive
from tests.support.evidence.recordings import COURT, SealedRecording
from tests.web.operation.test_backup import Done, command
from web.operation import drill_command

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
async def archive(prepared: Path, tmp_path: Path, built: SealedRecording) -> AsyncIterator[Archive]:
    """An installation with one sealed recording, whose custody log has been closed, and an archive's folder."""
    made = await Archive.make(prepared, tmp_path / "court", built)
    custody.open_log(made.sealed.folder, made.sealed.origin, made.sealed.seal, made.sealed.zero)
    custody.close_log(made.sealed.folder, made.sealed.seal, made.sealed.zero + 60 * 10**9)
    (made.settings.keys / "seal.pub").write_text(made.sealed.seal.key.vkey(COURT) + "\n", encoding="ascii")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / MARK).touch()
    yield made
    made.served.close()


async def archived(made: Archive, shelf: Path) -> FolderStore:
    """The store, after the clock has archived the recording."""
    store, database = FolderStore(shelf), Database(made.settings.database_url)
    now = datetime.now(UTC)
    world = World(
        database=database,
        origin=made.settings.origin,
        recordings=made.settings.recordings,
        seal=lambda: made.sealed.seal,  # type: ignore[return-value]
        clock=lambda: now + timedelta(hours=1),
    )
    job = Archiving([store], made.settings.recordings, settled=0)
    assert await job.archive_due(world) == 1
    await database.close()
    return store


async def drill(made: Archive, *words: str, **more: str) -> Done:
    """The command, in a thread: it has a loop of its own."""
    environment = {"VIVAVOCE_COURT_NAME": COURT, "VIVAVOCE_SEAL_SOCKET": str(made.settings.seal_socket)}
    return await asyncio.to_thread(command, made.settings.data, "drill", *words, **environment, **more)


async def test_an_archive_gives_back_the_recording_with_the_same_root(archive: Archive, tmp_path: Path) -> None:
    await archived(archive, tmp_path / "shelf")
    named = {"VIVAVOCE_ARCHIVES": f"file://{tmp_path / 'shelf'}"}
    done = await drill(archive, "--archive", "shelf", "--into", str(tmp_path / "new"), "--json", **named)
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    head = (archive.sealed.folder / "checkpoint").read_text().splitlines()[1]
    (row,) = report["rows"]
    assert (row["recording"], row["here"], row["verdict"]) == (archive.sealed.recording, "earlier", "gaps")
    assert row["head"].startswith(f"{head}:") and report["good"]
    kept = {path.name for path in (tmp_path / "new/recordings" / archive.sealed.recording).iterdir()}
    assert kept >= {"journal.jsonl", "checkpoint", "custody.jsonl", "hearing-key.age", "seg", "index"}
    again = await drill(archive, "--archive", "shelf", "--into", str(tmp_path / "new"), **named)
    assert (again.returncode, "not empty" in again.stderr) == (2, True)


async def test_an_archive_that_lacks_or_alters_a_recording_fails_the_drill(archive: Archive, tmp_path: Path) -> None:
    named = {"VIVAVOCE_ARCHIVES": f"file://{tmp_path / 'shelf'}"}
    empty = await drill(archive, "--archive", "shelf", "--into", str(tmp_path / "first"), **named)
    assert (empty.returncode, "here and not restored" in empty.stdout) == (1, True), empty.stderr
    store = await archived(archive, tmp_path / "shelf")
    (part,) = [one for one in store.listed("") if "/part-" in one.key]
    place = store.folder / part.key / part.version
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.chmod(0o600)
    place.write_bytes(data)
    broken = await drill(archive, "--archive", "shelf", "--into", str(tmp_path / "second"), **named)
    assert (broken.returncode, "cannot be fetched: altered: part-000.tar" in broken.stdout) == (1, True), broken.stdout


async def test_what_a_stranger_put_over_it_is_passed_by(archive: Archive, tmp_path: Path) -> None:
    store = await archived(archive, tmp_path / "shelf")
    (papers,) = [one for one in store.listed("") if "/custody-" in one.key]
    forged = tmp_path / "forged"
    forged.write_bytes(b"encrypted by a stranger" * 500)
    day = datetime.now(UTC).date()
    store.put(papers.key, forged, "ab" * 32, day)
    store.put(papers.key.replace("custody-", "custody-9")[: -len("0.tar")] + ".tar", forged, "ab" * 32, day)
    pins = parse(f"log {archive.sealed.seal.key.vkey(COURT)}\nquorum none\n".encode())
    request = VerificationRequest(pins, without_stamp=True)

    def verifies(folder: Path) -> bool:
        return verify_stored(folder, request).findings.verdict == "gaps"

    assert restoring.fetch(store, archive.sealed.recording, tmp_path / "out", pins.logs, verifies) > 0
    assert (tmp_path / "out/checkpoint").read_bytes() == (archive.sealed.folder / "checkpoint").read_bytes()


async def test_a_backup_comes_back_with_its_database_and_a_missing_piece_is_told(
    archive: Archive, tmp_path: Path
) -> None:
    environment = {"VIVAVOCE_COURT_NAME": COURT, "VIVAVOCE_SEAL_SOCKET": str(archive.settings.seal_socket)}
    copy, keys = str(tmp_path / "copy"), str(tmp_path / "keys")
    made = await asyncio.to_thread(command, archive.settings.data, "backup", copy, "--keys", keys, **environment)
    assert made.returncode == 0, made.stderr
    done = await drill(archive, "--backup", copy, "--keys", keys, "--into", str(tmp_path / "new"))
    assert done.returncode == 0, done.stderr + done.stdout
    assert "restored, 1 hearings" in done.stdout and "1 of 1 recordings came back" in done.stdout
    assert (tmp_path / "new" / "vivavoce.db").exists()
    shutil.rmtree(tmp_path / "copy" / "recordings" / archive.sealed.recording / "seg")
    spoilt = await drill(archive, "--backup", copy, "--keys", keys, "--into", str(tmp_path / "other"))
    assert (spoilt.returncode, "not what was backed up" in spoilt.stderr) == (2, True), spoilt.stderr
    third = await drill(archive, "--backup", copy, "--into", str(tmp_path / "third"))
    assert third.returncode == 2


async def test_what_the_docket_says_was_sealed_must_come_back_closed_and_be_here(
    archive: Archive, tmp_path: Path
) -> None:
    environment = {"VIVAVOCE_COURT_NAME": COURT, "VIVAVOCE_SEAL_SOCKET": str(archive.settings.seal_socket)}
    copy, keys, name = str(tmp_path / "copy"), str(tmp_path / "keys"), archive.sealed.recording
    moved = archive.sealed.folder.rename(tmp_path / name)
    made = await asyncio.to_thread(command, archive.settings.data, "backup", copy, "--keys", keys, **environment)
    assert made.returncode == 0, made.stderr
    lost = await drill(archive, "--backup", copy, "--keys", keys, "--into", str(tmp_path / "first"))
    assert (lost.returncode, "neither here nor restored" in lost.stdout) == (1, True), lost.stdout + lost.stderr
    moved.rename(archive.sealed.folder)
    head = archive.sealed.folder / custody.LOG_CHECKPOINT
    there = head.read_bytes()
    head.unlink()
    copy, keys = str(tmp_path / "cut"), str(tmp_path / "cut-keys")
    made = await asyncio.to_thread(command, archive.settings.data, "backup", copy, "--keys", keys, **environment)
    assert made.returncode == 0, made.stderr
    cut = await drill(archive, "--backup", copy, "--keys", keys, "--into", str(tmp_path / "second"))
    assert (cut.returncode, "not closed in the copy" in cut.stdout) == (1, True), cut.stdout + cut.stderr
    head.write_bytes(there)
    await archived(archive, tmp_path / "shelf")
    shutil.rmtree(archive.sealed.folder)
    named = {"VIVAVOCE_ARCHIVES": f"file://{tmp_path / 'shelf'}"}
    gone = await drill(archive, "--archive", "shelf", "--into", str(tmp_path / "third"), **named)
    assert (gone.returncode, "not here any more" in gone.stdout) == (1, True), gone.stdout + gone.stderr


def test_only_a_recording_that_the_docket_does_not_call_sealed_may_be_open_or_gone(
    archive: Archive, tmp_path: Path
) -> None:
    restored, name = tmp_path / "restored", archive.sealed.recording
    shutil.copytree(archive.sealed.folder, restored / name)
    closed = (restored / name / custody.LOG_CHECKPOINT).read_bytes()

    def good(docket: dict[str, RecordingStatus]) -> tuple[bool, str]:
        (row,) = drill_command.compare(archive.settings, restored, {}, docket)
        return row.good, row.here

    shutil.move(archive.sealed.folder, tmp_path / "away")
    assert good({name: RecordingStatus.sealed}) == (False, "deleted")
    assert good({}) == (True, "gone")
    (restored / name / custody.LOG_CHECKPOINT).unlink()
    assert good({name: RecordingStatus.sealed}) == (False, "cut")
    assert good({}) == (False, "cut")
    assert good({name: RecordingStatus.recording}) == (True, "open")
    (restored / name / custody.LOG_CHECKPOINT).write_bytes(closed)
    shutil.rmtree(restored / name)
    assert good({name: RecordingStatus.sealed}) == (False, "missing")
