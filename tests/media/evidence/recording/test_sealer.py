"""The sealer against a store that fails: what is sealed, what becomes a gap, what is said, what is left behind."""

import errno
import hashlib
import itertools
import json
import time
from collections import Counter

import pytest

from media.evidence.log import tlog
from media.evidence.log.journal import Journal, JournalFile, tree_of
from media.evidence.log.store import TEMPORARY, FileStore, MemoryStore
from media.evidence.recording import mux, sealer, sealing_rounds
from media.evidence.recording.ledger import TrackLedger
from media.evidence.recording.mux import Block
from media.evidence.recording.reserved_space import ReservedSpace
from media.evidence.recording.track import Segment, TrackGap
from media.evidence.seal import age as seal
from media.evidence.seal.seal_key import SealKey
from tests.support.evidence import failing_disk
from tests.support.evidence.failing_disk import FailingDisk
from tests.support.evidence.seals import LocalSeal

ORIGIN = "court.example/hearing/0193c0de-0000-7000-8000-000000000001"
AUDIO = "judge_1_mic"
VIDEO = "judge_1_cam"
KEY_FRAME = b"\x10\x00\x00\x9d\x01\x2a\x40\x01\xf0\x00" + b"x" * 40


def segment(t0, *, key=True):
    """Two seconds with one frame."""
    return Segment(t0, t0 + 2_000, [Block(t0, key, KEY_FRAME)], (0,) if key else ())


class Faults:
    """Raises at the numbered calls of an operation: `{("stage", False): {2: EIO}}` before the second staging."""

    def __init__(self, plan):
        self.plan = plan
        self.calls = Counter()

    def __call__(self, operation, name, done):
        self.calls[operation, done] += 1
        number = self.plan.get((operation, done), {}).get(self.calls[operation, done])
        if number is not None:
            raise OSError(number, "a planned fault")


class Bench:
    """A sealer with two video-or-audio tracks whose rounds are sealed one after the other."""

    def __init__(self, folder, store, tracks=(AUDIO,), open_file=JournalFile, ballast=None):
        self.folder = folder
        self.store = store
        self.progress = []
        self.failing = []
        self.journal = Journal(folder, ORIGIN, LocalSeal(folder / "seal", SealKey(bytes(32))), open_file=open_file)
        listener = sealing_rounds.Listener(
            progress=self._told,
            failing=lambda code, text: self.failing.append(code),
            room=lambda: None,
        )
        self.acknowledged = []
        """Of each report that something was sealed: how many segments in all, and the journal's bytes at that time."""
        self.identity = seal.make_identity()
        self.sealer = sealer.Sealer(self.journal, store, self.identity.recipient, {}, listener, ballast)
        self.sealer.submit([_ledger(track) for track in tracks])
        _until(lambda: self.progress)

    def _told(self, progress):
        if progress.sealed:
            self.acknowledged.append((progress.count, (self.folder / "journal.jsonl").read_bytes()))
        self.progress.append(progress)

    def rounds(self, *rounds):
        """Seal each round before the next is handed over; then close; the journal's lines."""
        for entries in rounds:
            done = len(self.progress)
            self.sealer.submit(entries)
            _until(lambda done=done: len(self.progress) > done)
        end = max(entry[1].t1 for entries in rounds for entry in entries)
        closed = self.sealer.close(end).result(20)
        assert self.sealer.stop()
        data = (self.folder / "journal.jsonl").read_bytes()
        assert (closed.size, closed.root) == (data.count(b"\n"), tree_of(data).root())
        return [json.loads(line) for line in data.splitlines()]


def _ledger(track):
    kind = "floor-audio" if track == AUDIO else "floor-video"
    return TrackLedger(track=track, role="judge", kind=kind, lang="", required=True, pseudonym="")


def _until(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.005)


def story(lines, track=AUDIO):
    """Numbers of segments and causes of gaps of a track, in order of time, tiled exactly."""
    end = 0
    out = []
    for line in lines:
        if line.get("track") == track and line["type"] in ("segment", "gap"):
            assert line["t0"] == end
            end = line["t1"]
            out.append(line["n"] if line["type"] == "segment" else line["cause"])
    return out


# Calls: the first round stages and publishes the segment (1) and the init (2); later rounds stage one file each.
MATRIX = [
    # fault, story of the track after three rounds, codes that were told
    ({}, [1, 2, 3], []),
    ({("stage", False): {1: errno.EIO}}, ["disk", 1, 2], ["io_error"]),
    ({("stage", False): {2: errno.EIO}}, ["disk", 1, 2], ["io_error"]),
    ({("stage", False): {3: errno.EIO}}, [1, "disk", 2], ["io_error"]),
    ({("stage", True): {3: errno.EIO}}, [1, "disk", 2], ["io_error"]),  # failed but persisted
    ({("publish", False): {1: errno.EIO}}, ["disk", 1, 2], ["io_error"]),
    ({("publish", True): {1: errno.EIO}}, ["disk", 1, 2], ["io_error"]),  # the init failed but persisted
    ({("publish", True): {2: errno.EIO}}, ["disk", 1, 2], ["io_error"]),
    ({("publish", True): {3: errno.EIO}}, [1, "disk", 2], ["io_error"]),  # failed but persisted
    ({("read", False): {1: errno.EIO}}, ["disk", 1, 2], ["io_error"]),
    ({("read", False): {3: errno.EIO}}, [1, "disk", 2], ["io_error"]),
    ({("stage", False): {3: errno.ENOSPC}}, [1, "disk", "disk"], ["disk_full"]),
    ({("publish", True): {3: errno.EIO}, ("discard", False): {2: errno.EIO}}, [1, "disk", 2], ["io_error"]),
    ({("replace", False): {1: errno.EIO}}, [1, 2, 3], None),
]


@pytest.mark.parametrize(("plan", "expected", "codes"), MATRIX)
def test_each_fault_costs_its_segment_and_nothing_else(tmp_path, plan, expected, codes):
    bench = Bench(tmp_path, MemoryStore(Faults(plan)))
    if codes is None:  # the index page cannot be written: the recording is not closed, and the second try closes it
        with pytest.raises(OSError, match="planned"):
            bench.rounds(*([(AUDIO, segment(t))] for t in (0, 2_000, 4_000)))
        lines = bench.rounds([(AUDIO, TrackGap(6_000, 6_001, "other"))])
        expected = [*expected, "other"]
    else:
        lines = bench.rounds(*([(AUDIO, segment(t))] for t in (0, 2_000, 4_000)))
        assert bench.failing == codes
    assert story(lines) == expected
    named = {line["file"]: line["sha256"] for line in lines if line["type"] in ("init", "segment")}
    pages = {page["file"] for page in lines[-1]["tracks"][AUDIO]["pages"]}
    assert {name for name in bench.store.files if TEMPORARY not in name} == {*named, *pages}
    assert not [name for name in bench.store.files if TEMPORARY in name and ("stage", True) not in plan]
    for name in named:
        clear = bench.identity.unseal(bench.store.files[name])
        assert clear[:4].hex() == ("1a45dfa3" if name.endswith("000000.age") else "1f43b675")


def test_what_reads_back_differently_is_not_sealed(tmp_path):
    class Liar(MemoryStore):
        def read(self, name):
            data = super().read(name)
            return (
                data[:-1] + bytes([data[-1] ^ 1]) if name.endswith("000002.age") and len(bench.progress) == 2 else data
            )

    bench = Bench(tmp_path, Liar())
    assert story(bench.rounds(*([(AUDIO, segment(t))] for t in (0, 2_000, 4_000)))) == [1, "disk", 2]
    assert bench.failing == ["io_error"]


def test_video_that_follows_a_lost_segment_is_kept_from_its_next_key_frame_on(tmp_path):
    bench = Bench(tmp_path, MemoryStore(Faults({("stage", False): {3: errno.EIO}})), (VIDEO,))
    rounds = [[(VIDEO, segment(t, key=t in (0, 6_000)))] for t in (0, 2_000, 4_000, 6_000, 8_000)]
    lines = bench.rounds(*rounds)
    assert story(lines, VIDEO) == [1, "disk", "disk", 2, 3]
    assert [line["rap"] for line in lines if line["type"] == "segment"] == [1, 2, 2]
    assert [list(one.lost) for one in bench.progress[1:]] == [[], [VIDEO], [VIDEO], [], []]


def test_a_journal_that_fails_is_waited_for_and_nothing_counts_before(tmp_path, monkeypatch):
    monkeypatch.setattr(sealer, "RETRY_EVERY", 0.01)
    failing = {"write": 3, "sync": 1}

    class Failing(JournalFile):
        def write(self, offset, data):
            if b'"segment"' in data and failing["write"]:
                failing["write"] -= 1
                super().write(offset, data[:20])
                raise OSError(errno.EIO, "broken")
            super().write(offset, data)

        def sync(self):
            if not failing["write"] and failing["sync"]:
                failing["sync"] -= 1
                raise OSError(errno.EIO, "broken")
            super().sync()

    bench = Bench(tmp_path, MemoryStore(), open_file=Failing)
    lines = bench.rounds([(AUDIO, segment(0))], [(AUDIO, segment(2_000))])
    assert story(lines) == [1, 2]
    assert bench.failing == ["io_error"] * 4
    assert [one.count for one in bench.progress] == [0, 1, 2]


def test_a_sealer_that_meets_what_it_does_not_expect_says_so_and_declares_the_gap(tmp_path):
    bench = Bench(tmp_path, MemoryStore())
    backwards = Segment(2_000, 4_000, [Block(2_100, True, b"x"), Block(2_000, True, b"x")], ())
    lines = bench.rounds([(AUDIO, segment(0))], [(AUDIO, backwards)], [(AUDIO, segment(4_000))])
    assert story(lines) == [1, "recorder", 2]
    assert bench.failing == ["internal"]


def test_index_pages_say_what_the_journal_says(tmp_path):
    bench = Bench(tmp_path, FileStore(tmp_path))
    (tmp_path / "seg").mkdir()
    (tmp_path / "index").mkdir()
    many = [[(AUDIO, segment(t, key=False)) for t in range(0, 1_030_000, 2_000)]]
    lines = bench.rounds(*many, [(AUDIO, TrackGap(1_030_000, 1_031_000, "other"))])
    close = lines[-1]["tracks"][AUDIO]
    assert [(page["file"], page["size"], page["t0"]) for page in close["pages"]] == [
        (f"index/{AUDIO}-0000.idx", 48 * 512, 0),
        (f"index/{AUDIO}-0001.idx", 48 * 3, 1_024_000),
    ]
    assert (close["count"], close["gaps"], close["end"]) == (515, 1, 1_031_000)
    data = b"".join((tmp_path / page["file"]).read_bytes() for page in close["pages"])
    segments = [line for line in lines if line["type"] == "segment"]
    for line in segments:
        record = data[48 * (line["n"] - 1) : 48 * line["n"]]
        assert int.from_bytes(record[:4], "big") == line["t0"]
        assert int.from_bytes(record[4:6], "big") == 2_000
        assert record[6:12].hex() == "ffff00000000"
        assert int.from_bytes(record[12:16], "big") == line["size"]
        assert record[16:].hex() == line["sha256"]


ROUNDS = [[(AUDIO, segment(t)), (VIDEO, segment(t, key=t != 2_000))] for t in (0, 2_000, 4_000)]


def record_on(disk, folder):
    """Three rounds of two tracks on a real store, closed at the second try at the latest; the bench, and the journal's
    lines, or None when the recording could not be opened, which was said."""
    for name in ("seg", "index"):
        (folder / name).mkdir(parents=True)
    space = ReservedSpace(folder.parent / "reserved")
    assert space.fill()
    try:
        bench = Bench(folder, FileStore(folder), (AUDIO, VIDEO), ballast=space)
    except OSError:
        assert disk.fired
        return None, None
    for entries in ROUNDS:
        done = len(bench.progress)
        bench.sealer.submit(entries)
        _until(lambda done=done: len(bench.progress) > done and not bench.sealer.full)
    try:
        bench.sealer.close(6_000).result(20)
    except (OSError, sealing_rounds.StoreError):
        bench.failing.append("not closed")
        bench.sealer.close(6_000).result(20)
    assert bench.sealer.stop()
    return bench, [json.loads(line) for line in (folder / "journal.jsonl").read_bytes().splitlines()]


def check_what_was_acknowledged(bench, folder):
    """Whatever was called sealed is in the journal, under a signed head, and its file opens to what was recorded."""
    data = (folder / "journal.jsonl").read_bytes()
    note = (folder / "checkpoint").read_bytes()
    head = tlog.verify_checkpoint(note, ORIGIN, [tlog.vkey("court.example/hearing", SealKey(bytes(32)).public)])
    assert (head.size, head.root) == (data.count(b"\n"), tree_of(data).root())
    clear = {(track, part.t0): mux.clusters(part.blocks) for entries in ROUNDS for track, part in entries}
    for count, then in bench.acknowledged:
        assert data.startswith(then)
        sealed = [line for line in map(json.loads, then.splitlines()) if line["type"] == "segment"]
        assert len(sealed) == count
        for line in sealed:
            stored = (folder / line["file"]).read_bytes()
            assert hashlib.sha256(stored).hexdigest() == line["sha256"]
            assert bench.identity.unseal(stored) == clear[line["track"], line["t0"]]


@pytest.mark.parametrize("kind", failing_disk.KINDS)
def test_whichever_write_fails_what_was_acknowledged_opens_the_rest_is_declared_and_it_is_said(
    tmp_path, monkeypatch, kind
):
    monkeypatch.setattr(sealer, "RETRY_EVERY", 0.01)
    monkeypatch.setattr(sealer, "SIGN_EVERY", 0.02)
    for at in itertools.count(1):
        folder = tmp_path / str(at) / "recording"
        folder.mkdir(parents=True)
        with monkeypatch.context() as patch:
            disk = FailingDisk(patch, folder, kind, at, spared=folder / "seal")
            bench, lines = record_on(disk, folder)
        if bench is None:
            continue
        stories = [story(lines, track) for track in (AUDIO, VIDEO)]
        if not disk.fired:
            break
        assert bench.failing, f"number {at}: nobody was told"
        assert [line["t1"] for line in lines if line["type"] in ("segment", "gap")][-2:] == [6_000, 6_000]
        for told in stories:
            kept = [one for one in told if one != "disk"]
            assert kept == list(range(1, len(kept) + 1)) and len(told) == 3 and len(kept) >= 1, (at, told)
        check_what_was_acknowledged(bench, folder)
        named = {line["file"] for line in lines if line["type"] in ("init", "segment")}
        pages = {page["file"] for track in lines[-1]["tracks"].values() for page in track["pages"]}
        there = [*folder.glob("seg/*"), *folder.glob("index/*")]
        assert {str(path.relative_to(folder)) for path in there} == named | pages
    assert stories == [[1, 2, 3], [1, 2, 3]] and not bench.failing
    assert len(bench.acknowledged) == 3 and at > 15, "the loop has met every write"
