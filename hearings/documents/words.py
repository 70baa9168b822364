"""The words of printed documents, in nine languages (data/document_words.yaml); English where there is none."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml


@cache
def _table() -> tuple[tuple[str, ...], Mapping[str, Mapping[str, list[str]]]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load((files("hearings") / "data" / "document_words.yaml").read_text("utf-8"), loader)
    return tuple(found["languages"]), {name: found[name] for name in ("frame", "sections", "labels", "words")}


def languages() -> tuple[str, ...]:
    """The languages there are words in."""
    return _table()[0]


def known(tag: str) -> str:
    """The language of the words for a BCP 47 tag: the same, else of the same primary language, else English."""
    there = languages()
    same = [one for one in there if one == tag or one.split("-")[0] == tag.split("-")[0].lower()]
    return same[0] if same else "en"


def word(group: str, key: str, tag: str) -> str:
    """A word of one of the groups `frame`, `sections`, `labels`, `words`."""
    there, table = _table()
    texts, at = table[group][key], there.index(known(tag))
    return (texts[at] if at < len(texts) else None) or texts[0]


def translated(tag: str) -> tuple[int, int]:
    """How many of these words there are in a language, of how many."""
    there, table = _table()
    at = there.index(tag)
    words = [texts for group in table.values() for texts in group.values()]
    return sum(at < len(texts) and bool(texts[at]) for texts in words), len(words)
