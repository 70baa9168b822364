"""The command: a transcript of real speech, its files, what it refuses, and that nothing is left when it fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from media.evidence.transcript import transcribe
from tests.support.evidence.speech import PEOPLE, Bagged, spoken, write


@pytest.fixture(scope="module")
def out(bagged: Bagged, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The transcript of the recording; do not change it."""
    folder = tmp_path_factory.mktemp("transcript")
    hearing = {"requesting_zone": "Europe/Bucharest", "requested_zone": "Asia/Bangkok", "people": [*PEOPLE.values()]}
    (folder / "case" / "hearings" / "RO-1").mkdir(parents=True)
    (folder / "case" / "hearings" / "RO-1" / "hearing.json").write_text(json.dumps(hearing))
    made = folder / "made" / "draft.json"
    made.parent.mkdir()
    arguments = [*bagged.arguments, "--case", str(folder / "case"), "--readable", "vtt", "--readable", "txt"]
    assert transcribe.main([*arguments, str(made)]) == 0
    return made


def test_what_was_said_is_written_down_by_name_language_and_time(out: Path) -> None:
    made = json.loads(out.read_text())
    said = [(one["name"], one["t0"] // 1000 in (2, 3, 11, 12), one["text"].lower()) for one in made["segments"]]
    assert [(name, near) for name, near, _text in said] == [("Witness 1", True), ("Ana Popa", True)]
    assert "red car" in said[0][2] and "station" in said[0][2] and "no more questions" in said[1][2]
    assert [one["track"] for one in made["left_out"]] == ["channel_th"]
    assert made["clocks"] == ["Europe/Bucharest", "Asia/Bangkok"]


def test_the_files_are_complete_and_for_their_owner_alone(out: Path) -> None:
    assert sorted(path.name for path in out.parent.iterdir()) == ["draft.json", "draft.txt", "draft.vtt"]
    assert {path.stat().st_mode & 0o777 for path in out.parent.iterdir()} == {0o600}
    assert "Ana Popa, presiding judge, RO" in out.with_suffix(".txt").read_text()


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["draft.txt"], "must end in .json"),
        (["--from", "soon", "draft.json"], "is no time of a recording"),
        (["--clock", "Nowhere/Town", "draft.json"], "is no time zone"),
        (["--mask", "nobody", "draft.json"], "nobody has the seat"),
        (["--model", "/nonexistent", "draft.json"], "no Whisper model"),
        (["--case", "/nonexistent", "draft.json"], "no exported case"),
        (["--identity", "/nonexistent", "draft.json"], "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_a_usage_error_and_leaves_nothing(
    bagged: Bagged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    more: list[str], text: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert transcribe.main([*bagged.arguments, *more]) == 2
    assert text in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_never_written_over(bagged: Bagged, tmp_path: Path, capsys) -> None:
    (tmp_path / "draft.vtt").write_text("mine")
    assert transcribe.main([*bagged.arguments, "--readable", "vtt", str(tmp_path / "draft.json")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["draft.vtt"]


def test_nothing_is_written_of_a_recording_that_failed(tmp_path: Path, capsys) -> None:
    bagged = write(spoken(), tmp_path)
    piece = bagged.bag / "data" / "seg" / "judge_1_mic-000003.age"
    piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    assert transcribe.main([*bagged.arguments, str(tmp_path / "draft.json")]) == 20
    assert "nothing is written of a recording that is not verified" in capsys.readouterr().err
    assert not list(tmp_path.glob("*draft*"))


def test_the_key_of_another_recording_opens_nothing(bagged: Bagged, tmp_path: Path, capsys) -> None:
    (tmp_path / "other.txt").write_bytes(spoken().key_file())
    arguments = [*bagged.arguments, "--identity", str(tmp_path / "other.txt"), str(tmp_path / "draft.json")]
    assert transcribe.main(arguments) == 1
    assert "does not open" in capsys.readouterr().err and not list(tmp_path.glob("*draft*"))


def test_an_interruption_leaves_nothing(bagged: Bagged, tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "media.evidence.transcript.transcribe",
        *bagged.arguments,
        str(tmp_path / "d.json"),
    ]
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    time.sleep(1.5)
    running.send_signal(signal.SIGINT)
    _out, said = running.communicate(timeout=60)
    assert running.returncode in (130, -signal.SIGINT), said
    assert list(tmp_path.iterdir()) == []


def test_progress_is_per_cent_speed_and_time_left_at_most_once_a_second(capsys) -> None:
    times = iter([0.0, 0.5, 2.0, 2.5, 4.0])
    lines = transcribe.TranscriptProgress(sys.stderr, lambda: next(times))
    for done in (0, 10_000, 15_000, 20_000):
        lines(done, 40_000)
    assert capsys.readouterr().err == " 25.0 %  5.0 x  0:00:06 left\n 50.0 %  5.0 x  0:00:04 left\n"
