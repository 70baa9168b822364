"""Languages as BCP 47 tags (RFC 5646): the plain form `language[-Script][-REGION]`, no extensions or private use."""

import re
from functools import cache

from babel import Locale, UnknownLocaleError

from hearings.errors import UnknownLanguage
from hearings.sentences import tell

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")


@cache
def _names(locale: str) -> dict[str, str]:
    return dict(Locale.parse(locale).languages)


def language(tag: str) -> str:
    """The tag in canonical case, such as `pt-BR`. Raises `UnknownLanguage`."""
    match = _TAG.fullmatch(tag)
    if match is None or match[1].lower() not in _names("en"):
        raise UnknownLanguage(tell("Not a language tag we know: {tag}", tag=repr(tag[:40])), "language")
    script = f"-{match[2].title()}" if match[2] else ""
    region = f"-{match[3].upper()}" if match[3] else ""
    return match[1].lower() + script + region


def primary(tag: str) -> str:
    """The primary language of a tag, such as `pt` of `pt-BR`."""
    return tag.split("-")[0].lower()


def same(one: str, other: str) -> bool:
    """Whether a speaker of one is understood by a listener of the other: the primary language decides."""
    return primary(one) == primary(other)


def name(tag: str, locale: str = "en") -> str:
    """What the language is called in `locale`; the tag itself when that is not known."""
    try:
        return _names(locale.replace("-", "_")).get(tag.split("-")[0], tag)
    except (UnknownLocaleError, ValueError):
        return _names("en").get(tag.split("-")[0], tag)


COMMAS = {"ar": "، ", "fa": "، ", "ja": "、", "ur": "، ", "zh": "、"}
"""By primary language, where it is not the Latin comma."""


def comma(tag: str) -> str:
    """What stands in a language between things that are only told one after the other."""
    return COMMAS.get(primary(tag), ", ")


def right_to_left(tag: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return Locale.parse(primary(tag)).text_direction == "rtl"
    except (ValueError, UnknownLocaleError):
        return False


_CITY = r"[^\d\W][^\n(),\u060c;\u061b]{0,80}"
TIME = re.compile(rf"(?:\d{{4}}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)? (?:UTC|{_CITY} \([+-]\d\d:\d\d\))|\d{{4}}-\d\d-\d\d")


def times_together(text: str, tag: str) -> str:
    """A text for reading, in which each time keeps its day, hour, city and offset beside one another.

    Among letters that run from right to left, `23:30 Paris (+01:00), 22:30 Las Palmas (+00:00)` would show one city's
    hour beside the other (UAX #9). The isolates are for display only: what is kept and signed has none.
    """
    return TIME.sub(lambda found: f"\u2066{found[0]}\u2069", text) if right_to_left(tag) else text
