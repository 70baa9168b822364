"""Passages of minutes: their versions, comparison of versions, and obstacles to reading back.

A passage has a text in each language of the minutes. A change of the text in one language makes the others stale until
a person has reviewed them; a translation names its translator or says that a machine made it.
"""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import paging
from hearings.actors import Actor
from hearings.errors import NotFound, NotReady, Stale
from hearings.minutes.revision import Writing, change, contradicting
from hearings.models import Hearing, HearingRequest, Minutes, MinutesPassage
from hearings.paging import Page
from hearings.people.staff import protected_names
from hearings.permissions import require
from hearings.queries import get, participants
from hearings.sentences import N_, tell
from hearings.status import MinutesStatus
from hearings.texts import clean

READ_BACK = N_("The minutes have been read back: reopen them to change them")

MOST_PAIRS = 300_000
"""Most pairs of equal words, one of each text, that are compared word by word: a tenth of a second."""
EDITABLE = frozenset({MinutesStatus.drafted, MinutesStatus.in_review})


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why minutes cannot be read back or signed yet, at the passage `key` or at a `reading` back by its number.

    `why`: in `lang` the text of the passage is `missing` or `stale`, or says that something is open where another
    does not (`contradiction`); it is `open` (for `who`); a `correction` asked for has not been made in `lang`.
    """

    why: str
    key: str = ""
    lang: str = ""
    who: str = ""
    reading: int = 0

    def __str__(self) -> str:
        return f"{self.key or f'reading {self.reading}'}: {self.why} {self.lang or self.who}".rstrip()


def minutes_languages(minutes: Minutes) -> tuple[str, ...]:
    """The languages of the minutes: of the requesting court, and of the requested authority where it is another."""
    return tuple(dict.fromkeys((minutes.language_requesting, minutes.language_requested)))


def obstacles(minutes: Minutes, passages: Sequence[MinutesPassage]) -> list[Obstacle]:
    """Texts that are missing or stale, or contradict one another on what is open; and passages required by the
    instruments that are not completed.
    """
    obstacles_found: list[Obstacle] = []
    for passage in passages:
        for lang in minutes_languages(minutes):
            if not passage.texts.get(lang):
                obstacles_found.append(Obstacle(key=passage.key, why="missing", lang=lang))
            elif passage.marks.get(lang, {}).get("stale"):
                obstacles_found.append(Obstacle(key=passage.key, why="stale", lang=lang))
        obstacles_found += [
            Obstacle(key=passage.key, why="contradiction", lang=lang)
            for lang in contradicting(passage, minutes_languages(minutes))
        ]
        if passage.required and passage.open_for:
            obstacles_found.append(Obstacle(key=passage.key, why="open", who=passage.open_for))
    return obstacles_found


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
    rows = (await db.exec(query.order_by(col(MinutesPassage.revision)))).all()
    if not rows:
        raise NotFound
    return rows


async def page(
    db: AsyncSession, minutes: Minutes, key: str, *, after: str = "", limit: int = 100
) -> Page[MinutesPassage]:
    """As `revisions`, in pages. Raises `NotFound` for a key without versions on the first page."""
    query = select(MinutesPassage).where(MinutesPassage.minutes_id == minutes.id, MinutesPassage.key == key[:60])
    passages = await paging.page(db, query, col(MinutesPassage.id), after=after, limit=limit)
    if not passages.rows and not after:
        raise NotFound
    return passages


async def revise(
    db: AsyncSession,
    *,
    minutes: Minutes,
    key: str,
    revision: int,
    writings: Mapping[str, Writing],
    settled: bool = False,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> MinutesPassage:
    """Give a passage new texts in some languages; `revision` is the version the author has read.

    `settled`: nothing is left open in it. Languages that are not in `writings` become stale when another was `written`.
    Raises `NotReady` once the minutes have been read back, `Stale` when the passage has changed since, and what
    `hearings.minutes.revision.change` raises.
    Effects: locks the minutes, adds a version; nothing when nothing changes.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status not in EDITABLE:
        raise NotReady(tell(READ_BACK))
    before = (await revisions(db, minutes, key))[-1]
    if before.revision != revision:
        raise Stale(revision, before.revision)
    names = await hidden_names(db, minutes)
    made = change(before, minutes_languages(minutes), writings, settled=settled, note=note, names=names)
    if made is None:
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
            texts=made.texts,
            marks=made.marks,
            sources=[*dict.fromkeys([*made.sources, f"person:{actor.id}"])],
            open_for=made.open_for,
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


async def hidden_names(db: AsyncSession, minutes: Minutes) -> list[str]:
    """Names that must not be in the minutes, nor in readings, answers and reservations."""
    hearing = await get(db, Hearing, minutes.hearing_id)
    request = await get(db, HearingRequest, hearing.request_id)
    return [name for name, _whose in protected_names(request.person_name, await participants(db, hearing.id))]


def compared(old: str, new: str) -> list[tuple[str, str]]:
    """The difference of two texts: pieces that are `same`, `gone` or `new`, in reading order, word by word; line by
    line or as a whole where more than `MOST_PAIRS` pairs of words are equal.
    """
    old_parts, new_parts = (re.findall(r"\w+\s*|\s+|[^\w\s]\s*", text) for text in (old, new))
    counts = Counter(new_parts)
    if sum(counts[word] for word in old_parts) > MOST_PAIRS:
        old_parts, new_parts = (text.splitlines(keepends=True) for text in (old, new))
        counts = Counter(new_parts)
        if sum(counts[line] for line in old_parts) > MOST_PAIRS:
            old_parts, new_parts = [old], [new]
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old_parts, new_parts, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(old_parts[a:b])))
            continue
        pieces += [
            (kind, text) for kind, text in (("gone", "".join(old_parts[a:b])), ("new", "".join(new_parts[c:d]))) if text
        ]
    return pieces
