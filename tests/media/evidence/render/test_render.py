"""The copy of a recording: what is seen and heard in it and when, what it names, and that nothing else is left."""

import contextlib
import hashlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check.files_check import read_identities
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.render import making, render
from media.evidence.render.material import MaterialError
from media.evidence.render.plan import Wish
from tests.support.evidence import bags
from tests.support.evidence.films import changes, person, tones

FRAME = 0.040
JUDGE, WITNESS = (0.25, 0.5), (0.75, 0.35)
"""Where their pictures are in the grid, in shares."""


def streams(file: Path, kind: str) -> list[dict[str, Any]]:
    """What ffprobe says of the streams of a kind."""
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_streams", "-select_streams", kind, str(file)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return list(json.loads(done.stdout)["streams"])


def subtitles(file: Path) -> str:
    """The first subtitles as WebVTT."""
    command = ["ffmpeg", "-v", "quiet", "-nostdin", "-i", str(file), "-map", "0:s:0", "-f", "webvtt", "-"]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()


def near(found: list[tuple[float, Any]], expected: list[tuple[float, Any]]) -> bool:
    """Whether changes are the same, each within a frame of its time."""
    return [what for _t, what in found] == [what for _t, what in expected] and all(
        abs(t - due) <= FRAME for (t, _), (due, _) in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module")
def copy(bagged, tmp_path_factory) -> Path:
    """The whole recording as MP4, in a grid; do not change it."""
    out = tmp_path_factory.mktemp("copy") / "copy.mp4"
    assert render.main([*bagged.arguments, "--clock", "Europe/Bucharest", "--clock", "Asia/Bangkok", str(out)]) == 0
    return out


def test_a_colour_and_a_tone_that_change_together_are_found_within_40_ms_of_their_time(copy: Path) -> None:
    assert near(changes(copy, *JUDGE), [(0, "red"), (3, "blue")]), changes(copy, *JUDGE)
    assert near(tones(copy, 0), [(1, True), (2, False), (3, True)]), tones(copy, 0)


def test_a_gap_and_the_time_before_somebody_came_are_cards(copy: Path) -> None:
    seen = changes(copy, *WITNESS)
    assert near(seen, [(0, "dark"), (1, "green"), (3, "dark"), (5, "green")]), seen


def test_a_camera_that_is_turned_upright_stays_in_its_place(copy: Path) -> None:
    assert near(changes(copy, 0.75, 0.22), [(0, "dark"), (5, "green")])
    assert near(changes(copy, 0.52, 0.35), [(0, "dark"), (1, "green"), (3, "dark")])


def test_each_language_is_a_sound_of_its_own_that_says_which(copy: Path) -> None:
    sounds = streams(copy, "a")
    named = [(sound["tags"]["language"], sound["tags"]["handler_name"]) for sound in sounds]
    assert named == [("mul", "Floor"), ("ron", "Interpretation: Romanian"), ("tha", "Interpretation: Thai")]
    assert [sound["disposition"]["default"] for sound in sounds] == [1, 0, 0]
    assert near(tones(copy, 1), [(6, True), (7, False)])
    assert near(tones(copy, 2), [(4, True), (5, False)])


def test_picture_and_sounds_are_as_long_as_the_recording(copy: Path) -> None:
    lengths = [float(stream["duration"]) for kind in "va" for stream in streams(copy, kind)]
    assert lengths == pytest.approx([8] * 4, abs=FRAME)


def test_the_log_is_in_subtitles_and_its_course_in_chapters(copy: Path) -> None:
    text = subtitles(copy)
    assert "00:02.500 --> 00:06.000\n0:00:02 Exhibit shown (clerk, about witness, TH)" in text
    assert "0:00:06 Objection (defence)" in text
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_chapters", str(copy)]
    chapters = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)["chapters"]
    assert [(float(mark["start_time"]), mark["tags"]["title"]) for mark in chapters] == [
        (0.0, "0:00:00 Started (presiding judge)"),
        (2.5, "0:00:02 Exhibit shown (clerk, about witness, TH)"),
    ]


def test_the_file_beside_a_copy_names_its_original_and_both_are_for_their_owner_alone(bagged, copy: Path) -> None:
    told = json.loads(copy.with_name("copy.mp4.json").read_text())
    assert (told["key_use"]["what"], told["key_use"]["recording"]) == ("render", told["original"]["origin"])
    root = bagged.recording.root().hex()
    assert told["original"]["origin"] == bags.ORIGIN
    assert told["original"]["head"] == f"{len(bagged.recording.lines)}:{root}"
    assert told["sha256"] == hashlib.sha256(copy.read_bytes()).hexdigest()
    assert (told["from_ms"], told["until_ms"], told["masked"]) == (0, 8_000, [])
    assert told["clocks"] == ["Europe/Bucharest", "Asia/Bangkok"]
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy.mp4", "copy.mp4.json"]
    assert {path.stat().st_mode & 0o777 for path in copy.parent.iterdir()} == {0o600}


def test_a_copy_from_the_middle_begins_at_its_time_and_may_be_webm(bagged, tmp_path: Path) -> None:
    out = tmp_path / "part.webm"
    assert render.main([*bagged.arguments, "--from", "0:02.5", "--to", "5.5", str(out)]) == 0
    assert near(changes(out, *JUDGE), [(0, "red"), (0.5, "blue")])
    assert near(tones(out, 0), [(0.5, True)])
    assert near(tones(out, 2), [(1.5, True), (2.5, False)])
    assert [sound["tags"]["title"] for sound in streams(out, "a")][2] == "Interpretation: Thai"
    assert [sound["codec_name"] for sound in (*streams(out, "v"), *streams(out, "s"))] == ["vp8", "webvtt"]


def test_of_a_masked_person_neither_picture_nor_voice_is_in_the_copy(bagged, tmp_path: Path, capsys) -> None:
    out = tmp_path / "masked.mp4"
    assert render.main([*bagged.arguments, "--mask", "witness_1", "--to", "3", str(out)]) == 0
    assert changes(out, *WITNESS)[-1:] == changes(out, 0.75, 0.3)[-1:] == [(0.0, "dark")]
    assert tones(out, 0) == []
    told = json.loads(out.with_name("masked.mp4.json").read_text())
    assert told["masked"] == ["witness_1"]
    assert not [track for track in told["tracks"] if track.startswith("witness_1")]
    assert streams(out, "a")[0]["tags"]["handler_name"] == "Floor (voices left out)"
    assert "witness_1: picture covered and voice left out" in capsys.readouterr().out


def test_the_speaker_is_large_while_they_speak(bagged, tmp_path: Path) -> None:
    out = tmp_path / "speaker.mp4"
    assert render.main([*bagged.arguments, "--layout", "speaker", "--to", "6", str(out)]) == 0
    large, small = changes(out, 0.1, 0.5), changes(out, 0.8, 0.15)
    assert near(large, [(0, "dark"), (1, "green"), (2, "red"), (3, "blue")]), large
    assert near(small, [(0, "red"), (3, "blue")]), small


def test_only_the_tracks_asked_for_are_in_a_copy(bagged, tmp_path: Path) -> None:
    out = tmp_path / "one.mp4"
    assert (
        render.main([*bagged.arguments, "--track", "judge_1_cam", "--track", "channel_th", "--to", "6", str(out)]) == 0
    )
    assert near(changes(out, 0.5, 0.5), [(0, "red"), (3, "blue")])
    assert tones(out, 0) == []
    assert near(tones(out, 1), [(4, True), (5, False)])


def test_the_case_gives_both_courts_clocks_and_only_the_languages_asked_for_are_in_a_copy(
    bagged, tmp_path: Path
) -> None:
    hearing: dict[str, Any] = {"id": "h", "requesting_zone": "Europe/Bucharest", "requested_zone": "Asia/Bangkok"}
    hearing |= {"people": [person("witness_1", "witness", "TH")]}
    case, out = tmp_path / "hearings" / "RO-1", tmp_path / "thai.mp4"
    case.mkdir(parents=True)
    (case / "hearing.json").write_text(json.dumps(hearing))
    (case / "log.json").write_text("[]")
    more = ["--case", str(tmp_path), "--languages", "TH", "--track", "channel_ro", "--track", "channel_th"]
    assert render.main([*bagged.arguments, *more, "--track", "judge_1_cam", "--to", "1", str(out)]) == 0
    told = json.loads(out.with_name("thai.mp4.json").read_text())
    assert told["clocks"] == ["Europe/Bucharest", "Asia/Bangkok"]
    assert [sound["tags"]["handler_name"] for sound in streams(out, "a")] == ["Floor", "Interpretation: Thai"]


def wish_and_report(bagged) -> tuple[Any, Any]:
    report = verify(bagged.bag, VerificationRequest(parse(bagged.recording.policy()), without_stamp=True))
    wrapped = (bagged.bag / "data/hearing-key.age").read_bytes()
    return report, read_identities(bagged.recording.key_file(), {0: wrapped})


def test_nothing_clear_is_on_disk_while_a_copy_is_made(bagged, tmp_path: Path, monkeypatch) -> None:
    around, folder = tmp_path / "tmp", tmp_path / "out"
    around.mkdir()
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(around))
    monkeypatch.setattr(tempfile, "tempdir", str(around))
    open_files: set[str] = set()
    lying: set[str] = set()

    over = threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            with contextlib.suppress(OSError):  # a process or file that went while it was looked at
                for task in Path("/proc/self/task").iterdir():
                    for child in (task / "children").read_text().split():
                        if not Path(f"/proc/{child}/comm").read_text().startswith("ffmpeg"):
                            continue
                        for descriptor in Path(f"/proc/{child}/fd").iterdir():
                            open_files.add(str(descriptor.readlink()).split(":")[0])
            with contextlib.suppress(OSError):
                lying.update(str(path.relative_to(tmp_path)) for path in (*folder.rglob("*"), *around.rglob("*")))

    report, identities = wish_and_report(bagged)
    out = folder / "copy.mp4"
    looking = threading.Thread(target=look)
    looking.start()
    try:
        making.make(bagged.bag, report, identities, Wish(0, 8_000, size=(320, 240)), out, datetime.now(UTC))
    finally:
        over.set()
        looking.join()
    system = ("/dev/", "/proc/", "/sys/", "/usr/", "/etc/", "/lib", "/var/cache/fontconfig/")
    parts = folder / "copy.mp4.parts"
    mine = {str(parts / name) for name in ("unfinished", "whole", "0000.mp4")}
    assert "pipe" in open_files and str(parts / "unfinished") in open_files
    assert {name for name in open_files if not name.startswith(system)} <= {"pipe", *mine}
    inside = {f"out/copy.mp4.parts/{name}" for name in ("begun.json", "finished", "finishing", "0000.mp4")}
    inside |= {f"out/copy.mp4.parts/{name}" for name in ("unfinished", "whole", "told")}
    assert lying <= {*inside, "out/copy.mp4.parts", "out/copy.mp4", "out/copy.mp4.json"}
    assert sorted(path.name for path in folder.iterdir()) == ["copy.mp4", "copy.mp4.json"]


def test_a_recording_that_is_not_verified_gets_no_copy(bagged, tmp_path: Path, capsys) -> None:
    bag = bags.copy(bagged.bag, tmp_path / "bag")
    segment = bag / "data/seg/judge_1_mic-000002.age"
    segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    bags.rebag(bag)
    out = tmp_path / "copy.mp4"
    assert render.main([str(bag), *bagged.arguments[1:], str(out)]) == 20
    assert "judge_1_mic-000002" in capsys.readouterr().err
    other = tmp_path / "policy.txt"
    other.write_bytes(bagged.recording.policy(court="another.example"))
    assert render.main([str(bagged.bag), *bagged.arguments[1:], "--policy", str(other), str(out)]) == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bag", "policy.txt"]


def test_a_segment_that_changes_after_the_check_ends_it_and_nothing_is_left(bagged, tmp_path: Path) -> None:
    report, identities = wish_and_report(bagged)
    bag = bags.copy(bagged.bag, tmp_path / "bag")
    segment = bag / "data/seg/judge_1_mic-000003.age"
    segment.write_bytes(segment.read_bytes()[:-1] + b"?")
    with pytest.raises(MaterialError, match="judge_1_mic-000003"):
        making.make(bag, report, identities, Wish(0, 8_000), tmp_path / "copy.mp4", datetime.now(UTC))
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mask", "accused_1"], "nobody has the seat accused_1; the seats are judge_1, witness_1"),
        (["--track", "judge_2_cam"], "no track judge_2_cam"),
        (["--to", "9"], "runs from 0:00:00 to 0:00:08"),
        (["--from", "soon"], "soon is no time"),
        (["--clock", "Europe/Atlantis"], "Europe/Atlantis is no time zone"),
        (["--size", "321x240"], "321x240 is no size"),
        (["--case", "/nowhere"], "it is no exported case"),
        (["--case", "/nowhere", "--clock", "Asia/Bangkok"], "it is no exported case"),
        (["--languages", "th,fr"], "nothing was interpreted into fr; there are ro, th"),
    ],
)
def test_a_wish_that_cannot_be_met_is_told_and_nothing_is_made(bagged, tmp_path, capsys, more, said) -> None:
    assert render.main([*bagged.arguments, *more, str(tmp_path / "copy.mp4")]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_key_of_somebody_else_and_a_file_that_is_there_are_told(bagged, tmp_path: Path, capsys) -> None:
    key = tmp_path / "key.txt"
    key.write_bytes(bags.Recording().key_file())
    out = tmp_path / "copy.mp4"
    assert render.main([*bagged.arguments, "--identity", str(key), str(out)]) == 1
    assert "the identity does not open" in capsys.readouterr().err
    out.write_bytes(b"mine")
    assert render.main([*bagged.arguments, str(out)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert out.read_bytes() == b"mine"
    assert render.main([*bagged.arguments, str(tmp_path / "copy.avi")]) == 2
    assert "must end in .mp4 or .webm" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy.mp4", "key.txt"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_it_finds_nothing_left(bagged, tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "web.cli", "render", *bagged.arguments, "--size", "1920x1080"]
    process = subprocess.Popen([*command, str(tmp_path / "copy.mp4")], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "left" in first, first + process.stderr.read()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(number)
    assert process.wait(timeout=30) == render.INTERRUPTED
    assert "nothing is left" in process.stderr.read()
    process.stderr.close()
    assert list(tmp_path.iterdir()) == []
    assert len(children) == 1 and not Path(f"/proc/{children[0]}").exists()


def test_progress_says_how_far_how_fast_and_how_long_at_most_once_a_second() -> None:
    said, now = StringIO(), [0.0]
    progress = render.ProgressLines(100_000, said, lambda: now[0])
    for now[0], pictures in ((1, 0), (2, 250), (2.5, 300), (10, 1_250)):
        progress("pictures", pictures)
    assert said.getvalue() == "pictures  10.0 %  5.0 x  0:00:18 left\npictures  50.0 %  5.0 x  0:00:10 left\n"


def test_what_an_earlier_run_finished_is_no_part_of_the_speed() -> None:
    said, now = StringIO(), [0.0]
    progress = render.ProgressLines(100_000, said, lambda: now[0])
    for now[0], step, pictures in (
        (1, "pictures", 1_250),
        (3, "pictures", 1_500),
        (4, "sounds", 0),
        (6, "sounds", 500),
    ):
        progress(step, pictures)
    assert said.getvalue() == "pictures  60.0 %  5.0 x  0:00:08 left\nsounds  20.0 %  10.0 x  0:00:08 left\n"
