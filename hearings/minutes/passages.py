"""Passages of minutes: every version kept, compared; what still stands in the way of reading them back.

A passage has a text in each language of the minutes. Whoever changes what it says in one language leaves the others
stale until somebody has looked at them; a translation names its translator or says that a machine made it.
"""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import and_, col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings import pages
from hearings.actors import Actor
from hearings.errors import NotFound, NotReady, Stale
from hearings.minutes.revision import Writing, change, contradicting
from hearings.models import Hearing, HearingRequest, Minutes, MinutesPassage
from hearings.people.protected_names import protected_names
from hearings.permissions import require
from hearings.queries import Page, get, participants
from hearings.sentences import tell
from hearings.status import MinutesStatus
from hearings.texts import clean

MOST_PAIRS = 300_000
"""Of equal words, one of each text, among which places are looked for: a tenth of a second."""
EDITABLE = frozenset({MinutesStatus.drafted, MinutesStatus.in_review})


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why minutes cannot be read back or signed yet, at the passage `key` or at a `reading` back by its number.

    `why`: in `lang` the text of the passage is `missing` or `stale`, or says that something is open where another one
    does not (`contradiction`); it is `open` (for `who`); a `correction` asked for has not been made in `lang`.
    """

    why: str
    key: str = ""
    lang: str = ""
    who: str = ""
    reading: int = 0

    def __str__(self) -> str:
        return f"{self.key or f'reading {self.reading}'}: {self.why} {self.lang or self.who}".rstrip()


def tongues(minutes: Minutes) -> tuple[str, ...]:
    """The languages of the minutes: of the requesting court, and of the requested authority where it is another."""
    return tuple(dict.fromkeys((minutes.language_requesting, minutes.language_requested)))


def obstacles(minutes: Minutes, passages: Sequence[MinutesPassage]) -> list[Obstacle]:
    """Texts that are missing or stale, or contradict one another in what is open; and what the instruments ask for that
    nobody has completed.
    """
    found: list[Obstacle] = []
    for passage in passages:
        for lang in tongues(minutes):
            if not passage.texts.get(lang):
                found.append(Obstacle(key=passage.key, why="missing", lang=lang))
            elif passage.marks.get(lang, {}).get("stale"):
                found.append(Obstacle(key=passage.key, why="stale", lang=lang))
        found += [
            Obstacle(key=passage.key, why="contradiction", lang=lang)
            for lang in contradicting(passage, tongues(minutes))
        ]
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
    settled: bool = False,
    note: str = "",
    actor: Actor,
    now: datetime,
) -> MinutesPassage:
    """Give a passage new texts in some languages; `revision` is the version the writer has read.

    `settled`: nothing is left open in it. Languages that are not in `writings` become stale when another was `written`.
    Raises `NotReady` once the minutes have been read back, `Stale` when the passage has changed since, and what
    `hearings.minutes.revision.change` raises.
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
    made = change(before, tongues(minutes), writings, settled=settled, note=note, names=names)
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
    """Names that must not stand in the minutes or beside them."""
    hearing = await get(db, Hearing, minutes.hearing_id)
    request = await get(db, HearingRequest, hearing.request_id)
    return [name for name, _whose in protected_names(request.person_name, await participants(db, hearing.id))]


def compared(old: str, new: str) -> list[tuple[str, str]]:
    """What became of `old`: pieces that are `same`, `gone` or `new`, in reading order, word by word; line by line or
    as a whole where so many words are the same that looking for their places would take too long.
    """
    one, other = (re.findall(r"\w+\s*|\s+|[^\w\s]\s*", text) for text in (old, new))
    counts = Counter(other)
    if sum(counts[word] for word in one) > MOST_PAIRS:
        one, other = (text.splitlines(keepends=True) for text in (old, new))
        counts = Counter(other)
        if sum(counts[line] for line in one) > MOST_PAIRS:
            one, other = [old], [new]
    pieces: list[tuple[str, str]] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(one[a:b])))
            continue
        pieces += [(kind, text) for kind, text in (("gone", "".join(one[a:b])), ("new", "".join(other[c:d]))) if text]
    return pieces
