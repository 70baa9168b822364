"""Languages as BCP 47 tags (RFC 5646): the plain form `language[-Script][-REGION]`, no extensions or private use."""

import csv
import re
from functools import cache
from importlib.resources import files

from babel import Locale, UnknownLocaleError

from hearings.errors import UnknownLanguage
from hearings.sentences import LanguageName, StateName, tell

_TAG = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{4}))?(?:-([A-Za-z]{2}|[0-9]{3}))?")


@cache
def _names(locale: str) -> dict[str, str]:
    return dict(Locale.parse(locale).languages)


@cache
def sign_languages() -> dict[str, str]:
    """The English names of the signed languages by tag, from `hearings/data/sign_languages.csv` (IANA registry)."""
    text = (files("hearings") / "data" / "sign_languages.csv").read_text("utf-8")
    return {row["tag"]: row["name"] for row in csv.DictReader(text.splitlines())}


def signed(tag: str) -> bool:
    """Whether a language is signed, not spoken: by the registry, never by its name."""
    return primary(tag) in sign_languages()


def language(tag: str) -> str:
    """The tag in canonical case, such as `pt-BR`. Raises `UnknownLanguage`."""
    match = _TAG.fullmatch(tag)
    if match is None or (match[1].lower() not in _names("en") and match[1].lower() not in sign_languages()):
        raise UnknownLanguage(tell("Unknown language tag: {tag}", tag=repr(tag[:40])), "language")
    script = f"-{match[2].title()}" if match[2] else ""
    region = f"-{match[3].upper()}" if match[3] else ""
    return match[1].lower() + script + region


def primary(tag: str) -> str:
    """The primary language of a tag, such as `pt` of `pt-BR`."""
    return tag.split("-")[0].lower()


def same(tag: str, other: str) -> bool:
    """Whether two tags have the same primary language."""
    return primary(tag) == primary(other)


def name(tag: str, locale: str = "en") -> str:
    """The name of the language in `locale`, of a signed one for which CLDR has none in English; the tag itself if it is
    unknown."""
    code = tag.split("-")[0]
    known = sign_languages().get(code, tag)
    try:
        return _names(locale.replace("-", "_")).get(code, known)
    except (UnknownLocaleError, ValueError):
        return _names("en").get(code, known)


def language_name(tag: str) -> LanguageName:
    """The language of this tag as a translatable text."""
    return LanguageName.of(tag, name(tag))


def state_name(code: str) -> StateName:
    """The State of this ISO 3166-1 alpha-2 code as a translatable text."""
    return StateName.of(code, Locale.parse("en").territories.get(code, code))


COMMAS = {"ar": "، ", "fa": "، ", "ja": "、", "ur": "، ", "zh": "、"}
"""Commas by primary language; the Latin comma for all others."""


def comma(tag: str) -> str:
    """The separator of list items in a language."""
    return COMMAS.get(primary(tag), ", ")


def right_to_left(tag: str) -> bool:
    """Whether a language is written from right to left."""
    try:
        return Locale.parse(primary(tag)).text_direction == "rtl"
    except (ValueError, UnknownLocaleError):
        return False


_CITY = r"[^\d\W][^\n(),\u060c;\u061b]{0,80}"
_PLACE = rf"(?:UTC|\({_CITY}\)|{_CITY} \([+-]\d\d:\d\d\))"
TIME = re.compile(rf"(?:\d{{4}}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)?(?:–\d\d:\d\d)? {_PLACE}|\d{{4}}-\d\d-\d\d")


def times_together(text: str, tag: str) -> str:
    """A text for display in which day, hour, city and offset of each time stay together.

    Among letters that run from right to left, `23:30 Paris (+01:00), 22:30 Las Palmas (+00:00)` would show one city's
    hour beside the other (UAX #9). The isolates are for display only: what is kept and signed has none.
    """
    return TIME.sub(lambda match: f"\u2066{match[0]}\u2069", text) if right_to_left(tag) else text
