"""Sentences a person reads, written in English and remembered as they were made, so that pages tell them in theirs.

`tell("{state} is bound since {day}", state=StateName("FR", "France"), day=...)` is an ordinary English text for
everything that stores, compares or sends it; `web.words.sentences` finds message and inputs in it and says the same in
the reader's language. Messages are collected for translators by `python -m web.words.catalogues`.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Literal, Self

JOINTS: Mapping[str, str] = {"and": " and ", "or": " or ", "comma": ", ", "semicolon": "; "}
Joint = Literal["and", "or", "comma", "semicolon"]


class Sentence(str):
    """An English text that knows its message and what was filled in. `plural`: the message for several, or empty.

    msgspec encodes no subclass of str: what goes over a socket is told first, or made plain by `str()`.
    """

    __slots__ = ("given", "message", "plural")
    message: str
    plural: str
    given: Mapping[str, Any]


class Word(str):
    """A code of a closed list (data/enums.yaml), in English its own letters.

    `table`: that of `web.words.terms.WORDS`, `role`, or the class of a status.
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
        """How something stands (`hearings.status`)."""
        return cls.of(type(status).__name__, status.value)


class StateName(str):
    """A State by name; `code` is ISO 3166-1 alpha-2."""

    __slots__ = ("code",)
    code: str

    @classmethod
    def of(cls, code: str, name: str) -> Self:
        """The State `code`, which English calls `name`."""
        made = cls(name)
        made.code = code
        return made


class Tongue(str):
    """A language by its tag (BCP 47), which is also its English here."""

    __slots__ = ()

    @classmethod
    def of(cls, tag: str) -> Self:
        """The language with this tag."""
        return cls(tag)


class Quoted(str):
    """Somebody's own words, in whatever language they wrote them."""

    __slots__ = ()


class Series(str):
    """Several things said one after the other: with "and", with "or", or only apart."""

    __slots__ = ("joint", "parts")
    joint: Joint
    parts: tuple[str, ...]

    @classmethod
    def of(cls, parts: Iterable[str], joint: Joint = "comma") -> Self:
        """The parts as one text."""
        kept = tuple(parts)
        made = cls(JOINTS[joint].join(kept))
        made.parts, made.joint = kept, joint
        return made


def tell(message: str, /, **given: Any) -> Sentence:
    """The message with what is given in its braces; days and numbers as they are, other texts may be sentences."""
    made = Sentence(message.format_map(given) if given else message)
    made.message, made.plural, made.given = message, "", given
    return made


def tell_n(one: str, several: str, n: int, /, **given: Any) -> Sentence:
    """As `tell`, for `n` things; the messages may say `{n}`."""
    given["n"] = n
    made = Sentence((one if n == 1 else several).format_map(given))
    made.message, made.plural, made.given = one, several, given
    return made
