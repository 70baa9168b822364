"""The recorder process with real media: what is on disk, what was said, and what it answers."""

import asyncio
import json
import signal
import subprocess

from media.evidence.log.journal import tree_of
from media.evidence.recording.track import KEY_EVERY
from media.messages import (
    AddTrack,
    Attached,
    CloseRecording,
    Done,
    GapDeclared,
    OrderedPause,
    PauseRecording,
    RecordingClosed,
    RecordingOpened,
    Refused,
    ResumeRecording,
    Sealed,
    Stop,
)


def ends_of(lines):
    """End of each track, after checking that its segments and gaps tile it and its numbers run."""
    ends = {line["track"]: line["t"] for line in lines if line["type"] == "track"}
    numbers = dict.fromkeys(ends, 0)
    for line in lines:
        if line["type"] in ("segment", "gap"):
            assert line["t0"] == ends[line["track"]], line
            assert line["t1"] > line["t0"]
            ends[line["track"]] = line["t1"]
        if line["type"] in ("segment", "recovered_segment"):
            numbers[line["track"]] += 1
            assert line["n"] == numbers[line["track"]]
    return ends


def frames_in(file):
    """Codec and number of decoded frames of a WebM file, by ffprobe."""
    command = ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames"]
    found = subprocess.run([*command, "-of", "json", str(file)], capture_output=True, check=True, text=True)
    assert found.stderr == ""
    stream = json.loads(found.stdout)["streams"][0]
    return stream["codec_name"], int(stream["nb_read_frames"])


def decrypted_by_age(bench, names):
    """Stored files decrypted with the age command, the key by the authority's key file."""
    key, hearing = bench.base / "authority.txt", bench.base / "hearing.txt"
    key.write_text(bench.authority.text() + "\n")
    hearing.write_bytes(_age(key, bench.folder / "hearing-key.age"))
    return [_age(hearing, bench.folder / name) for name in names]


def _age(key, file):
    return subprocess.run(["age", "-d", "-i", str(key), str(file)], capture_output=True, check=True).stdout


async def test_a_sitting_is_sealed_tiled_exactly_and_decodes_with_other_peoples_tools(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video})
    running = bench.send(source)
    opened = await bench.open(
        samples.plan("judge_1_mic", "floor-audio"),
        samples.plan("judge_1_cam", "floor-video"),
        samples.plan("channel_ro", "language", required=False, lang="ro"),
    )
    assert isinstance(opened, RecordingOpened)
    assert not opened.reopened
    await bench.until(lambda: bench.of(Sealed) and bench.of(Sealed)[-1].count >= 6)
    running.cancel()
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    lines = bench.lines
    assert opened.zero == int(next(line for line in lines if line["type"] == "open")["zero"]) <= opened.at
    assert lines[-1]["type"] == "close"
    assert ends_of(lines) == {"judge_1_mic": lines[-1]["t"], "judge_1_cam": lines[-1]["t"]}
    data = (bench.folder / "journal.jsonl").read_bytes()
    assert (closed.size, closed.root) == (len(lines), tree_of(data).root().hex())
    for track, codec in (("judge_1_mic", "opus"), ("judge_1_cam", "vp8")):
        names = [line["file"] for line in lines if line["type"] in ("init", "segment") and line["track"] == track]
        clear = await asyncio.to_thread(decrypted_by_age, bench, names)
        assert clear[0].startswith(bytes.fromhex("1a45dfa3"))
        assert all(one.startswith(bytes.fromhex("1f43b675")) for one in clear[1:])
        file = bench.base / f"{track}.webm"
        file.write_bytes(b"".join(clear))
        found = await asyncio.to_thread(frames_in, file)
        assert found[0] == codec
        assert found[1] > 50
    assert source.progress[-1] >= 6
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []
    assert report.findings.missing == []
    assert report.content == closed.segments + 2


async def test_nothing_clear_and_no_hearing_key_lies_on_the_disk(bench, samples):
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video}))
    await bench.open(samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video"))
    await bench.until(lambda: bench.of(Sealed) and bench.of(Sealed)[-1].count >= 2)
    await bench.close()
    files = [path for path in bench.base.rglob("*") if path.is_file() and path.name != "seal.key"]
    assert len(files) > 6
    packets = [packet for packet in samples.audio if len(packet) > 40] + [data for _, data in samples.video]
    for path in files:
        data = path.read_bytes()
        assert b"AGE-SECRET-KEY" not in data, path
        assert not any(packet[:40] in data for packet in packets), path
    for path in bench.folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_a_web_process_that_comes_back_hears_what_it_missed_and_no_command_is_carried_out_twice(bench, samples):
    bench.start()
    link = await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    last = bench.of(Sealed)[-1].seq
    await link.close()
    bench.events.clear()
    await asyncio.sleep(4.5)
    await bench.web(last)
    assert bench.of(Attached)[0].status == "recording"
    await bench.until(lambda: len(bench.of(Sealed)) >= 2)
    numbers = [event.seq for event in bench.events if hasattr(event, "seq") and not isinstance(event, Attached)]
    assert numbers == list(range(last + 1, last + 1 + len(numbers)))
    again = await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    assert isinstance(again, RecordingOpened)
    assert again.zero == int(bench.lines[0]["zero"])
    for _ in range(2):
        bench.control.send(CloseRecording(id="same"))
    await bench.until(lambda: bench.of(RecordingClosed))
    await asyncio.sleep(0.3)
    assert [event.re for event in bench.of(RecordingClosed)] == ["same"]
    assert [line["type"] for line in bench.lines].count("close") == 1
    refused = await bench.close()
    assert isinstance(refused, Refused)
    assert refused.code == "not_open"


async def test_opening_a_closed_recording_again_says_that_it_is_closed_and_changes_nothing(bench, samples):
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    closed = await bench.close()
    before = (bench.folder / "journal.jsonl").read_bytes()
    again = await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    assert isinstance(again, RecordingClosed)
    assert (again.root, again.segments, again.gaps) == (closed.root, closed.segments, closed.gaps)
    assert (bench.folder / "journal.jsonl").read_bytes() == before


async def test_a_track_that_comes_later_is_declared_at_its_first_frame(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    source.audio["witness_1_mic"] = samples.audio
    await asyncio.sleep(0.5)
    added = await bench.ask(AddTrack, track=samples.plan("witness_1_mic", "floor-audio", required=False))
    assert isinstance(added, Done)
    await bench.until(lambda: (bench.folder / "seg/witness_1_mic-000001.age").exists())
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    declared = [line for line in bench.lines if line["type"] == "track" and line["track"] == "witness_1_mic"]
    assert declared[0]["t"] > 2000
    assert not [gap for gap in bench.of(GapDeclared) if gap.track == "witness_1_mic"]
    ends_of(bench.lines)


async def test_the_cause_of_a_gap_is_what_the_worker_said(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio, "a_mic": samples.audio, "b_mic": samples.audio})
    running = bench.send(source)
    await bench.open(*(samples.plan(track, "floor-audio") for track in ("judge_1_mic", "a_mic", "b_mic", "never_mic")))
    await bench.until(lambda: bench.of(Sealed))
    source.switch("judge_1_mic", False, "sender_off")
    source.off.add("a_mic")  # says nothing: a line that broke
    await asyncio.sleep(3.5)
    source.switch("judge_1_mic", True)
    source.off.clear()
    await asyncio.sleep(1.5)
    running.cancel()
    await bench.close()
    gaps = {(gap.track, gap.cause): gap.t1 - gap.t0 for gap in bench.of(GapDeclared) if gap.t0 > 1000}
    assert set(gaps) >= {("judge_1_mic", "sender_off"), ("a_mic", "network")}
    assert ("b_mic", "network") not in gaps
    causes = [line["cause"] for line in bench.lines if line["type"] == "gap" and line["track"] == "never_mic"]
    assert set(causes) == {"other"}
    ends_of(bench.lines)
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.verdict == "gaps"
    assert report.findings.failures == []


async def test_while_everybody_is_switched_off_the_journal_is_made_durable_as_proof_of_life(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    source.switch("judge_1_mic", False, "sender_off")
    await asyncio.sleep(2.5)
    before, count = len(bench.of(Sealed)), bench.of(Sealed)[-1].count
    await bench.until(lambda: len(bench.of(Sealed)) > before)
    assert bench.of(Sealed)[-1].count == count
    source.off.add("judge_1_mic")
    source.switch("judge_1_mic", True)
    source.off.add("judge_1_mic")  # on, but nothing comes: that is not a proof of life
    await asyncio.sleep(1)
    before = len(bench.of(Sealed))
    await asyncio.sleep(7)
    assert len(bench.of(Sealed)) == before


async def test_a_pause_by_order_keeps_nothing_outlives_the_recorder_and_is_declared_on_every_track(bench, samples):
    tracks = ("judge_1_mic", "judge_1_cam", "never_mic")
    plans = [samples.plan(track, "floor-video" if track.endswith("_cam") else "floor-audio") for track in tracks]
    media = {"audio": {"judge_1_mic": samples.audio}, "video": {"judge_1_cam": samples.video}}
    pause = OrderedPause(by="presiding_judge", reason="consultation")
    bench.start()
    await bench.web()
    assert isinstance(await bench.ask(PauseRecording, pause=pause), Refused)
    bench.send(await bench.worker(**media))
    await bench.open(*plans)
    await bench.until(lambda: bench.of(Sealed))
    for _ in range(2):
        assert isinstance(await bench.ask(PauseRecording, pause=pause), Done)
    (begun,) = [line for line in bench.lines if line["type"] == "pause"]
    assert (begun["by"], begun["reason"]) == ("presiding_judge", "consultation")
    await asyncio.sleep(3)  # what was captured before it is sealed
    told, count = len(bench.of(Sealed)), bench.of(Sealed)[-1].count
    await bench.until(lambda: len(bench.of(Sealed)) > told + 1)
    assert bench.of(Sealed)[-1].count == count
    await bench.kill()
    bench.start()
    await bench.web()
    source = await bench.worker(**media)
    bench.send(source)
    opened = await bench.open(*plans)
    assert (opened.reopened, opened.paused) == (True, True)
    await bench.until(lambda: bench.of(Sealed))
    assert bench.of(Sealed)[-1].count == count
    source.wanted.clear()
    for _ in range(2):
        assert isinstance(await bench.ask(ResumeRecording, by="presiding_judge"), Done)
    (ended,) = [line for line in bench.lines if line["type"] == "resume"]
    await bench.until(lambda: bench.of(Sealed)[-1].count >= count + 2)
    assert "judge_1_cam" in source.wanted
    await bench.close()
    assert {gap.cause for gap in bench.of(GapDeclared) if gap.t0 >= ended["t"] and gap.track != "never_mic"} == set()
    kept = [line for line in bench.lines if line["type"] == "segment"]
    assert [line for line in kept if line["t1"] > begun["t"] and line["t0"] < ended["t"]] == []
    assert {line["track"] for line in kept if line["t0"] >= ended["t"]} == {"judge_1_mic", "judge_1_cam"}
    for track in tracks:
        gaps = [line for line in bench.lines if line["type"] == "gap" and line["track"] == track]
        spans = [(line["t0"], line["t1"]) for line in gaps if line["cause"] == "pause"]
        assert (spans[0][0], spans[-1][1]) == (begun["t"], ended["t"])
        assert [end for _, end in spans][:-1] == [begin for begin, _ in spans][1:]
    ends_of(bench.lines)
    report = await asyncio.to_thread(bench.verdict)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", [])
    assert "paused by order of the court" in report.as_text()


async def test_a_recording_may_be_closed_while_it_is_paused(bench, samples):
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    await bench.ask(PauseRecording, pause=OrderedPause(by="presiding_judge", reason="rest"))
    assert isinstance(await bench.close(), RecordingClosed)
    assert [line["type"] for line in bench.lines if line["type"] in ("pause", "resume", "close")] == ["pause", "close"]
    report = await asyncio.to_thread(bench.verdict)
    assert (report.findings.verdict, report.findings.failures) == ("gaps", [])


async def test_key_frames_are_asked_for_every_four_seconds_and_segments_begin_with_them(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(video={"judge_1_cam": samples.encode_video(500)})
    bench.send(source)
    await bench.open(samples.plan("judge_1_cam", "floor-video"))
    await bench.until(lambda: len(source.wanted) >= 4, 60)
    await bench.close()
    assert len(source.wanted) <= ends_of(bench.lines)["judge_1_cam"] / KEY_EVERY + 2
    segments = [line for line in bench.lines if line["type"] == "segment"]
    starts = [line["n"] for line in segments if line["k"][:1] == [0]]
    assert len(starts) >= 3
    assert [line["rap"] for line in segments] == [max(n for n in starts if n <= line["n"]) for line in segments]


async def test_sigterm_and_stop_seal_what_is_held_and_the_recording_goes_on_afterwards(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    running = bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await asyncio.sleep(1.2)
    running.cancel()
    bench.signal(signal.SIGTERM)
    assert await bench.gone() == 0
    assert [line["type"] for line in bench.lines].count("segment") == 1
    bench.events.clear()
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    running = bench.send(source)
    opened = await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    assert opened.reopened
    await bench.until(lambda: bench.of(Sealed))
    bench.control.send(Stop())
    assert await bench.gone() == 0
    assert "reopen" in [line["type"] for line in bench.lines]
    ends_of(bench.lines)
    assert not list(bench.folder.rglob(".tmp-*"))
