"""A training record is named as one by every check, whatever else it is: nobody can pass it off as evidence."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, main, verify
from media.evidence.log import custody, tlog
from tests.deploy import verify_bag_mutations

NOW = datetime(2026, 9, 22, 10, 30, tzinfo=UTC)
SCRIPT = verify_bag_mutations.ROOT / "deploy" / "verify_bag.py"


@pytest.fixture
def training(builder: ModuleType, webm: Any, tmp_path: Path) -> tuple[Path, Path]:
    """The bag of a training record, and the policy of the rehearsal it is from."""
    recording = builder.standard(webm, origin=f"training.{builder.ORIGIN}")
    folder = recording.write_folder(tmp_path / "recording")
    clerk = custody.Accessor("Ioana Marin", "clerk", "RO")
    bag.export(folder, tmp_path / "bag", recording.court_seal(tmp_path / "seal"), clerk, "for the trainer", NOW)
    (tmp_path / "policy").write_bytes(recording.policy(court=f"training.{builder.COURT}"))
    return tmp_path / "bag", tmp_path / "policy"


def test_a_training_record_that_is_whole_gets_neither_of_the_good_codes(
    training: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, policy = training
    assert main([str(made), "--policy", str(policy), "--without-stamp"]) == 40
    assert "verdict:   TRAINING, not evidence: verified\n" in capsys.readouterr().out
    assert main([str(made), "--policy", str(policy), "--without-stamp", "--json"]) == 40
    told = json.loads(capsys.readouterr().out)
    assert (told["training"], told["verdict"], told["exit"]) == (True, "verified", 40)


def test_the_second_verifier_says_the_same(training: tuple[Path, Path]) -> None:
    made, policy = training
    command = [sys.executable, str(SCRIPT), str(made), "--policy", str(policy), "--without-stamp"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 40, done.stdout + done.stderr
    assert "TRAINING, not evidence: verified" in done.stdout


def test_a_training_record_that_was_changed_has_failed_and_is_still_named_as_one(
    training: tuple[Path, Path],
) -> None:
    made, policy = training
    journal = made / "data" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"builder", b"courier", 1))
    report = verify(made, VerificationRequest(parse(policy.read_bytes()), without_stamp=True))
    assert (report.exit_code, report.training) == (20, True)
    assert report.verdict == "TRAINING, not evidence: failed"


def test_the_bag_says_what_it_is_in_its_own_words(training: tuple[Path, Path]) -> None:
    made, _policy = training
    assert (made / "VERIFY.txt").read_text().startswith("TRAINING, NOT EVIDENCE\n")
    assert "Training-Record: made in a rehearsal; not evidence\n" in (made / "bag-info.txt").read_text()
    journal = (made / "data" / "journal.jsonl").read_text().splitlines()[0]
    assert json.loads(journal)["origin"].startswith("training.")


def test_without_its_mark_the_origin_is_not_the_one_that_was_signed(training: tuple[Path, Path]) -> None:
    """Whoever takes the word out of the origin has a checkpoint that nobody signed."""
    made, policy = training
    for path in (made / "data").iterdir():
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"training.court", b"court"))
    pinned = policy.read_text().replace("training.court", "court")
    try:
        wanted = parse(pinned.encode())
    except ValueError:
        return  # the key's name is part of its id, so that it cannot even be pinned under another
    report = verify(made, VerificationRequest(wanted, without_stamp=True))
    assert report.exit_code in (20, 30)


def test_the_name_of_a_court_that_only_contains_the_word_is_not_that_of_a_rehearsal() -> None:
    for name, wanted in (("training.court.example", True), ("court.training.example", False), ("trainings.x", False)):
        assert tlog.is_training(f"{name}/hearing/0198c0de-0000-7000-8000-000000000001") is wanted
