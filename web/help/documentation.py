"""The documentation as installing has rendered it (deploy/documentation.py), and the search in it."""

import json
import re
import sqlite3
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

FILE = Path(__file__).parents[1] / "static" / "dist" / "docs" / "documentation.json"
MOST_WORDS, MOST_LETTERS, MOST_HITS = 8, 100, 30
"""Of a search: words and letters that are read, results that are returned."""
OPENED, CLOSED = "\x02", "\x03"
"""Around the words that were found, in what SQLite returns."""


class NotBuilt(Exception):
    """The documentation has not been rendered; the message names the command that does."""


@dataclass(frozen=True)
class DocumentationHeading:
    """A heading of a page with the text below it. `anchor` is empty for the beginning of the page."""

    level: int
    anchor: str
    title: str
    text: str


@dataclass(frozen=True)
class DocumentationPage:
    """A page: `readers` are names of `Readers`; `html` is safe, for no HTML of the sources is taken over."""

    name: str
    title: str
    readers: tuple[str, ...]
    html: Markup
    headings: tuple[DocumentationHeading, ...]

    @property
    def contents(self) -> tuple[DocumentationHeading, ...]:
        """The table of contents: headings of the second level, and of the third where these are few."""
        below = self.headings[1:]
        return tuple(heading for heading in below if heading.level == 2 or (heading.level == 3 and len(below) <= 30))


@dataclass(frozen=True)
class Readers:
    """A group of readers, and for each of its pages in a sentence what is there for them."""

    name: str
    title: str
    pages: tuple[tuple[DocumentationPage, Markup], ...]


@dataclass(frozen=True)
class DocumentationSubject:
    """A subject with its pages."""

    title: str
    pages: tuple[DocumentationPage, ...]


@dataclass(frozen=True)
class DocumentationHit:
    """A heading that a search has found. `excerpt` has the words found as `<mark>`."""

    page: DocumentationPage
    title: str
    anchor: str
    excerpt: Markup

    @property
    def href(self) -> str:
        """The address of the heading."""
        return f"/docs/{self.page.name}" + (f"#{self.anchor}" if self.anchor else "")


@dataclass(frozen=True)
class Documentation:
    """All pages by name, and the two ways of the index to them."""

    pages: dict[str, DocumentationPage]
    subjects: tuple[DocumentationSubject, ...]
    readers: tuple[Readers, ...]

    def readers_named(self, name: str) -> Readers | None:
        """The group of readers of this name; None where there is none."""
        return next((readers for readers in self.readers if readers.name == name), None)

    @cached_property
    def _index(self) -> sqlite3.Connection:
        """A full-text index of all headings, in memory; English word stems. Only read after it is made, by one thread
        at a time (SQLite serialises).
        """
        index = sqlite3.connect(":memory:", check_same_thread=False)
        index.execute(
            "CREATE VIRTUAL TABLE heading USING fts5"
            "(page UNINDEXED, anchor UNINDEXED, name, title, text, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        rows = (
            (page.name, heading.anchor, page.title, heading.title, heading.text)
            for page in self.pages.values()
            for heading in page.headings
        )
        index.executemany("INSERT INTO heading VALUES (?, ?, ?, ?, ?)", rows)
        return index

    def search(self, words: str) -> list[DocumentationHit]:
        """The headings with all of these words, by their stems; where there are none, with words that begin so.

        The best come first.

        Reads the first `MOST_WORDS` words. Makes the index at the first call, in about 0.1 s: not for the event loop.
        """
        wanted = [f'"{word}"' for word in re.findall(r"\w+", words[:MOST_LETTERS])[:MOST_WORDS]]
        rows: list[tuple[str, str, str, str]] = []
        for ending in ("", "*") if wanted else ():
            rows = (
                rows
                or self._index.execute(
                    "SELECT page, anchor, title, snippet(heading, 4, ?, ?, '…', 30) FROM heading WHERE heading MATCH ?"
                    " ORDER BY bm25(heading, 0, 0, 4, 8, 1) LIMIT ?",
                    (OPENED, CLOSED, " ".join(word + ending for word in wanted), MOST_HITS),
                ).fetchall()
            )
        return [
            DocumentationHit(self.pages[page], title, anchor, _marked(excerpt)) for page, anchor, title, excerpt in rows
        ]


def _marked(excerpt: str) -> Markup:
    return Markup(str(escape(excerpt)).replace(OPENED, "<mark>").replace(CLOSED, "</mark>"))


def documentation() -> Documentation:
    """The documentation as it was built last. Raises `NotBuilt`."""
    try:
        return _read(FILE, FILE.stat().st_mtime_ns)
    except FileNotFoundError:
        raise NotBuilt("The documentation is missing. Run `python deploy/assets.py` in the checkout.") from None


@lru_cache(maxsize=1)
def _read(file: Path, _changed: int) -> Documentation:
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    pages = {page["name"]: _page(page) for page in data["pages"]}
    return Documentation(
        pages,
        tuple(
            DocumentationSubject(subject["title"], tuple(pages[name] for name in subject["pages"]))
            for subject in data["subjects"]
        ),
        tuple(
            Readers(
                readers["name"],
                readers["title"],
                tuple((pages[page["name"]], Markup(page["about"])) for page in readers["pages"]),
            )
            for readers in data["readers"]
        ),
    )


def _page(data: dict[str, Any]) -> DocumentationPage:
    headings = tuple(DocumentationHeading(**heading) for heading in data["headings"])
    return DocumentationPage(data["name"], data["title"], tuple(data["readers"]), Markup(data["html"]), headings)
