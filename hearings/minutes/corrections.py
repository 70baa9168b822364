"""Corrections asked for when minutes were read back: each is made in the text, or answered with a written reason.

A correction counts as made in a language once the text in it is another than the one that was read; the next reading
back puts it to those who asked. An answer stands in the text that is signed, with who gave it and when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotFound, NotReady
from hearings.minutes import passages
from hearings.minutes.passages import EDITABLE, Obstacle
from hearings.models import Minutes, MinutesAnswer, MinutesPassage, MinutesReading
from hearings.models.minutes import ReadingOutcome
from hearings.people.protected_names import refuse_names
from hearings.permissions import require
from hearings.queries import get
from hearings.sentences import tell
from hearings.texts import clean


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What was asked for at a reading back. `unmade`: the languages read in which the text is still the same."""

    reading: MinutesReading
    unmade: tuple[str, ...]
    answer: MinutesAnswer | None = None

    @property
    def open(self) -> tuple[str, ...]:
        """The languages in which it is neither made nor answered."""
        return () if self.answer else self.unmade


def found(
    readings: Sequence[MinutesReading], answers: Sequence[MinutesAnswer], versions: Sequence[MinutesPassage]
) -> list[Correction]:
    """Every correction asked for, by reading. Pure; `versions`: of every passage, oldest first."""
    given = {one.reading_id: one for one in answers}
    now = _texts(versions)
    made = []
    for reading in readings:
        if reading.outcome is ReadingOutcome.corrections:
            then = _texts(one for one in versions if one.id < reading.id)  # ids rise with time (hearings/ids.py)
            unmade = tuple(lang for lang in reading.languages if then.get(lang) == now.get(lang))
            made.append(Correction(reading=reading, unmade=unmade, answer=given.get(reading.id)))
    return made


def _texts(versions: Iterable[MinutesPassage]) -> dict[str, dict[str, str]]:
    """By language and passage, the text of the newest version."""
    texts: dict[str, dict[str, str]] = {}
    for one in versions:
        for lang, text in one.texts.items():
            texts.setdefault(lang, {})[one.key] = text
    return texts


def obstacles(corrections: Sequence[Correction]) -> list[Obstacle]:
    """Those nobody has made or answered."""
    return [
        Obstacle(why="correction", reading=one.reading.number, lang=lang) for one in corrections for lang in one.open
    ]


def answers_json(corrections: Sequence[Correction]) -> list[dict[str, Any]]:
    """The answers as they are hashed."""
    return [
        {
            "reading": one.reading.number,
            "asked": one.reading.corrections,
            "answer": one.answer.text,
            "answered_by": one.answer.author_label,
            "at": one.answer.at.isoformat(),
        }
        for one in corrections
        if one.answer is not None
    ]


async def of_minutes(db: AsyncSession, minutes: Minutes) -> list[Correction]:
    """Every correction asked for, and what became of it."""
    asked = select(MinutesReading).where(MinutesReading.minutes_id == minutes.id)
    given = select(MinutesAnswer).where(MinutesAnswer.minutes_id == minutes.id)
    readings = (await db.exec(asked.order_by(col(MinutesReading.number)))).all()
    answers = (await db.exec(given)).all()
    if all(one.outcome is not ReadingOutcome.corrections for one in readings):
        return []  # without going through every version
    return found(readings, answers, await passages.versions(db, minutes))


async def answer(
    db: AsyncSession, *, minutes: Minutes, reading: int, text: str, actor: Actor, now: datetime
) -> MinutesAnswer:
    """Say why what was asked for at a reading back, by its number, is not made, or not in every language.

    Raises `NotFound` for a reading at which nothing was asked for; `NotReady` once the text is fixed, and when the
    correction has been made or answered; `Invalid`. Effects: locks the minutes, adds the answer.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status not in EDITABLE:
        raise NotReady(tell("The minutes have been read back: open them again to change them"))
    asked = next((one for one in await of_minutes(db, minutes) if one.reading.number == reading), None)
    if asked is None:
        raise NotFound
    if not asked.open:
        raise NotReady(tell("This correction has been made or answered already"))
    given = MinutesAnswer(
        owner_state=minutes.owner_state,
        minutes_id=minutes.id,
        reading_id=asked.reading.id,
        text=clean(text, "answer", most=4000, least=3, lines=True),
        author=actor.id,
        author_label=actor.label,
        at=now,
    )
    refuse_names(given.text, await passages.hidden_names(db, minutes), "answer")
    db.add(given)
    await db.flush()
    return given
