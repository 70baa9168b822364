"""Sentences the minutes are drafted with, as data: a message and what stands in it, said in any language there is.

The messages are English; `web` translates them. Where a message is not translated, `say` gives None: the passage is
then missing in that language, and a person has to write it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from babel import Locale, UnknownLocaleError

from hearings import clocks, languages


class Words(Protocol):
    """Says a message in one language, with `plural` in the form for `n`; None where it is not translated."""

    def __call__(self, message: str, plural: str = "", n: int = 1, /) -> str | None: ...


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "extract, translate later"
    """Mark a message for translators."""
    return message


def english(message: str, plural: str = "", n: int = 1, /) -> str | None:
    """The messages are English."""
    return plural if plural and n != 1 else message


@dataclass(frozen=True, kw_only=True)
class Clock:
    """One court's city and zone."""

    city: str
    zone: str


@dataclass(frozen=True)
class Moment:
    """An instant, told by the clocks of both courts and in UTC."""

    at: datetime
    clocks: tuple[Clock, ...]

    def told(self, lang: str) -> str:
        """The date once, and again where a court's calendar shows another; with the comma of a language."""
        local = [clocks.local_time(self.at, city=one.city, zone_name=one.zone) for one in self.clocks]
        shown = [(one.datetime, f"{one.datetime:%H:%M} {one.city} ({one.offset})") for one in local]
        utc = self.at.astimezone(UTC)
        shown.append((utc, f"{utc:%H:%M:%S} UTC"))
        day = ""
        told = []
        for wall, text in shown:
            told.append(text if f"{wall:%Y-%m-%d}" == day else f"{wall:%Y-%m-%d} {text}")
            day = f"{wall:%Y-%m-%d}"
        return languages.comma(lang).join(told)


@dataclass(frozen=True)
class Term:
    """A word that is itself translated, such as a role."""

    message: str


@dataclass(frozen=True)
class Tongue:
    """A language, named in the language spoken."""

    tag: str


@dataclass(frozen=True)
class Land:
    """A State, named in the language spoken."""

    code: str


@dataclass(frozen=True)
class Phrase:
    """A message with what stands in its braces: text as it is, or one of the kinds above, or another phrase."""

    message: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A message for `n` things, by its name in the braces: said in the form the language has for that number."""

    name: str
    n: int
    one: str
    other: str


@dataclass(frozen=True)
class Joined:
    """Pieces said one after the other."""

    pieces: tuple[Any, ...]


@dataclass(frozen=True)
class Series:
    """Pieces with the comma of the language between them."""

    pieces: tuple[Any, ...]


def phrase(message: str, **values: Any) -> Phrase:
    """Make a phrase."""
    return Phrase(message, values)


def say(what: Any, lang: str, words: Words) -> str | None:
    """The text in `lang`; None when a message in it is not translated."""
    match what:
        case Phrase():
            message = words(what.message)
            said = {name: say(value, lang, words) for name, value in what.values.items()}
            if message is None or None in said.values():
                return None
            return message.format(**said)
        case Counted():
            counted = words(what.one, what.other, what.n)
            return counted and counted.format(**{what.name: what.n})
        case Joined() | Series():
            pieces = [say(piece, lang, words) for piece in what.pieces]
            between = languages.comma(lang) if isinstance(what, Series) else ""
            return None if None in pieces else between.join(piece for piece in pieces if piece)
        case Moment():
            return what.told(lang)
        case Term():
            return words(what.message)
        case Tongue():
            return languages.name(what.tag, lang)
        case Land():
            return _land(what.code, lang)
        case _:
            return str(what)


def _land(code: str, lang: str) -> str:
    try:
        return str(Locale.parse(lang.replace("-", "_")).territories.get(code, code))
    except (UnknownLocaleError, ValueError):
        return str(Locale.parse("en").territories.get(code, code))
