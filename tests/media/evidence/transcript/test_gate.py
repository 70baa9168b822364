"""Sound is cut at its silences, whatever the noise, and never handed on for longer than a model hears."""

from array import array
from collections.abc import Iterator
from random import Random

from media.evidence.transcript import gate
from media.evidence.transcript.sound import HOP, Samples


def hop(loudness: float, chance: Random) -> Samples:
    """A tenth of a second of noise of this RMS (of 32,768)."""
    return array("h", (round(max(-32_767, min(32_767, chance.gauss(0, loudness)))) for _ in range(HOP)))


def sounding(*parts: tuple[int, float]) -> Iterator[Samples]:
    """Noise: each part so many tenths of a second, so loud."""
    chance = Random(7)
    prepared = {loudness: [hop(loudness, chance) for _ in range(3)] for _count, loudness in parts}
    for count, loudness in parts:
        for at in range(count):
            yield prepared[loudness][at % 3]


def spans(*parts: tuple[int, float], begin: int = 0) -> list[tuple[int, int]]:
    return [(one.t0, one.t1) for one in gate.utterances(sounding(*parts), begin)]


def test_digital_silence_has_the_lowest_level_and_full_scale_none() -> None:
    assert gate.level(array("h", bytes(2 * HOP))) == gate.LOWEST
    assert abs(gate.level(array("h", [32_767, -32_767] * (HOP // 2)))) < 0.01


def test_silence_has_no_utterance() -> None:
    assert spans((600, 0)) == [] and spans((600, 20)) == []


def test_an_utterance_has_a_little_of_the_silence_around_it() -> None:
    assert spans((30, 0), (20, 3_000), (40, 0), begin=60_000) == [(62_800, 65_300)]


def test_a_short_pause_is_a_part_of_an_utterance_and_a_long_one_ends_it() -> None:
    assert spans((10, 0), (10, 3_000), (12, 0), (10, 3_000), (20, 0)) == [(800, 4_500)]
    assert len(spans((10, 0), (10, 3_000), (30, 0), (10, 3_000), (20, 0))) == 2


def test_a_click_is_no_utterance() -> None:
    assert spans((30, 0), (1, 3_000), (30, 0)) == []


def test_speech_is_told_from_a_noise_that_does_not_end() -> None:
    found = spans((400, 150), (30, 4_000), (100, 150), (30, 4_000), (100, 150))
    behind = [(t0, t1) for t0, t1 in found if t0 > 30_000]
    assert [(round(t0, -3), t1 - t0 < 5_000) for t0, t1 in behind] == [(40_000, True), (53_000, True)]


def test_what_is_too_long_is_cut_at_its_quietest_place_and_nothing_is_lost_or_said_twice() -> None:
    found = list(gate.utterances(sounding((250, 3_000), (2, 1_000), (250, 3_000)), 0))
    assert found[0].t1 - found[0].t0 in (25_100, 25_200)
    assert all(len(one.samples) == (one.t1 - one.t0) * 16 <= gate.MOST_HOPS * HOP for one in found)
    assert [one.t1 for one in found][:-1] == [one.t0 for one in found][1:]
    assert (found[0].t0, found[-1].t1) == (0, 50_200)


def test_speech_up_to_the_end_of_the_sound_is_not_lost() -> None:
    assert spans((10, 0), (20, 3_000)) == [(800, 3_000)]
