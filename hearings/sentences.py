"""Sentences a person reads: on pages, in minutes, mails and printed documents. Written in English; each keeps its
message and inputs, so that it can be translated.

`tell("{state} is bound since {day}", state=StateName.of("FR", "France"), day=...)` is an ordinary English text for
everything that stores, compares or sends it; `web.words.sentences` translates it by its message and inputs. Code that
writes in a language other than the reader's takes a function `Say` as a parameter, because the catalogues belong to the
web. Messages are collected for translators by `python -m web.words.catalogues`.
"""

import csv
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

JOINTS: Mapping[str, str] = {"and": " and ", "or": " or ", "comma": ", ", "semicolon": "; ", "space": " ", "none": ""}
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October"),
    *("November", "December"),
)
"""In English, whatever the locale of the machine."""
Joint = Literal["and", "or", "comma", "semicolon", "space", "none"]

Say = Callable[[str, str], str]
"""From language (BCP 47) and text to the translated text; a text that is no sentence is returned unchanged."""


def english(_lang: str, text: str) -> str:
    """The `Say` of a program without catalogues: sentences are English."""
    return str(text)


class Untranslated(LookupError):
    """Raised by a strict `Say`: a message in the text has no translation in the language."""


def N_(message: str) -> str:  # noqa: N802  gettext's own name for "extract, translate later"
    """Mark a message for translators; `tell()` makes a sentence of it, `_()` of `web.words.i18n` translates it."""
    return message


class Sentence(str):
    """An English text that knows its message and what was filled in. `plural`: the message for several, or empty.

    msgspec encodes no subclass of str: texts for a socket are translated first, or converted by `str()`.
    """

    __slots__ = ("given", "message", "plural")
    message: str
    plural: str
    given: Mapping[str, Any]


class Word(str):
    """A code of a closed list (data/enums.yaml); its English text is the code itself.

    `table`: that of `web.words.labels.WORDS`, `role`, or the class of a status.
    """

    __slots__ = ("code", "table")
    code: str
    table: str

    @classmethod
    def of(cls, table: str, code: str) -> Self:
        """The code as words."""
        made = cls(code.replace("_", " "))
        made.table, made.code = table, code
        return made

    @classmethod
    def status(cls, status: StrEnum) -> Self:
        """A status (`hearings.status`) as words."""
        return cls.of(type(status).__name__, status.value)


@cache
def _english_forms() -> Mapping[str, Mapping[str, str]]:
    """The English forms of names of States in a sentence, by code (data/state_forms.csv)."""
    rows = csv.DictReader((files("hearings") / "data" / "state_forms.csv").read_text("utf-8").splitlines())
    return {row["state"]: row for row in rows if row["language"] == "en"}


class StateName(str):
    """A State by name; `code` is ISO 3166-1 alpha-2. `hearings.languages.state_name` looks up the English name.

    In a message `{state:of}` is its form after "of", with its article; `the`, `in` and `to` are the others there are.
    """

    __slots__ = ("code",)
    code: str

    def __format__(self, form: str) -> str:
        if form not in ("the", "of", "in", "to"):
            return super().__format__(form)
        forms = _english_forms()
        return forms.get(self.code, forms["*"])[form].replace("{name}", self)

    @classmethod
    def of(cls, code: str, name: str) -> Self:
        """The State `code` with its English name."""
        made = cls(name)
        made.code = code
        return made


class LanguageName(str):
    """A language; `tag` is BCP 47. `hearings.languages.language_name` looks up the English name."""

    __slots__ = ("tag",)
    tag: str

    @classmethod
    def of(cls, tag: str, name: str = "") -> Self:
        """The language of this tag with its English name; without a name, the tag."""
        made = cls(name or tag)
        made.tag = tag
        return made


class WrittenDay(str):
    """A day of the Gregorian calendar, written out: `3 December 2026`."""

    __slots__ = ("on",)
    on: date

    @classmethod
    def of(cls, on: date) -> Self:
        """The day with its English text."""
        made = cls(f"{on.day} {MONTHS[on.month - 1]} {on.year}")
        made.on = on
        return made


class Quoted(str):
    """Somebody's own words, in whatever language they wrote them."""

    __slots__ = ()


class Series(str):
    """Several texts as a list: joined by "and", by "or", by a separator, or by nothing."""

    __slots__ = ("joint", "parts")
    joint: Joint
    parts: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[str], joint: Joint = "comma") -> Self:
        """The parts as one text."""
        items = tuple(parts)
        made = cls(JOINTS[joint].join(items))
        made.parts, made.joint = items, joint
        return made


def tell(message: str, /, **given: Any) -> Sentence:
    """The message with its placeholders filled by `given`: days, numbers, and texts, which may be sentences."""
    made = Sentence(message.format_map(given) if given else message)
    made.message, made.plural, made.given = message, "", given
    return made


def tell_n(singular: str, several: str, n: int, /, **given: Any) -> Sentence:
    """As `tell`, with a singular and a plural message for `n`; both may contain `{n}`."""
    given["n"] = n
    made = Sentence((singular if n == 1 else several).format_map(given))
    made.message, made.plural, made.given = singular, several, given
    return made
