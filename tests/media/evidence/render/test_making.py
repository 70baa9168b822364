"""A copy that ended early is gone on with: the film is the same as one made at a stroke, and nothing else is left."""

import json
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from media.evidence.render import making, parts, render
from media.evidence.render.parts import PartsError
from media.evidence.render.plan import Wish
from media.evidence.seal import age
from tests.media.evidence.render.test_render import wish_and_report
from tests.support.evidence.films import changes, tones

JUDGE, WITNESS = (0.25, 0.5), (0.75, 0.35)
CHILD = (
    "import sys; from media.evidence.render import parts, render; parts.STRETCH = 2_000;"
    " raise SystemExit(render.main(sys.argv[1:]))"
)


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch) -> None:
    monkeypatch.setattr(parts, "STRETCH", 2_000)


def pictures(file: Path) -> list[str]:
    """Time and MD5 of every decoded picture."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(file), "-map", "0:v", "-f", "framemd5", "-"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    return [line for line in said.splitlines() if not line.startswith("#")]


def about(file: Path) -> dict[str, Any]:
    """What ffprobe says of streams and chapters, but for what is another file's name or size."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-show_chapters", str(file)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


KILLED = (
    "import os, pathlib, signal, sys; from media.evidence.render import parts, render\n"
    "parts.STRETCH = 2_000; rename = pathlib.Path.rename\n"
    "def dying(path, target):\n"
    "    if str(target) == sys.argv[-1]: os.kill(os.getpid(), signal.SIGKILL)\n"
    "    return rename(path, target)\n"
    "pathlib.Path.rename = dying; raise SystemExit(render.main(sys.argv[1:]))"
)
"""A run that is killed when its note has its name and the film is to get its own."""


def ended_early(arguments: list[str], how: signal.Signals, finished: int = 1) -> int:
    """Start a copy, and end it when so many stretches are finished; returns the exit code."""
    with subprocess.Popen([sys.executable, "-c", CHILD, *arguments], stderr=subprocess.DEVNULL) as process:
        told = parts.folder_of(Path(arguments[-1])) / "finished"
        over = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < over:
            if told.exists() and told.read_bytes().count(b"\n") >= finished:
                break
            time.sleep(0.01)
        process.send_signal(how)
        return process.wait(timeout=30)


def running(name: str) -> bool:
    """Whether an ffmpeg runs that has this in its arguments."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if b"ffmpeg" in path.read_bytes() and name.encode() in path.read_bytes():
                return True
        except OSError:
            continue
    return False


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_a_copy_of_stretches_is_the_same_film_as_one_of_a_stroke(
    bagged, tmp_path: Path, monkeypatch, ending: str
) -> None:
    out, stroke = tmp_path / f"copy.{ending}", tmp_path / f"stroke.{ending}"
    given = [*bagged.arguments, "--from", "0.5", "--layout", "speaker"]
    assert render.main([*given, str(out)]) == 0
    monkeypatch.setattr(parts, "STRETCH", 120_000)
    assert render.main([*given, str(stroke)]) == 0
    for place in ((0.1, 0.5), (0.8, 0.15)):
        seen, due = changes(out, *place), changes(stroke, *place)
        assert seen == due and len(due) > 1
    times = [line.split(",")[2].strip() for line in pictures(out)]
    assert times == [line.split(",")[2].strip() for line in pictures(stroke)]
    assert len(times) == 188
    for at in range(3):
        assert tones(out, at) == tones(stroke, at)


def test_a_killed_copy_goes_on_where_it_stopped(bagged, tmp_path: Path) -> None:
    out, whole = tmp_path / "copy.mp4", tmp_path / "whole.mp4"
    given = [*bagged.arguments, "--size", "1280x720"]
    assert ended_early([*given, str(out)], signal.SIGKILL) == -signal.SIGKILL
    folder = parts.folder_of(out)
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("0*.mp4")}
    assert before and len(before) < 4 and not out.exists()
    over = time.monotonic() + 10
    while running(str(folder)):
        assert time.monotonic() < over, "ffmpeg goes on without us"
        time.sleep(0.05)
    assert render.main([*given, str(whole)]) == 0
    kept: dict[str, int] = {}
    removed = parts.Parts.remove

    def look(self: parts.Parts) -> None:
        kept.update({path.name: path.stat().st_mtime_ns for path in self.folder.glob("0*.mp4")})
        removed(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(parts.Parts, "remove", look)
        assert render.main([*given, str(out)]) == 0
    assert {name: kept[name] for name in before} == before and len(kept) == 4
    assert pictures(out) == pictures(whole)
    assert about(out) == about(whole)
    assert changes(out, *JUDGE)[1][1] == "blue" and changes(out, *WITNESS)[-1][1] == "green"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        f"{name}.mp4{more}" for name in ("copy", "whole") for more in ("", ".json")
    )


def test_whoever_interrupts_it_is_told_what_is_left_and_how_to_go_on_or_remove_it(
    bagged, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "copy.mp4"
    given = [*bagged.arguments, "--size", "1280x720"]
    assert ended_early([*given, str(out)], signal.SIGINT) == render.INTERRUPTED
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4.parts"]
    assert render.main([*given, "--mask", "witness_1", str(out)]) == 2
    said = capsys.readouterr().err
    assert "was begun with another masked, opened" in said and "--discard" in said
    assert render.main([*given, "--discard", str(out)]) == 0
    assert "copy.mp4.parts is removed" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_pictures_made_with_more_keys_are_not_gone_on_from_with_fewer(bagged, tmp_path: Path) -> None:
    out, (report, fewer) = tmp_path / "copy.mp4", wish_and_report(bagged)
    more = {**fewer, 1: age.make_identity()}  # the key of a closed session

    def interrupted(step: str, _pictures: int) -> None:
        if step == making.SOUNDS:
            raise KeyboardInterrupt

    def make(identities: Any) -> None:
        wish = Wish(0, 8_000, size=(320, 240))
        making.make(bagged.bag, report, identities, wish, out, datetime.now(UTC), progress=interrupted)

    with pytest.raises(KeyboardInterrupt):
        make(more)
    with pytest.raises(PartsError, match="was begun with another identity"):
        make(fewer)
    with pytest.raises(KeyboardInterrupt):
        make(more)


def test_a_copy_killed_between_its_note_and_its_film_is_finished_or_discarded(bagged, tmp_path: Path, capsys) -> None:
    out, note = tmp_path / "copy.mp4", tmp_path / "copy.mp4.json"
    command = [*bagged.arguments, "--to", "3", str(out)]

    def kill() -> None:
        run = subprocess.run([sys.executable, "-c", KILLED, *command], capture_output=True, check=False, timeout=120)
        assert run.returncode == -signal.SIGKILL, run.stderr
        assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4.json", "copy.mp4.parts"]

    kill()
    assert render.main(command) == 0
    assert json.loads(note.read_text())["sha256"] == making.sha256_of(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4", "copy.mp4.json"]
    out.unlink()
    assert render.main(command) == 2
    assert f"{note} is there already" in capsys.readouterr().err
    note.unlink()
    kill()
    told = note.read_text()
    note.write_text('{"sha256": "of another"}')
    assert render.main(command) == 2 and not parts.is_note_alone(out)
    note.write_text(told)
    assert render.main([*command[:-1], "--discard", str(out)]) == 0
    assert list(tmp_path.iterdir()) == []
