"""Whatever is done to a bag, the verdict names it: a byte, a file, a line, a key, a name, a moment."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationReport, VerificationRequest, verify

Tamper = Callable[[Path], object]
OTHER_SEED = b"o" * 32


def check(bag: Path, policy: bytes, **more: Any) -> VerificationReport:
    """The verdict without a time-stamp."""
    return verify(bag, VerificationRequest(parse(policy), without_stamp=True, **more))


def flip(path: str, at: int = -1, bit: int = 1) -> Tamper:
    """Flip one bit of one byte of a file."""

    def tamper(bag: Path) -> None:
        data = bytearray((bag / path).read_bytes())
        data[at] ^= bit
        (bag / path).write_bytes(bytes(data))

    return tamper


def remove(path: str) -> Tamper:
    """Remove a file."""
    return lambda bag: (bag / path).unlink()


def swap(first: str, second: str) -> Tamper:
    """Let two files change places."""

    def tamper(bag: Path) -> None:
        (bag / first).rename(bag / "swap")
        (bag / second).rename(bag / first)
        (bag / "swap").rename(bag / second)

    return tamper


def add(path: str, source: str) -> Tamper:
    """Add a copy of a file under another name."""

    def tamper(bag: Path) -> None:
        (bag / path).parent.mkdir(exist_ok=True)
        shutil.copyfile(bag / source, bag / path)

    return tamper


def replace(path: str, old: bytes, new: bytes) -> Tamper:
    """Replace bytes of a file, once."""

    def tamper(bag: Path) -> None:
        data = (bag / path).read_bytes()
        assert old in data
        (bag / path).write_bytes(data.replace(old, new, 1))

    return tamper


def cut_lines(count: int, log: str = "data/journal.jsonl") -> Tamper:
    """Cut the last lines of a log."""

    def tamper(bag: Path) -> None:
        lines = (bag / log).read_bytes().split(b"\n")
        (bag / log).write_bytes(b"\n".join(lines[: -count - 1]) + b"\n")

    return tamper


def swap_lines(bag: Path) -> None:
    """Let two lines of the journal change places."""
    lines = (bag / "data/journal.jsonl").read_bytes().split(b"\n")
    lines[3], lines[4] = lines[4], lines[3]
    (bag / "data/journal.jsonl").write_bytes(b"\n".join(lines))


SEGMENT = "data/seg/judge_1_cam-000002.age"
CASES: dict[str, tuple[Tamper, str, str]] = {
    "a byte in a segment": (flip(SEGMENT), "judge_1_cam-000002", "not what was sealed"),
    "a byte in an init": (flip("data/seg/judge_1_mic-000000.age"), "judge_1_mic-000000", "not what was sealed"),
    "a segment cut short": (
        lambda bag: (bag / SEGMENT).write_bytes((bag / SEGMENT).read_bytes()[:-1]),
        "judge_1_cam-000002",
        "bytes, its line says",
    ),
    "a segment removed": (remove(SEGMENT), "judge_1_cam-000002", "not there"),
    "an init removed": (remove("data/seg/channel_ro-000000.age"), "channel_ro-000000", "not there"),
    "two segments swapped": (swap(SEGMENT, "data/seg/judge_1_cam-000003.age"), "judge_1_cam-000002", "its line says"),
    "a segment from another track": (
        lambda bag: shutil.copyfile(bag / "data/seg/judge_1_mic-000001.age", bag / SEGMENT) and None,
        "judge_1_cam-000002",
        "its line says",
    ),
    "a segment added": (add("data/seg/judge_1_cam-000004.age", SEGMENT), "seg/judge_1_cam-000004.age", "no line"),
    "an orphan file": (add("data/blob/more.txt", "bagit.txt"), "blob/more.txt", "no line"),
    "an index page changed": (flip("data/index/judge_1_cam-0000.idx"), "line 23", "not what was sealed"),
    "an index page removed": (remove("data/index/judge_1_cam-0000.idx"), "line 23", "not there"),
    "the wrapped key changed": (flip("data/hearing-key.age"), "line 1", "not what was sealed"),
    "the wrapped key removed": (remove("data/hearing-key.age"), "line 1", "not there"),
    "a time in the journal": (
        replace("data/journal.jsonl", b'"t0":100,"t1":140', b'"t0":100,"t1":141'),
        "checkpoint",
        "root",
    ),
    "a hash in the journal": (
        replace("data/journal.jsonl", b'"sha256":"', b'"sha256":"0'),
        "line 1",
        "sha256 has a wrong form",
    ),
    "a space in the journal": (
        replace("data/journal.jsonl", b'{"at":', b'{ "at":'),
        "line 0",
        "not in canonical form",
    ),
    "two lines swapped": (swap_lines, "checkpoint", "root"),
    "the journal cut in a line": (
        lambda bag: (bag / "data/journal.jsonl").write_bytes((bag / "data/journal.jsonl").read_bytes()[:-1]) and None,
        "line 23",
        "does not end in a line feed",
    ),
    "the close cut off": (cut_lines(1), "index/channel_ro-0000.idx", "no line"),
    "the checkpoint's size": (replace("data/checkpoint", b"\n24\n", b"\n23\n"), "checkpoint", "seal"),
    "the checkpoint's signature": (flip("data/checkpoint", 160), "checkpoint", ""),
    "the last access cut off": (cut_lines(1, "data/custody.jsonl"), "custody", "lines, its checkpoint covers"),
    "another name in an access": (replace("data/custody.jsonl", b"Ioana", b"Elena"), "custody", "root"),
    "the custody log removed": (remove("data/custody.jsonl"), "custody", "not there"),
    "its checkpoint removed": (remove("data/custody-checkpoint"), "custody", "not there"),
    "its checkpoint's signature": (flip("data/custody-checkpoint", 160), "custody", ""),
    "the recording's checkpoint in its place": (
        lambda bag: shutil.copyfile(bag / "data/checkpoint", bag / "data/custody-checkpoint") and None,
        "custody",
        "belongs to",
    ),
    "the checkpoint's form": (flip("data/checkpoint", -1), "checkpoint", "malformed"),
    "the recording called another": (
        lambda bag: (
            (bag / "data/checkpoint").write_bytes(
                (bag / "data/checkpoint").read_bytes().replace(b"000000000001", b"000000000002")
            )
            and None
        ),
        "checkpoint",
        "seal",
    ),
}


@pytest.mark.parametrize("redone", [False, True], ids=["manifests kept", "manifests redone"])
@pytest.mark.parametrize("case", CASES)
def test_a_change_fails_and_is_named(
    case: str, redone: bool, good_bag: Path, good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    tamper, first, words = CASES[case]
    bag = builder.copy(good_bag, tmp_path / "bag")
    tamper(bag)
    if redone:
        builder.rebag(bag)
    report = check(bag, good_recording.policy())
    assert (report.findings.verdict, report.exit_code, report.findings.first) == ("failed", 20, first)
    assert words in next(item.what for item in report.findings.ordered())
    assert any(item.where == "bag" for item in report.findings.failures) is not redone


MANIFEST_CASES: dict[str, Tamper] = {
    "a byte in the manifest": flip("manifest-sha256.txt", 3),
    "a path in the manifest": replace(
        "manifest-sha256.txt", b"data/seg/judge_1_cam-000002", b"data/seg/judge_1_cam-0000x2"
    ),
    "a byte in a tag manifest": flip("tagmanifest-sha512.txt", 3),
    "a byte in bag-info": replace("bag-info.txt", b"full", b"fool"),
    "the size in bag-info": replace("bag-info.txt", b"Payload-Oxum: ", b"Payload-Oxum: 1"),
    "a byte in bagit.txt": replace("bagit.txt", b"1.0", b"0.9"),
    "a manifest removed": remove("manifest-sha256.txt"),
    "a tag manifest removed": remove("tagmanifest-sha256.txt"),
    "a fetch list added": lambda bag: (bag / "fetch.txt").write_text("") and None,
    "a link added": lambda bag: (bag / "data/seg/link.age").symlink_to("judge_1_cam-000001.age"),
    "folders within folders": lambda bag: (bag / "data" / "/".join("x" * 40)).mkdir(parents=True),
    "a manifest of an unknown kind": lambda bag: (bag / "manifest-crc32.txt").write_text("") and None,
}


@pytest.mark.parametrize("case", MANIFEST_CASES)
def test_a_bag_that_is_not_valid_fails_as_a_bag(
    case: str, good_bag: Path, good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    bag = builder.copy(good_bag, tmp_path / "bag")
    MANIFEST_CASES[case](bag)
    report = check(bag, good_recording.policy())
    assert (report.findings.verdict, report.findings.first) == ("failed", "bag")


def test_an_untouched_bag_passes(good_bag: Path, good_recording: Any) -> None:
    report = check(good_bag, good_recording.policy())
    assert (report.findings.verdict, report.exit_code, report.findings.first) == ("verified", 0, "-")
    assert report.findings.failures == []
    assert report.findings.waived == [
        "cosigners: the policy asks for none (quorum none)",
        "time-stamp: not asked for (--without-stamp)",
    ]


def test_an_untouched_bag_with_gaps_passes_and_lists_them(gapped: Any, tmp_path: Path) -> None:
    report = check(gapped.write(tmp_path / "bag"), gapped.policy())
    assert (report.findings.verdict, report.exit_code, report.findings.first) == ("gaps", 10, "-")
    assert report.findings.gaps == {"sender_off": [1, 2000]}


def test_the_wrong_key_pinned_fails(good_bag: Path, good_recording: Any) -> None:
    report = check(good_bag, good_recording.policy(OTHER_SEED))
    assert (report.exit_code, report.findings.first) == (20, "checkpoint")


def test_no_key_pinned_cannot_be_verified(good_bag: Path, good_recording: Any) -> None:
    for policy in (b"quorum none\n", good_recording.policy(court="other.example")):
        report = check(good_bag, policy)
        assert (report.exit_code, report.findings.first) == (30, "-")
        assert report.findings.missing == ["a key pinned for court.example/hearing: the policy has no log line for it"]


def test_a_recording_sealed_anew_by_another_key_fails(recording: Any, tmp_path: Path) -> None:
    policy = recording.policy()
    recording.seed = OTHER_SEED
    report = check(recording.write(tmp_path / "bag"), policy)
    assert (report.exit_code, report.findings.first) == (20, "checkpoint")


def test_another_recording_of_the_court_fails_where_one_is_expected(good_bag: Path, good_recording: Any) -> None:
    other = good_recording.origin[:-1] + "2"
    report = check(good_bag, good_recording.policy(), origin=other)
    assert (report.exit_code, report.findings.first) == (20, "checkpoint")
    assert check(good_bag, good_recording.policy(), origin=good_recording.origin).exit_code == 0


def test_a_checkpoint_signed_for_another_recording_fails(recording: Any, builder: ModuleType, tmp_path: Path) -> None:
    other = recording.origin[:-1] + "2"
    bag = recording.write(tmp_path / "bag")
    (bag / "data/checkpoint").write_bytes(recording.note(origin=other))
    report = check(builder.rebag(bag), recording.policy())
    assert (report.exit_code, report.findings.first, report.origin) == (20, "checkpoint", other)


def test_a_journal_cut_and_sealed_again_cannot_be_verified(recording: Any, tmp_path: Path) -> None:
    del recording.lines[23:]
    for path in [path for path in recording.files if path.startswith("index/")]:
        del recording.files[path]
    recording.accesses.clear()
    report = check(recording.write(tmp_path / "bag"), recording.policy())
    assert (report.findings.verdict, report.exit_code, report.findings.first) == ("cannot", 30, "-")
    assert report.findings.missing == ["a close: the journal does not say where the recording ends"]


def test_a_kept_head_uncovers_a_recording_that_was_written_anew(
    recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    kept = (("kept", recording.note(10)),)
    bag = recording.write(tmp_path / "bag")
    assert check(bag, recording.policy(), kept=kept).exit_code == 0
    recording.lines[3]["level"] = -1
    shutil.rmtree(bag)
    report = check(recording.write(bag), recording.policy(), kept=kept)
    assert (report.exit_code, report.findings.first) == (20, "checkpoint")
    assert check(bag, recording.policy()).exit_code == 0


@pytest.mark.parametrize("redone", [False, True], ids=["manifests kept", "manifests redone"])
def test_no_flipped_bit_anywhere_in_data_is_ever_verified(
    redone: bool, good_bag: Path, good_recording: Any, builder: ModuleType, tmp_path: Path
) -> None:
    source = random.Random(20260921)
    policy = good_recording.policy()
    bag = builder.copy(good_bag, tmp_path / "bag")
    files = sorted(path for path in (bag / "data").rglob("*") if path.is_file())
    sizes = [path.stat().st_size for path in files]
    places = source.sample(range(sum(sizes)), 60)
    places += [sum(sizes[:number]) + source.randrange(size) for number, size in enumerate(sizes)]
    for place in places:
        number = 0
        while place >= sizes[number]:
            place, number = place - sizes[number], number + 1
        before = files[number].read_bytes()
        changed = bytearray(before)
        changed[place] ^= 1 << source.randrange(8)
        files[number].write_bytes(bytes(changed))
        if redone:
            builder.rebag(bag)
        report = check(bag, policy)
        name = files[number].relative_to(bag).as_posix()
        assert report.exit_code in (20, 30), f"byte {place} of {name}"
        if name not in ("data/checkpoint", "data/journal.jsonl"):
            assert report.exit_code == 20
        files[number].write_bytes(before)
    assert check(builder.rebag(bag), policy).exit_code == 0
