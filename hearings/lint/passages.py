"""Passages of a translation that are not translated: in another writing, or word for word the request's. Pure."""

import re
from collections.abc import Iterator

from hearings.lint.reading import WORD, Reading, mark

LONG_WORDS = 8
"""Equal words in a row that are no name, title or number."""
LETTERS = 60
"""Letters of another writing in a row that are no name in brackets."""
HAN_LETTERS = 20
MOST = 8
"""Greatest number of passages that are found."""

Span = tuple[int, int]


def other_writing(reading: Reading, sign: str) -> Iterator[Span]:
    """Stretches of letters none of which is of the writing `sign`, too long for a name or a title."""
    if sign == "?":
        return
    found = 0
    for match in re.finditer(rf"[^{re.escape(sign)}]+", reading.writing):
        stretch = match[0]
        letters = len(stretch) - stretch.count(" ")
        han = stretch.count(mark("Hani")) * 2 > letters
        if letters < (HAN_LETTERS if han else LETTERS) or not _sentence(reading.text[match.start() : match.end()]):
            continue
        start = match.start() + len(stretch) - len(stretch.lstrip())
        yield start, match.end()
        found += 1
        if found == MOST:
            return


def _sentence(text: str) -> bool:
    """Whether a stretch reads like a sentence rather than names and abbreviations: most words begin small."""
    words = WORD.findall(text)
    small = sum(not word[:1].isupper() for word in words)
    return small * 2 > len(words)


def copied(original: Reading, translated: Reading) -> Iterator[tuple[Span, Span]]:
    """The first places at which the two have the same `LONG_WORDS` words in a row."""
    there, here = _windows(original), _windows(translated)
    places = dict(reversed(here))
    found, until = 0, -1
    for words, span in there:
        if words in places and span[0] >= until:
            yield span, places[words]
            found, until = found + 1, span[1]
            if found == MOST:
                return


def _windows(reading: Reading) -> list[tuple[int, Span]]:
    """The hash of every row of words, with its place; a hash that is the same by chance is never seen in practice, and
    shows two passages that a person tells apart."""
    words = [(hash(match[0]), match.start(), match.end()) for match in WORD.finditer(reading.low)]
    return [
        (hash(tuple(word for word, _start, _end in words[first : first + LONG_WORDS])), _span(words, first))
        for first in range(len(words) - LONG_WORDS + 1)
    ]


def _span(words: list[tuple[int, int, int]], first: int) -> Span:
    return words[first][1], words[first + LONG_WORDS - 1][2]
