"""A copy is compared with the recording it names: by its tags, the file beside it, and who signed it."""

import json
import shutil
from pathlib import Path

import pytest

from media.evidence.render import checking, render
from tests.support.evidence import bags
from tests.support.evidence.content_credentials import Identity, identity
from tests.support.evidence.films import Shot, film


@pytest.fixture(scope="module")
def one() -> Identity:
    return identity()


@pytest.fixture(scope="module")
def folder(bagged, one: Identity, tmp_path_factory) -> Path:
    """A signed copy of the recording's first second; do not change it."""
    made = tmp_path_factory.mktemp("copy")
    (made / "certificate.pem").write_bytes(one.certificates)
    (made / "key.pem").write_bytes(one.key)
    (made / "anchor.pem").write_bytes(one.anchor)
    signing = ["--sign-with", str(made / "certificate.pem"), str(made / "key.pem")]
    told = ["--by", "Ioana Marin", "--purpose", "appeal 12/2026"]
    assert render.main([*bagged.arguments, "--to", "1", *signing, *told, str(made / "copy.mp4")]) == 0
    return made


def checked(bagged, copy: Path, *more: str) -> int:
    given = ["--policy", str(bagged.folder / "policy.txt"), "--without-stamp", *more]
    return checking.main([str(bagged.bag), str(copy), *given])


def again(folder: Path, tmp_path: Path) -> Path:
    """The copy, to be changed."""
    for name in ("copy.mp4", "copy.mp4.json"):
        shutil.copy(folder / name, tmp_path / name)
    return tmp_path / "copy.mp4"


def test_a_signed_copy_names_its_recording_three_times(bagged, folder: Path, capsys) -> None:
    assert checked(bagged, folder / "copy.mp4", "--trust", str(folder / "anchor.pem")) == 0
    said = capsys.readouterr().out
    assert "tags:         this recording\nfile beside:  this recording\n" in said
    assert "credentials:  this recording; signed by Evidence custodian, Court (trusted), unchanged since" in said
    assert "copy.mp4 names this recording" in said


def test_the_file_beside_it_says_who_made_it_and_what_for(folder: Path) -> None:
    told = json.loads((folder / "copy.mp4.json").read_text())
    assert (told["made_by"], told["purpose"], told["signed"]) == ("Ioana Marin", "appeal 12/2026", True)


def test_a_copy_of_another_recording_is_told(bagged, folder: Path, tmp_path: Path, capsys) -> None:
    other = film({"judge_1_mic": Shot("floor-audio", lambda _t: 440)}, 1_000)
    other.close(1_000)
    other.write(tmp_path / "bag")
    (tmp_path / "policy.txt").write_bytes(other.policy())
    given = [str(tmp_path / "bag"), str(folder / "copy.mp4"), "--policy", str(tmp_path / "policy.txt")]
    assert checking.main([*given, "--without-stamp"]) == checking.NOT_THIS
    assert capsys.readouterr().out.count(f"another recording: {bags.ORIGIN} {len(bagged.recording.lines)}:") == 3


def test_a_changed_copy_is_told_by_its_hash_and_by_its_credentials(
    bagged, folder: Path, tmp_path: Path, capsys
) -> None:
    copy = again(folder, tmp_path)
    whole = bytearray(copy.read_bytes())
    whole[whole.rindex(b"mdat") + 40] ^= 1
    copy.write_bytes(whole)
    assert checked(bagged, copy) == checking.NOT_THIS
    said = capsys.readouterr().out
    assert "or the copy has changed since" in said
    assert "changed since it was signed: assertion.bmffHash.mismatch" in said


def test_whoever_asks_for_a_signature_takes_no_other_and_none(bagged, folder: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "other.pem").write_bytes(identity().anchor)
    assert checked(bagged, folder / "copy.mp4", "--trust", str(tmp_path / "other.pem")) == checking.NOT_THIS
    assert "leads to none of those given" in capsys.readouterr().out
    plain = tmp_path / "plain.webm"
    assert render.main([*bagged.arguments, "--to", "1", str(plain)]) == 0
    assert checked(bagged, plain) == 0
    assert "only an MP4 can have them" in capsys.readouterr().out
    assert checked(bagged, plain, "--trust", str(folder / "anchor.pem")) == checking.NOT_THIS


def test_a_film_that_says_nothing_is_no_copy(bagged, tmp_path: Path, capsys) -> None:
    (tmp_path / "film.mp4").write_bytes(b"no film")
    assert checked(bagged, tmp_path / "film.mp4") == checking.NOT_THIS
    assert "no film that ffprobe can read" in capsys.readouterr().out
    assert checked(bagged, tmp_path / "nothing.mp4") == 2


def test_a_recording_that_is_not_verified_answers_nothing(bagged, folder: Path, tmp_path: Path, capsys) -> None:
    bag = bags.copy(bagged.bag, tmp_path / "bag")
    segment = bag / "data/seg/judge_1_mic-000002.age"
    segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    bags.rebag(bag)
    given = ["--policy", str(bagged.folder / "policy.txt"), "--without-stamp"]
    assert checking.main([str(bag), str(folder / "copy.mp4"), *given]) == 20
    assert "judge_1_mic-000002" in capsys.readouterr().err
