"""Where each picture stands, and whose is large when.

Who spoke is not in a journal, and nothing is decoded to find it. The rule is: a microphone's sound is compressed at a
variable rate, so its sealed segments are larger while somebody speaks into it. Of the microphones that were on, the one
with the most bytes a second is taken for the speaker's; it takes the large place from the one that has it only with a
quarter more, or when that one is switched off. While none is on, whoever was large stays so.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from media.evidence.render.material import Piece

LEAD = 1.25
"""How many times the bytes of whoever is large a microphone needs to take the place."""
STEP = 2_000
"""Milliseconds after which the speaker is looked for again: about a segment."""


class Box(NamedTuple):
    """A place in the picture, in pixels; all of them even, as the encoders want it."""

    x: int
    y: int
    w: int
    h: int


class Turn(NamedTuple):
    """From when to when (ms) one picture, by its number, is the large one."""

    t0: int
    t1: int
    which: int


def grid(count: int, area: Box) -> list[Box]:
    """Places of one size for so many pictures, row by row, as near to a square as can be."""
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    w, h = _even(area.w // columns), _even(area.h // rows)
    return [Box(area.x + at % columns * w, area.y + at // columns * h, w, h) for at in range(count)]


def beside(count: int, area: Box) -> tuple[Box, list[Box]]:
    """A large place, and at its right a column of small ones."""
    width = _even(area.w * 3 // 4)
    h = _even(min(area.h // count, (area.w - width) * 3 // 4))
    column = [Box(area.x + width, area.y + at * h, _even(area.w - width), h) for at in range(count)]
    return Box(area.x, area.y, width, _even(area.h)), column


def turns(microphones: Sequence[Sequence[Piece]], t0: int, t1: int) -> list[Turn]:
    """Who is large from t0 to t1, by the sealed segments of each picture's microphone (the rule above)."""
    now, found = 0, [Turn(t0, t1, 0)]
    for at, rates in _rates(microphones, t0, t1):
        if not rates:
            continue
        most = max(rates, key=lambda index: (rates[index], -index))
        if now not in rates or rates[most] > LEAD * rates[now]:
            now = most
        if now != found[-1].which:
            found[-1:] = [found[-1]._replace(t1=at), Turn(at, t1, now)]
    return [turn for turn in found if turn.t0 < turn.t1]


def _rates(microphones: Sequence[Sequence[Piece]], t0: int, t1: int) -> Sequence[tuple[int, Mapping[int, float]]]:
    """At each step the bytes a millisecond of each microphone that was on, by index."""
    steps: list[tuple[int, dict[int, float]]] = [(at, {}) for at in range(t0, t1, STEP)]
    for index, pieces in enumerate(microphones):
        for piece in pieces:
            first, last = (-(-(t - t0 - STEP // 2) // STEP) for t in (piece.t0, piece.t1))
            for _at, rates in steps[max(0, first) : max(0, last)]:
                rates[index] = piece.size / (piece.t1 - piece.t0)
    return steps


def _even(length: int) -> int:
    return length // 2 * 2
