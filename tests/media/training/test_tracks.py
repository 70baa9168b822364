"""Voice and picture of a simulated person: a tone without clicks, louder when it speaks, and a picture that moves."""

import array
import asyncio
import itertools
import time

import pytest

from media.training.tracks import FPS, HEIGHT, LOUD, RATE, SAMPLES, SOFT, WIDTH, Picture, Voice, tone


@pytest.mark.parametrize("hertz", [400, 650, 800, 1050, 1350])
def test_one_frame_of_a_tone_goes_on_into_the_next_without_a_click(hertz: int) -> None:
    wave = array.array("h", tone(hertz, LOUD) * 2)
    steps = [abs(after - before) for before, after in itertools.pairwise(wave)]
    assert steps[SAMPLES - 1] <= max(steps[: SAMPLES - 1])
    assert max(wave) <= LOUD
    rising = sum(before < 0 <= after for before, after in itertools.pairwise(wave))
    assert abs(rising - 2 * hertz * SAMPLES / RATE) <= 1


async def test_a_voice_grows_louder_when_it_speaks_and_comes_in_time() -> None:
    voice, began = Voice(800), time.monotonic()
    frames = [await voice.recv() for _ in range(5)]
    voice.speaking = True
    frames += [await voice.recv() for _ in range(6)]
    assert time.monotonic() - began >= 0.19
    peaks = [max(array.array("h", bytes(frame.planes[0])[: 2 * SAMPLES])) for frame in frames]
    assert (peaks[0] <= SOFT, peaks[-1] > SOFT * 4) == (True, True)
    assert [frame.pts for frame in frames] == [SAMPLES * number for number in range(11)]


async def test_no_two_pictures_that_follow_each_other_are_the_same() -> None:
    picture = Picture((90, 60, 60))
    async with asyncio.timeout(20):
        frames = [await picture.recv() for _ in range(3)]
    assert {(frame.width, frame.height) for frame in frames} == {(WIDTH, HEIGHT)}
    assert len({bytes(frame.planes[0]) for frame in frames}) == 3
    assert frames[1].pts == 90_000 // FPS
    assert set(bytes(frames[0].planes[1])) == {60}
