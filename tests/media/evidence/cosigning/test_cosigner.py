"""A cosigner cosigns what goes on from what it has cosigned, and never two heads of one size; the rest is evidence."""

import base64
import sqlite3
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from media.evidence.check import policy
from media.evidence.check.findings import Findings
from media.evidence.check.heads_check import HeadsCheck
from media.evidence.cosigning import cosigner_key, seen_heads, trusted_logs
from media.evidence.cosigning.cosigner import Answer
from media.evidence.cosigning.seen_heads import PROVE_SECONDS, SeenHeads, SeenHeadsError
from media.evidence.cosigning.submission import MAX_BODY, MOST_HASHES, SubmissionError, cosignatures, read, write
from media.evidence.log import tlog
from media.evidence.seal.seal_key import SealKey, SealKeyError
from tests.support.evidence.cosigners import LocalCosigner

COURT = "court.example"
ORIGIN = f"{COURT}/hearing/0193c0de-0000-7000-8000-000000000001"
NAME = "cosigner.example/th"
SEAL = SealKey(bytes(range(32)))
NOW = 1_790_000_000


def tree_of(size: int, kind: str = "line") -> tlog.Tree:
    return tlog.Tree(tlog.leaf_hash(f"{kind} {number}".encode()) for number in range(size))


def note_of(tree: tlog.Tree, size: int | None = None, origin: str = ORIGIN, key: SealKey = SEAL) -> bytes:
    size = tree.size if size is None else size
    return key.sign(tlog.checkpoint_text(origin, size, tree.root(size)), origin)


@pytest.fixture
def cosigner(tmp_path: Path) -> LocalCosigner:
    return LocalCosigner(tmp_path / "cosigner", NAME, SEAL.vkey(COURT))


def the_one(cosigner: LocalCosigner, note: bytes, answer: Answer) -> int:
    """The time of the valid cosignature that an answer holds."""
    assert answer.status == 200, answer
    ((_key, line, time),) = cosignatures(note, answer.body, [tlog.parse_vkey(cosigner.key.vkey)])
    assert line.name == NAME
    return time


def test_heads_that_go_on_from_one_another_are_cosigned_with_the_time(cosigner: LocalCosigner) -> None:
    tree = tree_of(40)
    for step, (old, size) in enumerate([(0, 1), (1, 7), (7, 7), (7, 40)]):
        note = note_of(tree, size)
        assert the_one(cosigner, note, cosigner.add(note, tree, old, now=NOW + step)) == NOW + step
    assert [seen.head.size for seen in cosigner.seen.all_of(ORIGIN)] == [1, 7, 40]
    assert cosigner.alarms == 0


def test_our_verifier_counts_the_kept_head_for_a_quorum_of_the_cosigner(cosigner: LocalCosigner) -> None:
    tree = tree_of(9)
    cosigner.add(note_of(tree), tree, 0, now=NOW)
    seen = cosigner.seen.latest(ORIGIN)
    assert seen is not None
    text = f"log {SEAL.vkey(COURT)}\nwitness th {cosigner.key.vkey}\nquorum th\n"
    findings = Findings()
    HeadsCheck(policy.parse(text.encode()), findings, anchors=None, now_ns=None).check_checkpoint(seen.note, ORIGIN)
    assert findings.verdict == "verified"
    other = cosigner_key.CosignerKey(NAME, bytes(32)).vkey
    findings = Findings()
    text = text.replace(cosigner.key.vkey, other)
    HeadsCheck(policy.parse(text.encode()), findings, anchors=None, now_ns=None).check_checkpoint(seen.note, ORIGIN)
    assert findings.verdict == "cannot"


def test_a_custody_log_has_heads_of_its_own(cosigner: LocalCosigner) -> None:
    tree, other = tree_of(4), tree_of(2, "custody")
    assert cosigner.add(note_of(tree), tree, 0, now=NOW).status == 200
    note = note_of(other, origin=ORIGIN + tlog.CUSTODY)
    assert the_one(cosigner, note, cosigner.add(note, other, 0, now=NOW)) == NOW


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda body: body.replace(b"old 0", b"old 00"), 400),
        (lambda body: body.replace(b"old 0", b"old -1"), 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\r\n"), 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"), 400),
        (lambda body: body.replace(b"old 0\n\n", b"old 0\n"), 400),
        (lambda body: body[:-1], 400),
        (lambda body: b"", 400),
        (lambda body: body.replace(b"\n5\n", b"\n05\n"), 400),
        (lambda body: b"\xff" + body, 400),
        (lambda body: body.replace(b"old 0\n", b"old 0\n" + 64 * (base64.b64encode(bytes(32)) + b"\n")), 400),
        (lambda body: body.replace(b"old 0", b"old 6"), 400),
        (lambda body: body.replace(b"old 0", b"old 3"), 409),
        (lambda body: body.replace(b"old 0\n", b"old 0\n" + base64.b64encode(bytes(32)) + b"\n"), 422),
        (lambda body: body.replace(COURT.encode(), b"other.example"), 404),
        (lambda body: body.replace(b"000000000001\n", b"nothing\n"), 404),
        (lambda body: body.replace(b"\n5\n", b"\n6\n"), 403),
    ],
)
def test_what_is_no_submission_is_refused_by_the_specification_and_changes_nothing(
    change: object, status: int, cosigner: LocalCosigner
) -> None:
    body = write(0, [], note_of(tree_of(5)))
    assert callable(change)
    answer = cosigner.cosigner.add_checkpoint(change(body), NOW)
    assert answer.status == status
    assert b"\xe2\x80\x94" not in answer.body
    assert cosigner.seen.counts() == (0, 0, 0)
    assert cosigner.cosigner.add_checkpoint(body, NOW).status == 200


def test_another_key_than_the_courts_is_not_cosigned(cosigner: LocalCosigner) -> None:
    tree = tree_of(3)
    stranger = SealKey(b"s" * 32)
    assert cosigner.add(note_of(tree, key=stranger), tree, 0, now=NOW).status == 403
    both = note_of(tree) + note_of(tree, key=stranger).partition(b"\n\n")[2]
    assert cosigner.add(both, tree, 0, now=NOW).status == 200
    seen = cosigner.seen.latest(ORIGIN)
    assert seen is not None
    assert [line.name for line in tlog.parse_note(seen.note).signatures] == [f"{COURT}/hearing", NAME]


def test_another_old_size_is_answered_with_the_newest_one(cosigner: LocalCosigner) -> None:
    tree = tree_of(12)
    cosigner.add(note_of(tree, 8), tree, 0, now=NOW)
    for old, size in [(0, 12), (5, 12), (9, 12), (0, 8), (3, 5)]:
        answer = cosigner.add(note_of(tree, size), tree, old, now=NOW)
        assert (answer.status, answer.body, answer.kind) == (409, b"8\n", "text/x.tlog.size")
    assert cosigner.seen.counts() == (1, 1, 0)


@pytest.mark.parametrize("old", [0, 8])
def test_two_roots_of_one_size_are_kept_as_evidence_and_alarmed_once(old: int, cosigner: LocalCosigner) -> None:
    tree, fork = tree_of(8), tree_of(8, "another line")
    cosigner.add(note_of(tree), tree, 0, now=NOW)
    for _ in range(2):
        assert cosigner.add(note_of(fork), fork, old, now=NOW + 1).status == 409
    (one,) = cosigner.seen.untold(NOW + 1)
    assert (one.kind, one.head.root, cosigner.alarms) == ("fork", fork.root(), 1)
    assert read(one.request).note == note_of(fork)
    cosigner.seen.mark_reported(one.number, NOW + 2)
    assert cosigner.seen.untold(NOW + 9) == []
    assert [seen.head.root for seen in cosigner.seen.all_of(ORIGIN)] == [tree.root()]


def test_a_fork_of_an_earlier_size_is_evidence_too(cosigner: LocalCosigner) -> None:
    tree, fork = tree_of(20), tree_of(8, "another line")
    cosigner.add(note_of(tree, 8), tree, 0, now=NOW)
    cosigner.add(note_of(tree), tree, 8, now=NOW)
    assert cosigner.add(note_of(fork), fork, 0, now=NOW).status == 409
    assert [one.kind for one in cosigner.seen.evidence()] == ["fork"]


def test_a_head_without_a_proof_is_refused_and_told_of_unless_the_proof_comes(cosigner: LocalCosigner) -> None:
    tree, fork = tree_of(20), tree_of(30, "another line")
    cosigner.add(note_of(tree, 8), tree, 0, now=NOW)
    assert cosigner.add(note_of(tree), tree, 8, now=NOW, proof=[bytes(32)]).status == 422
    assert cosigner.add(note_of(fork), fork, 8, now=NOW).status == 422
    assert [one.kind for one in cosigner.seen.evidence()] == ["unproven", "unproven"]
    assert cosigner.seen.untold(NOW + 1) == []
    assert cosigner.add(note_of(tree), tree, 8, now=NOW + 5).status == 200
    (left,) = cosigner.seen.untold(NOW + PROVE_SECONDS)
    assert left.head.root == fork.root()


def test_much_sent_without_proof_leaves_room_for_the_evidence_of_a_fork(cosigner: LocalCosigner) -> None:
    tree = tree_of(200)
    cosigner.add(note_of(tree, 8), tree, 0, now=NOW)
    for size in range(9, 9 + seen_heads.MOST_EVIDENCE + 5):
        assert cosigner.add(note_of(tree, size), tree, 8, now=NOW, proof=[]).status == 422
    fork = tree_of(8, "another line")
    cosigner.add(note_of(fork), fork, 8, now=NOW)
    kinds = [one.kind for one in cosigner.seen.evidence()]
    assert (kinds.count("unproven"), kinds.count("fork")) == (seen_heads.MOST_EVIDENCE, 1)


def test_nothing_is_dated_before_the_cosignature_of_before(cosigner: LocalCosigner) -> None:
    tree = tree_of(9)
    cosigner.add(note_of(tree, 4), tree, 0, now=NOW)
    assert cosigner.add(note_of(tree), tree, 4, now=NOW - 1).status == 503
    assert cosigner.add(note_of(tree), tree, 4, now=NOW).status == 200


@settings(max_examples=40, deadline=None)
@given(asked=st.lists(st.tuples(st.integers(0, 24), st.integers(0, 24), st.booleans()), max_size=25))
def test_whatever_is_asked_all_that_was_cosigned_is_one_past(
    asked: list[tuple[int, int, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    cosigner = LocalCosigner(tmp_path_factory.mktemp("cosigner"), NAME, SEAL.vkey(COURT))
    trees = {False: tree_of(24), True: tree_of(24, "another line")}
    cosigned: list[tuple[int, bytes]] = []
    for old, size, forked in asked:
        note = note_of(trees[forked], size)
        if cosigner.add(note, trees[forked], old, now=NOW).status == 200:
            cosigned.append((size, trees[forked].root(size)))
    assert any(all(tree.root(size) == root for size, root in cosigned) for tree in trees.values())
    assert [size for size, _ in cosigned] == sorted(size for size, _ in cosigned)
    cosigner.seen.close()


def test_of_many_requests_at_once_only_one_root_of_a_size_is_cosigned(cosigner: LocalCosigner) -> None:
    """Two cosigners of one folder, as two processes would be: only the file's lock is between them."""
    second = LocalCosigner(cosigner.folder, NAME)
    trees = [tree_of(16, f"kind {number}") for number in range(8)]
    barrier = threading.Barrier(8)

    def ask(number: int) -> int:
        barrier.wait()
        which = cosigner if number % 2 else second
        return which.add(note_of(trees[number]), trees[number], 0, now=NOW).status

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(ask, range(8)))
    assert statuses == [200, *[409] * 7]
    assert len(cosigner.seen.all_of(ORIGIN)) == 1
    assert len(cosigner.seen.evidence()) == 7
    second.seen.close()


def test_nothing_is_cosigned_that_could_not_be_kept(cosigner: LocalCosigner) -> None:
    tree = tree_of(3)
    link = sqlite3.connect(cosigner.folder / seen_heads.FILE)
    link.execute("BEGIN EXCLUSIVE")
    cosigner.seen._link.execute("PRAGMA busy_timeout = 10")
    with pytest.raises(sqlite3.OperationalError):
        cosigner.add(note_of(tree), tree, 0, now=NOW)
    link.rollback()
    link.close()
    assert cosigner.seen.counts() == (0, 0, 0)
    assert cosigner.add(note_of(tree), tree, 0, now=NOW).status == 200


def test_a_cosigner_without_the_file_of_what_it_saw_does_not_begin(cosigner: LocalCosigner, tmp_path: Path) -> None:
    with pytest.raises(SeenHeadsError, match="another key"):
        SeenHeads(cosigner.folder, cosigner_key.CosignerKey(NAME, bytes(32)).vkey)
    (cosigner.folder / seen_heads.FILE).unlink()
    with pytest.raises(SeenHeadsError, match="cannot be opened"):
        SeenHeads(cosigner.folder, cosigner.key.vkey)
    assert not (cosigner.folder / seen_heads.FILE).exists()


def test_a_key_that_others_can_read_or_of_another_name_is_refused(tmp_path: Path) -> None:
    made = cosigner_key.make(tmp_path, NAME)
    path = tmp_path / cosigner_key.KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert cosigner_key.read(tmp_path) == made
    with pytest.raises(FileExistsError):
        cosigner_key.make(tmp_path, NAME)
    path.chmod(0o640)
    with pytest.raises(SealKeyError, match="0600"):
        cosigner_key.read(tmp_path)
    path.chmod(0o600)
    (tmp_path / cosigner_key.PUBLIC).write_text(cosigner_key.CosignerKey(NAME, bytes(32)).vkey)
    with pytest.raises(SealKeyError, match="does not belong"):
        cosigner_key.read(tmp_path)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "Cosigner", "a\nb", "/a", "a/"])
def test_a_name_that_no_note_can_hold_makes_no_key(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="name"):
        cosigner_key.make(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_court_trusted_later_is_cosigned_at_once_and_a_spoilt_list_changes_nothing(tmp_path: Path) -> None:
    cosigner = LocalCosigner(tmp_path, NAME)
    tree, path = tree_of(3), tmp_path / trusted_logs.FILE
    assert cosigner.add(note_of(tree), tree, 0, now=NOW).status == 404
    assert trusted_logs.add(path, SEAL.vkey(COURT))
    assert not trusted_logs.add(path, SEAL.vkey(COURT))
    assert cosigner.add(note_of(tree), tree, 0, now=NOW).status == 200
    path.write_text("log nonsense\n")
    assert cosigner.add(note_of(tree), tree, 3, now=NOW).status == 200
    for line in (cosigner.key.vkey, tlog.vkey("court.example", SEAL.public), "nonsense"):
        with pytest.raises(trusted_logs.TrustedLogsError):
            trusted_logs.court_key(line)


@given(old=st.integers(0, 2**53 - 1), proof=st.lists(st.binary(min_size=32, max_size=32), max_size=MOST_HASHES))
def test_a_submission_is_read_as_it_was_written(old: int, proof: list[bytes]) -> None:
    note = note_of(tree_of(3))
    made = read(write(old, proof, note))
    assert (made.old, list(made.proof), made.note) == (old, proof, note)


@given(data=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read(data)
    except SubmissionError:
        return
    assert data.startswith(b"old ")


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(SubmissionError, match="too long"):
        read(b"old 0\n\n" + b"x" * MAX_BODY)


def test_an_answer_with_a_false_cosignature_is_refused_and_lines_of_others_are_ignored(
    cosigner: LocalCosigner,
) -> None:
    tree = tree_of(3)
    note = note_of(tree)
    answer = cosigner.add(note, tree, 0, now=NOW).body
    pinned = tlog.parse_vkey(cosigner.key.vkey)
    other = cosigner_key.CosignerKey("other.example", bytes(32))
    found = cosignatures(note, other.cosign(tlog.parse_note(note).text, NOW) + answer, [pinned])
    assert [time for _key, _line, time in found] == [NOW]
    false = cosigner.key.cosign(b"another text\n", NOW)
    with pytest.raises(tlog.SignatureError):
        cosignatures(note, false, [pinned])
    with pytest.raises(tlog.NoteError):
        cosignatures(note, b"<html>", [pinned])
