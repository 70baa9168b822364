"""The recorder killed, stopped, and with a disk that is really full: what is lost, what is said, what is left."""

import asyncio
import contextlib
import random
import signal
import time

import pytest

from media.messages import Batch, Failing, GapDeclared, Outage, RecordingClosed, RecordingOpened, Sealed

SEGMENT_AND_CLUSTER = 2_500
"""ms of each track that a kill may cost beyond what was still on its way (allowance, one tick, sealing)."""
ON_ITS_WAY = 1_000


def ends_of(lines):
    """End of each track, after checking that its segments and gaps tile it."""
    ends = {line["track"]: line["t"] for line in lines if line["type"] == "track"}
    for line in lines:
        if line["type"] in ("segment", "gap"):
            assert line["t0"] == ends[line["track"]], line
            ends[line["track"]] = line["t1"]
    return ends


@pytest.mark.slow
async def test_killed_at_random_moments_it_loses_a_segment_and_a_cluster_at_most_and_declares_the_gap(bench, samples):
    chance = random.Random(20)
    plans = [samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video")]
    kills = 5
    for turn in range(kills):
        bench.start()
        await bench.web()
        source = await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video})
        running = bench.send(source)
        opened = await bench.open(*plans)
        assert opened.reopened == (turn > 0)
        await bench.until(lambda: len(bench.of(Sealed)) >= 2)
        await asyncio.sleep(chance.uniform(0, 2))
        await bench.kill()
        running.cancel()
        lines = bench.lines
        zero = int(lines[0]["zero"])
        for track, end in ends_of(lines).items():
            orphans = [path for path in bench.folder.glob(f"seg/{track}-*.age") if f"seg/{path.name}" not in str(lines)]
            lost = (source.sent[track] - zero) // 1_000_000 - end
            assert lost <= SEGMENT_AND_CLUSTER + ON_ITS_WAY + 2_000 * len(orphans), (track, lost)
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video}))
    assert (await bench.open(*plans)).reopened
    await bench.until(lambda: bench.of(Sealed))
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    lines = bench.lines
    assert [line["type"] for line in lines].count("reopen") == kills
    for index, line in enumerate(lines):
        if line["type"] == "reopen":
            assert lines[index + 1]["type"] == "anchor"
            declared = [one for one in lines[index:] if one["type"] == "gap" and one["t0"] <= line["t"] <= one["t1"]]
            assert {one["track"] for one in declared} == {"judge_1_mic", "judge_1_cam"}
            assert {one["cause"] for one in declared} <= {"recorder", "recovered"}
    ends_of(lines)
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []
    assert report.findings.verdict == "gaps"


async def test_stopped_for_three_seconds_it_says_nothing_and_loses_nothing_that_had_reached_it(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    running = bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: len(bench.of(Sealed)) >= 2)
    bench.signal(signal.SIGSTOP)
    stopped = time.time_ns()
    await asyncio.sleep(3)
    assert all(event.at < stopped + 100_000_000 for event in bench.of(Sealed))
    bench.signal(signal.SIGCONT)
    before = len(bench.of(Sealed))
    await bench.until(lambda: len(bench.of(Sealed)) >= before + 2)
    running.cancel()
    await bench.close()
    assert [gap for gap in bench.of(GapDeclared) if gap.t0 > 1_000] == []
    ends_of(bench.lines)


@pytest.mark.parametrize("cause", ["worker", "recorder"])
async def test_a_worker_that_is_killed_or_cut_off_leaves_a_recorder_that_seals_what_it_holds(bench, samples, cause):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    running = bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    running.cancel()
    await source.link.close()
    last = (source.sent["judge_1_mic"] - int(bench.lines[0]["zero"])) // 1_000_000
    lost = time.time_ns()
    await asyncio.sleep(3)
    source = await bench.worker(audio={"judge_1_mic": samples.audio})
    if cause == "recorder":  # a worker that lived all the time says so, and nobody else can
        away = [Outage(cause="recorder", at=lost, until=time.time_ns())]
        source.link.send(Batch(sent=time.time_ns(), frames=[], reports=[], switches=[], losses=[], outages=away))
    bench.send(source)
    before = bench.of(Sealed)[-1].count
    await bench.until(lambda: bench.of(Sealed)[-1].count > before + 1)
    await bench.close()
    gaps = [gap for gap in bench.of(GapDeclared) if gap.t0 > 1_000]
    assert gaps[0].t0 - last in range(200)
    assert {gap.cause for gap in gaps} == {cause}
    ends_of(bench.lines)


async def test_a_full_disk_is_said_at_once_corrupts_nothing_and_recording_goes_on_when_there_is_room(
    small_disk_bench, samples
):
    bench = small_disk_bench
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video})
    bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video"))
    await bench.until(lambda: bench.of(Sealed))
    filler = bench.recordings / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))
    failing = (await bench.until(lambda: bench.of(Failing)))[0]
    assert failing.code == "disk_full"
    await bench.until(lambda: source.failing)
    assert source.failing[0] == "disk_full"
    sealed = len(bench.of(Sealed))
    await asyncio.sleep(4)
    assert len(bench.of(Sealed)) == sealed
    notices = [line["code"] for line in bench.lines if line["type"] == "notice"]
    assert notices[0] == "disk_full"
    await asyncio.to_thread(filler.unlink)
    await bench.until(lambda: len(bench.of(Sealed)) >= sealed + 2)
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    lines = bench.lines
    ends_of(lines)
    lost = [line for line in lines if line["type"] == "gap" and line["cause"] == "disk"]
    assert {line["track"] for line in lost} == {"judge_1_mic", "judge_1_cam"}
    assert [line["code"] for line in lines if line["type"] == "notice"][:2] == ["disk_full", "disk_room"]
    bench.folder.parent.joinpath("x").touch()
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []
    assert report.findings.verdict == "gaps"


async def test_a_disk_that_is_nine_tenths_full_is_noted_while_recording_goes_on(small_disk_bench, samples):
    bench = small_disk_bench
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    await bench.until(lambda: bench.of(Sealed))
    (bench.recordings / "filler").write_bytes(bytes(10_900_000))  # of 16 MiB, beside a ballast of 4 MiB
    notices = [line["code"] for line in bench.lines if line["type"] == "notice"]
    assert notices == []
    await bench.until(lambda: "disk_low" in [line.get("code") for line in bench.lines])
    assert bench.of(Failing) == []
    assert isinstance(await bench.close(), RecordingClosed)


async def test_killed_while_the_disk_is_full_it_can_be_opened_again(small_disk_bench, samples):
    bench = small_disk_bench
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    plans = [samples.plan("judge_1_mic", "floor-audio")]
    await bench.open(*plans)
    await bench.until(lambda: bench.of(Sealed))
    filler = bench.recordings / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4_096))
    await bench.until(lambda: bench.of(Failing))
    await bench.kill()
    await asyncio.to_thread(filler.unlink)
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    opened = await bench.open(*plans)
    assert isinstance(opened, RecordingOpened)
    assert opened.reopened
    await bench.until(lambda: bench.of(Sealed))
    assert isinstance(await bench.close(), RecordingClosed)
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []


async def test_an_fsync_that_fails_costs_its_segment_is_said_at_once_and_the_journal_stays_whole(bench, samples):
    probe = await asyncio.create_subprocess_exec("strace", "-o", "/dev/null", "true", stderr=asyncio.subprocess.PIPE)
    if await probe.wait() != 0:
        pytest.skip("strace cannot be used here")
    inject = "inject=fsync:error=EIO:when=20..24"
    bench.start(prefix=("strace", "-f", "-o", "/dev/null", "-e", "trace=fsync", "-e", inject))
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video})
    bench.send(source)
    await bench.open(samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video"))
    failing = (await bench.until(lambda: bench.of(Failing)))[0]
    assert failing.code == "io_error"
    await bench.until(lambda: source.failing)
    at = len(bench.of(Sealed))
    await bench.until(lambda: len(bench.of(Sealed)) >= at + 3)
    closed = await bench.close()
    assert isinstance(closed, RecordingClosed)
    ends_of(bench.lines)
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []
    assert report.findings.verdict == "gaps"
