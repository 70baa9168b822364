"""The rows of data/lint.yaml, checked when they are read: a mistake in the file stops the program, not a request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hearings import reference
from hearings.law.handling.contents import NOT_AN_ID, SAME_ID
from hearings.law.law import LAW
from hearings.law.row_checks import ID
from hearings.law.row_shape import choices, must
from hearings.lint.reading import NINE
from hearings.lint.remarks import RemarkWeight
from hearings.models.request import Capacity, Stage
from hearings.requests.fields import FIELDS
from hearings.sentences import tell


@dataclass(frozen=True, kw_only=True)
class FactRow:
    """A check of the request itself. `kind` names its function; `columns` are what it looks at, the remark stands
    beside the first. What a kind does not take is empty."""

    id: str
    kind: str
    columns: tuple[str, ...]
    instruments: frozenset[str]
    """That the request relies on, one at least; empty for any request."""
    alone: bool
    """Whether the request may rely on nothing else."""
    when: str
    """A column that has to be answered with yes, or filled in; empty for none."""
    weight: RemarkWeight
    text: str
    provisions: Mapping[str, str]
    """By instrument; `*` for all. Empty: those of data/content.yaml."""
    confidence: str
    source: str
    years: int = 0
    stages: frozenset[Stage] = frozenset()
    capacities: frozenset[Capacity] = frozenset()
    articles: frozenset[int] = frozenset()
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class TranslationRow:
    """What is said of something found by comparing a translation."""

    id: str
    weight: RemarkWeight
    text: str


def facts() -> tuple[FactRow, ...]:
    """The checks of a request, in their order."""
    return _read()[0]


def translations() -> Mapping[str, TranslationRow]:
    """What is said of a translation, by id."""
    return _read()[1]


def messages() -> Iterator[str]:
    """The texts of the table, for translators."""
    yield from (row.text for row in facts())
    yield from (row.text for row in translations().values())


@cache
def words(name: str, tag: str = "") -> tuple[str, ...]:
    """The beginnings of words of a list, in one of the nine languages, or in all."""
    lists = reference.lint()["words"][name]
    return tuple(word for each, found in lists.items() if tag in ("", each) for word in found)


def knows(name: str, tag: str) -> bool:
    """Whether a list has words of a language."""
    return bool(tag) and tag in reference.lint()["words"][name]


@cache
def _read() -> tuple[tuple[FactRow, ...], Mapping[str, TranslationRow]]:
    data = reference.lint()
    for found in data["words"].values():
        choices(list(found), NINE, "words")
    checks = tuple(_fact(row) for row in data["facts"])
    said = {row["id"]: TranslationRow(**row | {"weight": RemarkWeight(row["weight"])}) for row in data["translations"]}
    ids = [*(row.id for row in checks), *said]
    must(len(ids) == len(set(ids)) and len(said) == len(data["translations"]), tell(SAME_ID), "id")
    return checks, said


def _fact(row: Mapping[str, Any]) -> FactRow:
    must(ID.fullmatch(row["id"]) is not None, tell(NOT_AN_ID), "id")
    choices(row["looks_at"], FIELDS, "looks_at")
    choices(row["instruments"], LAW.instruments, "instruments")
    choices([row["confidence"]], LAW.enums["confidence"], "confidence")
    if row.get("when"):
        choices([row["when"]], FIELDS, "when")
    if row.get("words"):
        choices([row["words"]], reference.lint()["words"], "words")
    for name in ("text", "source"):
        must(bool(row[name]), tell("Cannot be empty"), name)
    cited = row["provision"]
    if isinstance(cited, dict):
        choices(list(cited), row["instruments"], "provision")
    return FactRow(
        id=row["id"],
        kind=row["kind"],
        columns=tuple(row["looks_at"]),
        instruments=frozenset(row["instruments"]),
        alone=row.get("alone", False),
        when=row.get("when", ""),
        weight=RemarkWeight(row["weight"]),
        text=row["text"],
        provisions=cited if isinstance(cited, dict) else {"*": cited} if cited else {},
        confidence=row["confidence"],
        source=row["source"],
        years=row.get("years", 0),
        stages=frozenset(map(Stage, row.get("stages", ()))),
        capacities=frozenset(map(Capacity, row.get("capacities", ()))),
        articles=frozenset(row.get("articles", ())),
        words=row.get("words", ""),
    )
