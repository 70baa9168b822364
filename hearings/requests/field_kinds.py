"""Kinds of fields of a request: accepted input and stored value.

The wizard's controls, the API's schema, the pages and the printed document go by the kind.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from typing import Any

from hearings import clocks, reference
from hearings.errors import Invalid
from hearings.languages import language
from hearings.law import legal_bases
from hearings.law.law import LAW, Law
from hearings.sentences import tell_n
from hearings.texts import clean, institutional

MINUTES = range(5, 721)
"""How long a proposed slot lasts."""


class Kind:
    """A kind of field. `empty`: the value of a field that is not filled in."""

    empty: Any = None

    @property
    def name(self) -> str:
        """Its name in templates."""
        return type(self).__name__.lower()

    def read(self, value: Any, law: Law = LAW) -> Any:
        """The value for its column; `law` has the known instruments.

        Raises `Invalid`, or ValueError, TypeError, KeyError or OverflowError for input that this kind does not accept.
        """
        raise NotImplementedError

    def given(self, value: Any) -> bool:
        """Whether a value is not empty."""
        return value not in (None, "", [])


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _items(value: Any) -> Any:
    if isinstance(value, str):
        raise TypeError
    return value


@dataclass(frozen=True)
class Line(Kind):
    """One line of text of at most `most` characters. `mailbox`: an address in it is that of an institution."""

    most: int = 300
    mailbox: bool = False
    empty = ""

    def read(self, value: Any, law: Law = LAW) -> str:
        text = clean(_text(value), "", most=self.most)
        return institutional(text, "") if self.mailbox else text


@dataclass(frozen=True)
class Lines(Kind):
    """Text of several lines, together at most `most` characters."""

    most: int = 4000
    empty = ""

    def read(self, value: Any, law: Law = LAW) -> str:
        return clean(_text(value), "", most=self.most, lines=True)


class Answer(Kind):
    """Yes, no, or not answered yet (None)."""

    def read(self, value: Any, law: Law = LAW) -> bool | None:
        if not isinstance(value, bool | None):
            raise TypeError
        return value


@dataclass(frozen=True)
class Flag(Kind):
    """Set or not."""

    empty: bool = False

    def read(self, value: Any, law: Law = LAW) -> bool:
        if not isinstance(value, bool):
            raise TypeError
        return value

    def given(self, value: Any) -> bool:
        """Whether it is set: a field that is usually not set has content only then."""
        return bool(value) or self.empty


@dataclass(frozen=True)
class Choice(Kind):
    """A member of a closed list. `words`: the table of words for its members. `few`: all of them are shown at once."""

    of: type[StrEnum]
    words: str
    empty: StrEnum | None = None
    few: bool = False

    def read(self, value: Any, law: Law = LAW) -> StrEnum | None:
        return self.of(value) if value else self.empty


@dataclass(frozen=True)
class Several(Kind):
    """Members of a closed list, kept in the order of the alphabet."""

    of: type[StrEnum]
    words: str
    empty: Any = field(default_factory=list)

    def read(self, value: Any, law: Law = LAW) -> list[str]:
        return sorted({self.of(item).value for item in _items(value)})


class Language(Kind):
    """A BCP 47 tag."""

    empty = ""

    def read(self, value: Any, law: Law = LAW) -> str:
        return language(value) if _text(value) else ""


@dataclass(frozen=True)
class Languages(Kind):
    """BCP 47 tags in the order given, at most `most`."""

    most: int = 6
    empty: Any = field(default_factory=list)

    def read(self, value: Any, law: Law = LAW) -> list[str]:
        tags = list(dict.fromkeys(language(item) for item in _items(value) if item))
        if len(tags) > self.most:
            raise ValueError
        return tags


@dataclass(frozen=True)
class Instruments(Kind):
    """Ids of instruments that can be a legal basis, kept in the order of the law's data."""

    empty: Any = field(default_factory=list)

    def read(self, value: Any, law: Law = LAW) -> list[str]:
        chosen, known = set(_items(value)), legal_bases.selectable(law=law)
        if not chosen <= set(known):
            raise ValueError
        return [instrument for instrument in known if instrument in chosen]


class Day(Kind):
    """A calendar day, 1900 to 2100."""

    def read(self, value: Any, law: Law = LAW) -> date | None:
        if value in ("", None):
            return None
        day = value if type(value) is date else date.fromisoformat(value)
        if not 1900 <= day.year <= 2100:
            raise ValueError
        return day


@dataclass(frozen=True)
class Number(Kind):
    """A whole number from 0 to `most`, in ASCII digits."""

    most: int

    def read(self, value: Any, law: Law = LAW) -> int | None:
        if value in ("", None):
            return None
        if isinstance(value, bool) or (isinstance(value, str) and not value.isascii()):
            raise TypeError
        number = int(value)
        if number not in range(self.most + 1):
            raise ValueError
        return number


@dataclass(frozen=True)
class Level(Number):
    """A number that has a word each: `words` is their table."""

    words: str


class Instant(Kind):
    """An instant, kept in UTC; one without offset is refused."""

    def read(self, value: Any, law: Law = LAW) -> datetime | None:
        if value in ("", None):
            return None
        at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        if at.tzinfo is None or not 1900 < at.year < 2100:
            raise ValueError
        return at.astimezone(UTC)


class State(Kind):
    """An ISO 3166-1 alpha-2 code."""

    empty = ""

    def read(self, value: Any, law: Law = LAW) -> str:
        if _text(value) and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
            raise ValueError
        return str(value)


@dataclass(frozen=True)
class States(Kind):
    """ISO 3166-1 alpha-2 codes in the order of the alphabet, at most `most`."""

    most: int = 5
    empty: Any = field(default_factory=list)

    def read(self, value: Any, law: Law = LAW) -> list[str]:
        codes = sorted({State().read(item) for item in _items(value) if item})
        if len(codes) > self.most:
            raise ValueError
        return codes


@dataclass(frozen=True)
class Slots(Kind):
    """Proposed times: none, or as many as data/requests.yaml says. Each is `wall`, `zone` and `minutes`, and `fold`
    where the clocks show it twice; where they do not, it is not kept. `at` and `until` follow from these and are made
    anew.
    """

    empty: Any = field(default_factory=list)

    def read(self, value: Any, law: Law = LAW) -> list[dict[str, Any]]:
        """Raises besides what `hearings.clocks` raises for a time that does not exist or exists twice."""
        least, most = itemgetter("least", "most")(reference.request_rules()["slots"])
        slots = {slot["at"]: slot for slot in map(_slot, _items(value))}
        if slots and not least <= len(slots) <= most:
            raise Invalid(
                tell_n(
                    "Propose at least {n} time, and at most {most}, or none",
                    "Propose at least {n} different times, and at most {most}, or none",
                    least,
                    most=most,
                )
            )
        return [slots[at] for at in sorted(slots)]


def _slot(given: Any) -> dict[str, Any]:
    if set(given) - {"at", "until", "wall", "zone", "fold", "minutes"}:
        raise ValueError
    wall = given["wall"] if isinstance(given["wall"], datetime) else datetime.fromisoformat(given["wall"])
    wall = wall.replace(microsecond=0)
    minutes = int(given.get("minutes", 60))
    if not 2000 < wall.year < 2100 or minutes not in MINUTES:
        raise ValueError
    at = clocks.to_utc(wall, given["zone"], given.get("fold"))
    twice = clocks.to_utc(wall, given["zone"], 0) != clocks.to_utc(wall, given["zone"], 1)
    return {
        "at": at.isoformat(),
        "until": (at + timedelta(minutes=minutes)).isoformat(),
        "minutes": minutes,
        "wall": wall.isoformat(timespec="seconds" if wall.second else "minutes"),
        "zone": given["zone"],
    } | ({"fold": given["fold"]} if twice else {})
