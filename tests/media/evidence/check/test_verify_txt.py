"""VERIFY.txt, followed to the letter: its commands succeed on a good bag and stop at the step that a forgery breaks."""

import re
import struct
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pyrage
import pytest

from media.evidence.check import bag as bags
from media.evidence.log.custody import Accessor
from tests.vectors import make

CLERK = Accessor("Ioana Marin", "clerk", "RO")
STEPS = re.compile(r"^(\d)\. .*?\n-+\n(.*?)(?=^\d\. |\Z)", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def exported(good_recording: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export, with policy and key file beside it under the names VERIFY.txt starts from."""
    folder = tmp_path_factory.mktemp("exported")
    good_recording.write_folder(folder / "recording")
    now = datetime(2026, 9, 22, tzinfo=UTC)
    seal = good_recording.court_seal(folder / "seal")
    bags.export(folder / "recording", folder / "bag", seal, CLERK, "for the file", now)
    (folder / "policy.txt").write_bytes(good_recording.policy())
    (folder / "key-file.txt").write_bytes(good_recording.key_file())
    return folder / "bag"


def follow(bag: Path, pins: Path) -> tuple[str, str]:
    """Give the commands of VERIFY.txt in a bash, in order; the step that failed ("" if none), and all that was said."""
    text = (bag / "VERIFY.txt").read_text()
    script = "set -e\n"
    for number, body in STEPS.findall(text):
        blocks = BLOCK.findall(body)
        assert blocks or number == "0"
        script += "".join(f"echo '== step {number}'\n{block}\n" for block in blocks)
    script += "rm -r \"$WORK\"\necho '== done'\n"
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LC_ALL": "C.UTF-8",
        "POLICY": str(pins / "policy.txt"),
        "KEYFILE": str(pins / "key-file.txt"),
        "TMPDIR": str(pins),
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=bag, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    steps = re.findall("^== (?:step )?(.*)$", done.stdout, re.MULTILINE)
    return "" if steps[-1:] == ["done"] else steps[-1], done.stdout + done.stderr


def test_an_untouched_bag_passes_every_step(exported: Path, good_recording: Any) -> None:
    failed, said = follow(exported, exported.parent)
    assert failed == "", said
    assert good_recording.origin in said
    assert "Signature Verified Successfully" in said
    assert f"OK: {good_recording.origin}: 24 lines, 15 files, root " in said
    for track, codec in (("judge_1_cam", "vp8"), ("judge_1_mic", "opus"), ("channel_ro", "opus")):
        match = re.search(rf"^{track}\.webm\n{codec},(\d+)$", said, re.MULTILINE)
        assert match, said
        assert int(match[1]) > 10
    assert "MISSING" not in said
    assert "UTC export: Ioana Marin (clerk, RO): for the file" in said


def test_the_file_says_which_recording_it_lies_with(exported: Path, good_recording: Any) -> None:
    text = (exported / "VERIFY.txt").read_text()
    assert f"  origin   {good_recording.origin}\n  journal  24 lines\n  root     " in text
    assert "@" not in re.sub(r"BagIt|bagit", "", text.split("python3")[0])
    script = Path(bags.__file__).with_name("standalone") / "tree.py"
    assert script.read_text() in text
    assert max(len(line) for line in text.splitlines()) <= 120


def test_the_policy_can_be_taken_out_of_the_key_file(exported: Path, good_recording: Any) -> None:
    command = "sed -n 's/^# | //p' key-file.txt"
    assert command.replace("key-file.txt", "KEYFILE") in (exported / "VERIFY.txt").read_text()
    said = subprocess.run(["bash", "-c", command], cwd=exported.parent, capture_output=True, check=True, timeout=30)
    assert said.stdout == good_recording.policy()


def _flip(path: str, at: int = -1) -> Callable[[Path], None]:
    def change(bag: Path) -> None:
        data = bytearray((bag / path).read_bytes())
        data[at] ^= 1
        (bag / path).write_bytes(bytes(data))

    return change


def _replace(path: str, old: bytes, new: bytes) -> Callable[[Path], object]:
    return lambda bag: (bag / path).write_bytes((bag / path).read_bytes().replace(old, new, 1)) and None


def _add(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")


CASES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a byte in a segment": (_flip("data/seg/judge_1_cam-000002.age"), "3"),
    "a byte in an init": (_flip("data/seg/judge_1_cam-000000.age"), "3"),
    "a byte in the wrapped key": (_flip("data/hearing-key.age"), "3"),
    "a byte in an index page": (_flip("data/index/judge_1_mic-0000.idx"), "3"),
    "a segment removed": (lambda bag: (bag / "data/seg/judge_1_cam-000002.age").unlink(), "3"),
    "a segment added": (
        lambda bag: (bag / "data/seg/judge_1_cam-000004.age").write_bytes(b"x") and None,
        "3",
    ),
    "a line of the journal": (_replace("data/journal.jsonl", b'"t1":140', b'"t1":141'), "3"),
    "the end of the journal": (
        lambda bag: (bag / "data/journal.jsonl").write_bytes((bag / "data/journal.jsonl").read_bytes()[:-1]) and None,
        "3",
    ),
    "another person in the custody log": (_replace("data/custody.jsonl", b"Ioana", b"Elena"), "3"),
    "the last access cut off": (
        lambda bag: (
            (bag / "data/custody.jsonl").write_bytes(
                b"".join((bag / "data/custody.jsonl").read_bytes().splitlines(keepends=True)[:-1])
            )
            and None
        ),
        "3",
    ),
    "a blob that no line names": (lambda bag: _add(bag / f"data/blob/{'a' * 64}.age"), "3"),
    "a rendering that no line names": (lambda bag: _add(bag / "data/derived/000007.age"), "3"),
    "the custody log's signature": (_replace("data/custody-checkpoint", b"hearing ", b"hearing A"), "2"),
    "the size in the checkpoint": (_replace("data/checkpoint", b"\n24\n", b"\n23\n"), "2"),
    "the signature": (_replace("data/checkpoint", b"hearing ", b"hearing A"), "2"),
    "the origin": (_replace("data/checkpoint", b"000000000001", b"000000000002"), "2"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_tampered_bag_stops_at_step_1_and_with_new_manifests_at_the_step_that_is_broken(
    case: str, exported: Path, builder: ModuleType, tmp_path: Path
) -> None:
    change, step = CASES[case]
    bag = builder.copy(exported, tmp_path / "bag")
    change(bag)
    failed, said = follow(bag, exported.parent)
    assert failed == "1", said
    builder.rebag(bag)
    failed, said = follow(bag, exported.parent)
    assert failed == step, said


def test_a_bag_sealed_by_another_key_stops_at_step_2(exported: Path, good_recording: Any, tmp_path: Path) -> None:
    (tmp_path / "policy.txt").write_bytes(good_recording.policy(b"x" * 32))
    (tmp_path / "key-file.txt").write_bytes(good_recording.key_file())
    assert follow(exported, tmp_path)[0] == "2"
    (tmp_path / "policy.txt").write_bytes(good_recording.policy(court="other.example"))
    assert follow(exported, tmp_path)[0] == "2"


def test_former_keys_are_tried(exported: Path, good_recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    newer = f"log {builder.vkey('court.example/hearing', b'x' * 32)}\n".encode()
    (tmp_path / "policy.txt").write_bytes(newer + good_recording.policy())
    (tmp_path / "key-file.txt").write_bytes(good_recording.key_file())
    assert follow(exported, tmp_path)[0] == ""


def test_what_is_missing_late_or_found_is_said_in_words_with_times_and_people(recording: Any, tmp_path: Path) -> None:
    recording.lines.pop()
    recording.line("person", seat="judge_1", role="presiding_judge", state="RO", sha256="a" * 64)
    recording.gap("judge_1_mic", (1000, 1040), "late")
    piece = recording.sealed("seg/channel_ro-000003.age", b"x")
    recording.line("recovered_segment", track="channel_ro", n=3, **piece)
    record = (6000, 0, 0xFFFF, 0, 0, piece["size"])
    recording.records["channel_ro"] += struct.pack(">IHHHHI", *record) + bytes.fromhex(piece["sha256"])
    recording.gap("channel_ro", (6000, 6500), "recovered")
    for track in ("judge_1_cam", "judge_1_mic"):
        recording.gap(track, (6000, 6500), "order")
    recording.close(6500)
    folder = recording.write_folder(tmp_path / "recording")
    now = datetime(2026, 9, 22, tzinfo=UTC)
    made = bags.export(folder, tmp_path / "bag", recording.court_seal(tmp_path / "seal"), CLERK, "copy", now)
    (tmp_path / "policy.txt").write_bytes(recording.policy())
    (tmp_path / "key-file.txt").write_bytes(recording.key_file())
    _failed, said = follow(tmp_path / "bag", tmp_path)
    assert made.verdict == "verified with declared gaps"
    for words in (
        "FOUND after a failure, of unknown time: seg/channel_ro-000003.age",
        "MISSING 2026-09-21 14:13:21.000 to 2026-09-21 14:13:21.040 UTC: judge_1_mic (presiding_judge, RO): "
        "it came too late to be kept",
        "UTC: judge_1_cam (presiding_judge, RO): switched off by order of the court",
        "UTC: channel_ro: pieces found after a failure, of unknown time",
    ):
        assert words in said, said


def test_a_piece_that_does_not_open_stops_at_step_5(recording: Any, tmp_path: Path) -> None:
    line = next(line for line in recording.lines if line["type"] == "segment" and line["track"] == "judge_1_mic")
    stranger = pyrage.x25519.Identity.generate()
    line.update(recording.file(line["file"], pyrage.encrypt(b"x", [stranger.to_public()])))
    record = recording.records["judge_1_mic"]
    record[12:48] = line["size"].to_bytes(4, "big") + bytes.fromhex(line["sha256"])
    recording.lines.pop()
    recording.close(6000)
    folder, now = recording.write_folder(tmp_path / "recording"), datetime(2026, 9, 22, tzinfo=UTC)
    bags.export(folder, tmp_path / "bag", recording.court_seal(tmp_path / "seal"), CLERK, "copy", now)
    (tmp_path / "policy.txt").write_bytes(recording.policy())
    (tmp_path / "key-file.txt").write_bytes(recording.key_file())
    failed, said = follow(tmp_path / "bag", tmp_path)
    assert failed == "5", said
    assert "FAILED: data/seg/judge_1_mic-000001.age does not open" in said


def test_a_key_file_of_somebody_else_stops_at_step_5(exported: Path, builder: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "policy.txt").write_bytes((exported.parent / "policy.txt").read_bytes())
    (tmp_path / "key-file.txt").write_bytes(builder.Recording().key_file())
    assert follow(exported, tmp_path)[0] == "5"


def test_a_hole_in_time_stops_at_step_3(recording: Any, tmp_path: Path) -> None:
    line = next(line for line in recording.lines if line["type"] == "segment" and line["t0"] == 2000)
    line["t0"] = 2001
    recording.write_folder(tmp_path / "recording")
    now = datetime(2026, 9, 22, tzinfo=UTC)
    seal = recording.court_seal(tmp_path / "seal")
    bags.export(tmp_path / "recording", tmp_path / "bag", seal, CLERK, "", now, despite="a test")
    (tmp_path / "policy.txt").write_bytes(recording.policy())
    failed, said = follow(tmp_path / "bag", tmp_path)
    assert failed == "3", said
    assert "is answered for by nothing, or twice" in said


@pytest.mark.parametrize("opens", [True, False])
def test_a_stretch_is_named_and_left_out_where_the_key_file_does_not_open_it(opens: bool, tmp_path: Path) -> None:
    recording = make.rekeyed(None if opens else make.reader())
    folder, now = recording.write_folder(tmp_path / "recording"), datetime(2026, 9, 22, tzinfo=UTC)
    bags.export(folder, tmp_path / "bag", recording.court_seal(tmp_path / "seal"), CLERK, "copy", now)
    (tmp_path / "policy.txt").write_bytes(recording.policy())
    (tmp_path / "key-file.txt").write_bytes(recording.key_file())
    failed, said = follow(tmp_path / "bag", tmp_path)
    assert failed == "6", "its content is no WebM"
    times = "2026-09-21 14:13:22.000 to 2026-09-21 14:13:24.000 UTC"
    assert f"OWN KEY {times}: hearing-key-1.age, for authority RO" in said
    named = ["NOT FOR THIS KEY FILE: hearing-key-1.age", "NOT FOR THIS KEY FILE: data/seg/judge_1_mic-000002.age"]
    assert [line for line in said.splitlines() if line.startswith("NOT FOR")] == ([] if opens else named)
