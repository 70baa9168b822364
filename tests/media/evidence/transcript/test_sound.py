"""The sound of a track lies where the recording has it, in even pieces, whatever came late or not at all."""

from array import array
from collections.abc import Iterable, Iterator
from math import sin

import pytest

from media.evidence.recording import mux
from media.evidence.recording.mux import Block
from media.evidence.transcript import gate, sound
from tests.support.evidence.speech import opus

TONE: "array[int]" = array("h", (round(9_000 * sin(at / 8)) for at in range(48_000)))
"""A second of it."""


def webm(blocks: Iterable[Block]) -> Iterator[bytes]:
    yield mux.audio_init()
    yield mux.clusters(blocks)


def loud(content: Iterable[bytes], begin: int, end: int) -> list[int]:
    """The tenths of a second in which something is heard, in ms of the recording."""
    pieces = list(sound.hops(content, begin, end))
    assert {len(piece) for piece in pieces} <= {sound.HOP}
    assert len(pieces) == -(-(end - begin) // 100)
    return [begin + at * 100 for at, piece in enumerate(pieces) if gate.level(piece) > -40]


def test_a_tone_is_found_at_its_time_on_the_recording() -> None:
    found = loud(webm(opus({5_000: TONE}, end=12_000)), 0, 12_000)
    assert found[0] in (5_000, 5_100) and found[-1] in (5_900, 6_000) and len(found) in (10, 11)


def test_a_part_from_the_middle_has_nothing_of_before_and_behind() -> None:
    blocks = opus({5_000: TONE, 7_000: TONE}, end=12_000)
    assert {t // 1000 for t in loud(webm(blocks), 5_500, 7_000)} <= {5, 6}
    assert loud(webm(blocks), 8_200, 9_050) == []


def test_frames_that_came_late_are_put_where_they_belong() -> None:
    blocks = opus({5_000: TONE}, end=12_000)
    late = [one for one in blocks if 5_000 <= one.t < 6_000]
    rest = [one for one in blocks if not 5_000 <= one.t < 6_000]
    pieces = [mux.audio_init(), mux.clusters([one for one in rest if one.t < 8_000])]
    pieces += [mux.clusters(late), mux.clusters([one for one in rest if one.t >= 8_000])]
    found = set(loud(pieces, 0, 12_000)) - {8_000}  # where the decoder comes from the tone, which still rings in it
    assert set(range(5_200, 5_900, 100)) <= found <= set(range(4_900, 6_200, 100))


def test_what_did_not_come_is_silence_and_what_follows_keeps_its_time() -> None:
    blocks = [one for one in opus({5_000: TONE}, end=12_000) if not 2_000 <= one.t < 4_500]
    assert loud(webm(blocks), 0, 12_000)[0] in (5_000, 5_100)


def test_three_hours_of_silence_are_never_held_at_once() -> None:
    silence = [Block(t, True, b"\xfc\xff\xfe") for t in range(0, 10_800_000, 1_000)]
    pieces = sound.hops(webm(silence), 0, 10_800_000)
    assert sum(len(piece) for piece in pieces) == 10_800 * sound.RATE


@pytest.mark.parametrize("content", [[], [b"no sound"], [mux.video_init(16, 16)]])
def test_what_is_no_sound_is_refused(content: list[bytes]) -> None:
    with pytest.raises(sound.SoundError):
        list(sound.hops(content, 0, 1_000))


def test_an_error_of_the_source_goes_through_as_it_is() -> None:
    def broken() -> Iterator[bytes]:
        yield mux.audio_init()
        yield mux.clusters(opus({}, end=1_000))
        raise PermissionError("no key")

    with pytest.raises(PermissionError, match="no key"):
        list(sound.hops(broken(), 0, 10_000))
