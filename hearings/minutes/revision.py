"""What a change makes of a passage: its texts, how each came about, and whether it is still open. Pure.

Whatever somebody typed is kept or refused. A text that differs from the one there is needs to say how it came about;
without that it may only be sent back as it is. An open passage is closed in every language of the minutes or in none.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from hearings.errors import Invalid, StillOpen, WouldBeLost
from hearings.people.protected_names import refuse_names
from hearings.sentences import Series, Tongue, tell
from hearings.texts import clean

LONGEST = 20_000


class How(StrEnum):
    """How a text came about."""

    drafted = "drafted"
    written = "written"
    translated = "translated"
    machine = "machine"


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A text somebody gives a passage in one language. `by`: the translator, or the name of the machine.

    Without `how` it is the text there is, sent back as it was.
    """

    text: str
    how: How | None = None
    by: str = ""


class Standing(Protocol):
    """A passage as it stands, or will (`MinutesPassage`)."""

    @property
    def texts(self) -> dict[str, str]: ...
    @property
    def marks(self) -> dict[str, Any]: ...
    @property
    def sources(self) -> list[str]: ...
    @property
    def open_for(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of the columns of these names in `MinutesPassage`."""

    texts: dict[str, str]
    marks: dict[str, Any]
    sources: list[str]
    open_for: str


# --- what is open ------------------------------------------------------------------------------------------------


def open_lines(passage: Standing, lang: str) -> list[str]:
    """The lines of the draft in a language that said what somebody still has to complete; they need not stand there
    any more. Of a draft that did not keep them, the whole of its text.
    """
    mark = passage.marks.get(lang, {})
    if "open" in mark:
        return list(mark["open"])
    waited = any(source.startswith("human:") for source in passage.sources)
    return [passage.texts[lang]] if waited and passage.texts.get(lang) and mark.get("how") == How.drafted else []


def still_open(passage: Standing, lang: str) -> frozenset[int] | None:
    """Which of these lines still stand in the text, by their number. None where that cannot be told: the program has
    drafted no text in it, or there is none.
    """
    lines, text = open_lines(passage, lang), _bare(passage.texts.get(lang, ""))
    return frozenset(at for at, line in enumerate(lines) if _bare(line) in text) if lines and text else None


def contradicting(passage: Standing, languages: Sequence[str]) -> tuple[str, ...]:
    """The languages in which the text says that something is open, where another one, or the passage, does not."""
    known = {lang: lines for lang in languages if (lines := still_open(passage, lang)) is not None}
    agreed = frozenset[int]().union(*known.values()) if passage.open_for else frozenset[int]()
    for lines in known.values():
        agreed &= lines
    return tuple(lang for lang, lines in known.items() if lines - agreed)


def _bare(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


# --- what a change makes of it -----------------------------------------------------------------------------------


def change(
    before: Standing,
    languages: Sequence[str],
    writings: Mapping[str, Writing],
    *,
    settled: bool,
    note: str,
    names: Sequence[str] = (),
) -> Change | None:
    """What the passage becomes; None when nothing changes. `settled`: nothing is left open in it; `names`: that must
    not stand there.

    Raises `Invalid` for another language than `languages`, a translation without translator and a text that names a
    protected person; `WouldBeLost` for what was typed but would not be kept; `StillOpen` when it is settled while a
    language has no text, an old one, or one that says that something is open.
    """
    texts, marks = dict(before.texts), {lang: dict(mark) for lang, mark in before.marks.items()}
    for lang, writing in writings.items():
        if lang not in languages:
            raise Invalid(tell("These minutes are not in this language"), f"text_{lang}")
        if writing.how is None:
            _left_alone(before, lang, writing)
            continue
        texts[lang], marks[lang] = _written(lang, writing, names)
        if lines := open_lines(before, lang):
            marks[lang]["open"] = lines
    given = {lang: one for lang, one in writings.items() if one.how is not None}
    if any(one.how is How.written and texts[lang] != before.texts.get(lang) for lang, one in given.items()):
        others = (lang for lang in languages if lang not in given and texts.get(lang))
        marks |= {lang: {**marks.get(lang, {}), "stale": True} for lang in others}
    found = Change(texts=texts, marks=marks, sources=before.sources, open_for="" if settled else before.open_for)
    if settled and before.open_for:
        _refuse_open(found, languages)
    if (found.texts, found.marks, found.open_for) == (before.texts, before.marks, before.open_for):
        if note.strip():
            raise WouldBeLost(tell("Nothing in the passage has changed, so this reason would not be kept"), "note")
        return None
    return found


def _left_alone(before: Standing, lang: str, writing: Writing) -> None:
    """Nothing was typed that would be lost with a text that is left as it is."""
    one, other = (
        unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
        for text in (writing.text, before.texts.get(lang, ""))
    )
    if one != other:
        raise WouldBeLost(tell("This text has changed: say how it came about, or it would not be kept"), f"how_{lang}")
    if writing.by.strip():
        raise WouldBeLost(tell("Say that this text is a translation, or this name would not be kept"), f"how_{lang}")


def _written(lang: str, writing: Writing, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    field = f"text_{lang}"
    text = clean(writing.text, field, most=LONGEST, least=1, lines=True)
    refuse_names(text, names, field)
    by = clean(writing.by, f"by_{lang}", most=200)
    if writing.how is How.translated and not by:
        raise Invalid(tell("Who translated it? Give the name, or say that a machine did"), f"by_{lang}")
    if writing.how is How.written and by:
        raise WouldBeLost(
            tell("A text that is no translation has no translator: take the name away, or say that it is one"),
            f"by_{lang}",
        )
    if writing.how not in (How.written, How.translated, How.machine):
        raise Invalid(tell("Only the program drafts"), field)
    return text, {"how": writing.how.value, "by": by}


def _refuse_open(after: Standing, languages: Sequence[str]) -> None:
    left = [
        lang
        for lang in languages
        if not after.texts.get(lang) or after.marks.get(lang, {}).get("stale") or still_open(after, lang)
    ]
    if left:
        tags = Series.of([Tongue.of(lang) for lang in left], "and")
        raise StillOpen(
            tell("A passage is closed in every language or in none. Complete the text in: {languages}", languages=tags),
            "settled",
        )
