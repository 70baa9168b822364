"""A closed recording is put into every archive and read back before its custody log says so; an archive that is away,
loses or lies is told, and a kill at any point leaves nothing half done."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from hearings.models import OutboxMessage, Recording
from media.evidence.archive import copies, keeping, status, volumes
from media.evidence.archive.folder_store import MARK, FolderStore
from media.evidence.archive.store import ArchiveStore
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody
from scheduler.archiving import LEAST_LOCK, LOOK_EVERY, PATIENCE, READ_EVERY, Archiving
from tests.support.evidence.object_store import Door, ObjectServer, object_server
from tests.support.evidence.recordings import COURT, TRACKS, SealedRecording, build
from tests.support.evidence.seals import LocalSeal


class Killed(BaseException):
    """The process ends here."""


class Court:
    """A closed recording, and the clock's job over it, in a world whose clocks the test moves."""

    def __init__(self, setting: Any, tmp_path: Path, whole: SealedRecording) -> None:
        self.recordings = tmp_path / "recordings"
        self.name: str = setting.recording.id
        self.folder = self.recordings / self.name
        shutil.copytree(whole.folder, self.folder)
        self.seal = LocalSeal(Path(shutil.copytree(whole.seal.folder, tmp_path / "seal")), whole.seal.key)
        self.whole, self.database = whole, setting.database
        custody.open_log(self.folder, whole.origin, self.seal, whole.zero)
        custody.close_log(self.folder, self.seal, whole.zero + 60 * 10**9)
        self.now, self.steady = datetime.now(UTC) + timedelta(minutes=10), 0.0
        self.world = replace(setting.world, recordings=self.recordings, seal=lambda: self.seal, clock=lambda: self.now)
        self.stores: list[ArchiveStore] = []
        for name in ("near", "far"):
            (tmp_path / name).mkdir()
            (tmp_path / name / MARK).touch()
            self.stores.append(FolderStore(tmp_path / name))
        self.begin()

    def begin(self) -> None:
        """The job as a process begins it."""
        self.job = Archiving(self.stores, self.recordings, steady=lambda: self.steady)

    async def round(self, after: timedelta = timedelta(minutes=10)) -> int:
        """One look, some time later."""
        self.now += after
        self.steady += after.total_seconds()
        return await self.job.archive_due(self.world)

    async def settle(self) -> int:
        """Looks until nothing more is due."""
        return sum([await self.round() for _ in range(6)])

    def lines(self) -> list[bytes]:
        return (self.folder / custody.LOG).read_bytes().splitlines()

    def kept(self, name: str) -> dict[str, keeping.KeptObject]:
        return keeping.named(self.lines(), name)

    def copies(self) -> dict[str, str]:
        names = [store.name for store in self.stores]
        found = copies.of_recording(self.name, self.lines(), names, status.read(self.recordings))
        return {one.name: f"{one.state} {one.why}".strip() for one in found}

    async def first_loss(self) -> str:
        """What is said of the nearer copy once it is not as it was; within a few looks."""
        for _ in range(4):
            await self.round(timedelta(seconds=1))
            if (found := self.copies()["near"]) != "archived":
                return found
        return ""

    async def mails(self) -> list[str]:
        async with self.database.reading() as db:
            rows = (await db.exec(select(OutboxMessage))).all()
        return sorted(row.address for row in rows if "archive" in json.dumps(row.payload))

    def verdict(self, folder: Path) -> str:
        pins = f"log {self.seal.key.vkey(COURT)}\nquorum none\n"
        request = VerificationRequest(parse(pins.encode()), without_stamp=True)
        return str(verify_stored(folder, request).verdict)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SealedRecording:
    made = tmp_path_factory.mktemp("whole")
    return build(made / "recording", made / "keys", tracks={"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())})


@pytest.fixture
def court(setting: Any, tmp_path: Path, whole: SealedRecording) -> Court:
    return Court(setting, tmp_path, whole)


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with object_server(tmp_path_factory.mktemp("objects")) as made:
        yield made


async def test_a_closed_recording_is_in_every_archive_and_comes_out_of_it_whole(court: Court, tmp_path: Path) -> None:
    assert await court.settle() == 2
    assert court.copies() == {"near": "archived", "far": "archived"}
    assert await court.mails() == []
    for store in court.stores:
        kept = court.kept(store.name)
        assert [name.partition("-")[0] for name in sorted(kept)] == ["custody", "keys", "part"]
        assert {one.until for one in kept.values()} == {date(2036, 10, 24)}
        out = tmp_path / "out" / store.name
        for one in kept.values():
            assert volumes.unpack(store.read(one.key, one.version), out, one.size) == one.sha256
        assert court.verdict(out) == "verified"
    assert court.verdict(court.folder) == "verified"
    assert await court.round() == 0


async def test_it_is_pending_until_its_custody_log_has_rested_and_is_archived_too(court: Court) -> None:
    court.now = datetime.now(UTC)
    assert await court.round(timedelta(seconds=1)) == 0
    assert court.copies() == {"near": "pending", "far": "pending"}
    assert sorted(court.kept("near")) and not [name for name in court.kept("near") if name.startswith("custody-")]
    assert await court.round() == 2
    assert court.copies() == {"near": "archived", "far": "archived"}


async def test_an_archive_with_a_lock_is_named_by_its_versions(court: Court, objects: ObjectServer) -> None:
    court.stores = [objects.store("evidence", "court/")]
    court.begin()
    assert await court.settle() == 1
    client = objects.client()
    for one in court.kept("evidence").values():
        where = {"Bucket": "evidence", "Key": f"court/{one.key}", "VersionId": one.version}
        lock = client.get_object_retention(**where)["Retention"]
        assert (lock["Mode"], lock["RetainUntilDate"].date()) == ("COMPLIANCE", one.until)
    assert court.copies() == {"evidence": "archived"}


async def test_what_is_archived_after_the_retention_has_ended_has_a_lock_that_a_store_takes(
    court: Court, objects: ObjectServer
) -> None:
    async with court.database.transaction() as db:
        row = await db.get(Recording, court.name)
        row.closed_at -= timedelta(days=366 * 12)
        db.add(row)
    court.stores = [objects.store("evidence", "late/")]
    court.begin()
    assert await court.settle() == 1
    assert court.copies() == {"evidence": "archived"}
    kept = court.kept("evidence")
    assert {one.until for one in kept.values()} == {court.now.date() + LEAST_LOCK}
    lines = court.lines()
    court.now += 3 * LEAST_LOCK
    assert await court.settle() == 0
    assert court.lines() == lines, "a lock that has ended is no reason to put it again"


async def test_a_recording_that_is_not_closed_is_not_archived(court: Court) -> None:
    shutil.rmtree(court.folder)
    shutil.copytree(court.whole.folder, court.folder)
    assert await court.settle() == 0
    assert list((court.recordings / status.FOLDER).glob("spool/*")) == []
    assert court.stores[0].listed("") == []


async def test_an_archive_that_is_away_is_pending_then_told_and_never_shown_as_done(court: Court) -> None:
    mark = court.stores[1].folder / MARK  # type: ignore[attr-defined]
    mark.unlink()
    await court.round()
    assert court.copies() == {"near": "archived", "far": "failed away"}
    assert await court.mails() == []
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "failed away"}
    found = status.read(court.recordings)
    assert found is not None and court.now.timestamp() - found.targets[1].since > PATIENCE.total_seconds()
    assert await court.mails() == ["administrator@ro.example"]
    mark.touch()
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "archived"}
    assert await court.mails() == ["administrator@ro.example"]


async def test_an_object_store_that_comes_back_gets_what_it_lacks(court: Court, objects: ObjectServer) -> None:
    door = Door(objects.endpoint)
    court.stores = [objects.store("through-a-door", endpoint=door.endpoint)]
    court.begin()
    door.shut = True
    await court.round()
    assert court.copies() == {"through-a-door": "failed away"}
    door.shut = False
    await court.settle()
    assert court.copies() == {"through-a-door": "archived"}
    door.close()


async def test_a_copy_that_was_deleted_is_noticed_within_a_day_told_and_put_back(court: Court) -> None:
    await court.settle()
    near = court.stores[0].folder  # type: ignore[attr-defined]
    shutil.rmtree(near / court.name)
    court.now += LOOK_EVERY
    assert await court.first_loss() == "lost missing"
    assert await court.mails() == ["administrator@ro.example"]
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "archived"}
    assert (near / court.name / "part-000.tar").is_dir()


async def test_a_copy_that_was_altered_is_noticed_when_it_is_read_back(court: Court) -> None:
    await court.settle()
    part = court.kept("near")["part-000.tar"]
    place = court.stores[0].folder / part.key / part.version  # type: ignore[attr-defined]
    place.chmod(0o600)
    data = bytearray(place.read_bytes())
    data[1000] ^= 1
    place.write_bytes(data)
    for _ in range(3):
        await court.round(timedelta(seconds=1))
    assert court.copies()["near"] == "archived"
    court.now += READ_EVERY
    assert await court.first_loss() == "lost altered"
    await court.settle()
    assert court.copies()["near"] == "archived"


async def test_a_recording_that_was_altered_here_is_not_locked_away(court: Court) -> None:
    journal = court.folder / custody.JOURNAL
    journal.write_bytes(journal.read_bytes().replace(b"judge", b"jubge"))
    await court.settle()
    assert court.copies() == {"near": "failed not_proven", "far": "failed not_proven"}
    assert court.stores[0].listed("") == []
    assert await court.mails() == ["administrator@ro.example"] * 2


async def test_a_custody_log_too_large_to_be_restored_is_not_put_and_is_told_at_once(
    court: Court, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "MOST_PAPERS", 1000)
    await court.settle()
    assert court.copies() == {"near": "failed too_large", "far": "failed too_large"}
    assert not any("/custody-" in state.key for state in court.stores[0].listed(""))
    assert list((court.recordings / status.FOLDER).glob("spool/*")) == []
    assert await court.mails() == ["administrator@ro.example"] * 2
    monkeypatch.undo()
    await court.settle()
    assert court.copies() == {"near": "archived", "far": "archived"}


async def test_what_the_custody_log_says_later_is_archived_too_and_the_parts_are_not_put_again(court: Court) -> None:
    await court.settle()
    before = court.kept("near")
    who = custody.Accessor("I. Marin", "clerk", "RO")
    custody.record(court.folder, [who.line("view", "minutes")], court.seal, int(court.now.timestamp()) * 10**9)
    assert await court.settle() == 2
    added = court.kept("near").keys() - before.keys()
    assert [name.partition("-")[0] for name in added] == ["custody"]
    assert court.copies() == {"near": "archived", "far": "archived"}
    lines = len(court.lines())
    await court.settle()
    assert len(court.lines()) == lines  # its own lines are no reason to go on for ever


STEPS = ("pack", "put", "state", "read", "record", "papers")


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_a_kill_at_any_point_leaves_nothing_that_the_next_process_does_not_complete(
    court: Court, monkeypatch: pytest.MonkeyPatch, step: str, moment: str
) -> None:
    owners: dict[str, Any] = {"pack": volumes, "record": custody, "papers": volumes}
    owner = owners.get(step, FolderStore)
    real, calls = getattr(owner, step), 0

    def killed(*given: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if moment == "after":
            real(*given, **named)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, step, killed)
        with pytest.raises(Killed):
            await court.settle()
    assert calls == 1
    assert "archived" not in court.copies().values()
    court.begin()
    assert await court.settle() == 2
    assert court.copies() == {"near": "archived", "far": "archived"}
    for name in ("near", "far"):
        assert sorted(volume.partition("-")[0] for volume in court.kept(name)) == ["custody", "keys", "part"]
    assert list((court.recordings / status.FOLDER).glob("spool/*")) == []
    assert court.verdict(court.folder) == "verified"
