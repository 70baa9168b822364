"""One head and one cosigner: every answer there can be, and what follows from it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from media.evidence.cosigning import waiting
from media.evidence.cosigning.asking import SKEW, AnotherPast, Cosigned, NotCosigned, Reply, ask
from media.evidence.cosigning.cosigner_key import CosignerKey
from media.evidence.cosigning.cosigners import NamedCosigner
from media.evidence.cosigning.followed_log import FollowedLog, FollowedLogError
from media.evidence.cosigning.submission import SIZE_TYPE, read
from media.evidence.cosigning.waiting import Waiting, WaitingHead
from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
SEAL, KEY = SealKey(bytes(range(32))), CosignerKey("cosigner.example/th", b"t" * 32)
NAMED = NamedCosigner("th", tlog.parse_vkey(KEY.vkey), "https://cosigner.example")
NOW = 1_790_000_000
TREE = tlog.Tree(tlog.leaf_hash(str(number).encode()) for number in range(9))
NOTE = SEAL.sign(tlog.checkpoint_text(ORIGIN, 9, TREE.root()), ORIGIN)
TEXT = tlog.parse_note(NOTE).text


class Answers:
    """Answers in turn, and keeps what was asked."""

    def __init__(self, *replies: Reply | OSError) -> None:
        self.replies = list(replies)
        self.asked: list[tuple[str, int, int]] = []

    async def post(self, url: str, body: bytes) -> Reply:
        submission = read(body)
        self.asked.append((url, submission.old, len(submission.proof)))
        reply = self.replies.pop(0)
        if isinstance(reply, OSError):
            raise reply
        return reply


def size(text: bytes, kind: str = SIZE_TYPE) -> Reply:
    return Reply(409, kind, text)


def signed(time: int = NOW, key: CosignerKey = KEY, text: bytes = TEXT) -> Reply:
    return Reply(200, "text/plain", key.cosign(text, time))


async def test_the_next_submission_begins_where_the_cosigner_says() -> None:
    answers = Answers(size(b"5\n"), signed())
    found = await ask(NAMED, NOTE, TREE, 0, answers.post, NOW)
    assert isinstance(found, Cosigned)
    assert (found.line, found.time) == (KEY.cosign(TEXT, NOW), NOW)
    address = "https://cosigner.example/add-checkpoint"
    assert answers.asked == [(address, 0, 0), (address, 5, len(TREE.consistency(5)))]


@pytest.mark.parametrize(
    ("replies", "failure"),
    [
        ([ConnectionError()], NotCosigned.away),
        ([Reply(500, "", b"")], NotCosigned.away),
        ([Reply(503, "", b"")], NotCosigned.away),
        ([Reply(302, "", b"")], NotCosigned.away),
        ([Reply(404, "", b"")], NotCosigned.untrusted),
        ([Reply(403, "", b"")], NotCosigned.untrusted),
        ([Reply(400, "", b"")], NotCosigned.malformed),
        ([Reply(422, "", b"")], AnotherPast(NotCosigned.fork, 4)),
        ([size(b"4\n")], AnotherPast(NotCosigned.fork, 4)),
        ([size(b"6\n"), size(b"6\n")], AnotherPast(NotCosigned.fork, 6)),
        ([size(b"10\n")], AnotherPast(NotCosigned.ahead, 10)),
        ([size(b"06\n")], NotCosigned.malformed),
        ([size(b"six\n")], NotCosigned.malformed),
        ([size(b"6")], NotCosigned.malformed),
        ([size(b"6\n", "text/plain")], NotCosigned.malformed),
        ([size(b"9" * 40 + b"\n")], NotCosigned.malformed),
        ([size(b"5\n"), size(b"6\n"), size(b"7\n")], NotCosigned.away),
        ([Reply(200, "", b"")], NotCosigned.malformed),
        ([Reply(200, "", b"<html>")], NotCosigned.malformed),
        ([signed(text=b"another\n")], NotCosigned.malformed),
        ([signed(key=CosignerKey("other.example", b"o" * 32))], NotCosigned.malformed),
        ([signed(NOW - SKEW - 1)], NotCosigned.clock),
        ([signed(NOW + SKEW + 1)], NotCosigned.clock),
    ],
)
async def test_each_other_answer_is_a_failure_of_its_own(
    replies: Sequence[Reply | OSError], failure: NotCosigned | AnotherPast
) -> None:
    assert await ask(NAMED, NOTE, TREE, 4, Answers(*replies).post, NOW) == failure


@pytest.fixture
def written(tmp_path: Path) -> Callable[[int, int], FollowedLog]:
    """Writes so many lines, the head over so many of them."""
    followed = FollowedLog(tmp_path, "journal.jsonl", "checkpoint")

    def write(lines: int, covered: int) -> FollowedLog:
        rows = [json.dumps({"n": number}).encode() for number in range(lines)]
        (tmp_path / "journal.jsonl").write_bytes(b"".join(row + b"\n" for row in rows) + b'{"torn')
        tree = tlog.Tree(tlog.leaf_hash(row) for row in rows)
        note = SEAL.sign(tlog.checkpoint_text(ORIGIN, covered, tree.root(covered)), ORIGIN)
        (tmp_path / "checkpoint").write_bytes(note)
        return followed

    return write


def test_a_log_is_followed_up_to_what_is_signed_and_never_behind_it(
    written: Callable[[int, int], FollowedLog],
) -> None:
    followed = written(4, 3)
    assert (followed.look() is not None, followed.tree.size) == (True, 3)
    for lines, covered in [(4, 4), (9, 4), (60, 55)]:
        signed_head = written(lines, covered).look()
        assert signed_head is not None
        assert (signed_head.head.size, followed.tree.size, followed.tree.root()) == (
            covered,
            covered,
            signed_head.head.root,
        )


def test_a_log_that_does_not_fit_its_head_is_said_to_and_looked_at_anew(
    written: Callable[[int, int], FollowedLog], tmp_path: Path
) -> None:
    assert FollowedLog(tmp_path, "journal.jsonl", "checkpoint").look() is None
    followed = written(9, 9)
    followed.look()
    path = tmp_path / "journal.jsonl"
    good = path.read_bytes()
    again = FollowedLog(tmp_path, "journal.jsonl", "checkpoint")
    for bad in (good.replace(b"4", b"7"), good[:40], b""):
        path.write_bytes(bad)
        with pytest.raises(FollowedLogError):
            again.look()
    path.write_bytes(good)
    assert again.look() is not None


def test_what_waits_is_read_as_it_was_written_and_a_spoilt_file_is_nothing(tmp_path: Path) -> None:
    assert waiting.read(tmp_path) is None
    told = Waiting(NOW, [WaitingHead(ORIGIN, "th", NOW, "away", 4, NOW - 60)])
    waiting.write(tmp_path, told)
    assert waiting.read(tmp_path) == told
    waiting.write(tmp_path, Waiting(NOW, []))
    assert waiting.read(tmp_path) == Waiting(NOW, [])
    (tmp_path / waiting.FOLDER / waiting.STATUS).write_bytes(b"{")
    assert waiting.read(tmp_path) is None


def test_a_key_that_signs_again_takes_the_place_of_its_line() -> None:
    first, second = KEY.cosign(TEXT, NOW), KEY.cosign(TEXT, NOW + 9)
    other = CosignerKey("other.example", b"o" * 32).cosign(TEXT, NOW)
    note = tlog.with_signatures(NOTE, [first, other])
    assert note == NOTE + first + other
    assert tlog.with_signatures(note, [second]) == NOTE + other + second
    with pytest.raises(tlog.NoteError):
        tlog.with_signatures(NOTE, [b"nonsense\n"])
