"""A recording comes out of an archive again, whatever a stranger has put beside it there."""

import errno
import hashlib
import io
import json
import shutil
import tarfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from media.evidence.archive import keeping, restoring, volumes
from media.evidence.archive.folder_store import FolderStore
from media.evidence.archive.store import ArchiveError, Trouble
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify_stored
from media.evidence.log import custody, tlog
from tests.support.evidence.recordings import COURT, TRACKS, SealedRecording, build
from tests.support.evidence.seals import LocalSeal

DAY = datetime.now(UTC).date() + timedelta(days=400)


class Shelf:
    """An archive with one recording, and what a stranger puts beside it."""

    def __init__(self, store: FolderStore, sealed: SealedRecording, room: Path) -> None:
        self.store, self.sealed, self.room = store, sealed, room
        self.read: list[str] = []
        self.policy = parse(f"log {sealed.seal.key.vkey(COURT)}\nquorum none\n".encode())
        self.logs = self.policy.logs
        real = store.read
        store.read = lambda key, version: (self.read.append(key), real(key, version))[1]  # type: ignore[method-assign]
        folder = sealed.folder
        custody.open_log(folder, sealed.origin, sealed.seal, sealed.zero)
        custody.close_log(folder, sealed.seal, sealed.zero + 60 * 10**9)
        keys = volumes.keys(folder)
        kept = [self.keep(volume) for volume in (*volumes.parts(folder), *([keys] if keys else []))]
        custody.record(folder, [one.line for one in kept], sealed.seal, sealed.zero + 61 * 10**9)
        self.keep(volumes.papers(folder))
        self.read.clear()

    def keep(self, volume: volumes.Volume) -> keeping.KeptObject:
        path = self.room / volume.name
        packed = volumes.pack(self.sealed.folder, volume, path)
        return keeping.keep(self.store, f"{self.sealed.recording}/{volume.name}", path, packed, DAY)

    def forge(self, data: bytes, name: str = "custody-999999999.tar", recording: str = "") -> None:
        path = self.room / "forged"
        path.write_bytes(data)
        key = f"{recording or self.sealed.recording}/{name}"
        self.store.put(key, path, hashlib.sha256(data).hexdigest(), DAY)

    def fetch(self, logs: Any = None) -> Path:
        """The recording as it comes out."""
        out = self.room / "out" / self.sealed.recording
        request = VerificationRequest(self.policy, without_stamp=True)

        def verifies(folder: Path) -> bool:
            return verify_stored(folder, request).findings.verdict == "verified"

        restoring.fetch(self.store, self.sealed.recording, out, self.logs if logs is None else logs, verifies)
        return out


@pytest.fixture
def shelf(folder_store: FolderStore, tmp_path: Path) -> Shelf:
    tracks = {"judge_1_mic": replace(TRACKS["judge_1_mic"], lost=())}
    return Shelf(folder_store, build(tmp_path / "recording", tmp_path / "keys", tracks=tracks), tmp_path)


def tar(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return file.getvalue()


def papers(shelf: Shelf, lines: list[bytes], key: Any = None) -> bytes:
    """A custody log of a stranger, signed by a key of theirs."""
    tree = tlog.Tree(tlog.leaf_hash(line) for line in lines)
    head = tlog.Checkpoint(shelf.sealed.origin + tlog.CUSTODY, tree.size, tree.root())
    note = key.sign_head(head, tree)
    return tar({custody.LOG: b"".join(line + b"\n" for line in lines), custody.LOG_CHECKPOINT: note})


def sparse() -> bytes:
    """A tar of a few blocks that says that its only member is a pebibyte, most of it a hole."""
    info = tarfile.TarInfo(custody.LOG)
    info.size = 512
    info.pax_headers = {
        "GNU.sparse.major": "0",
        "GNU.sparse.minor": "1",
        "GNU.sparse.name": custody.LOG,
        "GNU.sparse.size": str(1 << 50),
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.map": "0,512",
    }
    return info.tobuf(tarfile.PAX_FORMAT) + bytes(512 + 1024)


def test_it_comes_out_as_it_was_archived(shelf: Shelf) -> None:
    out = shelf.fetch()
    for name in (custody.JOURNAL, custody.CHECKPOINT, custody.LOG, "hearing-key.age"):
        assert (out / name).read_bytes() == (shelf.sealed.folder / name).read_bytes()


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        bytes(1024),
        b"no tar at all" * 500,
        tar({custody.LOG: b"[1]\n"}),
        tar({custody.LOG: b'{"type":"archive"}\n', custody.LOG_CHECKPOINT: b"\xff\xfe"}),
        tar({custody.LOG + "/under": b"a file where a folder is"}),
        tar({custody.LOG: b"", "custody.jsonl/x": b""}),
        tar({"a" * 300: b"a name too long"}),
        sparse(),
    ],
    ids=[
        "nothing",
        "an empty tar",
        "no tar",
        "a list",
        "no head",
        "a folder",
        "a file as folder",
        "long name",
        "a hole",
    ],
)
def test_one_object_of_a_stranger_does_not_keep_it_from_coming_out(shelf: Shelf, forged: bytes) -> None:
    shelf.forge(forged)
    out = shelf.fetch()
    assert (out / custody.LOG).read_bytes() == (shelf.sealed.folder / custody.LOG).read_bytes()


def test_nothing_is_fetched_for_a_custody_log_that_no_key_of_the_court_has_signed(shelf: Shelf, tmp_path: Path) -> None:
    stranger = build(tmp_path / "stranger", tmp_path / "strange", tracks={"judge_1_mic": TRACKS["judge_1_mic"]}).seal
    part = f"{shelf.sealed.recording}/part-000.tar"
    line = {"type": "archive", "file": part, "bucket": shelf.store.name, "version": "x", "until": "2099-01-01"}
    lines = [json.dumps(line | {"sha256": "0" * 64, "size": 1 << 60, "at": "1"}).encode()]
    shelf.forge(papers(shelf, lines, LocalSeal(tmp_path / "beside", stranger.key)))
    assert shelf.sealed.seal.key.vkey(COURT) != stranger.key.vkey(COURT)
    shelf.fetch()
    forged, true, *rest = shelf.read
    assert forged.endswith("custody-999999999.tar") and "/custody-" in true
    assert all("/custody-" not in key for key in rest)


def test_an_archive_of_which_no_key_of_the_court_has_signed_anything_gives_nothing(
    shelf: Shelf, tmp_path: Path
) -> None:
    stranger = build(tmp_path / "stranger", tmp_path / "strange", tracks={"judge_1_mic": TRACKS["judge_1_mic"]}).seal
    with pytest.raises(ArchiveError, match="not signed by the court"):
        shelf.fetch(parse(f"log {stranger.key.vkey(COURT)}\nquorum none\n".encode()).logs)
    assert not any("/part-" in key for key in shelf.read)
    assert not (shelf.room / "out" / shelf.sealed.recording).exists()


def test_no_more_is_unpacked_than_a_volume_was_said_to_have(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volumes, "MOST_PAPERS", 100_000)
    shelf.forge(tar({"derived/000001.age": bytes(200_000)}))
    written: list[int] = []
    real = shutil.rmtree

    def remove(folder: Path, **more: Any) -> None:
        written.append(sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()))
        real(folder, **more)

    monkeypatch.setattr(shutil, "rmtree", remove)
    shelf.fetch()
    assert len(written) == 1 and written[0] <= 100_000


def test_a_full_disk_is_told_and_nothing_is_left(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(volumes, "unpack", full)
    with pytest.raises(OSError, match="No space left"):
        shelf.fetch()
    assert list((shelf.room / "out").iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(shelf: Shelf) -> None:
    out = shelf.fetch()
    with pytest.raises(FileExistsError):
        shelf.fetch()
    assert (out / custody.JOURNAL).exists()


def test_names_that_lead_out_of_the_folder_are_no_recordings(shelf: Shelf) -> None:
    client = FolderStore(shelf.store.folder)
    states = [replace(one, key=key) for one in client.listed("")[:1] for key in ("../custody-000000001.tar",)]
    states += [replace(states[0], key=key) for key in ("/custody-000000001.tar", "./custody-000000001.tar")]
    shelf.store.listed = lambda prefix: [*states, *client.listed(prefix)]  # type: ignore[method-assign]
    assert restoring.recordings_in(shelf.store) == [shelf.sealed.recording]


def test_an_archive_without_it_says_so(shelf: Shelf) -> None:
    with pytest.raises(ArchiveError) as missing:
        restoring.fetch(shelf.store, "another", shelf.room / "none", shelf.logs, lambda _folder: True)
    assert missing.value.trouble is Trouble.missing
