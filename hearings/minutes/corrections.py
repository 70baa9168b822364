"""Corrections asked for when minutes were read back: each is made in the text, or answered with a written reason.

A correction counts as made in a language once the text in that language differs from the text that was read; the next
reading back presents it to the persons who asked. An answer is part of the signed text, with its author and time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotFound, NotReady
from hearings.languages import language
from hearings.minutes import passages
from hearings.minutes.passages import EDITABLE, READ_BACK, Obstacle
from hearings.models import Minutes, MinutesAnswer, MinutesPassage, MinutesReading, MinutesReservation
from hearings.models.minutes import ReadingOutcome, ReservationKind
from hearings.people.staff import refuse_names
from hearings.permissions import require
from hearings.queries import get
from hearings.sentences import tell
from hearings.texts import clean


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What was asked for at a reading back. `unmade`: the languages that were read and whose text is unchanged."""

    reading: MinutesReading
    unmade: tuple[str, ...]
    answer: MinutesAnswer | None = None

    @property
    def open(self) -> tuple[str, ...]:
        """The languages in which the correction is neither made nor answered."""
        return () if self.answer else self.unmade


def by_reading(
    readings: Sequence[MinutesReading], answers: Sequence[MinutesAnswer], versions: Sequence[MinutesPassage]
) -> list[Correction]:
    """Every correction asked for, by reading. Pure; `versions`: of every passage, oldest first."""
    given = {reply.reading_id: reply for reply in answers}
    now = _texts(versions)
    made = []
    for reading in readings:
        if reading.outcome is ReadingOutcome.corrections:
            then = _texts(
                version for version in versions if version.id < reading.id
            )  # ids rise with time (hearings/ids.py)
            unmade = tuple(lang for lang in reading.languages if then.get(lang) == now.get(lang))
            made.append(Correction(reading=reading, unmade=unmade, answer=given.get(reading.id)))
    return made


def _texts(versions: Iterable[MinutesPassage]) -> dict[str, dict[str, str]]:
    """By language and passage, the text of the newest version."""
    texts: dict[str, dict[str, str]] = {}
    for version in versions:
        for lang, text in version.texts.items():
            texts.setdefault(lang, {})[version.key] = text
    return texts


def obstacles(corrections: Sequence[Correction]) -> list[Obstacle]:
    """The corrections that are neither made nor answered."""
    return [
        Obstacle(why="correction", reading=correction.reading.number, lang=lang)
        for correction in corrections
        for lang in correction.open
    ]


def answers_json(corrections: Sequence[Correction]) -> list[dict[str, Any]]:
    """The answers in the form that is hashed."""
    return [
        {
            "reading": correction.reading.number,
            "asked": correction.reading.corrections,
            "answer": correction.answer.text,
            "answered_by": correction.answer.author_label,
            "at": correction.answer.at.isoformat(),
        }
        for correction in corrections
        if correction.answer is not None
    ]


async def of_minutes(db: AsyncSession, minutes: Minutes) -> list[Correction]:
    """Every correction asked for, with its answer or the languages in which it is not made."""
    asked = select(MinutesReading).where(MinutesReading.minutes_id == minutes.id)
    given = select(MinutesAnswer).where(MinutesAnswer.minutes_id == minutes.id)
    readings = (await db.exec(asked.order_by(col(MinutesReading.number)))).all()
    answers = (await db.exec(given)).all()
    if all(reading.outcome is not ReadingOutcome.corrections for reading in readings):
        return []  # without going through every version
    return by_reading(readings, answers, await passages.versions(db, minutes))


async def answer(
    db: AsyncSession, *, minutes: Minutes, reading: int, text: str, actor: Actor, now: datetime
) -> MinutesAnswer:
    """Give the reason why the correction asked for at reading back number `reading` is not made in every language.

    Raises `NotFound` for a reading at which nothing was asked for; `NotReady` once the text is fixed, and when the
    correction has been made or answered; `Invalid`. Effects: locks the minutes, adds the answer.
    """
    require("edit_minutes", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    if minutes.status not in EDITABLE:
        raise NotReady(tell(READ_BACK))
    asked = next(
        (correction for correction in await of_minutes(db, minutes) if correction.reading.number == reading), None
    )
    if asked is None:
        raise NotFound
    if not asked.open:
        raise NotReady(tell("This correction has already been made or answered"))
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


async def reservations_to(db: AsyncSession, minutes: Minutes) -> Sequence[MinutesReservation]:
    """Every reservation, oldest first."""
    query = select(MinutesReservation).where(MinutesReservation.minutes_id == minutes.id)
    return (await db.exec(query.order_by(col(MinutesReservation.number)))).all()


async def reserve(
    db: AsyncSession,
    *,
    minutes: Minutes,
    made_by: str,
    role: str,
    lang: str,
    text: str,
    kind: ReservationKind = ReservationKind.reservation,
    actor: Actor,
    now: datetime,
) -> MinutesReservation:
    """Enter a reservation, one's own or on behalf of a person, or a refusal to sign; possible after signing too.

    Raises `Invalid`. Effects: adds the reservation; the text of the minutes does not change.
    """
    require("enter_reservation", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    names = await passages.hidden_names(db, minutes)
    reservation = MinutesReservation(
        owner_state=minutes.owner_state,
        minutes_id=minutes.id,
        number=len(await reservations_to(db, minutes)) + 1,
        kind=kind,
        made_by=clean(made_by, "made_by", most=200, least=1),
        role=clean(role, "role", most=40),
        language=language(lang),
        text=clean(text, "text", most=4000, least=3, lines=True),
        text_sha256=minutes.text_sha256,
        author=actor.id,
        author_label=actor.label,
        at=now,
    )
    for field, words in (("text", reservation.text), ("made_by", reservation.made_by)):
        refuse_names(words, names, field)
    db.add(reservation)
    await db.flush()
    return reservation
