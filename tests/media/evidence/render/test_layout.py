"""Places of pictures, and the rule by which one of them is large."""

import pytest

from media.evidence.render import layout
from media.evidence.render.layout import Box, Turn
from media.evidence.render.material import Piece

AREA = Box(0, 40, 1280, 640)


def microphone(*sizes: int) -> list[Piece]:
    """Segments of 2 s with these bytes; 0 is a gap."""
    return [Piece(n, n * 2_000, (n + 1) * 2_000, n, "", size, "") for n, size in enumerate(sizes) if size]


@pytest.mark.parametrize("count", range(1, 26))
@pytest.mark.parametrize("area", [AREA, Box(0, 6, 322, 228)])
def test_pictures_stand_side_by_side_in_even_places_and_do_not_overlap(count: int, area: Box) -> None:
    large, column = layout.beside(count, area)
    for boxes in (layout.grid(count, area), [large, *column]):
        for box in boxes:
            assert all(value % 2 == 0 for value in box) and box.w > 0 and box.h > 0
            assert area.x <= box.x and box.x + box.w <= area.x + area.w
            assert area.y <= box.y and box.y + box.h <= area.y + area.h
        for at, one in enumerate(boxes):
            for two in boxes[:at]:
                assert (
                    one.x + one.w <= two.x or two.x + two.w <= one.x or one.y >= two.y + two.h or two.y >= one.y + one.h
                )
    assert len(layout.grid(count, area)) == len(column) == count


def test_whoever_has_the_most_bytes_is_large_from_the_step_on_in_which_they_have() -> None:
    heard = [microphone(900, 900, 300, 300), microphone(300, 300, 900, 900)]
    assert layout.turns(heard, 0, 8_000) == [Turn(0, 4_000, 0), Turn(4_000, 8_000, 1)]


def test_the_large_place_is_kept_against_less_than_a_quarter_more() -> None:
    heard = [microphone(800, 800, 800), microphone(100, 999, 1_001)]
    assert layout.turns(heard, 0, 6_000) == [Turn(0, 4_000, 0), Turn(4_000, 6_000, 1)]


def test_whoever_is_switched_off_gives_the_place_up_and_keeps_it_when_nobody_is_on() -> None:
    heard = [microphone(900, 0, 0, 900), microphone(300, 300, 0, 0)]
    assert layout.turns(heard, 0, 8_000) == [Turn(0, 2_000, 0), Turn(2_000, 6_000, 1), Turn(6_000, 8_000, 0)]


def test_turns_of_a_part_are_those_of_the_whole_in_it() -> None:
    heard = [microphone(*[900] * 5, *[300] * 5), microphone(*[300] * 5, *[900] * 5)]
    assert layout.turns(heard, 8_000, 12_000) == [Turn(8_000, 10_000, 0), Turn(10_000, 12_000, 1)]
    assert layout.turns([[], []], 8_000, 12_000) == [Turn(8_000, 12_000, 0)]
