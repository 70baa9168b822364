"""The sound check: what passes, what does not, and that nothing is left of it but the result."""

import asyncio
import time

import pytest

from media.evidence.recording import mux
from media.evidence.recording.level_meter import LevelMeter
from media.messages import CheckSound, Sealed


async def check(bench, seconds=20, video="judge_1_cam"):
    """Ask for a check; the answer and how long it took by the clock."""
    start = time.monotonic()
    answer = await bench.ask(CheckSound, audio="judge_1_mic", video=video, seconds=seconds)
    return answer, time.monotonic() - start


async def test_a_tone_and_a_moving_picture_pass_early_and_only_the_result_is_kept(bench, samples):
    bench.start()
    await bench.web()
    source = await bench.worker(audio={"judge_1_mic": samples.audio}, video={"judge_1_cam": samples.video})
    source.places["judge_1_cam"] = 1  # no key frame comes before one is asked for
    bench.send(source)
    answer, took = await check(bench)
    assert (answer.audio_ok, answer.picture) == (True, True)
    assert answer.frames >= 10
    assert -180 < answer.level < -120  # a tone of 8000 of 32768 is −15.3 dBFS RMS
    assert took < 20  # it did not wait for as long as it might
    assert "judge_1_cam" in source.wanted
    assert [path.name for path in bench.recordings.iterdir()] == []
    await bench.open(samples.plan("judge_1_mic", "floor-audio"), samples.plan("judge_1_cam", "floor-video"))
    await bench.until(lambda: bench.of(Sealed))
    await check(bench)
    await bench.close()
    lines = [line for line in bench.lines if line["type"] == "soundcheck"]
    assert [(line["track"], line["picture"], line["ok"]) for line in lines] == [
        ("judge_1_mic", True, True),
        ("judge_1_cam", True, True),
    ] * 2
    assert lines[0]["level"] == answer.level
    report = await asyncio.to_thread(bench.verdict)
    assert report.findings.failures == []


async def test_the_result_outlives_the_process_until_the_recording_opens(bench, samples):
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    answer, _ = await check(bench, video=None)
    assert answer.audio_ok
    assert not answer.picture
    await bench.kill()
    bench.start()
    await bench.web()
    await bench.open(samples.plan("judge_1_mic", "floor-audio"))
    assert [line["level"] for line in bench.lines if line["type"] == "soundcheck"] == [answer.level]


@pytest.mark.parametrize(
    ("sound", "picture", "audio_ok", "picture_ok", "words"),
    [
        ("silence", "video", False, True, "Only silence reached the recorder"),
        ("faint", "video", False, True, "too quiet: -5"),
        ("audio", "plain", True, False, "single colour"),
        ("audio", None, True, False, "No picture reached the recorder"),
        (None, "video", False, True, "No sound reached the recorder"),
    ],
)
async def test_what_does_not_pass_says_what_was_measured_and_what_to_try(
    bench, samples, sound, picture, audio_ok, picture_ok, words
):
    bench.start()
    await bench.web()
    source = await bench.worker(
        audio={"judge_1_mic": getattr(samples, sound)} if sound else {},
        video={"judge_1_cam": getattr(samples, picture)} if picture else {},
    )
    bench.send(source)
    answer, _ = await check(bench, seconds=3)
    assert (answer.audio_ok, answer.picture) == (audio_ok, picture_ok)
    assert words in answer.text
    assert [path.name for path in bench.recordings.iterdir()] == []


async def test_a_check_that_cannot_store_says_so(bench, samples):
    bench.recordings.rmdir()
    bench.recordings.write_text("not a folder")
    bench.start()
    await bench.web()
    bench.send(await bench.worker(audio={"judge_1_mic": samples.audio}))
    answer, _ = await check(bench, seconds=2, video=None)
    assert not answer.audio_ok
    assert "could not store" in answer.text


async def test_what_no_decoder_can_read_fails_the_check_and_not_the_recorder(bench, samples):
    bench.start()
    await bench.web()
    rubbish = [(True, samples.video[0][1][:10] + bytes(range(256)) * 8)] * 50
    bench.send(await bench.worker(audio={"judge_1_mic": [b"\xff\xff\xff"]}, video={"judge_1_cam": rubbish}))
    answer, _ = await check(bench, seconds=3)
    assert (answer.audio_ok, answer.picture) == (False, False)
    assert bench.process.poll() is None
    assert [path.name for path in bench.recordings.iterdir()] == []


def test_the_level_is_that_of_the_loudest_400_ms(samples):
    ear = LevelMeter()
    loud = samples.audio[:50]
    quiet = samples.silence[:50]
    for packets in (quiet, loud[:40], quiet):
        blocks = [mux.Block(20 * place, True, packet) for place, packet in enumerate(packets)]
        ear.hear(mux.audio_init() + mux.clusters(blocks))
    assert -170 < ear.level < -140
