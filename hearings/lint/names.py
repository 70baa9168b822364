"""Names of people in a text: as they are written, or nearly so. Pure."""

import re
from collections.abc import Iterator

from hearings.lint.reading import WORD, Reading, fold, written

SHORTEST = 4
"""Letters below which a word is too short to be nearly another."""
MOST = 20
"""Greatest number of near names that are found."""


def tokens(name: str) -> tuple[str, ...]:
    """The folded words of a name, without initials."""
    return tuple(word for word in WORD.findall(fold(written(name))) if len(word) > 1)


def one_apart(one: str, other: str) -> bool:
    """Whether two words differ by one letter: changed, added, left out, or changed places with the next."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, others = one[start:], other[start:]
    if len(rest) == len(others):
        return rest[1:] == others[1:] or (rest[:2] == others[1::-1] and rest[2:] == others[2:])
    return rest[1:] == others if len(rest) > len(others) else rest == others[1:]


def written_alike(text: str, name: str) -> bool:
    """Whether some words of a name and of a text are the same, or nearly."""
    words = set(tokens(text))
    return any(word in words or any(one_apart(word, each) for each in words) for word in tokens(name))


def near_names(reading: Reading, name: str) -> Iterator[tuple[int, int]]:
    """Places at which a word with a capital letter is one letter from a word of the name, and beside it another word of
    the name stands as it is."""
    wanted = [word for word in tokens(name) if len(word) >= SHORTEST]
    if len(tokens(name)) < 2 or not wanted:
        return
    known = set(tokens(name))
    words = [(match[0], match.start(), match.end()) for match in re.finditer(WORD, reading.low)]
    found = 0
    for number, (word, start, end) in enumerate(words):
        if word in known or len(word) < SHORTEST - 1 or not reading.text[start].isupper():
            continue
        beside = {words[other][0] for other in (number - 1, number + 1) if 0 <= other < len(words)}
        if beside & known and any(one_apart(word, each) for each in wanted):
            found += 1
            yield start, end
            if found == MOST:
                return
