"""Passages of minutes: every version kept, written or translated by somebody, compared; what still stands in the way.

A passage has a text in each language of the minutes. Whoever changes what it says in one language leaves the others
stale until somebody has looked at them; a translation names its translator or says that a machine made it.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import pages
from hearings.actors import Actor
from hearings.errors import Invalid, NotFound, NotReady, Stale
from hearings.models import Hearing, HearingRequest, Minutes, MinutesPassage
from hearings.people.protected_names import protected_names, refuse_names
from hearings.permissions import require
from hearings.queries import Page, get, participants
from hearings.sentences import tell
from hearings.status import MinutesStatus
from hearings.texts import clean

LONGEST = 20_000
EDITABLE = frozenset({MinutesStatus.drafted, MinutesStatus.in_review})


class How(StrEnum):
    """How a text came about."""

    drafted = "drafted"
    written = "written"
    translated = "translated"
    machine = "machine"


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A text somebody gives a passage in one language. `by`: the translator, or the name of the machine."""

    text: str
    how: How
    by: str = ""


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why minutes cannot be read back yet. `why`: `missing`, `stale` (both in `lang`) or `open` (for `who`)."""

    key: str
    why: str
    lang: str = ""
    who: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.why} {self.lang or self.who}".rstrip()


def tongues(minutes: Minutes) -> tuple[str, ...]:
    """The languages of the minutes: of the requesting court, and of the requested authority where it is another."""
    return tuple(dict.fromkeys((minutes.language_requesting, minutes.language_requested)))


def obstacles(minutes: Minutes, passages: Sequence[MinutesPassage]) -> list[Obstacle]:
    """Texts that are missing or stale, and what the instruments ask for that nobody has completed."""
    found: list[Obstacle] = []
    for passage in passages:
        for lang in tongues(minutes):
            if not passage.texts.get(lang):
                found.append(Obstacle(key=passage.key, why="missing", lang=lang))
            elif passage.marks.get(lang, {}).get("stale"):
                found.append(Obstacle(key=passage.key, why="stale", lang=lang))
        if passage.required and passage.open_for:
            found.append(Obstacle(key=passage.key, why="open", who=passage.open_for))
    return found


async def latest(db: AsyncSession, minutes: Minutes) -> Sequence[MinutesPassage]:
    """The newest version of every passage, in the order of the minutes."""
    newest = (
        select(MinutesPassage.key, func.max(MinutesPassage.revision).label("revision"))
        .where(MinutesPassage.minutes_id == minutes.id)
        .group_by(col(MinutesPassage.key))
        .subquery()
    )
    query = (
        select(MinutesPassage)
        .join(newest, and_(col(MinutesPassage.key) == newest.c.key, MinutesPassage.revision == newest.c.revision))
        .where(MinutesPassage.minutes_id == minutes.id)
        .order_by(col(MinutesPassage.position), col(MinutesPassage.key))
    )
    return (await db.exec(query)).all()


async def versions(db: AsyncSession, minutes: Minutes) -> Sequence[MinutesPassage]:
    """Every version of every passage, by passage, oldest first."""
    query = select(MinutesPassage).where(MinutesPassage.minutes_id == minutes.id)
    return (await db.exec(query.order_by(col(MinutesPassage.key), col(MinutesPassage.revision)))).all()


async def revisions(db: AsyncSession, minutes: Minutes, key: str) -> Sequence[MinutesPassage]:
    """Every version of one passage, oldest first. Raises `NotFound`."""
    query = select(MinutesPassage).where(MinutesPassage.minutes_id == minutes.id, MinutesPassage.key == key[:60])
    found = (await db.exec(query.order_by(col(MinutesPassage.revision)))).all()
    if not found:
        raise NotFound
    return found


async def page(
    db: AsyncSession, minutes: Minutes, key: str, *, after: str = "", limit: int = 100
) -> Page[MinutesPassage]:
    """As `revisions`, in pages. Raises `NotFound` for a key without versions on the first page."""
    query = select(MinutesPassage).where(MinutesPassage.minutes_id == minutes.id, MinutesPassage.key == key[:60])
    found = await pages.by_id(db, query, MinutesPassage, after=after, limit=limit)
    if not found.rows and not after:
        raise NotFound
    return found


async def revise(
    db: AsyncSession,
    *,
    minutes: Minutes,
    key: str,
    revision: int,
    writings: Mapping[str, Writing],
    settled: bool = True,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> MinutesPassage:
    """Give a passage new texts in some languages; `revision` is the version the writer has read.

    `settled`: nothing is left open in it. Languages that are not in `writings` become stale when another was `written`.
    Raises `NotReady` once the minutes have been read back, `Stale` when the passage has changed since, `Invalid` for a
    language these minutes do not have, a translation without translator, and a text that names a protected person.
    Effects: locks the minutes, adds a version; nothing when nothing changes.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status not in EDITABLE:
        raise NotReady(tell("The minutes have been read back: open them again to change them"))
    before = (await revisions(db, minutes, key))[-1]
    if before.revision != revision:
        raise Stale(revision, before.revision)
    names = await hidden_names(db, minutes)
    texts, marks = dict(before.texts), {lang: dict(mark) for lang, mark in before.marks.items()}
    for lang, writing in writings.items():
        if lang not in tongues(minutes):
            raise Invalid(tell("These minutes are not in this language"), f"text_{lang}")
        texts[lang], marks[lang] = _checked(lang, writing, names)
    if any(one.how is How.written and texts[lang] != before.texts.get(lang) for lang, one in writings.items()):
        others = (lang for lang in tongues(minutes) if lang not in writings and texts.get(lang))
        marks |= {lang: {**marks.get(lang, {}), "stale": True} for lang in others}
    open_for = "" if settled and writings else before.open_for
    if (texts, marks, open_for) == (before.texts, before.marks, before.open_for):
        return before
    return await add(
        db,
        minutes,
        MinutesPassage(
            owner_state=minutes.owner_state,
            minutes_id=minutes.id,
            key=key,
            revision=before.revision + 1,
            position=before.position,
            texts=texts,
            marks=marks,
            sources=[*dict.fromkeys([*before.sources, f"person:{actor.id}"])],
            open_for=open_for,
            required=before.required,
            author=actor.id,
            author_label=actor.label,
            at=now,
            note=clean(note, "note", most=500),
        ),
    )


async def add(db: AsyncSession, minutes: Minutes, passage: MinutesPassage) -> MinutesPassage:
    """Append one version."""
    db.add(passage)
    await db.flush()
    return passage


def _checked(lang: str, writing: Writing, names: Sequence[str]) -> tuple[str, dict[str, Any]]:
    field = f"text_{lang}"
    text = clean(writing.text, field, most=LONGEST, least=1, lines=True)
    refuse_names(text, names, field)
    by = clean(writing.by, f"by_{lang}", most=200)
    if writing.how is How.translated and not by:
        raise Invalid(tell("Who translated it? Give the name, or say that a machine did"), f"by_{lang}")
    if writing.how is How.drafted:
        raise Invalid(tell("Only the program drafts"), field)
    return text, {"how": writing.how.value, "by": by}


async def hidden_names(db: AsyncSession, minutes: Minutes) -> list[str]:
    """Names that must not stand in the minutes or beside them."""
    hearing = await get(db, Hearing, minutes.hearing_id)
    request = await get(db, HearingRequest, hearing.request_id)
    return [name for name, _whose in protected_names(request.person_name, await participants(db, hearing.id))]


def compared(old: str, new: str) -> list[tuple[str, str]]:
    """What became of `old`: pieces that are `same`, `gone` or `new`, in reading order, word by word."""
    one, other = (re.findall(r"\w+|\s+|[^\w\s]", text) for text in (old, new))
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(one[a:b])))
            continue
        pieces += [(kind, text) for kind, text in (("gone", "".join(one[a:b])), ("new", "".join(other[c:d]))) if text]
    return pieces
