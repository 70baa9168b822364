"""Keys of stretches: whoever is killed and whatever comes late, no other key opens what was captured in one."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, given, settings, strategies as st

from media.evidence.check import bag, policy, verify
from media.evidence.recording import clock, sealer, sealing_rounds
from media.evidence.recording.mux import Block
from media.evidence.recording.recording import Recording
from media.evidence.recording.recording_keys import RecordingKeys, key_file
from media.evidence.recording.recovery import open_recording
from media.evidence.recording.track import SETTLED, Cutter
from media.evidence.seal import age
from media.evidence.seal.client import SealSilentError
from media.messages import (
    Batch,
    CloseRecording,
    Done,
    Frame,
    NamedRecipient,
    OpenRecording,
    Refused,
    RekeyRecording,
    Sealed,
)
from tests.media.evidence.recording import test_recovery as known
from tests.support.evidence.recorder import RECORDING

READER = age.make_identity()
"""Who can open the stretches, beside the recording."""
NAMES = [("authority RO", READER.recipient.text)]
BASE = 1_790_000_000_000_000_000


class Moment:
    """Stands in for the module `time` of the timeline."""

    def __init__(self) -> None:
        self.ms = 0

    def time_ns(self) -> int:
        return BASE + self.ms * 1_000_000

    def monotonic_ns(self) -> int:
        return self.ms * 1_000_000


class Sitting:
    """A recording of one microphone whose every frame says when it was captured."""

    def __init__(self, folder: Path, moment: Moment) -> None:
        self.folder, self.moment = folder, moment
        self.take_up(False)

    def take_up(self, closed: bool) -> None:
        """Open it, new or again."""
        target = replace(known.wanted("a_mic"), stretch=NAMES if closed else ())
        opened = open_recording(self.folder, known.court(self.folder), target)
        listener = sealing_rounds.Listener(lambda progress: None, lambda *failure: None, lambda: None)
        self.sealer = sealer.Sealer(opened.journal, opened.store, opened.keys.main.recipient, opened.ledgers, listener)
        self.recording = Recording(opened, self.sealer, {}, {}, lambda track: None, lambda *why: None, lambda: True)

    @property
    def closed(self) -> bool:
        """Whether the key of a stretch is in force."""
        return self.recording.keys.present.number > 0

    def sound(self, delay: int) -> None:
        """A frame that was captured `delay` ms ago."""
        at, now = self.moment.time_ns() - delay * 1_000_000, self.moment.time_ns()
        t = (at - self.recording.timeline.zero) // 1_000_000
        data = b"<t=%d>" % t
        frame = Frame(track="a_mic", at=at, rtp=0, ssrc=1, key=True, level=1, seq=0, packets=1, data=data)
        self.recording.feed(Batch(sent=now, frames=[frame], reports=[], switches=[], losses=[], outages=[]))

    def wait(self, ms: int) -> None:
        """Time goes on."""
        for _ in range(0, ms, 100):
            self.moment.ms += min(ms, 100)
            self.recording.tick()

    def rekey(self) -> None:
        """A closed session begins, or ends."""
        keys = self.recording.keys
        if self.closed:
            self.recording.rekey(keys.main)
        else:
            key, wrapped = keys.make(self.recording.opened.store, NAMES)
            self.recording.rekey(key, [wrapped])

    def kill(self) -> None:
        """End it as it is: the seal answers nothing more, and nothing more is signed."""

        def silent() -> bytes:
            raise SealSilentError("it is gone")

        self.sealer._journal.sign = silent  # type: ignore[method-assign]
        self.sealer._stopping.set()
        self.sealer._queue.put(None)
        self.sealer._thread.join(20)

    def end(self) -> None:
        self.recording.finish()
        assert self.recording._end is not None
        self.sealer.close(self.recording._end).result(20)
        assert self.sealer.stop()


def captured(folder: Path, identity: age.Identity) -> list[int]:
    """When what an identity opens was captured."""
    found = []
    for path in sorted(folder.glob("seg/*.age")):
        try:
            clear = identity.unseal(path.read_bytes())
        except age.SealError:
            continue
        found += [int(t) for t in re.findall(rb"<t=(-?[0-9]+)>", clear)]
    return found


def stretches(lines: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Number, begin and end of the time of each key but the main one."""
    changes = [(line["key"], line["t"]) for line in lines if line["type"] == "rekey"]
    ends = [*(t for _, t in changes[1:]), lines[-1]["t"] + 10**6]
    return [(key, t, end) for (key, t), end in zip(changes, ends, strict=False) if key]


def verified(folder: Path) -> verify.VerificationReport:
    """The verdict on its bag by the authority that can open all of the recording but its stretches."""
    bag.export(folder, folder.with_name("bag"), known.court(folder), known.CLERK, "test", datetime.now(UTC))
    pinned = policy.parse(f"log {known.KEY.vkey(known.COURT)}\nquorum none\n".encode())
    reports = [
        verify.verify(
            folder.with_name("bag"),
            verify.VerificationRequest(pinned, without_stamp=True, identity=f"{identity.text()}\n".encode()),
        )
        for identity in ([known.AUTHORITY, READER] if (folder / key_file(1)).exists() else [known.AUTHORITY])
    ]
    assert [report.findings.failures for report in reports if report.findings.failures] == [], reports[-1].as_text()
    return reports[0]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("sound"), st.sampled_from([0, 0, 20, 90, 450, 800, 4_500])),
        st.tuples(st.just("wait"), st.sampled_from([20, 40, 100, 300, 600, 2_100])),
        st.tuples(st.just("rekey"), st.sampled_from([0, 0, 1])),
        st.tuples(st.just("pause"), st.just(0)),
        st.tuples(st.just("kill"), st.sampled_from([0, 1])),
    ),
    min_size=6,
    max_size=50,
)


@settings(max_examples=25, deadline=None, phases=[Phase.reuse, Phase.generate])
@given(steps=STEPS)
def test_nothing_captured_in_a_stretch_is_in_a_segment_that_another_key_opens(steps: list[tuple[str, int]]) -> None:
    moment = Moment()
    with TemporaryDirectory() as base, pytest.MonkeyPatch.context() as patched:
        patched.setattr(clock, "time", moment)
        sitting = Sitting(Path(base) / "r", moment)
        for what, number in steps:
            if what == "sound":
                sitting.sound(number)
            elif what == "wait":
                sitting.wait(number)
            elif what == "rekey":
                sitting.rekey()
                if number:  # it is confirmed before anything else happens
                    sitting.wait(SETTLED + 100)
                    sitting.sealer.proven().result(20)
            elif what == "pause" and sitting.recording.paused:
                sitting.recording.resume("")
            elif what == "pause":
                sitting.recording.pause("", "rest")
            else:
                closed = sitting.closed or bool(number)
                sitting.kill()
                moment.ms += 50
                sitting.take_up(closed)
                assert sitting.closed or not closed, "it comes back to a key of its own"
        sitting.end()
        folder = sitting.folder
        lines = known.lines_of(folder)
        main = captured(folder, age.unwrap((folder / key_file(0)).read_bytes(), known.AUTHORITY))
        for key, begin, end in stretches(lines):
            assert [t for t in main if begin <= t < end] == []
            mine = captured(folder, age.unwrap((folder / key_file(key)).read_bytes(), READER))
            assert [t for t in mine if not begin <= t < end] == []
        paused = [line["t"] for line in lines if line["type"] in ("pause", "resume")] + [lines[-1]["t"]]
        for begin, end in zip(paused[::2], paused[1::2], strict=False):
            assert [t for t in main if begin <= t < end] == []
        verified(folder)


def test_what_was_captured_before_a_change_of_the_key_is_taken_for_half_a_second() -> None:
    cutter = Cutter(video=False, start=0)
    for t in range(0, 1_000, 20):
        cutter.frame(Block(t, True, b""))
    items = cutter.turn(1_000)
    assert [(item.t0, item.t1) for item in items] == [(0, 1_000)]
    assert not cutter.frame(Block(990, True, b"")), "its time is sealed to the other key"
    for t in range(1_000, 1_500, 20):
        assert cutter.frame(Block(t, True, b""))
    found = [(item.t0, item.t1, getattr(item, "cause", "")) for item in cutter.finish(1_500)]
    assert found == [(1_000, 1_500, ""), (990, 1_010, "late")]


def test_behind_a_change_of_the_key_a_camera_begins_with_a_key_frame() -> None:
    cutter = Cutter(video=True, start=0)
    for t in range(0, 1_000, 40):
        cutter.frame(Block(t, t == 0, b""))
    cutter.turn(1_000)
    assert cutter.wants_key(1_000)
    assert not cutter.frame(Block(1_000, False, b"")), "it refers to a picture under the other key"
    assert cutter.frame(Block(1_120, True, b""))
    found = [(item.t0, item.t1, getattr(item, "cause", "")) for item in cutter.finish(1_200)]
    assert found == [(1_000, 1_120, "other"), (1_120, 1_200, "")]


@pytest.mark.parametrize("since", [900, 20_000])
def test_who_comes_back_after_a_pause_or_a_stretch_brings_nothing_of_it(since: int) -> None:
    cutter = Cutter(video=False, start=1_000, past=[(200, 800), (900, 900)])
    for t in (300, 790, 850, 899):
        assert not cutter.frame(Block(t, True, b""))
    assert cutter.frame(Block(max(since, 900), True, b""))


def test_a_key_is_refused_before_anything_is_stored(tmp_path: Path) -> None:
    opened = open_recording(tmp_path / "r", known.court(tmp_path / "r"), known.wanted())
    with pytest.raises(age.SealError):
        opened.keys.make(opened.store, [("authority RO", "age1nobody")])
    assert (opened.keys.made, [path.name for path in (tmp_path / "r").glob("hearing-key-*")]) == (0, [])
    opened.keys.made = 999
    with pytest.raises(OSError, match="at most"):
        opened.keys.make(opened.store, NAMES)
    opened.journal.close()


def test_a_key_that_no_line_names_is_kept_and_its_number_not_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    opened = open_recording(folder, known.court(folder), known.wanted())
    opened.keys.make(opened.store, NAMES)
    opened.journal.close()
    again = open_recording(folder, known.court(folder), replace(known.wanted(), stretch=NAMES))
    again.journal.close()
    named = [line["file"] for line in known.lines_of(folder) if line["type"] == "keywrap"]
    assert named == ["hearing-key.age", "hearing-key-1.age", "hearing-key-2.age"]
    assert (again.keys.present.number, again.keys.made) == (2, 2)
    keys: RecordingKeys = open_recording(folder, known.court(folder), known.wanted()).keys
    assert keys.serves(["authority RO"])
    assert not keys.serves(["authority TH"])


async def test_a_stretch_outlives_the_recorder_and_the_recordings_key_does_not_open_it(
    bench: Any, samples: Any
) -> None:
    plans = [samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video")]
    media = {"audio": {"judge_1_mic": samples.audio}, "video": {"judge_1_cam": samples.video}}
    reader = [NamedRecipient(name="authority RO", recipient=READER.recipient.text)]
    bench.start()
    await bench.web()
    assert isinstance(await bench.ask(RekeyRecording, recipients=reader), Refused)
    bench.send(await bench.worker(**media))
    await bench.open(*plans)
    await bench.until(lambda: bench.of(Sealed))
    wrong = [NamedRecipient(name="authority RO", recipient="age1nobody")]
    assert (await bench.ask(RekeyRecording, recipients=wrong)).code == "bad_recipient"
    for _ in range(2):
        assert isinstance(await bench.ask(RekeyRecording, recipients=reader), Done)
    (begun,) = [line for line in bench.lines if line["type"] == "rekey"]
    assert (begun["key"], begun["recipients"]) == (1, ["authority RO"])
    await asyncio.sleep(3)
    await bench.kill()
    bench.start()
    await bench.web()
    bench.send(await bench.worker(**media))
    opened = await bench.open(*plans)
    assert (opened.reopened, opened.key, opened.key_recipients) == (True, 1, ["authority RO"])
    count = len([line for line in bench.lines if line["type"] == "segment"])
    await bench.until(lambda: len([line for line in bench.lines if line["type"] == "segment"]) > count + 3)
    for _ in range(2):
        assert isinstance(await bench.ask(RekeyRecording, recipients=[]), Done)
    ended = [line for line in bench.lines if line["type"] == "rekey"][-1]
    assert (ended["key"], len([line for line in bench.lines if line["type"] == "rekey"])) == (0, 2)
    await bench.until(lambda: [line for line in bench.lines if line["type"] == "segment" and line["t0"] > ended["t"]])
    assert (await bench.ask(CloseRecording)).segments > count
    main = age.unwrap((bench.folder / "hearing-key.age").read_bytes(), bench.authority)
    own = age.unwrap((bench.folder / "hearing-key-1.age").read_bytes(), READER)
    for line in bench.lines:
        if line["type"] == "segment":
            inside = begun["t"] <= line["t0"] and line["t1"] <= ended["t"]
            assert inside or line["t1"] <= begun["t"] or line["t0"] >= ended["t"]
            data = (bench.folder / line["file"]).read_bytes()
            assert (own if inside else main).unseal(data).startswith(b"\x1f\x43\xb6\x75")
            with pytest.raises(age.SealError):
                (main if inside else own).unseal(data)
    with pytest.raises(age.SealError):
        age.unwrap((bench.folder / "hearing-key-1.age").read_bytes(), bench.authority)
    report = await asyncio.to_thread(bench.verdict)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", []), report.as_text()
    assert [(one["key"], one["recipients"]) for one in report.as_json()["stretches"]] == [(1, ("authority RO",))]
    assert "key 1, to authority RO" in report.as_text()


async def test_a_recording_that_is_taken_up_again_in_a_closed_session_has_its_key_from_the_first_moment_on(
    bench: Any, samples: Any
) -> None:
    plan = samples.plan("judge_1_mic", "floor-audio")
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    await bench.open(plan)
    await bench.until(lambda: bench.of(Sealed))
    await bench.kill()
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    recipients = [NamedRecipient(name="requesting authority", recipient=bench.authority.recipient.text)]
    stretch = [NamedRecipient(name="authority RO", recipient=READER.recipient.text)]
    asked = {"recording": RECORDING, "hearing": "hearing-1", "recipients": recipients, "tracks": [plan]}
    opened = await bench.ask(OpenRecording, **asked, stretch=stretch)
    assert (opened.reopened, opened.key) == (True, 1)
    again = await bench.ask(OpenRecording, **asked, stretch=stretch)
    assert (again.reopened, again.key) == (False, 1)
    reopened, rekey = (next(line for line in bench.lines if line["type"] == kind) for kind in ("reopen", "rekey"))
    assert rekey["t"] == reopened["t"]
    await bench.until(lambda: bench.of(Sealed))
    await bench.close()
    report = await asyncio.to_thread(bench.verdict)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", [])
