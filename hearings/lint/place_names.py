"""States and cities that a text names, in the nine languages (CLDR, cities.yaml). Pure."""

from functools import cache
from itertools import pairwise

from babel import Locale

from hearings import reference
from hearings.lint.reading import NINE, UNSPACED, Reading, fold, mark, written

LONGEST = 5
"""Letters of a word that are compared: the rest is its ending, which several languages inflect. A word for somebody of
a State counts as its name."""
PLACE_SIGNS = ("市", "省", "县", "区", "在", "ที่", "จังหวัด", "อำเภอ", "เมือง", "ใน", "مدين", "محافظ", "في ")
"""By these a text in letters without capitals names a place that is in no list."""


def _stem(text: str) -> tuple[str, ...]:
    return tuple(word[:LONGEST] for word in text.split())


@cache
def _states(tag: str) -> dict[str, str]:
    """Folded names of States by language, with their codes."""
    return {
        fold(written(name)): code
        for code, name in Locale.parse(tag).territories.items()
        if len(code) == 2 and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB")
    }


@cache
def _names() -> dict[tuple[str, ...], str]:
    """States and cities by the beginnings of their words, of languages that put spaces between words."""
    found: dict[tuple[str, ...], str] = {}
    for tag in NINE:
        if tag not in UNSPACED | {"ar"}:
            found |= {_stem(name): code for name, code in _states(tag).items() if len(name) > 3}
    found |= {_stem(fold(name)): "" for name in _cities() if len(name) > 3}
    return found


@cache
def _cities() -> frozenset[str]:
    """Cities of the data, and those that time zones are named after."""
    named = {zone.split("/")[-1].replace("_", " ") for row in reference.jurisdictions().values() for zone in row.zones}
    for english, names in reference.cities().items():
        named |= {english, *names.values()}
    for tag in NINE:
        named |= {zone["city"] for zone in Locale.parse(tag).time_zones.values() if "city" in zone}
    return frozenset(named)


@cache
def _anywhere() -> dict[str, str]:
    """States and cities as they are written in Arabic, Thai and Chinese."""
    found = {name: code for tag in ("ar", "th", "zh") for name, code in _states(tag).items() if len(name) > 1}
    for name in _cities():
        if Reading.of(name).writing[:1] in {mark("Thai"), mark("Hani"), mark("Arab")} and len(name) > 1:
            found.setdefault(fold(written(name)), "")
    return found


def named(reading: Reading) -> dict[str, str]:
    """What the text names: how it is written, and the code of the State, empty for a city."""
    words, names = reading.words, _names()
    found = {}
    for first in range(len(words)):
        for length in range(1, min(4, len(words) - first) + 1):
            stem = tuple(word[:LONGEST] for word in words[first : first + length])
            if stem in names:
                found[" ".join(words[first : first + length])] = names[stem]
    if set(reading.writing) & {mark("Thai"), mark("Hani"), mark("Arab")}:
        found |= {name: code for name, code in _anywhere().items() if name in reading.low}
    return found


def may_name_another(reading: Reading, known: frozenset[str]) -> bool:
    """Whether the text may name a place that is in no list: a word with a capital letter within a sentence which is
    none of the words in `known` (folded), or, in writing without capitals, a sign of a place."""
    if any(sign in reading.text for sign in PLACE_SIGNS):
        return True
    words = reading.text.split(" ")
    for before, word in pairwise(words):
        begun = before[-1:] not in ".!?:;" and word[:1].isupper()
        if begun and fold(word).strip(".,;:()\"'") not in known:
            return True
    return False
