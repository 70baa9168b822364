"""Opening a recording again: what is cut off, adopted, deleted and declared, and what is refused."""

import json
from datetime import UTC, datetime

import pytest

from media.evidence.check import bag, policy, verify
from media.evidence.recording import rounds, sealer
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.mux import Block
from media.evidence.recording.recovery import RecoveryError, Wanted, open_recording
from media.evidence.recording.timeline import Timeline
from media.evidence.recording.track import Segment
from media.evidence.seal import age as seal
from media.evidence.seal.seal_key import SealKey

COURT = "court.example"
UUID = "0193c0de-0000-7000-8000-000000000001"
KEY = SealKey(bytes(range(32)))
AUTHORITY = seal.make_identity()


def wanted(*tracks):
    return Wanted(
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
    listener = rounds.Listener(lambda progress: None, lambda *failure: failing.append(failure), lambda: None)
    made = sealer.Sealer(opened.journal, opened.store, opened.recipient, opened.ledgers, listener)
    for number in range(turns):
        t0 = start + 2_000 * number
        made.submit([(track, Segment(t0, t0 + 2_000, [Block(t0, True, b"opus")], ())) for track in opened.ledgers])
    return made, failing


def fresh(folder, turns=2):
    """A recording that was ended without a close."""
    made, failing = record(open_recording(folder, KEY, wanted()), turns)
    assert made.stop()
    assert failing == []


def close(opened):
    """Run every track to the end and close; the verdict on the bag."""
    made, _ = record(opened, 1, opened.timeline.t)
    made.close(opened.timeline.t + 2_000).result(20)
    assert made.stop()
    folder = opened.store.folder
    bag.export(folder, folder.with_name("bag"), KEY, "clerk", "test", datetime.now(UTC))
    pinned = policy.parse(f"log {KEY.vkey(COURT)}\nquorum none\n".encode())
    key_file = f"{AUTHORITY.text()}\n".encode()
    return verify.verify(folder.with_name("bag"), verify.Wanted(pinned, without_stamp=True, identity=key_file))


def lines_of(folder):
    return [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().split(b"\n")[:-1]]


def test_a_new_recording_promises_open_keywrap_anchor_and_its_required_tracks(tmp_path):
    opened = open_recording(tmp_path / "r", KEY, wanted())
    assert [line["type"] for line in lines_of(tmp_path / "r")] == ["open", "keywrap", "anchor", "track", "track"]
    assert (opened.reopened, opened.journal.signed) == (False, 5)
    identity = seal.unwrap((tmp_path / "r/hearing-key.age").read_bytes(), AUTHORITY)
    assert identity.recipient.text == lines_of(tmp_path / "r")[0]["recipient"]
    opened.journal.close()


def test_an_opening_that_was_never_signed_is_begun_anew_but_segments_are_never_thrown_away(tmp_path):
    folder = tmp_path / "r"
    open_recording(folder, KEY, wanted()).journal.close()
    first = (folder / "hearing-key.age").read_bytes()
    (folder / "checkpoint").unlink()
    opened = open_recording(folder, KEY, wanted())
    opened.journal.close()
    assert not opened.reopened
    assert (folder / "hearing-key.age").read_bytes() != first
    (folder / "checkpoint").unlink()
    (folder / "seg/a_mic-000001.age").write_bytes(b"evidence")
    with pytest.raises(RecoveryError) as refused:
        open_recording(folder, KEY, wanted())
    assert refused.value.code == "no_checkpoint"
    assert (folder / "seg/a_mic-000001.age").read_bytes() == b"evidence"


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
    opened = open_recording(folder, KEY, wanted())
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


def test_twice_ended_and_taken_up_again_numbers_and_times_go_on(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    for _ in range(2):
        opened = open_recording(folder, KEY, wanted())
        made, _ = record(opened, 1, opened.timeline.t)
        assert made.stop()
    opened = open_recording(folder, KEY, wanted("a_mic", "b_mic", "c_mic"))
    assert opened.ledgers["a_mic"].count == 4
    assert opened.ledgers["c_mic"].end == 0
    opened.ledgers["c_mic"].end = opened.timeline.t  # what the recorder declares as a gap first
    opened.journal.append([opened.ledgers["c_mic"].gap_line(0, opened.timeline.t, "other")])
    opened.ledgers["c_mic"].gaps = 1
    report = close(opened)
    assert report.findings.failures == []


def test_a_recording_that_is_closed_is_only_read(tmp_path):
    folder = tmp_path / "r"
    opened = open_recording(folder, KEY, wanted())
    made, _ = record(opened, 1)
    made.close(2_000).result(20)
    assert made.stop()
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = open_recording(folder, KEY, wanted())
    again.journal.close()
    assert again.closed_at == 2_000
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def shorten(folder):
    data = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(data[: data[:-1].rfind(b"\n") + 1])


def alter(folder):
    data = (folder / "journal.jsonl").read_bytes()
    (folder / "journal.jsonl").write_bytes(data.replace(b'"role":"judge"', b'"role":"fudge"', 1))


def relabel(folder):
    data = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(data.replace(b"000000000001", b"000000000002"))


def blank(folder):
    (folder / "checkpoint").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (shorten, "journal_damaged"),
        (alter, "journal_damaged"),
        (relabel, "another_recording"),
        (blank, "checkpoint_damaged"),
    ],
)
def test_what_was_signed_and_is_no_longer_there_refuses_and_nothing_is_changed(tmp_path, damage, code):
    folder = tmp_path / "r"
    fresh(folder)
    damage(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(RecoveryError) as refused:
        open_recording(folder, KEY, wanted())
    assert refused.value.code == code
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_segment_that_was_altered_meanwhile_is_said_in_the_journal(tmp_path):
    folder = tmp_path / "r"
    fresh(folder)
    path = folder / "seg/b_mic-000001.age"
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    open_recording(folder, KEY, wanted()).journal.close()
    notices = [line["text"] for line in lines_of(folder) if line["type"] == "notice"]
    assert notices == ["seg/b_mic-000001.age is missing or was altered"]


def test_time_never_goes_back_though_the_clock_does(tmp_path, monkeypatch):
    folder = tmp_path / "r"
    fresh(folder)
    monkeypatch.setattr(Timeline, "again", lambda zero, after: _earlier(zero, after))
    opened = open_recording(folder, KEY, wanted())
    opened.journal.close()
    assert opened.timeline.t == 4_001
    assert [line["t"] for line in lines_of(folder) if line["type"] == "reopen"] == [4_001]


_AGAIN = Timeline.again


def _earlier(zero, after):
    """The timeline as it would be with a clock an hour behind."""
    return _AGAIN(zero + 3_600_000_000_000, after)
