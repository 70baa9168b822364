"""An excerpt verifies alone, by both verifiers and by hand, and holds what was asked for and nothing that was not
sealed."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import bagit
import pyrage
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from media.evidence.check import excerpt
from media.evidence.check.bag import UnsoundError
from media.evidence.check.excerpt import ExcerptError, Part, SealedJournal, make, moment
from media.evidence.check.policy import parse
from media.evidence.check.proofs_check import parse_proof
from media.evidence.check.verify import VerificationRequest, verify
from tests.deploy import verify_bag_mutations as mutations
from tests.media.evidence.check.test_verify_txt import follow

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
ANEW = "proofs/custody-keywrap.tlog-proof"
SCRIPT = mutations.ROOT / "deploy" / "verify_bag.py"


def cut(bag: Path, target: Path, recording: Any, start: int, end: int, **more: Any) -> excerpt.Excerpted:
    wanted = Part(start, end, **{name: frozenset(value) for name, value in more.items()})
    return make(SealedJournal(bag / "data"), target, wanted, parse(recording.policy()), NOW)


def both(bag: Path, recording: Any) -> list[Any]:
    """What the two verifiers say of an excerpt: verdict and runs."""
    policy = bag.with_name(f"{bag.name}.policy")
    policy.write_bytes(recording.policy())
    command = [sys.executable, str(SCRIPT), str(bag), "--policy", str(policy), "--without-stamp", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    other = json.loads(done.stdout)
    request = VerificationRequest(parse(recording.policy()), without_stamp=True, identity=recording.key_file())
    own = verify(bag, request).as_json()
    runs = re.compile(r"[(),] ?(?:excerpt )?")
    assert sorted(runs.split(own["words"])) == sorted(runs.split(other["verdict"]))
    assert own["exit"] == done.returncode
    return [own["verdict"], own["excerpt"]]


def test_an_excerpt_holds_the_segments_of_its_time_and_verifies_alone(
    good_bag: Path, good_recording: Any, tmp_path: Path
) -> None:
    made = cut(good_bag, tmp_path / "part", good_recording, 2500, 3000)
    assert both(made.folder, good_recording) == [
        "verified", {"judge_1_cam": (2, 2, 3), "judge_1_mic": (2, 2, 3), "channel_ro": (1, 1, 2)},
    ]  # fmt: skip
    assert bagit.Bag(str(made.folder)).validate()
    assert (made.start, made.end, dict(made.segments)) == (
        2000, 4000, {"judge_1_cam": 1, "judge_1_mic": 1, "channel_ro": 1},
    )  # fmt: skip
    payload = {path.relative_to(made.folder / "data").as_posix() for path in (made.folder / "data").rglob("*.age")}
    inits = {f"seg/{name}-000000.age" for name in made.segments}
    pieces = {"seg/judge_1_cam-000002.age", "seg/judge_1_mic-000002.age", "seg/channel_ro-000001.age"}
    assert payload == {"hearing-key.age"} | inits | pieces
    info = (made.folder / "bag-info.txt").read_text()
    assert "Recording-Scope: excerpt\n" in info
    assert f"External-Identifier: {good_recording.origin}\n" in info


def test_an_excerpt_passes_each_step_of_its_own_verify_txt(good_bag: Path, good_recording: Any, tmp_path: Path) -> None:
    made = cut(good_bag, tmp_path / "part", good_recording, 0, 4000)
    (tmp_path / "policy.txt").write_bytes(good_recording.policy())
    (tmp_path / "key-file.txt").write_bytes(good_recording.key_file())
    failed, said = follow(made.folder, tmp_path)
    assert failed == "", said
    assert "Signature Verified Successfully" in said
    assert f"OK: an excerpt of {good_recording.origin}: " in said
    assert "judge_1_mic: " in said
    (made.folder / "data/seg/judge_1_mic-000001.age").write_bytes(b"another")
    assert follow(made.folder, tmp_path)[0] == "1"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: (data / "seg/judge_1_mic-000001.age").write_bytes(b"another"), "is not what was sealed"),
        (lambda data: (data / "seg/judge_1_mic-000001.age").unlink(), "is not what was sealed"),
        (lambda data: (data / "seg/judge_1_mic-000009.age").write_bytes(b"more"), "no proven line names"),
        (lambda data: (data / "proofs/close.tlog-proof").unlink(), "the proof of close is not there"),
        (lambda data: (data / "proofs/init-judge_1_mic.tlog-proof").unlink(), "init of judge_1_mic are not there"),
        (lambda data: (data / "proofs/judge_1_mic-000001.tlog-proof").unlink(), "no proven line names"),
        (lambda data: (data / "proofs/judge_1_cam-000002.tlog-proof").unlink(), "a number of judge_1_cam is missing"),
        (
            lambda data: shutil.copy(data / "proofs/open.tlog-proof", data / "proofs/close.tlog-proof"),
            "the proof of close is not there",
        ),
        (
            lambda data: (data / "proofs/open.tlog-proof").write_bytes(
                (data / "proofs/open.tlog-proof").read_bytes().replace(b"index 0", b"index 1")
            ),
            "open.tlog-proof does not prove its line",
        ),
    ],
)
def test_the_script_of_an_excerpt_finds_what_was_changed(
    good_bag: Path, good_recording: Any, tmp_path: Path, change: Any, said: str
) -> None:
    made = cut(good_bag, tmp_path / "part", good_recording, 0, 6000, tracks=["judge_1_mic", "judge_1_cam"])
    script = Path(excerpt.__file__).with_name("standalone") / "proofs.py"

    def check() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(made.folder / "data")]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert check().returncode == 0, check().stderr
    change(made.folder / "data")
    assert check().returncode == 1
    assert said in check().stderr


def test_a_gap_in_the_time_is_proven_like_a_segment(gapped: Any, tmp_path: Path) -> None:
    bag = gapped.write(tmp_path / "bag")
    made = cut(bag, tmp_path / "part", gapped, 0, 6000)
    verdict, runs = both(made.folder, gapped)
    assert (verdict, runs["judge_1_cam"]) == ("gaps", (1, 2, 2))
    proven = [path.name for path in (made.folder / "data/proofs").glob("gap-*")]
    assert len(proven) == 1
    assert parse_proof((made.folder / "data/proofs" / proven[0]).read_bytes()).line in gapped.encoded()


def test_only_the_tracks_and_languages_asked_for_are_in_it(good_bag: Path, good_recording: Any, tmp_path: Path) -> None:
    tracks = cut(good_bag, tmp_path / "one", good_recording, 0, 6000, tracks=["judge_1_mic"]).segments
    assert set(tracks) == {"judge_1_mic"}
    foreign = cut(good_bag, tmp_path / "two", good_recording, 0, 6000, languages=["th"]).segments
    assert set(foreign) == {"judge_1_cam", "judge_1_mic"}
    own = cut(good_bag, tmp_path / "three", good_recording, 0, 6000, languages=["ro"]).segments
    assert set(own) == {"judge_1_cam", "judge_1_mic", "channel_ro"}


def test_a_camera_begins_at_the_picture_that_can_be_decoded(
    builder: ModuleType, webm: dict[str, list[bytes]], tmp_path: Path
) -> None:
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_cam", "floor-video")
    recording.init("judge_1_cam", webm["video"][0], builder.MIMES["video"])
    for n in (1, 2, 3):
        recording.segment("judge_1_cam", n, webm["video"][n], (2000 * n - 2000, 2000 * n), [0] if n == 1 else [], rap=1)
    recording.close(6000)
    made = cut(recording.write(tmp_path / "bag"), tmp_path / "part", recording, 4500, 5000)
    assert both(made.folder, recording) == ["verified", {"judge_1_cam": (1, 3, 3)}]
    assert (made.start, made.end) == (0, 6000)


@pytest.mark.parametrize(
    ("span", "keys"),
    [
        ((0, 2000), ["hearing-key.age"]),
        ((2500, 3000), ["hearing-key-1.age", "hearing-key.age"]),
        ((0, 6000), ["hearing-key-1.age", "hearing-key.age"]),
        ((4000, 6000), ["hearing-key.age"]),
    ],
)
def test_of_the_keys_of_a_recording_those_of_its_time_go_with_an_excerpt(
    builder: ModuleType, webm: dict[str, list[bytes]], tmp_path: Path, span: tuple[int, int], keys: list[str]
) -> None:
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", webm["audio"][0], builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, webm["audio"][1], (0, 2000), [])
    recording.wrap()
    recording.rekey(1, 2000)
    recording.segment("judge_1_mic", 2, webm["audio"][2], (2000, 4000), [])
    recording.rekey(0, 4000)
    recording.segment("judge_1_mic", 3, webm["audio"][3], (4000, 6000), [])
    recording.close(6000)
    made = cut(recording.write(tmp_path / "bag"), tmp_path / "part", recording, *span)
    assert both(made.folder, recording)[0] == "verified"
    assert sorted(path.name for path in (made.folder / "data").glob("hearing-key*")) == keys


def wrapped_anew(recording: Any, number: int = 0) -> bytes:
    """A key of the recording encrypted anew after the close, with its line in the custody log; the new file."""
    name = f"hearing-key-{number}.age" if number else "hearing-key.age"
    again = pyrage.encrypt(f"{recording.keys[number]}\n".encode(), [recording.authority.to_public()])
    recording.access(what="rewrap")
    recording.custody("keywrap", **recording.file(name, again))
    return bytes(again)


def test_an_excerpt_of_a_recording_whose_key_was_wrapped_anew_carries_the_new_key_and_its_proof(
    recording: Any, tmp_path: Path
) -> None:
    first = recording.files["hearing-key.age"]
    key = wrapped_anew(recording)
    recording.access(what="view")
    bag = recording.write(tmp_path / "bag")
    made = cut(bag, tmp_path / "part", recording, 2500, 3000)
    assert both(made.folder, recording)[0] == "verified"
    data = made.folder / "data"
    assert (data / "hearing-key.age").read_bytes() == key != first
    proof = parse_proof((data / ANEW).read_bytes())
    assert (
        proof.checkpoint == (data / "custody-checkpoint").read_bytes() == (bag / "data/custody-checkpoint").read_bytes()
    )
    assert not (data / "custody.jsonl").exists()
    (tmp_path / "policy.txt").write_bytes(recording.policy())
    (tmp_path / "key-file.txt").write_bytes(recording.key_file())
    failed, said = follow(made.folder, tmp_path)
    assert failed == "", said
    assert said.count("Signature Verified Successfully") == 2
    assert "WRAPPED ANEW after the close: hearing-key.age" in said


def test_of_several_keys_the_one_that_was_wrapped_anew_is_proven_by_the_custody_log_and_the_others_as_before(
    builder: ModuleType, webm: dict[str, list[bytes]], tmp_path: Path
) -> None:
    recording = builder.Recording()
    recording.begin()
    recording.track("judge_1_mic", "floor-audio")
    recording.init("judge_1_mic", webm["audio"][0], builder.MIMES["audio"])
    recording.segment("judge_1_mic", 1, webm["audio"][1], (0, 2000), [])
    recording.wrap()
    recording.rekey(1, 2000)
    recording.segment("judge_1_mic", 2, webm["audio"][2], (2000, 4000), [])
    recording.close(4000)
    wrapped_anew(recording, 1)
    wrapped_anew(recording, 1)
    bag = recording.write(tmp_path / "bag")
    made = cut(bag, tmp_path / "part", recording, 2500, 3000)
    assert both(made.folder, recording)[0] == "verified"
    assert [path.name for path in (made.folder / "data/proofs").glob("custody*")] == ["custody-keywrap-1.tlog-proof"]
    before = cut(bag, tmp_path / "before", recording, 0, 2000)
    assert both(before.folder, recording)[0] == "verified"
    assert not (before.folder / "data/custody-checkpoint").exists()


@pytest.mark.parametrize(
    ("change", "said", "by_hand"),
    [
        (lambda data: (data / "custody-checkpoint").unlink(), "line 1", 1),
        (lambda data: (data / "custody-checkpoint").write_bytes((data / "checkpoint").read_bytes()), "line 1", 1),
        (lambda data: (data / ANEW).unlink(), "custody-checkpoint", 1),
        (lambda data: shutil.copy(data / "proofs/keywrap.tlog-proof", data / ANEW), "line 1", 1),
        (lambda data: (data / ANEW).rename(data / "proofs/custody-keywrap-1.tlog-proof"), "line 1", 0),
        (lambda data: (data / "hearing-key.age").write_bytes(b"another"), "custody line 4", 1),
    ],
)  # fmt: skip
def test_a_new_key_without_its_line_under_a_signed_head_is_found_by_all_who_check(
    recording: Any, builder: ModuleType, tmp_path: Path, change: Any, said: str, by_hand: int
) -> None:
    wrapped_anew(recording)
    made = cut(recording.write(tmp_path / "bag"), tmp_path / "part", recording, 0, 4000)
    change(made.folder / "data")
    builder.rebag(made.folder)
    policy = tmp_path / "policy.txt"
    policy.write_bytes(recording.policy())
    command = [sys.executable, str(SCRIPT), str(made.folder), "--policy", str(policy), "--without-stamp", "--json"]
    other = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout)
    own = verify(made.folder, VerificationRequest(parse(recording.policy()), without_stamp=True)).as_json()
    assert (other["first"], own["verdict"], own["first"]) == (own["first"], "failed", said)
    script = Path(excerpt.__file__).with_name("standalone") / "proofs.py"
    done = subprocess.run([sys.executable, str(script), str(made.folder / "data")], capture_output=True, check=False)
    assert done.returncode == by_hand


def test_no_excerpt_is_cut_when_the_custody_log_is_not_the_one_signed_or_the_key_is_a_former_one(
    recording: Any, tmp_path: Path
) -> None:
    first = recording.files["hearing-key.age"]
    wrapped_anew(recording)
    bag = recording.write(tmp_path / "bag")
    (bag / "data/hearing-key.age").write_bytes(first)
    with pytest.raises(ExcerptError, match=r"hearing-key\.age is not the file that was sealed"):
        cut(bag, tmp_path / "part", recording, 0, 4000)
    log = (bag / "data/custody.jsonl").read_bytes()
    (bag / "data/custody.jsonl").write_bytes(log.replace(b"rewrap", b"unwrap"))
    with pytest.raises(ExcerptError, match="the custody log is not the one its checkpoint names"):
        cut(bag, tmp_path / "part", recording, 0, 4000)
    assert not (tmp_path / "part").exists()


@pytest.mark.parametrize(
    ("start", "end", "tracks", "said"),
    [
        (6000, 9000, [], "nothing was recorded in this time"),
        (3000, 3000, [], "ends after it begins"),
        (0, 6000, ["witness_1_mic"], "no track witness_1_mic"),
        (0, 1000, ["channel_ro"], "nothing was recorded in this time"),
    ],
)
def test_what_cannot_be_cut_is_refused_and_leaves_nothing(
    good_bag: Path, good_recording: Any, tmp_path: Path, start: int, end: int, tracks: list[str], said: str
) -> None:
    with pytest.raises(ExcerptError, match=said):
        cut(good_bag, tmp_path / "part", good_recording, start, end, tracks=tracks)
    assert list(tmp_path.iterdir()) == []


def test_a_target_that_is_there_is_left_alone(good_bag: Path, good_recording: Any, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    with pytest.raises(ExcerptError, match="is there already"):
        cut(good_bag, tmp_path / "part", good_recording, 0, 6000)
    assert list((tmp_path / "part").iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: (data / "seg/judge_1_mic-000002.age").write_bytes(b"another"),
        lambda data: (data / "seg/judge_1_mic-000002.age").unlink(),
        lambda data: (data / "journal.jsonl").write_bytes((data / "journal.jsonl").read_bytes()[:-1] + b" \n"),
        lambda data: (data / "journal.jsonl").write_bytes((data / "journal.jsonl").read_bytes().partition(b"\n")[2]),
        lambda data: (data / "checkpoint").write_bytes(b"nothing"),
        lambda data: (data / "hearing-key.age").write_bytes(b"another key"),
    ],
)  # fmt: skip
def test_nothing_is_cut_from_a_recording_that_is_not_the_one_sealed(
    good_bag: Path, good_recording: Any, builder: ModuleType, tmp_path: Path, change: Any
) -> None:
    bag = builder.copy(good_bag, tmp_path / "bag")
    change(bag / "data")
    with pytest.raises(ExcerptError):
        cut(bag, tmp_path / "part", good_recording, 0, 6000)
    assert [path.name for path in tmp_path.iterdir()] == ["bag"]


def test_an_excerpt_that_no_pinned_key_has_signed_is_not_kept(
    good_bag: Path, good_recording: Any, tmp_path: Path
) -> None:
    foreign = parse(good_recording.policy(seed=b"x" * 32))
    with pytest.raises(UnsoundError):
        make(SealedJournal(good_bag / "data"), tmp_path / "part", Part(0, 6000), foreign, NOW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0:00", 0),
        ("1:02:03.5", 3_723_500),
        ("2:03", 123_000),
        ("2026-11-28T10:00:01+02:00", 1000),
        ("2026-11-28T08:00:00.25Z", 250),
    ],
)
def test_a_time_is_a_time_code_or_an_instant(text: str, ms: int) -> None:
    zero = round(datetime(2026, 11, 28, 8, tzinfo=UTC).timestamp() * 1000)
    assert moment(text, zero) == ms


@pytest.mark.parametrize("text", ["", "1", "1:2", "99:99", "2026-11-28T10:00:00", "noon", "-1:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        moment(text, 0)


def test_the_command_makes_an_excerpt_and_says_what_it_holds(
    good_bag: Path, good_recording: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "policy.txt").write_bytes(good_recording.policy())
    where = [str(good_bag), str(tmp_path / "part"), "--policy", str(tmp_path / "policy.txt")]
    assert excerpt.main([*where, "--from", "0:02", "--to", "0:04", "--track", "judge_1_mic"]) == 0
    said = capsys.readouterr().out
    assert "verified (excerpt judge_1_mic 2–2 of 3)" in said
    assert "excerpt:   0:00:02.000 to 0:00:04.000, segments judge_1_mic: 1, " in said
    assert excerpt.main([*where, "--from", "0:02", "--to", "0:04"]) == 2
    assert "is there already" in capsys.readouterr().err
    where[1] = str(tmp_path / "other")
    assert excerpt.main([*where, "--from", "noon", "--to", "0:04"]) == 2
    assert "vivavoce excerpt: " in capsys.readouterr().err


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lengths=st.lists(st.tuples(st.sampled_from(["segment", "gap"]), st.integers(1, 4)), min_size=1, max_size=7),
    raps=st.lists(st.integers(0, 3), min_size=7, max_size=7),
    start=st.integers(0, 20),
    length=st.integers(1, 12),
)
def test_whatever_the_course_and_the_time_an_excerpt_verifies_or_has_nothing(
    builder: ModuleType, webm: dict[str, list[bytes]], tmp_path_factory: pytest.TempPathFactory,
    lengths: list[tuple[str, int]], raps: list[int], start: int, length: int,
) -> None:  # fmt: skip
    recording, at, n, keys = builder.Recording(), 0, 0, []
    recording.begin()
    for name, kind in (("judge_1_cam", "video"), ("judge_1_mic", "audio")):
        recording.track(name, f"floor-{kind}")
        recording.init(name, webm[kind][0], builder.MIMES[kind])
    for (kind, seconds), back in zip(lengths, raps, strict=False):
        span = (at, at + 1000 * seconds)
        at = span[1]
        if kind == "gap":
            recording.gap("judge_1_cam", span, "network")
        else:
            n += 1
            old = [key for key in keys if n - key <= back]
            keys += [] if old else [n]
            picture = webm["video"][1]
            recording.segment("judge_1_cam", n, picture, span, [] if old else [0], rap=old[-1] if old else n)
    for number, begin in enumerate(range(0, at, 1000), 1):
        recording.segment("judge_1_mic", number, webm["audio"][1], (begin, begin + 1000), [])
    recording.close(at)
    folder = tmp_path_factory.mktemp("course")
    bag = recording.write(folder / "bag")
    try:
        made = cut(bag, folder / "part", recording, 1000 * start, 1000 * (start + length))
    except ExcerptError:
        assert 1000 * start >= at
        return
    verdict, runs = both(made.folder, recording)
    assert verdict in ("verified", "gaps")
    assert runs["judge_1_mic"][:2] == (start + 1, min(start + length, at // 1000))
