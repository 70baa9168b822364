"""Short texts to the court, from lobby and room, and the court's answers to the person who wrote.

What somebody tells the court belongs to the file: each is an event of the log with its text, under the recording's seal
like every other. The permission table says who writes (`write_to_court`) and who reads and answers (`answer_message`):
presiding judge and clerk all, the requested authority those of people of its own State.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import Actor
from hearings.errors import NotReady
from hearings.events import EventKind, record
from hearings.models import Hearing, HearingEvent, HearingRequest, Participant
from hearings.people.staff import protected_names, refuse_names
from hearings.permissions import may, require
from hearings.queries import get, participants
from hearings.sentences import tell
from hearings.texts import clean

KINDS = (EventKind.court_message, EventKind.court_answer)
LONGEST = 500
"""Longest message, in characters."""
MOST = 5
WITHIN = timedelta(minutes=1)
"""One person writes at most `MOST` messages in this time; the court's answers are not limited."""
LATEST = 100
"""Messages of a hearing that are read at once."""


async def of_hearing(db: AsyncSession, hearing_id: str) -> Sequence[HearingEvent]:
    """The latest messages and answers of a hearing, oldest first."""
    kinds = col(HearingEvent.kind).in_([kind.value for kind in KINDS])
    query = select(HearingEvent).where(HearingEvent.hearing_id == hearing_id, kinds)
    found = (await db.exec(query.order_by(col(HearingEvent.seq).desc()).limit(LATEST))).all()
    return list(reversed(found))


def readable(message: HearingEvent, reader: Participant, people: Sequence[Participant]) -> bool:
    """Whether somebody reads a message or an answer: the person it is of or to, and who may answer such a person."""
    about = next((person for person in people if person.id == message.data.get("participant")), None)
    if about is None:
        return False
    if about.id == reader.id:
        return True
    sees = may(
        "answer_message",
        reader.role,
        own_state=reader.state,
        target_state=about.state,
        presence=reader.presence,
    )
    return sees.allowed


async def write(
    db: AsyncSession, *, hearing: Hearing, participant: Participant, text: str, actor: Actor, now: datetime
) -> HearingEvent:
    """Write to the court. Raises `NotAllowed`, `NotReady` from elsewhere than lobby and room and for more than `MOST`
    messages in a minute, `Invalid`, also for a protected person's name. Effects: event court_message."""
    require("write_to_court", actor)
    lately = select(func.count()).where(
        HearingEvent.hearing_id == hearing.id,
        HearingEvent.kind == EventKind.court_message.value,
        HearingEvent.actor == actor.id,
        col(HearingEvent.at) > now - WITHIN,
    )
    if (await db.exec(lately)).one() >= MOST:
        raise NotReady(tell("Too many messages in one minute. Wait a little; the court has those you sent"))
    text = await _text(db, hearing, text)
    return await record(
        db,
        hearing=hearing,
        kind=EventKind.court_message,
        actor=actor,
        now=now,
        participant=participant.id,
        text=text,
    )


async def answer(
    db: AsyncSession,
    *,
    hearing: Hearing,
    participant: Participant,
    entry: int,
    text: str,
    actor: Actor,
    now: datetime,
) -> HearingEvent:
    """Answer the person who wrote a message; `entry` is its number in the log. Raises `NotAllowed`, `NotReady` without
    such a message, `Invalid`. Effects: event court_answer, which names the person and the message."""
    query = select(HearingEvent).where(
        HearingEvent.hearing_id == hearing.id,
        HearingEvent.seq == entry,
        HearingEvent.kind == EventKind.court_message.value,
    )
    message = (await db.exec(query)).one_or_none()
    writer = await get(db, Participant, str(message.data["participant"])) if message is not None else participant
    require("answer_message", actor, target_state=writer.state)
    if message is None:
        raise NotReady(tell("There is no such message"))
    text = await _text(db, hearing, text)
    return await record(
        db,
        hearing=hearing,
        kind=EventKind.court_answer,
        actor=actor,
        now=now,
        participant=writer.id,
        answers=entry,
        text=text,
    )


async def _text(db: AsyncSession, hearing: Hearing, text: str) -> str:
    text = clean(text, "text", most=LONGEST, least=1, lines=True)
    request = await get(db, HearingRequest, hearing.request_id)
    people = await participants(db, hearing.id)
    refuse_names(text, [hidden for hidden, _whose in protected_names(request.person_name, people)], "text")
    return text
