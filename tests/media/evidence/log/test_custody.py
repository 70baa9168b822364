"""After the close, lines are appended by one at a time, durably, and the recording stays verified."""

import itertools
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check.policy import parse
from media.evidence.check.verify import VerificationRequest, verify, verify_stored
from media.evidence.log import custody, tlog
from media.evidence.seal.client import SealSilentError
from tests.support.evidence import failing_disk
from tests.support.evidence.failing_disk import FailingDisk
from tests.support.evidence.seals import LocalSeal, ServedSeal

NOW_NS = 1_790_000_100 * 10**9
ACCESS = custody.Accessor("Ioana Marin", "judge", "RO").line("view", "deliberation")


@pytest.fixture
def folder(recording: Any, tmp_path: Path) -> Path:
    """A closed recording as the recorder leaves it."""
    return Path(recording.write_folder(tmp_path / "recording"))


@pytest.fixture
def seal(recording: Any, tmp_path: Path) -> LocalSeal:
    """The court's seal, which has signed the recording as it is."""
    made: LocalSeal = recording.court_seal(tmp_path / "seal")
    return made


def verdict(folder: Path, recording: Any, builder: Any, target: Path) -> str:
    """Of the folder as a bag."""
    target.mkdir()
    builder.copy(folder, target / "data")
    return verify(
        builder.rebag(target), VerificationRequest(parse(recording.policy()), without_stamp=True)
    ).findings.verdict


def test_an_access_is_appended_to_the_custody_log_and_the_recording_stays_as_it_was(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    heads = custody.record(folder, [ACCESS, {**ACCESS, "at": "5"}], seal, NOW_NS)
    lines = [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]
    assert [line["type"] for line in lines] == ["custody", "closed", "access", "access", "access"]
    about = {**ACCESS, "root": recording.root().hex()}
    assert lines[3:] == [{**about, "at": str(NOW_NS)}, {**about, "at": "5"}]
    assert (lines[1]["size"], lines[1]["root"]) == (len(recording.lines), recording.root().hex())
    assert (heads.recording.size, heads.custody.size) == (len(recording.lines), 5)
    key = tlog.vkey("court.example/hearing", tlog.public_key(recording.seed))
    note = (folder / "custody-checkpoint").read_bytes()
    assert tlog.verify_checkpoint(note, f"{recording.origin}/custody", [key]) == heads.custody
    after = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in after if after[name] != before[name]} == {"custody.jsonl", "custody-checkpoint"}
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_a_line_that_is_there_already_is_not_written_again(folder: Path, seal: LocalSeal) -> None:
    def received(release: str, by: str) -> dict[str, Any]:
        return {
            "type": "received",
            "release": release,
            "by": by,
            "state": "TH",
            "verdict": "gaps",
            "receipt": "ab" * 32,
        }

    for lines, written in (
        ([received("1", "S. Srisai")], True),
        ([received("1", "another")], False),
        ([received("1", "another"), received("2", "S. Srisai")], True),
    ):
        assert custody.record_once(folder, lines, seal, NOW_NS, by=("type", "release")) is written
    found = [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]
    assert [(line["release"], line["by"]) for line in found if line["type"] == "received"] == [
        ("1", "S. Srisai"),
        ("2", "S. Srisai"),
    ]


def test_the_head_of_the_close_is_named_once_by_whoever_comes_first(
    recording: Any, seal: LocalSeal, tmp_path: Path
) -> None:
    recording.accesses.clear()
    recording.change_custody = lambda lines: lines.__delitem__(slice(1, None))
    folder, seal = recording.write_folder(tmp_path / "recording"), recording.court_seal(tmp_path / "other")
    assert custody.close_log(folder, seal, NOW_NS) == custody.close_log(folder, seal, NOW_NS + 1)
    lines = [json.loads(line) for line in (folder / "custody.jsonl").read_bytes().splitlines()]
    assert [(line["type"], line.get("root")) for line in lines] == [
        ("custody", None),
        ("closed", recording.root().hex()),
    ]


def test_a_custody_log_that_is_gone_rolled_back_or_another_is_refused_and_nothing_is_signed(
    folder: Path, recording: Any, seal: LocalSeal
) -> None:
    log, note = folder / "custody.jsonl", folder / "custody-checkpoint"
    early = {path: path.read_bytes() for path in (log, note)}
    custody.record(folder, [ACCESS], seal, NOW_NS)
    late = {path: path.read_bytes() for path in (log, note)}
    signed = custody.read(folder, seal.trust()).head, seal.trust().last(f"{recording.origin}/custody")

    def lie(files: dict[Path, bytes]) -> None:
        for path in (log, note):
            path.unlink(missing_ok=True)
        for path, data in files.items():
            path.write_bytes(data)

    for code, files in (
        ("rollback", early),
        ("rollback", {}),
        ("altered", late | {log: late[log].replace(b"Ioana", b"Elena")}),
        ("damaged", late | {note: (folder / "checkpoint").read_bytes()}),
    ):
        lie(files)
        with pytest.raises(custody.NotProvenError) as refused:
            custody.record(folder, [ACCESS], seal, NOW_NS)
        assert refused.value.code == code
    lie({})
    log.write_bytes(late[log])
    with pytest.raises(custody.NotProvenError):
        custody.record(folder, [ACCESS], seal, NOW_NS)
    assert (custody.read(folder, seal.trust()).head, seal.trust().last(f"{recording.origin}/custody")) == signed


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "segment"},
        {"type": "close", "t": 1, "tracks": {}},
        {"type": "reopen", "t": 1, "reason": ""},
        {"type": "unheard_of"},
        {"type": "access", "person": "Ioana Marin"},
        {**ACCESS, "why": 5},
        {**ACCESS, "Extra": 5},
        {**ACCESS, "extra": 0.5},
        {**ACCESS, "extra": "\ud800"},
        {**ACCESS, "why": "x" * 70_000},
    ],
)
def test_a_line_that_has_no_place_in_a_custody_log_is_refused(
    entry: Any, folder: Path, recording: Any, seal: LocalSeal
) -> None:
    before = (folder / "custody.jsonl").read_bytes()
    with pytest.raises(custody.NotAllowedError):
        custody.record(folder, [ACCESS, entry], seal, NOW_NS)
    assert (folder / "custody.jsonl").read_bytes() == before


def test_a_recording_without_a_close_belongs_to_the_recorder(recording: Any, seal: LocalSeal, tmp_path: Path) -> None:
    recording.line("reopen", t=6000, reason="a mistake")
    folder = recording.write_folder(tmp_path / "recording")
    seal = recording.court_seal(seal.folder)
    with pytest.raises(custody.NotClosedError):
        custody.record(folder, [ACCESS], seal, NOW_NS)


def test_a_journal_that_is_not_its_checkpoints_is_left_alone(folder: Path, recording: Any, seal: LocalSeal) -> None:
    data = (folder / "journal.jsonl").read_bytes().replace(b"-213", b"-214")
    (folder / "journal.jsonl").write_bytes(data)
    with pytest.raises(custody.NotProvenError, match="not those that were signed"):
        custody.record(folder, [ACCESS], seal, NOW_NS)
    assert (folder / "journal.jsonl").read_bytes() == data


def test_lines_that_nobody_signed_are_set_aside_before_the_next_is_appended(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    forged = b'{"at":"1790000000","type":"access"}\n{"at":"17900'
    for name in ("journal.jsonl", "custody.jsonl"):
        (folder / name).write_bytes((folder / name).read_bytes() + forged)
    assert custody.read(folder, seal.trust()).unsigned == 1
    heads = custody.record(folder, [ACCESS], seal, NOW_NS)
    assert (heads.recording.size, heads.custody.size) == (len(recording.lines), 4)
    assert (folder / "journal.jsonl").read_bytes() == recording.journal()
    assert (folder / "custody.jsonl").read_bytes().count(b"\n") == 4
    assert [path.read_bytes() for path in tmp_path.glob(".unsigned/*")] == [forged, forged]
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_a_head_that_was_kept_elsewhere_is_compared(folder: Path, recording: Any, seal: LocalSeal) -> None:
    head = custody.read(folder, seal.trust()).head
    assert custody.read(folder, seal.trust([head])).head == head
    for other in (tlog.Checkpoint(head.origin, head.size, bytes(32)), tlog.Checkpoint(head.origin, 99, head.root)):
        with pytest.raises(custody.NotProvenError):
            custody.record(folder, [ACCESS], seal, NOW_NS, [other])
    assert custody.read(folder, seal.trust()).head == head


def test_a_seal_that_does_not_answer_signs_nothing_and_the_next_append_goes_on(
    folder: Path, recording: Any, seal: LocalSeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        raise SealSilentError("stopped")

    before = custody.read_log(folder, recording.origin, seal.trust())
    with monkeypatch.context() as stopped:
        stopped.setattr(seal, "sign_head", silent)
        with pytest.raises(custody.CustodyError, match="does not answer"):
            custody.record(folder, [ACCESS], seal, NOW_NS)
    assert custody.read_log(folder, recording.origin, seal.trust()) == before
    assert custody.record(folder, [ACCESS], seal, NOW_NS).custody.size == len(before) + 1


def test_many_at_a_time_lose_nothing(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from media.evidence.log import custody\n"
        "from media.evidence.seal.client import SealClient\n"
        "for n in range(10): custody.record(Path(sys.argv[1]),"
        " [custody.Accessor(sys.argv[2], 'judge', 'RO').line('view', str(n))],"
        " SealClient(Path(sys.argv[3])), 1790000100000000000)\n"
    )
    served = ServedSeal(seal, tmp_path / "seal.sock")
    command = [sys.executable, "-c", program, str(folder)]
    processes = [subprocess.Popen([*command, name, str(served.socket)]) for name in ("a", "b")]
    thread = threading.Thread(target=lambda: [custody.record(folder, [ACCESS], seal, NOW_NS) for _ in range(10)])
    thread.start()
    assert [process.wait(60) for process in processes] == [0, 0]
    thread.join()
    served.close()
    assert len(custody.read_log(folder, recording.origin, seal.trust())) == 33
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_a_custody_log_that_is_a_link_is_not_written(
    folder: Path, recording: Any, seal: LocalSeal, tmp_path: Path
) -> None:
    (folder / "custody.jsonl").rename(tmp_path / "elsewhere")
    (folder / "custody.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(custody.CustodyError, match="cannot be written"):
        custody.record(folder, [ACCESS], seal, NOW_NS)
    assert (tmp_path / "elsewhere").read_bytes() == recording.custody_files()["custody.jsonl"]


def test_a_folder_that_is_not_there_is_named(recording: Any, seal: LocalSeal, tmp_path: Path) -> None:
    with pytest.raises(custody.CustodyError):
        custody.record(tmp_path / "none", [ACCESS], seal, NOW_NS)


@pytest.mark.parametrize("kind", failing_disk.KINDS)
def test_whichever_write_fails_it_is_said_what_was_recorded_stays_and_unsigned_lines_are_kept_whole(
    folder: Path, recording: Any, seal: LocalSeal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    tail = b'{"at":"1790000000","type":"access"}\n{"at":"17900'
    custody.record(folder, [ACCESS], seal, NOW_NS)
    for name in ("journal.jsonl", "custody.jsonl"):
        (folder / name).write_bytes((folder / name).read_bytes() + tail)
    for at in itertools.count(1):
        shutil.copytree(folder, tmp_path / str(at) / "recording")
        shutil.copytree(seal.folder, tmp_path / str(at) / "seal")
        here, own = tmp_path / str(at) / "recording", LocalSeal(tmp_path / str(at) / "seal", seal.key)
        before = custody.signed_lines(here, own)
        with monkeypatch.context() as patch:
            disk = FailingDisk(patch, here.parent, kind, at, spared=own.folder)
            try:
                custody.record(here, [{**ACCESS, "at": "7"}], own, NOW_NS)
                failed = False
            except custody.CustodyError:
                failed = True
        assert failed == disk.fired, f"number {at}"
        assert custody.signed_lines(here, own)[: len(before)] == before
        custody.record(here, [{**ACCESS, "at": "8"}], own, NOW_NS)
        times = [json.loads(line)["at"] for line in custody.signed_lines(here, own)[len(before) :]]
        assert times in (["7", "8"], ["8"]) and (failed or times == ["7", "8"])
        aside = [path.read_bytes() for path in here.parent.glob(".unsigned/*")]
        assert aside.count(tail) == 2 and not any(path.name.endswith(".tmp") for path in here.rglob("*"))
        stored = VerificationRequest(parse(recording.policy()), without_stamp=True)
        assert verify_stored(here, stored).findings.verdict == "verified"
        if not disk.fired:
            break
    assert at > 3, "the loop has met every write"
