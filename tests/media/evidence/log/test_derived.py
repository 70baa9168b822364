"""What is made of a closed recording is kept with it, named by its custody log, and the recording verifies."""

import hashlib
import itertools
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from media.evidence.archive import volumes
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify, verify_stored
from media.evidence.log import custody, derived
from media.evidence.log.key_exchange import NoSuchKeyError
from tests.support.evidence import failing_disk
from tests.support.evidence.failing_disk import FailingDisk
from tests.support.evidence.seals import LocalSeal

NOW_NS = 1_790_000_200 * 10**9
ABOUT = {"what": "transcript", "of": ["judge_1_mic"], "draft": "ab" * 32, "person": "Ioana Marin"}
ABOUT |= {"role": "judge", "state": "RO", "why": "minutes"}
SEALED = b"age-encryption.org/v1\n-> X25519 not opened here\n"


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


@pytest.fixture
def seal(recording: Any, tmp_path: Path) -> LocalSeal:
    """The court's seal, which has signed the recording as it is."""
    made: LocalSeal = recording.court_seal(tmp_path / "seal")
    return made


def report(folder: Path, recording: Any) -> VerificationReport:
    return verify_stored(folder, VerificationRequest(parse(recording.policy()), without_stamp=True))


def lines(folder: Path) -> list[dict[str, Any]]:
    every = [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]
    return [line for line in every if line["type"] == "derive"]


def test_a_file_is_kept_under_the_next_number_and_its_line_says_who_made_it_of_what(folder, recording, seal) -> None:
    assert derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS) == ["derived/000001.age"]
    assert derived.keep(folder, {0: SEALED + b"2"}, ABOUT, seal, NOW_NS + 1) == ["derived/000002.age"]
    first, second = lines(folder)
    assert {name: first[name] for name in ABOUT} == ABOUT and first["key"] == 0
    assert first["root"] == second["root"] == recording.root().hex()
    assert second["sha256"] == hashlib.sha256((folder / "derived/000002.age").read_bytes()).hexdigest()
    assert stat.S_IMODE((folder / "derived/000001.age").stat().st_mode) == 0o600
    assert [path.name for path in sorted((folder / "derived").iterdir())] == ["000001.age", "000002.age"]
    assert report(folder, recording).findings.verdict == "verified"


def test_it_goes_into_the_copy_and_the_archive_and_a_copy_without_it_says_so(
    folder, recording, seal, builder, tmp_path: Path
) -> None:
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    assert "derived/000001.age" in volumes.papers(folder).members
    (tmp_path / "bag").mkdir()
    builder.copy(folder, tmp_path / "bag" / "data")
    request = VerificationRequest(parse(recording.policy()), without_stamp=True)
    assert verify(builder.rebag(tmp_path / "bag"), request).findings.verdict == "verified"
    (tmp_path / "bag" / "data" / "derived" / "000001.age").unlink()
    without = verify(builder.rebag(tmp_path / "bag"), request).findings
    assert without.verdict == "verified" and "derived/000001.age has been removed" in without.notes


def test_a_changed_file_is_failed_by_the_line_that_names_it(folder, recording, seal) -> None:
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    (folder / "derived/000001.age").write_bytes(SEALED.upper())
    assert report(folder, recording).findings.first == f"custody line {len(recording.accesses) + 2}"


@pytest.mark.parametrize(
    ("parts", "change", "error"),
    [
        ({3: SEALED}, {}, NoSuchKeyError),
        ({0: SEALED, 1: SEALED}, {}, NoSuchKeyError),
        ({0: SEALED}, {"of": ["nobody_mic"]}, derived.NoSuchTrackError),
        ({0: SEALED}, {"what": 7}, custody.NotAllowedError),
    ],
)
def test_what_does_not_fit_the_recording_is_refused_and_nothing_is_kept(
    folder, recording, seal, parts, change, error
) -> None:
    with pytest.raises(error):
        derived.keep(folder, parts, ABOUT | change, seal, NOW_NS)
    assert lines(folder) == [] and not list((folder / "derived").glob("*"))
    assert report(folder, recording).findings.verdict == "verified"


def test_a_recording_keeps_so_many_bytes_and_no_more(folder, recording, seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "MOST_BYTES", 2 * len(SEALED))
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    with pytest.raises(derived.FullError):
        derived.keep(folder, {0: SEALED + SEALED}, ABOUT, seal, NOW_NS)
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    with pytest.raises(derived.FullError):
        derived.keep(folder, {0: b"."}, ABOUT, seal, NOW_NS)
    assert len(lines(folder)) == 2 and len(list((folder / "derived").iterdir())) == 2
    assert report(folder, recording).findings.verdict == "verified"


def test_a_recording_keeps_so_many_files_and_no_more(folder, seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(derived, "MOST", 1)
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    (folder / "derived/000001.age").unlink()
    with pytest.raises(derived.FullError):
        derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    assert len(lines(folder)) == 1


def test_what_a_recording_may_keep_fits_into_a_tar_that_is_restored_from_an_archive() -> None:
    headers = 2 * 512 * derived.MOST
    assert derived.MOST_BYTES + headers < volumes.MOST_PAPERS // 4


def test_while_the_disk_is_low_nothing_is_kept_so_that_hearings_can_be_recorded(
    folder, seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.statvfs

    def low(path: Any) -> Any:
        told = list(real(path))
        told[4] = told[2] // 10 - 1  # blocks free, of all
        return os.statvfs_result(told)

    monkeypatch.setattr(os, "statvfs", low)
    with pytest.raises(derived.DiskLowError):
        derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    monkeypatch.undo()
    assert not (folder / "derived").exists()


def test_a_number_whose_file_was_removed_is_not_used_again(folder, seal) -> None:
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    (folder / "derived/000001.age").unlink()
    assert derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS) == ["derived/000002.age"]


def test_a_crash_between_line_and_file_leaves_no_file_that_no_line_names(
    folder, recording, seal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(custody.CustodyError, match="cannot be written"):
        derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    monkeypatch.undo()
    found = report(folder, recording).findings
    assert found.verdict == "verified" and "derived/000001.age has been removed" in found.notes
    assert list((folder / "derived").iterdir()) == []
    assert derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS) == ["derived/000002.age"]


def test_of_a_recording_that_is_not_closed_nothing_is_kept(recording, tmp_path: Path) -> None:
    recording.lines.pop()
    folder = Path(recording.write_folder(tmp_path / "open"))
    with pytest.raises(custody.NotClosedError):
        derived.keep(folder, {0: SEALED}, ABOUT, recording.court_seal(tmp_path / "seal"), NOW_NS)
    assert not list(folder.glob("derived/*"))


@pytest.mark.parametrize("kind", failing_disk.KINDS)
def test_whichever_write_fails_it_is_said_and_no_file_is_left_that_no_line_names(
    folder: Path, recording: Any, seal: LocalSeal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    derived.keep(folder, {0: SEALED}, ABOUT, seal, NOW_NS)
    for at in itertools.count(1):
        shutil.copytree(folder, tmp_path / str(at) / "recording")
        shutil.copytree(seal.folder, tmp_path / str(at) / "seal")
        here, own = tmp_path / str(at) / "recording", LocalSeal(tmp_path / str(at) / "seal", seal.key)
        with monkeypatch.context() as patch:
            disk = FailingDisk(patch, here.parent, kind, at, spared=own.folder)
            try:
                derived.keep(here, {0: SEALED + b"2"}, ABOUT, own, NOW_NS)
                failed = False
            except custody.CustodyError:
                failed = True
        assert failed == disk.fired, f"number {at}"
        (again,) = derived.keep(here, {0: SEALED + b"3"}, ABOUT, own, NOW_NS)
        assert (here / again).read_bytes() == SEALED + b"3"
        assert (here / "derived/000001.age").read_bytes() == SEALED
        named = {line["file"] for line in lines(here)}
        assert {f"derived/{path.name}" for path in (here / "derived").iterdir()} <= named
        assert report(here, recording).findings.verdict == "verified"
        if not disk.fired:
            break
    assert at > 3, "the loop has met every write"
