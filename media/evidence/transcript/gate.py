"""When somebody speaks: the sound of a track, 100 ms at a time, cut at its silences. Pure.

A model hears nothing of a silence: it would write words into it. Loud is what stands clear of the noise of the last
half minute; a cough can be loud, and then the model has to say that it is no word.
"""

import math
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import mul

from media.evidence.transcript.sound import HOP_MS, Samples

LOWEST = -100.0
"""dBFS of digital silence."""
QUIETEST, LOUDEST = -55.0, -30.0
"""Between these, in dBFS, is the level from which on somebody speaks."""
ABOVE_NOISE = 10.0
"""dB by which speech stands above the noise."""
NOISE_HOPS = 300
PAUSE_HOPS = 15
"""A silence so long ends an utterance."""
EDGE_HOPS = 3
"""How much of the silence before and behind belongs to an utterance."""
MOST_HOPS = 280
"""The longest utterance: models hear 30 s at a time."""
SOUGHT_HOPS = 100
"""Of what is too long, so much of its end is searched for the quietest place to cut it."""
FEWEST_LOUD = 2
"""An utterance has at least so many loud pieces; less is a click."""


@dataclass(frozen=True)
class Utterance:
    """What was said without a silence in between; ms of the recording."""

    t0: int
    t1: int
    samples: Samples


@dataclass(frozen=True)
class _Utterance:
    samples: Samples
    level: float
    loud: bool


def level(samples: Samples) -> float:
    """Level in dBFS, by the mean square."""
    energy = sum(map(mul, samples, samples)) / max(1, len(samples))
    return max(LOWEST, 10 * math.log10(energy / 32_768**2)) if energy > 0 else LOWEST


def utterances(hops: Iterable[Samples], begin: int) -> Iterator[Utterance]:
    """The utterances in a sound that begins at `begin` (ms of the recording), in order; they do not overlap."""
    noise = _Noise()
    before: deque[_Utterance] = deque(maxlen=EDGE_HOPS)
    open_: list[_Utterance] = []
    start, quiet = begin, 0
    for index, samples in enumerate(hops):
        heard = level(samples)
        piece = _Utterance(samples, heard, noise.is_passed_by(heard))
        if not open_:
            before.append(piece)
            if piece.loud:
                start = begin + (index + 1 - len(before)) * HOP_MS
                open_, quiet = [*before], 0
            continue
        open_.append(piece)
        quiet = 0 if piece.loud else quiet + 1
        if quiet >= PAUSE_HOPS:
            yield from _said(open_[: len(open_) - quiet + EDGE_HOPS], start)
            before.clear()
            before.extend(open_[-EDGE_HOPS:])
            open_ = []
        elif len(open_) >= MOST_HOPS:
            cut = _quietest(open_)
            yield from _said(open_[:cut], start)
            start += cut * HOP_MS
            open_ = open_[cut:]
    yield from _said(open_, start)


class _Noise:
    """The level of the noise: what nine tenths of the last half minute were louder than. Digital silence is none."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=NOISE_HOPS)

    def is_passed_by(self, heard: float) -> bool:
        """Whether a piece of this level is loud; it counts for those that follow."""
        if heard > LOWEST:
            self._levels.append(heard)
        return heard >= self._threshold()

    def _threshold(self) -> float:
        if not self._levels:
            return QUIETEST
        floor = sorted(self._levels)[len(self._levels) // 10]
        return min(LOUDEST, max(QUIETEST, floor + ABOVE_NOISE))


def _quietest(pieces: list[_Utterance]) -> int:
    """Where to cut what is too long: behind its quietest piece near the end."""
    first = len(pieces) - SOUGHT_HOPS
    return min(range(first, len(pieces)), key=lambda at: (pieces[at].level, -at)) + 1


def _said(pieces: list[_Utterance], start: int) -> Iterator[Utterance]:
    """The utterance, unless it is a click."""
    if sum(piece.loud for piece in pieces) < FEWEST_LOUD:
        return
    whole: Samples = array("h")
    for piece in pieces:
        whole.extend(piece.samples)
    yield Utterance(start, start + len(pieces) * HOP_MS, whole)
