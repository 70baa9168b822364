"""The terms of mutual legal assistance in every language: one source for pages, documents and the glossary.

data/termbase.csv has a row for each term, with its form in each language (others, as of one instrument or State, after
` | `); data/termbase_avoid.csv has the forms that a language must not use for it. No machine decides that a term is
right: a row counts as confirmed in a language once a legal translator is named for it in the column `reviewed`.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

DATA = files("hearings") / "data"
ABOUT = frozenset({"key", "note", "confidence", "doubtful", "reviewed"})
"""Columns that are no language."""


@dataclass(frozen=True, kw_only=True)
class Term:
    """One legal concept."""

    key: str
    forms: Mapping[str, tuple[str, ...]]
    """By primary language tag, the form to use first; languages without one are left out."""
    note: str
    """Where the term is from, and what it must not be confused with."""
    confidence: str
    """`high` or `medium`: how sure whoever wrote the row was."""
    doubtful: frozenset[str]
    """Languages in which the confidence is `medium` although that of the row is higher."""
    reviewed: frozenset[str]
    """Languages in which a legal translator has confirmed the term."""

    def word(self, tag: str) -> str:
        """The form to use in a language, by its tag or primary tag; empty if unknown."""
        forms = self.forms.get(tag) or self.forms.get(tag.split("-")[0], ("",))
        return forms[0]

    def confirmed(self, tag: str) -> bool:
        """Whether a legal translator has confirmed the term in a language."""
        return tag.split("-")[0] in self.reviewed


@dataclass(frozen=True, kw_only=True)
class Avoided:
    """A form that a language must not use for a term."""

    key: str
    language: str
    message: re.Pattern[str]
    """Matches the English messages in whose translations the form is wrong."""
    form: re.Pattern[str]
    instead: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO((DATA / name).read_text(encoding="utf-8"), newline=""))


def _tags(cell: str) -> frozenset[str]:
    return frozenset(cell.split("|")) - {""}


@cache
def terms() -> Mapping[str, Term]:
    """Every term by its key, in the order of the file."""
    return {
        row["key"]: Term(
            key=row["key"],
            forms={tag: tuple(cell.split(" | ")) for tag, cell in row.items() if cell and tag not in ABOUT},
            note=row["note"],
            confidence=row["confidence"],
            doubtful=_tags(row["doubtful"]),
            reviewed=_tags(row["reviewed"]),
        )
        for row in _rows("termbase.csv")
    }


@cache
def avoided() -> tuple[Avoided, ...]:
    """The forms that must not be used."""
    return tuple(
        Avoided(
            key=row["key"],
            language=row["language"],
            message=re.compile(row["message"]),
            form=re.compile(row["form"]),
            instead=row["instead"],
        )
        for row in _rows("termbase_avoid.csv")
    )


def unconfirmed(tag: str) -> int:
    """How many terms of a language no legal translator has confirmed."""
    return sum(bool(term.word(tag)) and not term.confirmed(tag) for term in terms().values())
