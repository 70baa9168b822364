"""The result of a change of a passage: its texts, the origin of each, and whether it is still open. Pure.

A typed text is stored or refused, never dropped. A text that differs from the stored one must state its origin
(`how`); without it only the unchanged text is taken. An open passage is
closed in every language of the minutes or in none.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from hearings.errors import Invalid, StillOpen, WouldBeLost
from hearings.people.staff import refuse_names
from hearings.sentences import N_, LanguageName, Series, tell
from hearings.texts import clean

LONGEST = 20_000
NOT_IN_IT = N_("These minutes are not in this language")


class How(StrEnum):
    """How a text came about."""

    drafted = "drafted"
    written = "written"
    translated = "translated"
    machine = "machine"


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A new text of a passage in one language. `by`: the translator, or the name of the machine.

    Without `how` it must be the stored text, unchanged.
    """

    text: str
    how: How | None = None
    by: str = ""


class PassageState(Protocol):
    """The content of a passage before or after a change (`MinutesPassage`)."""

    @property
    def texts(self) -> dict[str, str]: ...
    @property
    def marks(self) -> dict[str, Any]: ...
    @property
    def sources(self) -> list[str]: ...
    @property
    def open_for(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class PassageChange:
    """New values of the columns of these names in `MinutesPassage`."""

    texts: dict[str, str]
    marks: dict[str, Any]
    sources: list[str]
    open_for: str


# --- what is open ------------------------------------------------------------------------------------------------


def open_lines(passage: PassageState, lang: str) -> list[str]:
    """The lines of the draft in a language that said what a person has to complete; they need not be in the text any
    more. For a draft stored without them, its whole text.
    """
    mark = passage.marks.get(lang, {})
    if "open" in mark:
        return list(mark["open"])
    waited = any(source.startswith("human:") for source in passage.sources)
    return [passage.texts[lang]] if waited and passage.texts.get(lang) and mark.get("how") == How.drafted else []


def still_open(passage: PassageState, lang: str) -> frozenset[int] | None:
    """Numbers of the lines that are still in the text. None if that is unknown: no text was drafted in this language,
    or it has no text.
    """
    lines, text = open_lines(passage, lang), _bare(passage.texts.get(lang, ""))
    return frozenset(at for at, line in enumerate(lines) if _bare(line) in text) if lines and text else None


def contradicting(passage: PassageState, languages: Sequence[str]) -> tuple[str, ...]:
    """The languages in which the text says that something is open, where another one, or the passage, does not."""
    known = {lang: lines for lang in languages if (lines := still_open(passage, lang)) is not None}
    agreed = frozenset[int]().union(*known.values()) if passage.open_for else frozenset[int]()
    for lines in known.values():
        agreed &= lines
    return tuple(lang for lang, lines in known.items() if lines - agreed)


def _bare(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


# --- result of a change -----------------------------------------------------------------------------------------


def change(
    before: PassageState,
    languages: Sequence[str],
    writings: Mapping[str, Writing],
    *,
    settled: bool,
    note: str,
    names: Sequence[str] = (),
) -> PassageChange | None:
    """The changed passage; None when nothing changes. `settled`: nothing is left open in it; `names`: names that must
    not be in it.

    Raises `Invalid` for another language than `languages`, a translation without translator and a text that names a
    protected person; `WouldBeLost` for what was typed but would not be kept; `StillOpen` when it is settled while a
    language has no text, an old one, or one that says that something is open.
    """
    texts, marks = dict(before.texts), {lang: dict(mark) for lang, mark in before.marks.items()}
    for lang, writing in writings.items():
        if lang not in languages:
            raise Invalid(tell(NOT_IN_IT), f"text_{lang}")
        if writing.how is None:
            _left_alone(before, lang, writing)
            continue
        texts[lang], marks[lang] = _written(lang, writing, names)
        if lines := open_lines(before, lang):
            marks[lang]["open"] = lines
    given = {lang: writing for lang, writing in writings.items() if writing.how is not None}
    if any(writing.how is How.written and texts[lang] != before.texts.get(lang) for lang, writing in given.items()):
        others = (lang for lang in languages if lang not in given and texts.get(lang))
        marks |= {lang: {**marks.get(lang, {}), "stale": True} for lang in others}
    changed = PassageChange(
        texts=texts, marks=marks, sources=before.sources, open_for="" if settled else before.open_for
    )
    if settled and before.open_for:
        _refuse_open(changed, languages)
    if (changed.texts, changed.marks, changed.open_for) == (before.texts, before.marks, before.open_for):
        if note.strip():
            raise WouldBeLost(tell("Nothing in the passage has changed, so this reason would not be saved"), "note")
        return None
    return changed


def _left_alone(before: PassageState, lang: str, writing: Writing) -> None:
    """Raise `WouldBeLost` if something was typed for a text whose `how` is not given."""
    typed, stored = (
        unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
        for text in (writing.text, before.texts.get(lang, ""))
    )
    if typed != stored:
        raise WouldBeLost(
            tell("This text has changed: state how it was written, or it would not be saved"), f"how_{lang}"
        )
    if writing.by.strip():
        raise WouldBeLost(
            tell("State that this text is a translation, or the translator's name would not be saved"), f"how_{lang}"
        )


def _written(lang: str, writing: Writing, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    field = f"text_{lang}"
    text = clean(writing.text, field, most=LONGEST, least=1, lines=True)
    refuse_names(text, names, field)
    by = clean(writing.by, f"by_{lang}", most=200)
    if writing.how is How.translated and not by:
        raise Invalid(tell("Enter the translator's name, or state that a machine translated it"), f"by_{lang}")
    if writing.how is How.written and by:
        raise WouldBeLost(
            tell(
                "A text that is not a translation has no translator: remove the name, or mark the text as a translation"
            ),
            f"by_{lang}",
        )
    if writing.how not in (How.written, How.translated, How.machine):
        raise Invalid(tell("Only the program drafts"), field)
    return text, {"how": writing.how.value, "by": by}


def _refuse_open(after: PassageState, languages: Sequence[str]) -> None:
    left = [
        lang
        for lang in languages
        if not after.texts.get(lang) or after.marks.get(lang, {}).get("stale") or still_open(after, lang)
    ]
    if left:
        tags = Series.of([LanguageName.of(lang) for lang in left], "and")
        raise StillOpen(
            tell(
                "A passage is completed in every language or in none. Complete the text in: {languages}", languages=tags
            ),
            "settled",
        )
