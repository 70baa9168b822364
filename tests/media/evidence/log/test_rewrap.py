"""A key wrapped anew takes the place of the old one together with its line, whenever the program is killed."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from media.evidence.archive import volumes
from media.evidence.check.bag_check import STORED
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.log import custody, former_keys, key_exchange
from media.evidence.seal import age
from tests.support.evidence.seals import LocalSeal

NOW_NS = 1_790_000_200 * 10**9
ACCESS = custody.Accessor("Ioana Marin", "judge", "RO").line("rewrap_proposed", "the key file was lost")
KEY = "hearing-key.age"


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


@pytest.fixture
def seal(recording: Any, tmp_path: Path) -> LocalSeal:
    """The court's seal, which has signed the recording as it is."""
    made: LocalSeal = recording.court_seal(tmp_path / "seal")
    return made


@pytest.fixture
def anew(recording: Any) -> bytes:
    """The recording's key, encrypted to somebody else."""
    return age.wrap(age.identity_of(str(recording.identity)), [age.make_identity().recipient.text])


def verdict(folder: Path, recording: Any, builder: Any, target: Path) -> str:
    """Of the folder as a bag, which has the files of a recording and no others."""
    target.mkdir()
    builder.copy(folder, target / "data")
    for path in former_keys.hidden(target / "data"):
        assert not STORED.fullmatch(path.name)
        path.unlink()
    return verify(
        builder.rebag(target), VerificationRequest(parse(recording.policy()), without_stamp=True)
    ).findings.verdict


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]


def test_the_new_key_takes_the_place_of_the_old_one_and_the_recording_verifies_before_and_after(
    folder: Path, recording: Any, seal: LocalSeal, anew: bytes, builder: Any, tmp_path: Path
) -> None:
    assert verdict(folder, recording, builder, tmp_path / "before") == "verified"
    key_exchange.rewrap(folder, {KEY: anew}, [ACCESS], seal, NOW_NS)
    assert [line["type"] for line in lines(folder)[-2:]] == ["access", "keywrap"]
    assert (folder / KEY).read_bytes() == anew
    assert [path.name for path in folder.glob(".*")] == [one.path.name for one in former_keys.of(folder)]
    assert verdict(folder, recording, builder, tmp_path / "after") == "verified"
    assert not key_exchange.discard_former(folder, [ACCESS], seal, NOW_NS, proposal="of another exchange")
    assert former_keys.of(folder) and lines(folder)[-1]["type"] == "keywrap"
    assert key_exchange.discard_former(folder, [], seal, NOW_NS, proposal="")
    assert not list(folder.glob(".*"))
    key_exchange.rewrap(folder, {KEY: anew + b"x"}, [], seal, NOW_NS)
    assert (folder / KEY).read_bytes() == anew + b"x"


def test_the_former_key_is_kept_out_of_every_copy_and_comes_back_when_it_is_put_back(
    folder: Path, recording: Any, seal: LocalSeal, anew: bytes, builder: Any, tmp_path: Path
) -> None:
    before = (folder / KEY).read_bytes()
    key_exchange.rewrap(folder, {KEY: anew}, [ACCESS], seal, NOW_NS)
    (former,) = former_keys.of(folder)
    assert (former.name, former.number, former.path.read_bytes()) == (KEY, 0, before)
    for volume in (volumes.keys(folder), volumes.papers(folder)):
        assert volume is not None and not [name for name in volume.members if former.sha256 in name]
    assert former.path in former_keys.hidden(folder)
    for _again in range(2):
        key_exchange.put_back(folder, [ACCESS], seal, NOW_NS, proposal="back")
    assert (folder / KEY).read_bytes() == before
    assert lines(folder)[-1]["sha256"] == former.sha256
    assert [one.path.read_bytes() for one in former_keys.of(folder)] == [anew]
    assert verdict(folder, recording, builder, tmp_path / "after") == "verified"


def test_what_was_exchanged_is_not_exchanged_again_while_the_former_key_is_kept(
    folder: Path, seal: LocalSeal, anew: bytes
) -> None:
    before = (folder / KEY).read_bytes()
    key_exchange.rewrap(folder, {KEY: anew}, [], seal, NOW_NS, proposal="first")
    with pytest.raises(key_exchange.FormerKeptError):
        key_exchange.rewrap(folder, {KEY: b"junk"}, [], seal, NOW_NS, proposal="second")
    key_exchange.rewrap(folder, {KEY: b"junk"}, [], seal, NOW_NS, proposal="first")
    assert (folder / KEY).read_bytes() == anew
    assert [one.path.read_bytes() for one in former_keys.of(folder)] == [before]
    assert key_exchange.was_rewrapped(folder, seal, "first") and not key_exchange.was_rewrapped(folder, seal, "second")


def test_what_may_not_be_done_any_more_is_refused_under_the_lock_and_nothing_is_written(
    folder: Path, seal: LocalSeal, anew: bytes
) -> None:
    def withdrawn() -> None:
        raise PermissionError

    before, log = (folder / KEY).read_bytes(), lines(folder)
    with pytest.raises(PermissionError):
        key_exchange.rewrap(folder, {KEY: anew}, [ACCESS], seal, NOW_NS, proposal="one", still=withdrawn)
    assert (folder / KEY).read_bytes() == before and not list(folder.glob(".*"))
    assert [line["type"] for line in lines(folder)[len(log) :]] in ([], ["closed"])


def test_a_key_that_was_destroyed_does_not_come_back(folder: Path, seal: LocalSeal, anew: bytes) -> None:
    key_exchange.rewrap(folder, {KEY: anew}, [], seal, NOW_NS)
    (folder / KEY).unlink()
    with pytest.raises(key_exchange.NoFormerError):
        key_exchange.put_back(folder, [], seal, NOW_NS, proposal="back")
    assert not (folder / KEY).exists()


def test_nothing_is_put_back_where_nothing_is_kept(folder: Path, seal: LocalSeal) -> None:
    with pytest.raises(key_exchange.NoFormerError):
        key_exchange.put_back(folder, [], seal, NOW_NS, proposal="back")


@pytest.mark.parametrize("name", ["hearing-key-1.age", "../hearing-key.age", "journal.jsonl", "seg/x-000001.age"])
def test_a_file_that_is_no_key_of_the_recording_is_refused_and_nothing_is_written(
    name: str, folder: Path, seal: LocalSeal, anew: bytes
) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(custody.NotAllowedError):
        key_exchange.rewrap(folder, {KEY: anew, name: anew}, [ACCESS], seal, NOW_NS)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


KILLED = """
import os, sys
from pathlib import Path
from media.evidence.log import custody, key_exchange
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence.seals import LocalSeal

folder, seal_folder, seed, where, anew = Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
seal = LocalSeal(seal_folder, SealKey(bytes.fromhex(seed)))
whole = getattr(custody, where)
seen = []

def killed(*words):
    seen.append(1)
    if where == "settle" or len(seen) == {"record_staged": 2, "_sign": 1, "_replace": 1}[where]:
        os._exit(9)
    return whole(*words)

setattr(custody, where, killed)
key_exchange.rewrap(folder, {"hearing-key.age": bytes.fromhex(anew)}, [], seal, 1_790_000_200 * 10**9)
"""


@pytest.mark.parametrize(
    ("where", "taken"), [("record_staged", False), ("_sign", False), ("_replace", True), ("settle", True)]
)
def test_a_kill_leaves_what_the_next_append_completes_or_undoes(
    where: str, taken: bool, folder: Path, recording: Any, seal: LocalSeal, anew: bytes, builder: Any, tmp_path: Path
) -> None:
    before = (folder / KEY).read_bytes()
    words = [str(folder), str(seal.folder), recording.seed.hex(), where, anew.hex()]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], cwd=Path(__file__).parents[4], capture_output=True)
    assert done.returncode == 9, done.stderr.decode()
    assert list(folder.glob(".hearing-key*"))
    custody.record(folder, [ACCESS], seal, NOW_NS + 1)
    assert (folder / KEY).read_bytes() == (anew if taken else before)
    assert [line["type"] for line in lines(folder)].count("keywrap") == taken
    assert not list(folder.glob(".hearing-key*.rewrapped"))
    assert [one.path.read_bytes() for one in former_keys.of(folder)] == ([before] if taken else [])
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_an_audit_completes_a_re_wrap_that_was_killed_at_its_last_step(
    folder: Path, recording: Any, seal: LocalSeal, anew: bytes
) -> None:
    words = [str(folder), str(seal.folder), recording.seed.hex(), "settle", anew.hex()]
    subprocess.run([sys.executable, "-c", KILLED, *words], cwd=Path(__file__).parents[4], capture_output=True)
    assert (folder / KEY).read_bytes() != anew
    custody.complete(folder, seal)
    assert (folder / KEY).read_bytes() == anew
    custody.complete(folder, seal)
