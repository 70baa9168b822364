"""Subjects of commits: the rule, and the commits since it is checked."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
SCRIPT = ROOT / "deploy" / "commits.py"


@pytest.fixture(scope="module")
def commits() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commits", SCRIPT)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "subject",
    [
        "web: show the time by both clocks",
        "tests/web/api: send what a hand would",
        "hearings, web: cut the circles of imports",
        "media.live: bring a worker back",
        "hearings/recorded_acts: process remarks",
        "contributing: feed the wrapped lines back",
        "Merge branch 'of somebody else' into the main one, however long git makes it.",
    ],
)
def test_a_phrase_with_a_verb_passes(commits: ModuleType, subject: str) -> None:
    assert commits.faults(subject) == []


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("Show the time", "not of the form"),
        ("web show the time", "not of the form"),
        ("Web: show the time", "not of the form"),
        ("web:show the time", "not of the form"),
        ("web: ", "not of the form"),
        ("web: Show the time", "'Show' is not a verb in lower case"),
        ("web: the time is shown", "'the' is not a verb as in a command"),
        ("web: shows the time", "'shows' is not a verb as in a command"),
        ("web: showing the time", "'showing' is not a verb as in a command"),
        ("web: warnings begin with their day", "'warnings' is not a verb as in a command"),
        ("web: fixed the time", "'fixed' is not a verb as in a command"),
        ("web: 2 clocks", "'2' is not a verb in lower case"),
        ("web: show the time.", "ends with a full stop"),
        ("web: show the time by the clocks of both courts, day included", "61 characters; at most 60"),
    ],
)
def test_anything_else_is_refused_with_the_reason(commits: ModuleType, subject: str, fault: str) -> None:
    (said,) = commits.faults(subject)
    assert said.startswith(fault)


def test_sixty_characters_are_not_too_many(commits: ModuleType) -> None:
    subject = "web: " + "show" + "w" * 51
    assert (len(subject), commits.faults(subject)) == (60, [])


@pytest.mark.parametrize(("subject", "code"), [("web: show the time", 0), ("web: the time", 1)])
def test_the_hook_reads_the_first_line_that_is_no_comment(tmp_path: Path, subject: str, code: int) -> None:
    message = tmp_path / "COMMIT_EDITMSG"
    message.write_text(f"\n# On branch main.\n{subject}\n\nthe reason.\n", encoding="utf-8")
    command = [sys.executable, str(SCRIPT), str(message)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr.splitlines()[:1]) == (code, [subject] * code)


def test_new_commits_keep_the_rule(commits: ModuleType) -> None:
    subjects = commits.subjects_since(commits.SINCE)
    if subjects is None:
        pytest.skip(f"no git history back to {commits.SINCE} in this checkout")
    assert [(subject, fault) for subject in subjects for fault in commits.faults(subject)] == []


def test_history_that_lacks_the_first_commit_is_told_from_one_without_new_ones(commits: ModuleType) -> None:
    assert commits.subjects_since("0" * 40) is None
