"""The journal: durable before it counts, cut back when a write fails, renewed when an fsync fails."""

import errno
import json
from typing import Any

import pytest

from media.evidence.log import tlog
from media.evidence.log.journal import Journal, JournalBrokenError, JournalError, JournalFile, encode, tree_of
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence.seals import LocalSeal

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
KEY = SealKey(bytes(range(32)))


class FaultyFile(JournalFile):
    """Fails at the call that `plan` names next: "write" (after half of it), "sync", "cut" or "" for no fault."""

    plan: list[str]

    def write(self, offset, data):
        if self.plan and self.plan[0] == "write":
            self.plan.pop(0)
            super().write(offset, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "no room")
        super().write(offset, data)

    def sync(self):
        if self.plan and self.plan[0] == "sync":
            self.plan.pop(0)
            raise OSError(errno.EIO, "broken")
        super().sync()

    def cut(self, length):
        if self.plan and self.plan[0] == "cut":
            self.plan.pop(0)
            raise OSError(errno.EIO, "broken")
        super().cut(length)


def faulty(*plan):
    """A way to open the file that fails as planned."""
    return type("Planned", (FaultyFile,), {"plan": list(plan)})


def lines_of(folder):
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().split(b"\n")[:-1]]


def test_lines_are_jcs_with_their_time_and_the_head_is_signed_over_them(tmp_path):
    journal = Journal(tmp_path, ORIGIN, LocalSeal(tmp_path, KEY), now=lambda: 1_700_000_000_000_000_001)
    journal.append([{"type": "notice", "text": "é", "code": "x"}])
    assert (tmp_path / "journal.jsonl").read_bytes() == (
        '{"at":"1700000000000000001","code":"x","text":"é","type":"notice"}\n'.encode()
    )
    assert (tmp_path / "journal.jsonl").stat().st_mode & 0o777 == 0o600
    journal.append([{"type": "anchor", "t": 1, "utc": "2", "mono": "3"}])
    note = journal.sign()
    assert (tmp_path / "checkpoint").read_bytes() == note
    head = tlog.verify_checkpoint(note, ORIGIN, [KEY.vkey("court.example")])
    assert (head.size, head.root) == (2, tree_of((tmp_path / "journal.jsonl").read_bytes()).root())
    assert journal.sign() is None
    journal.close()


MATRIX = [
    # fault               progress  error               lines afterwards, after trying the same line again
    ([], 1, None),
    (["write"], 0, JournalError),
    (["write", "cut"], 0, JournalBrokenError),
    (["sync"], 0, JournalBrokenError),
]


@pytest.mark.parametrize(("plan", "progress", "error"), MATRIX)
def test_a_fault_leaves_a_journal_that_is_whole_and_goes_on(tmp_path, plan, progress, error):
    journal = Journal(tmp_path, ORIGIN, LocalSeal(tmp_path, KEY), open_file=faulty("", *plan))
    first = {"type": "notice", "code": "first", "text": ""}
    file: Any = journal._file
    file.plan.clear()
    journal.append([first])
    file.plan.extend(plan)
    second = {"type": "notice", "code": "second", "text": ""}
    if error is None:
        journal.append([second])
    else:
        with pytest.raises(error) as raised:
            journal.append([second])
        assert type(raised.value) is error
    assert journal.size == 1 + progress
    if error is JournalBrokenError:
        with pytest.raises(JournalBrokenError):
            journal.append([second])
        assert journal.size == 1
        journal.renew()
    if error is not None:
        journal.append([second])
    assert [line["code"] for line in lines_of(tmp_path)] == ["first", "second"]
    assert journal.root == tree_of((tmp_path / "journal.jsonl").read_bytes()).root()
    journal.close()


def test_a_journal_that_was_altered_behind_our_back_is_not_renewed(tmp_path):
    journal = Journal(tmp_path, ORIGIN, LocalSeal(tmp_path, KEY))
    journal.append([{"type": "notice", "code": "first", "text": ""}])
    data = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(data.replace(b"first", b"worst"))
    with pytest.raises(JournalBrokenError, match="not the one"):
        journal.renew()
    journal.close()


def test_a_line_that_is_too_long_is_refused_and_nothing_is_written(tmp_path):
    journal = Journal(tmp_path, ORIGIN, LocalSeal(tmp_path, KEY))
    with pytest.raises(JournalError, match="too long"):
        journal.append(
            [{"type": "notice", "code": "a", "text": ""}, {"type": "notice", "code": "b", "text": "x" * 65_536}]
        )
    assert (journal.size, lines_of(tmp_path)) == (0, [])
    assert len(encode({"type": "close", "text": "x" * 65_536})) > 65_536
    journal.close()
