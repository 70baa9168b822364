"""Opening a recording again: what is cut off, adopted, deleted and declared, and what is refused."""

import hashlib
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import rfc8785

from media.evidence.check import bag, policy, verify
from media.evidence.log import custody, tlog
from media.evidence.log.journal import tree_of
from media.evidence.recording import sealer, sealing_rounds
from media.evidence.recording.clock import Timeline
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.mux import Block
from media.evidence.recording.recovery import RecoveryError, RecoveryTarget, open_recording
from media.evidence.recording.track import Segment
from media.evidence.seal import age as seal
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence.seals import LocalSeal

COURT = "court.example"
CLERK = custody.Accessor("Ioana Marin", "clerk", "RO")
UUID = "0193c0de-0000-7000-8000-000000000001"
KEY = SealKey(bytes(range(32)))
AUTHORITY = seal.make_identity()
ORIGIN = f"{COURT}/hearing/{UUID}"


def court(folder):
    """The court's seal, which keeps what it has signed beside the recording."""
    return LocalSeal(folder.with_name("seal"), KEY)


def wanted(*tracks):
    return RecoveryTarget(
        court=COURT,
        recording=UUID,
        hearing="hearing-1",
        recipients=[("requesting authority", AUTHORITY.recipient.text)],
        required=[
            TrackLedger(track=track, role="judge", kind="floor-audio", lang="", required=True, pseudonym="")
            for track in tracks or ("a_mic", "b_mic")
        ],
    )


def record(opened, turns, start=0):
    """Seal rounds of one segment a track, 2 s each from `start` on; the end of the last."""
    failing = []
    listener = sealing_rounds.Listener(lambda progress: None, lambda *failure: failing.append(failure), lambda: None)
    made = sealer.Sealer(opened.journal, opened.store, opened.keys.main.recipient, opened.ledgers, listener)
    for number in range(turns):
        t0 = start + 2_000 * number
        made.submit([(track, Segment(t0, t0 + 2_000, [Block(t0, True, b"opus")], ())) for track in opened.ledgers])
    return made, failing


def fresh(folder, turns=2):
    """A recording that was ended without a close."""
    made, failing = record(open_recording(folder, court(folder), wanted()), turns)
    assert made.stop()
    assert failing == []


def close(opened):
    """Run every track to the end and close; the verdict on the bag."""
    made, _ = record(opened, 1, opened.timeline.t)
    made.close(opened.timeline.t + 2_000).result(20)
    assert made.stop()
    folder = opened.store.folder
    bag.export(folder, folder.with_name("bag"), court(folder), CLERK, "test", datetime.now(UTC))
    pinned = policy.parse(f"log {KEY.vkey(COURT)}\nquorum none\n".encode())
    key_file = f"{AUTHORITY.text()}\n".encode()
    return verify.verify(
        folder.with_name("bag"), verify.VerificationRequest(pinned, without_stamp=True, identity=key_file)
    )


def lines_of(folder):
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().split(b"\n")[:-1]]


def test_a_new_recording_promises_open_keywrap_anchor_and_its_required_tracks(tmp_path):
    opened = open_recording(tmp_path / "r", court(tmp_path / "r"), wanted())
    assert [line["type"] for line in lines_of(tmp_path / "r")] == ["open", "keywrap", "anchor", "track", "track"]
    assert (opened.reopened, opened.journal.signed) == (False, 5)
    identity = seal.unwrap((tmp_path / "r/hearing-key.age").read_bytes(), AUTHORITY)
    assert identity.recipient.text == lines_of(tmp_path / "r")[0]["recipient"]
    opened.journal.close()


def test_an_opening_that_was_never_signed_is_begun_anew_but_segments_are_never_thrown_away(tmp_path):
    folder = tmp_path / "r"
    open_recording(folder, court(folder), wanted()).journal.close()
    first = (folder / "hearing-key.age").read_bytes()
    unsign(folder)
    opened = open_recording(folder, court(folder), wanted())
    opened.journal.close()
    assert not opened.reopened
    assert (folder / "hearing-key.age").read_bytes() != first
    unsign(folder)
    (folder / "seg/a_mic-000001.age").write_bytes(b"evidence")
    with pytest.raises(RecoveryError) as refused:
        open_recording(folder, court(folder), wanted())
    assert refused.value.code == "no_checkpoint"
    assert (folder / "seg/a_mic-000001.age").read_bytes() == b"evidence"


def unsign(folder):
    """As if the process had ended before the first head was signed."""
    (folder / "checkpoint").unlink()
    for head in folder.with_name("seal").glob("heads/*"):
        head.unlink()


def test_a_first_head_that_was_signed_and_not_stored_is_stored(tmp_path):
    folder = tmp_path / "r"
    open_recording(folder, court(folder), wanted()).journal.close()
    before = lines_of(folder)
    (folder / "checkpoint").unlink()
    opened = open_recording(folder, court(folder), wanted())
    opened.journal.close()
    assert opened.reopened
    assert lines_of(folder)[: len(before)] == before


def test_a_recording_whose_folder_is_gone_is_not_begun_anew(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    shutil.rmtree(folder)
    with pytest.raises(RecoveryError) as refused:
        open_recording(folder, court(folder), wanted())
    assert refused.value.code == "journal_rollback"


def test_lines_that_nobody_signed_are_found_not_recorded(tmp_path):
    """Killed between the append and the seal, or written by somebody who holds no key: one cannot tell."""
    folder = tmp_path / "r"
    fresh(folder)
    signed = (folder / "journal.jsonl").read_bytes()
    sealed = (folder / "seg/a_mic-000002.age").read_bytes()
    (folder / "seg/a_mic-000003.age").write_bytes(sealed)
    line = next(line for line in lines_of(folder) if line["type"] == "segment" and line["track"] == "a_mic")
    forged = {**line, "n": 3, "rap": 3, "file": "seg/a_mic-000003.age", "t0": 4_000, "t1": 6_000}
    forged |= {"size": len(sealed), "sha256": hashlib.sha256(sealed).hexdigest()}
    text = rfc8785.dumps(forged).decode()
    (folder / "journal.jsonl").write_bytes(signed + text.encode() + b"\n")
    opened = open_recording(folder, court(folder), wanted())
    lines = lines_of(folder)
    assert (folder / "journal.jsonl").read_bytes().startswith(signed)
    assert [line["text"] for line in lines if line["type"] == "found"] == [text]
    assert [line["n"] for line in lines if line["type"] == "recovered_segment"] == [3]
    assert [path.read_text() for path in tmp_path.glob(".unsigned/*")] == [f"{text}\n"]
    report = close(opened)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", [])
    assert report.findings.gaps["found"] == [1, 0]


def test_lines_behind_a_close_are_set_aside_and_never_signed(tmp_path):
    folder = tmp_path / "r"
    opened = open_recording(folder, court(folder), wanted())
    made, _ = record(opened, 1)
    made.close(2_000).result(20)
    assert made.stop()
    closed = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(closed + b'{"at":"1","type":"notice"}\n')
    open_recording(folder, court(folder), wanted()).journal.close()
    assert (folder / "journal.jsonl").read_bytes() == closed
    assert [path.read_bytes() for path in tmp_path.glob(".unsigned/*")] == [b'{"at":"1","type":"notice"}\n']


def test_a_torn_end_temporary_files_and_orphans_are_dealt_with_and_the_bag_verifies(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    with (folder / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"at":"17","type":"segm')
    sealed = (folder / "seg/a_mic-000002.age").read_bytes()
    (folder / "seg/a_mic-000003.age").write_bytes(sealed)
    (folder / "seg/a_mic-000005.age").write_bytes(sealed)
    (folder / "seg/nobody_mic-000001.age").write_bytes(sealed)
    (folder / "seg/.tmp-0123").write_bytes(b"half")
    (folder / ".tmp-4567").write_bytes(b"half")
    (folder / "index/a_mic-0000.idx").write_bytes(b"old")
    opened = open_recording(folder, court(folder), wanted())
    assert opened.reopened
    lines = lines_of(folder)
    start = next(index for index, line in enumerate(lines) if line["type"] == "reopen")
    told = [(line["type"], line.get("track"), line.get("n"), line.get("cause")) for line in lines[start:]]
    assert told == [
        ("reopen", None, None, None),
        ("anchor", None, None, None),
        ("recovered_segment", "a_mic", 3, None),
        ("recovered_segment", "a_mic", 4, None),
        ("gap", "a_mic", None, "recovered"),
        ("gap", "b_mic", None, "recorder"),
        ("notice", None, None, None),
    ]
    assert lines[-1]["code"] == "file_removed"
    assert not list(folder.rglob(".tmp-*"))
    assert not (folder / "index/a_mic-0000.idx").exists()
    report = close(opened)
    assert report.findings.failures == []
    assert report.findings.verdict == "gaps"


PAUSE = {"type": "pause", "t": 4_100, "by": "presiding_judge", "reason": "rest"}


@pytest.mark.parametrize("resumed", [False, True])
def test_a_pause_outlives_the_recorder_and_the_time_without_it_is_told_apart(tmp_path, monkeypatch, resumed):
    folder = tmp_path / "r"
    fresh(folder)
    opened = open_recording(folder, court(folder), wanted())
    begun = opened.timeline.t + 100
    opened.journal.append([PAUSE | {"t": begun}])
    if resumed:
        opened.journal.append([{"type": "resume", "t": begun + 50, "by": "presiding_judge"}])
    opened.journal.sign()
    opened.journal.close()
    (folder / "seg/a_mic-000003.age").write_bytes((folder / "seg/a_mic-000002.age").read_bytes())
    later = begun + 5_000
    monkeypatch.setattr(Timeline, "again", lambda zero, after: Timeline(zero, zero + later * 10**6, 0, later))
    again = open_recording(folder, court(folder), wanted())
    assert again.pauses == [(begun, begun + 50 if resumed else None)]
    lines = lines_of(folder)
    start = max(index for index, line in enumerate(lines) if line["type"] == "reopen")
    gaps = [(line["track"], line["t0"], line["t1"], line["cause"]) for line in lines[start:] if line["type"] == "gap"]
    ends = (
        [(begun - 100, begun), (begun, begun + 50), (begun + 50, later)]
        if resumed
        else [(begun - 100, begun), (begun, later)]
    )
    expected = {"a_mic": ["recovered", "pause", "recovered"], "b_mic": ["recorder", "pause", "recorder"]}
    assert gaps == [
        (track, *span, cause) for track in expected for span, cause in zip(ends, expected[track], strict=False)
    ]
    again.journal.close()


def test_what_no_line_names_of_a_track_that_was_paused_all_the_time_is_not_kept(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    opened = open_recording(folder, court(folder), wanted())
    opened.journal.append([PAUSE | {"t": opened.timeline.t}])
    opened.journal.sign()
    opened.journal.close()
    made = folder / "seg/a_mic-000003.age"
    made.write_bytes((folder / "seg/a_mic-000002.age").read_bytes())
    open_recording(folder, court(folder), wanted()).journal.close()
    assert not made.exists()
    notices = [line["text"] for line in lines_of(folder) if line["type"] == "notice"]
    assert notices == ["seg/a_mic-000003.age was made in a pause by order"]


def test_a_recording_that_is_taken_up_again_in_a_break_is_paused_from_its_first_moment_on(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    target = replace(wanted(), pause=("presiding_judge", "rest"))
    for _ in range(2):
        opened = open_recording(folder, court(folder), target)
        opened.journal.close()
    pauses = [line for line in lines_of(folder) if line["type"] == "pause"]
    assert [(line["by"], line["reason"]) for line in pauses] == [("presiding_judge", "rest")]
    first = next(line["t"] for line in lines_of(folder) if line["type"] == "reopen")
    assert opened.pauses == [(first, None)] == [(pauses[0]["t"], None)]


def test_twice_ended_and_taken_up_again_numbers_and_times_go_on(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    for _ in range(2):
        opened = open_recording(folder, court(folder), wanted())
        made, _ = record(opened, 1, opened.timeline.t)
        assert made.stop()
    opened = open_recording(folder, court(folder), wanted("a_mic", "b_mic", "c_mic"))
    assert opened.ledgers["a_mic"].count == 4
    assert opened.ledgers["c_mic"].end == 0
    opened.ledgers["c_mic"].end = opened.timeline.t  # what the recorder declares as a gap first
    opened.journal.append([opened.ledgers["c_mic"].gap_line(0, opened.timeline.t, "other")])
    opened.ledgers["c_mic"].gaps = 1
    report = close(opened)
    assert report.findings.failures == []


def test_a_recording_that_is_closed_is_only_read(tmp_path):
    folder = tmp_path / "r"
    opened = open_recording(folder, court(folder), wanted())
    made, _ = record(opened, 1)
    made.close(2_000).result(20)
    assert made.stop()
    # Ended between the head of the close and the custody log: the next opening names that head there.
    open_recording(folder, court(folder), wanted()).journal.close()
    closed = json.loads((folder / "custody.jsonl").read_bytes().splitlines()[1])
    assert (closed["type"], closed["size"]) == ("closed", opened.journal.size)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = open_recording(folder, court(folder), wanted())
    again.journal.close()
    assert again.closed_at == 2_000
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def shorten(folder):
    data = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(data[: data[:-1].rfind(b"\n") + 1])


def alter(folder):
    data = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(data.replace(b'"role":"judge"', b'"role":"fudge"', 1))


def forge(folder):
    """A line changed and the head's text made to fit, under the signature of before."""
    alter(folder)
    data = (folder / "journal.jsonl").read_bytes()
    head = tlog.parse_checkpoint(tlog.parse_note((folder / "checkpoint").read_bytes()).text)
    text = tlog.checkpoint_text(head.origin, head.size, tree_of(data).root())
    signature = (folder / "checkpoint").read_bytes().partition(b"\n\n")[2]
    (folder / "checkpoint").write_bytes(text + b"\n" + signature)


def roll_back(folder):
    """Journal and head as they were after the opening, as a backup has them."""
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)[:5]
    (folder / "journal.jsonl").write_bytes(b"".join(lines))
    text = tlog.checkpoint_text(court(folder).seal.last(ORIGIN).origin, 5, tree_of(b"".join(lines)).root())
    (folder / "checkpoint").write_bytes(KEY.sign(text, ORIGIN))


def fork(folder):
    """Another end, sealed with the stolen key, but not by the seal process."""
    alter(folder)
    data = (folder / "journal.jsonl").read_bytes()
    tree = tree_of(data)
    (folder / "checkpoint").write_bytes(KEY.sign(tlog.checkpoint_text(ORIGIN, tree.size, tree.root()), ORIGIN))


def relabel(folder):
    data = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(data.replace(b"000000000001", b"000000000002"))


def blank(folder):
    (folder / "checkpoint").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (shorten, "journal_cut"),
        (alter, "journal_altered"),
        (forge, "journal_unsigned"),
        (roll_back, "journal_rollback"),
        (fork, "journal_altered"),
        (relabel, "journal_damaged"),
        (blank, "journal_damaged"),
    ],
)
def test_what_the_seal_has_not_signed_so_is_refused_and_nothing_is_changed_or_signed(tmp_path, damage, code):
    folder = tmp_path / "r"
    fresh(folder)
    last = court(folder).seal.last(ORIGIN)
    damage(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(RecoveryError) as refused:
        open_recording(folder, court(folder), wanted())
    assert refused.value.code == code
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert court(folder).seal.last(ORIGIN) == last


def test_a_segment_that_was_altered_meanwhile_is_said_in_the_journal(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    path = folder / "seg/b_mic-000001.age"
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    open_recording(folder, court(folder), wanted()).journal.close()
    notices = [line["text"] for line in lines_of(folder) if line["type"] == "notice"]
    assert notices == ["seg/b_mic-000001.age is missing or was altered"]


def test_time_never_goes_back_though_the_clock_does(tmp_path, monkeypatch):
    folder = tmp_path / "r"
    fresh(folder)
    monkeypatch.setattr(Timeline, "again", lambda zero, after: _earlier(zero, after))
    opened = open_recording(folder, court(folder), wanted())
    opened.journal.close()
    assert opened.timeline.t == 4_001
    assert [line["t"] for line in lines_of(folder) if line["type"] == "reopen"] == [4_001]


_AGAIN = Timeline.again


def _earlier(zero, after):
    """The timeline as it would be with a clock an hour behind."""
    return _AGAIN(zero + 3_600_000_000_000, after)
