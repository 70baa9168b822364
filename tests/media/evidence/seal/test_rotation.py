"""A seal gets another key while it runs: for a time both sign, and what either signed counts."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from media.evidence.log import tlog
from media.evidence.seal import rotation
from media.evidence.seal.client import SealClient
from media.evidence.seal.seal_key import SealKeyError, make_seal_key, read_seal_key
from tests.support.evidence.seals import SealProcess

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
NAME = "court.example/hearing"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "seal"
    made.mkdir(mode=0o700)
    make_seal_key(made / "seal.key")
    return made


def signed_by(note: bytes) -> list[bytes]:
    """The key IDs of the signatures."""
    return [one.key_id for one in tlog.parse_note(note).signatures]


def id_of(public: bytes) -> bytes:
    return tlog.key_id(NAME, tlog.ED25519, public)


def test_from_beginning_to_end_a_running_seal_signs_by_both_keys_and_then_by_the_new_one(
    folder: Path, tmp_path: Path
) -> None:
    old = read_seal_key(folder / "seal.key")
    process = SealProcess(folder, tmp_path / "seal.sock")
    assert process.answers()
    seal, tree = SealClient(tmp_path / "seal.sock"), tlog.Tree()

    def grow() -> bytes:
        tree.append(tlog.leaf_hash(f"line {tree.size}".encode()))
        return seal.sign_head(tlog.Checkpoint(ORIGIN, tree.size, tree.root()), tree)

    def until(wanted: list[bytes]) -> bytes:
        for _ in range(100):
            note = grow()
            if signed_by(note) == wanted:
                break
            time.sleep(0.05)
        assert signed_by(note) == wanted
        return note

    assert signed_by(grow()) == [id_of(old.public)]
    new = rotation.begin(folder)
    assert rotation.begin(folder).public == new.public != old.public
    assert rotation.tell_process(folder)
    note = until([id_of(new.public), id_of(old.public)])
    for key in (old, new):
        assert tlog.verify_checkpoint(note, ORIGIN, [key.vkey("court.example")]).size == tree.size
    assert seal.keys() == [new.public, old.public]
    assert rotation.end(folder)
    assert not rotation.end(folder)
    assert rotation.tell_process(folder)
    until([id_of(new.public)])
    assert seal.keys() == [new.public, old.public]
    assert sorted(path.name for path in folder.iterdir()) == ["former.pub", "heads", "lock", "seal.key"]
    process.end()
    assert not rotation.tell_process(folder)


def test_a_rotation_that_was_interrupted_goes_on_and_there_is_a_key_at_every_moment(folder: Path) -> None:
    old = read_seal_key(folder / "seal.key")
    (folder / rotation.OLD).hardlink_to(folder / "seal.key")
    (folder / rotation.NEW).write_text("half a k")
    assert not rotation.under_way(folder)
    assert rotation.read_keys(folder).public == old.public
    new = rotation.begin(folder)
    assert (read_seal_key(folder / "seal.key").public, read_seal_key(folder / rotation.OLD).public) == (
        new.public,
        old.public,
    )
    assert (folder / "former.pub").read_text().count("\n") == 1


def test_the_command_begins_and_ends_it_and_says_when_there_is_nothing_to_end(folder: Path) -> None:
    def run(*words: str) -> int:
        command = [sys.executable, "-m", "media.evidence.seal.rotation", str(folder), *words]
        return subprocess.run(command, cwd=Path(__file__).parents[4], capture_output=True).returncode

    assert [run("--end"), run(), run("--end"), run("--end")] == [2, 0, 0, 2]
    (folder / "seal.key").chmod(0o644)
    assert run() == 2
    with pytest.raises(SealKeyError):
        rotation.begin(folder)
