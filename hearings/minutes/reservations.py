"""Reservations to minutes, and refusals to sign: appended beside the text, which they never change."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.languages import language
from hearings.minutes import passages
from hearings.models import Minutes, MinutesReservation
from hearings.models.minutes import ReservationKind
from hearings.people.protected_names import refuse_names
from hearings.permissions import require
from hearings.queries import get
from hearings.texts import clean


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
    """Enter a reservation, one's own or for somebody who said it, or a refusal to sign; after signing too.

    Raises `Invalid`. Effects: adds it beside the text, which it never changes.
    """
    require("enter_reservation", actor)
    minutes = await get(db, Minutes, minutes.id, lock=True)
    names = await passages.hidden_names(db, minutes)
    said = MinutesReservation(
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
    for field, words in (("text", said.text), ("made_by", said.made_by)):
        refuse_names(words, names, field)
    db.add(said)
    await db.flush()
    return said
