"""A recording is packed into the same bytes whenever it is packed, and comes out of them as it went in."""

import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from media.evidence.archive import volumes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "recording"
    for name in ("seg", "index", "derived"):
        (made / name).mkdir(parents=True)
    sizes = {"journal.jsonl": 900, "seg/judge_1_mic-000000.age": 4000, "seg/judge_1_mic-000001.age": 5000}
    sizes |= {"index/judge_1_mic-0000.idx": 96, "hearing-key.age": 300, "hearing-key-1.age": 300, "checkpoint": 200}
    sizes |= {"custody.jsonl": 100, "derived/000001.age": 50, ".tmp-left": 10, "seg/.tmp-left": 10}
    for name, size in sizes.items():
        (made / name).write_bytes(os.urandom(size))
    (made / "custody-checkpoint").write_text("court.example/hearing/1/custody\n7\n" + "A" * 43 + "=\n\n— a AAAAAAA=\n")
    return made


def whole(folder: Path) -> list[volumes.Volume]:
    keys = volumes.keys(folder)
    return [*volumes.parts(folder), *([keys] if keys else []), volumes.papers(folder)]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def test_volumes_hold_every_file_once_and_keys_alone(folder: Path) -> None:
    members = [name for volume in whole(folder) for name in volume.members]
    assert sorted(members) == sorted(contents(folder))
    assert [volume.kind for volume in whole(folder)] == ["part", "keys", "custody"]
    assert whole(folder)[1].members == ("hearing-key-1.age", "hearing-key.age")
    assert whole(folder)[2].name == "custody-000000007.tar"
    assert all(volumes.is_ours(volume.name) for volume in whole(folder))


def test_a_custody_log_that_no_archive_would_give_back_is_not_packed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "derived/000002.age").write_bytes(os.urandom(700_001))
    papers = volumes.papers(folder)
    size = volumes.pack(folder, papers, tmp_path / "tar").size
    monkeypatch.setattr(volumes, "MOST_PAPERS", size)
    assert volumes.papers(folder) == papers
    volumes.unpack(iter([(tmp_path / "tar").read_bytes()]), tmp_path / "out", volumes.MOST_PAPERS)
    monkeypatch.setattr(volumes, "MOST_PAPERS", size - 1)
    with pytest.raises(volumes.TooLargeError):
        volumes.papers(folder)
    with pytest.raises(volumes.VolumeError, match="larger"):
        volumes.unpack(iter([(tmp_path / "tar").read_bytes()]), tmp_path / "out", volumes.MOST_PAPERS)


def test_a_long_recording_has_several_parts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volumes, "PART", 5000)
    assert [len(volume.members) for volume in volumes.parts(folder)] == [3, 1]
    assert [volume.name for volume in volumes.parts(folder)] == ["part-000.tar", "part-001.tar"]


def test_the_same_recording_packs_into_the_same_bytes_and_comes_out_whole(folder: Path, tmp_path: Path) -> None:
    for number, volume in enumerate(whole(folder)):
        first = volumes.pack(folder, volume, tmp_path / f"{number}-a")
        for path in folder.rglob("*"):
            os.utime(path, (1, 1))
        assert volumes.pack(folder, volume, tmp_path / f"{number}-b") == first
        data = (tmp_path / f"{number}-b").read_bytes()
        assert (len(data), data) == (first.size, (tmp_path / f"{number}-a").read_bytes())
        pieces = iter([data[at : at + 1000] for at in range(0, len(data), 1000)])
        assert volumes.unpack(pieces, tmp_path / "out", first.size) == first.sha256
    assert contents(tmp_path / "out") == contents(folder)


def test_another_key_file_is_another_volume(folder: Path) -> None:
    before = volumes.keys(folder)
    (folder / "hearing-key.age").write_bytes(b"wrapped for others")
    after = volumes.keys(folder)
    assert before is not None and after is not None and before.name != after.name
    for name in after.members:
        (folder / name).unlink()
    assert volumes.keys(folder) is None


def _tar(name: str, kind: bytes = tarfile.REGTYPE) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, "/etc/passwd", 1 if kind == tarfile.REGTYPE else 0
        tar.addfile(member, io.BytesIO(b"x") if member.size else None)
    return made.getvalue()


@pytest.mark.parametrize(
    "data",
    [_tar("/etc/cron"), _tar("../outside"), _tar("seg/../../outside"), _tar("link", tarfile.SYMTYPE), b"no tar" * 200],
)
def test_a_tar_that_would_write_elsewhere_is_refused(data: bytes, tmp_path: Path) -> None:
    def pieces() -> Iterator[bytes]:
        yield data

    with pytest.raises(volumes.VolumeError):
        volumes.unpack(pieces(), tmp_path / "in", 10**9)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
