"""A seal with an account of its own gets its key by a command, and never a second one beside what it has signed."""

import subprocess
import sys
from pathlib import Path

from media.evidence.seal.seal_key import read_seal_key
from media.evidence.seal.service import _account


def make(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "media.evidence.seal.seal_key", str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_makes_a_private_key_once_and_none_beside_heads_that_another_has_signed(tmp_path: Path) -> None:
    first = make(tmp_path)
    assert first.returncode == 0 and read_seal_key(tmp_path / "seal.key").public.hex() in first.stdout
    before = (tmp_path / "seal.key").read_bytes()
    assert make(tmp_path).returncode == 2 and (tmp_path / "seal.key").read_bytes() == before
    (tmp_path / "seal.key").unlink()
    (tmp_path / "heads").mkdir()
    (tmp_path / "heads/one").touch()
    again = make(tmp_path)
    assert again.returncode == 2 and "put that key back" in again.stderr
    assert not (tmp_path / "seal.key").exists()


def test_the_service_takes_the_account_that_may_ask_by_name_or_number() -> None:
    assert _account("root") == _account("0") == 0
