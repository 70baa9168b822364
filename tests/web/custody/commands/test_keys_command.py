"""`vivavoce keys` at an authority: key files are made and shown, and a recording's key is wrapped anew."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check import policy
from media.evidence.seal import age
from tests.support.evidence import bags
from web import cli
from web.custody.commands import keys_command


@pytest.fixture
def recording() -> bags.Recording:
    made = bags.Recording()
    made.begin()
    return made


def key(path: Path, *words: str) -> age.Identity:
    assert cli.main(["keys", "make", str(path), "--authority", "Tribunalul Cluj", *words]) == 0
    return age.read_identity(path.read_bytes())


@pytest.mark.parametrize("words", [(), ("--post-quantum",), ("--escrow",)])
def test_a_key_file_is_made_for_its_owner_alone_and_shown_without_its_secret(
    tmp_path: Path, capsys: Any, words: tuple[str, ...]
) -> None:
    pinned = tmp_path / "policy.txt"
    pinned.write_text(f"# of the court\nlog {bags.vkey('court.example/hearing', b's' * 32)}\nquorum none\n")
    path = tmp_path / "cluj.key"
    identity = key(path, "--policy", str(pinned), *words)
    assert path.stat().st_mode & 0o777 == 0o600
    assert age.is_post_quantum(identity.recipient.text) is ("--post-quantum" in words)
    assert policy.of_key_file(path.read_bytes()) == pinned.read_bytes().split(b"\n", 1)[1]
    assert cli.main(["keys", "show", str(path)]) == 0
    said = capsys.readouterr().out
    assert identity.recipient.text in said and "Tribunalul Cluj" in said and "AGE-SECRET" not in said
    assert said.count("signing key:") == (0 if "--escrow" in words else 2)
    assert cli.main(["keys", "show", identity.recipient.text]) == 0
    assert cli.main(["keys", "make", str(path), "--authority", "Cluj"]) == 2
    assert age.read_identity(path.read_bytes()).text() == identity.text()


def test_a_key_file_under_a_passphrase_is_opened_with_it_alone(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    path, given = tmp_path / "cluj.key", iter(["correct horse battery", "correct horse battery"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(given))
    assert cli.main(["keys", "make", str(path), "--authority", "Cluj", "--passphrase"]) == 0
    assert b"AGE-SECRET" not in path.read_bytes()
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "correct horse battery")
    assert cli.main(["keys", "show", str(path)]) == 0
    monkeypatch.setattr("getpass.getpass", lambda _prompt: "wrong")
    assert cli.main(["keys", "show", str(path)]) == 2
    assert "not that of the key file" in capsys.readouterr().err
    assert cli.main(["keys", "make", str(tmp_path / "b"), "--authority", "Cluj", "--passphrase"]) == 2
    assert not (tmp_path / "b").exists()


def test_a_key_file_that_others_can_read_and_a_policy_that_is_none_are_refused(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "cluj.key"
    key(path)
    path.chmod(0o644)
    assert cli.main(["keys", "show", str(path)]) == 2
    assert "0600" in capsys.readouterr().err
    (tmp_path / "policy.txt").write_text("nothing\n")
    new = ["keys", "make", str(tmp_path / "b.key"), "--authority", "Cluj", "--policy", str(tmp_path / "policy.txt")]
    assert cli.main(new) == 2 and not (tmp_path / "b.key").exists()
    assert cli.main(["keys", "show", str(tmp_path / "absent")]) == 2


def test_a_key_is_wrapped_anew_at_the_authority_and_the_new_one_opens_the_recording(
    tmp_path: Path, recording: bags.Recording, capsys: Any
) -> None:
    bag = recording.write_folder(tmp_path / "bag" / "data").parent
    old = tmp_path / "old.key"
    old.write_bytes(recording.key_file())
    old.chmod(0o600)
    new, other = key(tmp_path / "new.key", "--post-quantum"), key(tmp_path / "other.key")
    (tmp_path / "other.pub").write_text(f"# Bangkok\n{other.recipient.text}\n")
    out = tmp_path / "rewrapped.json"
    words = ["--identity", str(old), "--to", new.recipient.text, "--to", str(tmp_path / "other.pub"), "--out", str(out)]
    assert cli.main(["keys", "rewrap", str(bag), *words]) == 0
    told = json.loads(out.read_text())
    assert (told["recording"], told["recipients"]) == (recording.origin, [new.recipient.text, other.recipient.text])
    capsys.readouterr()
    assert cli.main(["keys", "show", str(old), "--in", str(tmp_path)]) == 0
    assert f"{bag / 'data'}: opens it" in capsys.readouterr().out
    assert cli.main(["keys", "show", str(tmp_path / "new.key"), "--in", str(tmp_path)]) == 0
    assert f"{bag / 'data'}: does not open it" in capsys.readouterr().out
    again = [*words[:-1], str(tmp_path / "again.json")]
    assert cli.main(["keys", "rewrap", str(bag), "--identity", str(tmp_path / "new.key"), *again[2:]]) == 2
    assert not (tmp_path / "again.json").exists()


def test_the_age_command_opens_a_classic_key_file_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "cluj.key"
    sealed = age.recipient_of(key(path).recipient.text).seal(b"clear")
    assert subprocess.run(["age", "-d", "-i", str(path)], input=sealed, capture_output=True).stdout == b"clear"


def test_what_a_key_opens_of_closed_sessions_is_told(recording: bags.Recording, tmp_path: Path) -> None:
    reader = age.make_identity()
    recording.wrap()
    recording.files["hearing-key-2.age"] = age.wrap(age.make_identity(), [reader.recipient.text])
    folder = recording.write_folder(tmp_path / "recording")
    authority = age.identity_of(str(recording.authority))
    assert keys_command.opened(folder, authority) == (
        "opens it; with the closed sessions of key 1; 1 key(s) of it stay closed"
    )
    assert keys_command.opened(folder, reader) == (
        "opens only closed sessions of it; with the closed sessions of key 2; 2 key(s) of it stay closed"
    )
