"""An export is a bag by anyone's rules, is verified, and leaves its own trace in the journal."""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import bagit
import pytest

from media.evidence.check import bag
from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify
from media.evidence.log import custody, tlog

NOW = datetime(2026, 9, 22, 10, 30, tzinfo=UTC)
LOGS = ("journal.jsonl", "checkpoint", "custody.jsonl", "custody-checkpoint")
CLERK = custody.Accessor("Ioana Marin", "clerk", "RO")


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


@contextlib.contextmanager
def open_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def export(folder: Path, recording: Any, target: Path) -> bag.Exported:
    """Export as a clerk would."""
    return bag.export(
        folder,
        target,
        recording.court_seal(folder.with_name("seal")),
        CLERK,
        "for the file",
        NOW,
    )


def test_an_export_is_verified_and_is_a_bag_for_bagit(folder: Path, recording: Any, tmp_path: Path) -> None:
    exported = export(folder, recording, tmp_path / "bag")
    report = verify(
        tmp_path / "bag",
        VerificationRequest(parse(recording.policy()), without_stamp=True, identity=recording.key_file()),
    )
    assert (report.findings.verdict, report.findings.failures) == ("verified", [])
    assert bagit.Bag(str(tmp_path / "bag")).validate()
    assert bag.check(tmp_path / "bag").failures == []
    assert report.size == exported.head.size == len(recording.lines)
    tagmanifest = (tmp_path / "bag/tagmanifest-sha256.txt").read_bytes()
    assert exported.tagmanifest_sha256 == hashlib.sha256(tagmanifest).hexdigest()


def test_an_export_holds_the_folder_and_the_tag_files_and_nothing_else(
    folder: Path, recording: Any, tmp_path: Path
) -> None:
    (folder / ".checkpoint.tmp").write_bytes(b"left behind")
    (folder / "seg/judge_1_cam-000009.age.part").write_bytes(b"left behind")
    exported = export(folder, recording, tmp_path / "bag")
    found = {path.relative_to(tmp_path / "bag").as_posix() for path in (tmp_path / "bag").rglob("*") if path.is_file()}
    payload = {f"data/{path}" for path in [*recording.files, *LOGS]}
    tags = {"bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"}
    assert found == payload | tags | {"VERIFY.txt", "provenance.jsonld"}
    info = dict(line.split(": ") for line in (tmp_path / "bag/bag-info.txt").read_text().splitlines())
    assert info["External-Identifier"] == recording.origin
    assert info["Payload-Oxum"] == f"{exported.size}.{len(payload)}"
    assert (info["Bagging-Date"], info["Recording-Scope"]) == ("2026-09-22", "full")


def test_an_export_is_journaled_before_it_is_made(folder: Path, recording: Any, tmp_path: Path) -> None:
    export(folder, recording, tmp_path / "bag")
    last = json.loads((tmp_path / "bag/data/custody.jsonl").read_bytes().splitlines()[-1])
    said = {"at": str(int(NOW.timestamp()) * 10**9), "root": recording.root().hex()}
    assert last == CLERK.line("export", "for the file") | said
    for name in LOGS:
        assert (folder / name).read_bytes() == (tmp_path / "bag/data" / name).read_bytes()


def test_every_copy_has_the_head_of_the_close_and_verifies_by_it(folder: Path, recording: Any, tmp_path: Path) -> None:
    seal = recording.court_seal(tmp_path / "seal")
    first = bag.export(folder, tmp_path / "first", seal, CLERK, "for the file", NOW)
    heads = custody.record(folder, [CLERK.line("view", "copy")], seal, 1_790_100_000 * 10**9)
    second = bag.export(folder, tmp_path / "second", seal, CLERK, "for the other State", NOW)
    assert first.head == second.head == heads.recording
    head = (first.head.size, first.head.root)
    wanted = VerificationRequest(parse(recording.policy()), without_stamp=True, head=head)
    reports = [verify(tmp_path / name, wanted) for name in ("first", "second")]
    assert [report.findings.verdict for report in reports] == ["verified", "verified"]
    assert [report.custody.size for report in reports] == [4, 6]


def test_a_recording_takes_lines_while_its_payload_is_copied_and_the_bag_is_of_one_moment(
    folder: Path, recording: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal = recording.court_seal(folder.with_name("seal"))
    locked: dict[str, bool] = {}
    real = bag.copy_file

    def copied(source: Path, copy: Path) -> str:
        with open_folder(folder) as descriptor:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                locked[source.relative_to(folder).as_posix()] = False
            except BlockingIOError:
                locked[source.relative_to(folder).as_posix()] = True
        if list(locked.values()).count(False) == 1:
            line = CLERK.line("view", "meanwhile")
            custody.record(folder, [line], seal, int(NOW.timestamp()) * 10**9)
        return real(source, copy)

    monkeypatch.setattr(bag, "copy_file", copied)
    exported = bag.export(folder, tmp_path / "bag", seal, CLERK, "for the file", NOW)
    frozen = {path for path in locked if path.startswith(("seg/", "index/", "blob/")) or path == "journal.jsonl"}
    assert {path for path, held in locked.items() if not held} == frozen
    assert {"journal.jsonl", "seg/judge_1_cam-000001.age"} <= frozen < set(locked)
    assert exported.verdict.startswith("verified")
    for lies, views in ((folder, 1), (tmp_path / "bag" / "data", 0)):
        assert (lies / "custody.jsonl").read_text().count('"what":"view"') == views


def test_a_bag_is_never_written_over_another(folder: Path, recording: Any, tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    before = (folder / "custody.jsonl").read_bytes()
    with pytest.raises(bag.ExportError):
        export(folder, recording, tmp_path / "bag")
    assert (folder / "custody.jsonl").read_bytes() == before


def test_an_export_that_cannot_be_written_leaves_nothing(folder: Path, recording: Any, tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file where a folder should be")
    with pytest.raises(bag.ExportError):
        export(folder, recording, tmp_path / "exports/bag")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "recording", "seal"]


def test_a_recording_that_is_not_closed_is_not_exported(recording: Any, tmp_path: Path) -> None:
    del recording.lines[23:]
    folder = recording.write_folder(tmp_path / "recording")
    with pytest.raises(custody.NotClosedError):
        export(folder, recording, tmp_path / "bag")
    assert not (tmp_path / "bag").exists()


def test_a_recording_that_fails_is_handed_out_only_by_an_order_and_under_its_verdict(
    folder: Path, recording: Any, tmp_path: Path
) -> None:
    (folder / "seg/judge_1_cam-000009.age").write_bytes(b"an orphan")
    with pytest.raises(bag.UnsoundError, match="failed, first seg/judge_1_cam-000009"):
        export(folder, recording, tmp_path / "bag")
    assert not (tmp_path / "bag").exists()
    seal = recording.court_seal(tmp_path / "seal")
    head = tlog.parse_checkpoint(tlog.parse_note((folder / "checkpoint").read_bytes()).text)
    seal.has_signed(head)
    made = bag.export(folder, tmp_path / "bag", seal, CLERK, "", NOW, despite="order of the presiding judge")
    report = verify(tmp_path / "bag", VerificationRequest(parse(recording.policy()), without_stamp=True))
    assert (report.findings.verdict, report.findings.first) == ("failed", "seg/judge_1_cam-000009.age")
    info = dict(line.split(": ") for line in (tmp_path / "bag/bag-info.txt").read_text().splitlines())
    assert (made.verdict, info["Verdict-At-Export"], info["Exported-Despite"]) == (
        "failed", "failed", "order of the presiding judge",
    )  # fmt: skip


def test_a_recording_that_was_not_signed_so_is_exported_by_an_order_as_it_lies_there(
    folder: Path, recording: Any, tmp_path: Path
) -> None:
    seal = recording.court_seal(tmp_path / "seal")
    journal = (folder / "journal.jsonl").read_bytes().replace(b"-213", b"-214")
    (folder / "journal.jsonl").write_bytes(journal)
    with pytest.raises(custody.NotProvenError):
        bag.export(folder, tmp_path / "bag", seal, CLERK, "", NOW)
    made = bag.export(folder, tmp_path / "bag", seal, CLERK, "", NOW, despite="order")
    assert (made.verdict, (tmp_path / "bag/data/journal.jsonl").read_bytes()) == ("failed", journal)


def test_a_naive_time_is_refused(folder: Path, recording: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="naive"):
        bag.export(
            folder, tmp_path / "bag", recording.court_seal(tmp_path / "seal"), CLERK, "", NOW.replace(tzinfo=None)
        )


# --- what the bagit library lets pass --------------------------------------------------------------------------------


def _add_line(bag_folder: Path, name: str, line: str) -> None:
    with (bag_folder / name).open("a") as file:
        file.write(line)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda path: _add_line(path, "manifest-sha256.txt", "0" * 64 + "  data/../bagit.txt\n"), "which is not there"),
        (lambda path: _add_line(path, "manifest-sha256.txt", "0" * 64 + "  /etc/passwd\n"), "which is not there"),
        (lambda path: _add_line(path, "manifest-sha256.txt", "nonsense\n"), "malformed"),
        (lambda path: _add_line(path, "manifest-sha256.txt", "0" * 64 + "  data/checkpoint\n"), "twice"),
        (lambda path: _add_line(path, "manifest-sha256.txt", "0" * 64 + "  bagit.txt\n"), "which is not there"),
        (lambda path: _add_line(path, "tagmanifest-sha256.txt", "0" * 64 + "  tagmanifest-sha512.txt\n"), "no place"),
        (lambda path: (path / "manifest-sha256.txt").write_bytes(b"\xff\n"), "not UTF-8"),
        (lambda path: (path / "manifest-md5.txt").write_text(""), "is not listed in manifest-md5.txt"),
        (lambda path: (path / "data").rename(path / "Data"), "no data folder"),
        (lambda path: (path / "bag-info.txt").write_text("Payload-Oxum: 1.1\nPayload-Oxum: 2.2\n"), "Payload-Oxum"),
        (lambda path: (path / "bag-info.txt").write_text(""), "Payload-Oxum"),
    ],
)
def test_a_bag_that_is_not_quite_one_is_refused(
    change: Any, what: str, good_bag: Path, builder: ModuleType, tmp_path: Path
) -> None:
    changed = builder.copy(good_bag, tmp_path / "bag")
    change(changed)
    assert any(what in item.what for item in bag.check(changed).failures)


def test_a_second_payload_manifest_is_checked_too(good_bag: Path, builder: ModuleType, tmp_path: Path) -> None:
    changed = builder.copy(good_bag, tmp_path / "bag")
    files = sorted(path for path in (changed / "data").rglob("*") if path.is_file())
    lines = [f"{hashlib.md5(path.read_bytes()).hexdigest().upper()} *{path.relative_to(changed)}" for path in files]
    (changed / "manifest-md5.txt").write_bytes("\r\n".join([*lines, ""]).encode())
    assert bag.check(builder.rebag(changed)).failures == []
    (changed / "manifest-md5.txt").write_text("\n".join(["0" * 32 + lines[0][32:], *lines[1:], ""]))
    assert [item.what for item in bag.check(builder.rebag(changed)).failures] == [
        "data/checkpoint does not match manifest-md5.txt"
    ]


def test_a_bag_whose_tag_files_have_other_line_ends_is_a_bag(
    good_bag: Path, builder: ModuleType, tmp_path: Path
) -> None:
    changed = builder.copy(good_bag, tmp_path / "bag")
    tags = ["bagit.txt", "bag-info.txt", "manifest-sha256.txt"]
    for name, end in zip(tags, [b"\r\n", b"\r\n", b"\r"], strict=True):
        (changed / name).write_bytes((changed / name).read_bytes().replace(b"\n", end))
    for algorithm in ("sha256", "sha512"):
        lines = (f"{hashlib.new(algorithm, (changed / name).read_bytes()).hexdigest()}  {name}\n" for name in tags)
        (changed / f"tagmanifest-{algorithm}.txt").write_text("".join(lines))
    assert bag.check(changed).failures == []


def test_a_tag_file_that_no_manifest_lists_is_remarked_on(good_bag: Path, builder: ModuleType, tmp_path: Path) -> None:
    changed = builder.copy(good_bag, tmp_path / "bag")
    (changed / "reading-notes.txt").write_text("by the judge")
    findings = bag.check(changed)
    assert findings.failures == []
    assert findings.notes == [
        f"reading-notes.txt is not listed in tagmanifest-{kind}.txt" for kind in ("sha256", "sha512")
    ]


def test_the_printed_script_is_short_and_needs_nothing_but_python() -> None:
    script = Path(bag.__file__).with_name("standalone") / "tree.py"
    lines = script.read_text().splitlines()
    assert len(lines) <= 180
    imports = {line.split()[1] for line in lines if line.startswith(("import ", "from "))}
    assert imports == {"base64", "hashlib", "itertools", "json", "re", "sys", "time", "pathlib"}
