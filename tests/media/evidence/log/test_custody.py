"""After the close, lines are appended by one at a time, durably, and the recording stays verified."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from media.evidence.check.policy import parse
from media.evidence.check.verify import Wanted, verify
from media.evidence.log import custody, tlog
from media.evidence.seal.client import SealSilentError
from tests.support.evidence.seals import LocalSeal, ServedSeal

NOW_NS = 1_790_000_100 * 10**9
ACCESS = {"type": "access", "who": "judge", "what": "viewing", "why": "the hearing"}


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
    return verify(builder.rebag(target), Wanted(parse(recording.policy()), without_stamp=True)).findings.verdict


def test_an_access_is_appended_and_sealed(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    head = custody.append_after_close(folder, [ACCESS, {**ACCESS, "at": "5"}], seal, NOW_NS)
    lines = (folder / "journal.jsonl").read_bytes().splitlines()
    assert json.loads(lines[-2]) == {**ACCESS, "at": str(NOW_NS)}
    assert json.loads(lines[-1])["at"] == "5"
    assert head.size == len(lines) == 27
    key = tlog.vkey("court.example/hearing", tlog.public_key(recording.seed))
    assert tlog.verify_checkpoint((folder / "checkpoint").read_bytes(), recording.origin, [key]) == head
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "segment"},
        {"type": "close", "t": 1, "tracks": {}},
        {"type": "reopen", "t": 1, "reason": ""},
        {"type": "unheard_of"},
        {"type": "access", "who": "judge"},
        {**ACCESS, "why": 5},
        {**ACCESS, "Extra": 5},
        {**ACCESS, "extra": 0.5},
        {**ACCESS, "extra": "\ud800"},
        {**ACCESS, "why": "x" * 70_000},
    ],
)
def test_a_line_that_may_not_follow_a_close_is_refused(
    entry: Any, folder: Path, recording: Any, seal: LocalSeal
) -> None:
    before = (folder / "journal.jsonl").read_bytes()
    with pytest.raises(custody.NotAllowedError):
        custody.append_after_close(folder, [ACCESS, entry], seal, NOW_NS)
    assert (folder / "journal.jsonl").read_bytes() == before


def test_a_recording_without_a_close_belongs_to_the_recorder(recording: Any, seal: LocalSeal, tmp_path: Path) -> None:
    recording.line("reopen", t=6000, reason="a mistake")
    folder = recording.write_folder(tmp_path / "recording")
    seal = recording.court_seal(seal.folder)
    with pytest.raises(custody.NotClosedError):
        custody.append_after_close(folder, [ACCESS], seal, NOW_NS)
    with pytest.raises(custody.NotClosedError):
        custody.read_closing(folder, seal.trust())


def test_a_journal_that_is_not_its_checkpoints_is_left_alone(folder: Path, recording: Any, seal: LocalSeal) -> None:
    data = (folder / "journal.jsonl").read_bytes().replace(b"-213", b"-214")
    (folder / "journal.jsonl").write_bytes(data)
    with pytest.raises(custody.NotProvenError, match="not those that were signed"):
        custody.append_after_close(folder, [ACCESS], seal, NOW_NS)
    assert (folder / "journal.jsonl").read_bytes() == data


def test_lines_that_nobody_signed_are_set_aside_before_the_next_is_appended(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    forged = recording.line("access", **{key: value for key, value in ACCESS.items() if key != "type"})
    unsigned = recording.encoded()[-1] + b'\n{"at":"17900'
    (folder / "journal.jsonl").write_bytes(recording.journal() + b'{"at":"17900')
    assert custody.read(folder, seal.trust()).unsigned == 1
    head = custody.append_after_close(folder, [ACCESS], seal, NOW_NS)
    assert (head.size, forged["type"]) == (26, "access")
    assert (folder / "journal.jsonl").read_bytes().count(b"\n") == 26
    assert [path.read_bytes() for path in tmp_path.glob(".unsigned/*")] == [unsigned]
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_a_head_that_was_kept_elsewhere_is_compared(folder: Path, recording: Any, seal: LocalSeal) -> None:
    head = custody.read(folder, seal.trust()).head
    assert custody.read(folder, seal.trust([head])).head == head
    for other in (tlog.Checkpoint(head.origin, head.size, bytes(32)), tlog.Checkpoint(head.origin, 99, head.root)):
        with pytest.raises(custody.NotProvenError):
            custody.append_after_close(folder, [ACCESS], seal, NOW_NS, [other])
    assert custody.read(folder, seal.trust()).head == head


def test_a_seal_that_does_not_answer_signs_nothing_and_the_next_append_goes_on(
    folder: Path, recording: Any, seal: LocalSeal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(head: tlog.Checkpoint, tree: tlog.Tree) -> bytes:
        raise SealSilentError("stopped")

    before = custody.read(folder, seal.trust()).head
    with monkeypatch.context() as stopped:
        stopped.setattr(seal, "sign_head", silent)
        with pytest.raises(custody.CustodyError, match="does not answer"):
            custody.append_after_close(folder, [ACCESS], seal, NOW_NS)
    assert custody.read(folder, seal.trust()).head == before
    assert custody.append_after_close(folder, [ACCESS], seal, NOW_NS).size == before.size + 1


def test_a_closing_is_proven_by_the_checkpoint(folder: Path, recording: Any, seal: LocalSeal) -> None:
    custody.append_after_close(folder, [ACCESS] * 5, seal, NOW_NS)
    closing = custody.read_closing(folder, seal.trust())
    assert json.loads(closing.line)["type"] == "close"
    assert closing.note == (folder / "checkpoint").read_bytes()
    leaf = tlog.leaf_hash(closing.line)
    assert tlog.verify_inclusion(closing.index, closing.head.size, leaf, closing.proof, closing.head.root)
    assert closing.head.size == 30


def test_many_at_a_time_lose_nothing(
    folder: Path, recording: Any, seal: LocalSeal, builder: Any, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from media.evidence.log import custody\n"
        "from media.evidence.seal.client import SealClient\n"
        "for n in range(10): custody.append_after_close(Path(sys.argv[1]),"
        " [{'type': 'access', 'who': sys.argv[2], 'what': 'viewing', 'why': str(n)}],"
        " SealClient(Path(sys.argv[3])), 1790000100000000000)\n"
    )
    served = ServedSeal(seal, tmp_path / "seal.sock")
    command = [sys.executable, "-c", program, str(folder)]
    processes = [subprocess.Popen([*command, name, str(served.socket)]) for name in ("a", "b")]
    thread = threading.Thread(
        target=lambda: [custody.append_after_close(folder, [ACCESS], seal, NOW_NS) for _ in range(10)]
    )
    thread.start()
    assert [process.wait(60) for process in processes] == [0, 0]
    thread.join()
    served.close()
    assert custody.read(folder, seal.trust()).head.size == 55
    assert verdict(folder, recording, builder, tmp_path / "bag") == "verified"


def test_a_journal_that_is_a_link_is_not_written(folder: Path, recording: Any, seal: LocalSeal, tmp_path: Path) -> None:
    (folder / "journal.jsonl").rename(tmp_path / "elsewhere")
    (folder / "journal.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(custody.CustodyError, match="cannot be written"):
        custody.append_after_close(folder, [ACCESS], seal, NOW_NS)
    assert (tmp_path / "elsewhere").read_bytes() == recording.journal()


def test_a_folder_that_is_not_there_is_named(recording: Any, seal: LocalSeal, tmp_path: Path) -> None:
    with pytest.raises(custody.CustodyError):
        custody.append_after_close(tmp_path / "none", [ACCESS], seal, NOW_NS)
