"""Messages to the court: who writes, who reads and answers, how often, and what the log keeps."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import participant_actor
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.models import Hearing, HearingEvent, Participant
from hearings.roles import Role
from hearings.sitting import messages_to_court
from hearings.sitting.messages_to_court import LONGEST, MOST, readable
from hearings.status import PresenceStatus

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
JUDGE, CLERK, AUTHORITY = Role.presiding_judge, Role.clerk, Role.requested_authority
WITNESS, INTERPRETER = Role.witness, Role.interpreter


async def act(court: Any, what: Any, by: Role, now: datetime, **words: Any) -> HearingEvent:
    async with court.database.transaction() as db:
        me = await court.seat(db, by)
        hearing = await queries.get(db, Hearing, court.hearing.id)
        found: HearingEvent = await what(
            db, hearing=hearing, participant=me, actor=participant_actor(me), now=now, **words
        )
        return found


async def place(court: Any, role: Role, presence: PresenceStatus) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, role)
        seat.presence = presence
        db.add(seat)


async def of_requesting_state(court: Any, role: Role) -> None:
    async with court.database.transaction() as db:
        seat = await court.seat(db, role)
        seat.state = "RO"
        db.add(seat)


async def people_of(court: Any) -> list[Participant]:
    async with court.database.reading() as db:
        return list(await queries.participants(db, court.hearing.id))


@pytest.mark.both_databases
@ASSEMBLED
async def test_a_message_and_its_answer_are_events_with_their_texts(court: Any, now: datetime) -> None:
    await place(court, WITNESS, PresenceStatus.waiting)
    sent = await act(court, messages_to_court.write, WITNESS, now, text="  I have no water.\nMay I leave? ")
    assert (sent.kind, sent.data) == (
        "court_message", {"participant": court.ids[WITNESS], "text": "I have no water.\nMay I leave?"},
    )  # fmt: skip
    answer = await act(court, messages_to_court.answer, CLERK, now, entry=sent.seq, text="It is coming.")
    assert (answer.kind, answer.data) == (
        "court_answer", {"participant": court.ids[WITNESS], "answers": sent.seq, "text": "It is coming."},
    )  # fmt: skip
    async with court.database.reading() as db:
        kept = await messages_to_court.of_hearing(db, court.hearing.id)
    assert [event.seq for event in kept] == [sent.seq, answer.seq]


@ASSEMBLED
async def test_who_reads_is_who_wrote_and_who_may_answer(court: Any, now: datetime) -> None:
    await of_requesting_state(court, INTERPRETER)
    sent = {
        role: await act(court, messages_to_court.write, role, now, text="A word")
        for role in (WITNESS, INTERPRETER, AUTHORITY, CLERK)
    }
    answer = await act(court, messages_to_court.answer, JUDGE, now, entry=sent[INTERPRETER].seq, text="Yes")
    people = await people_of(court)
    of = {person.role: person for person in people}

    def readers(event: HearingEvent) -> set[Role]:
        return {person.role for person in people if readable(event, person, people)}

    assert of[WITNESS].state == of[AUTHORITY].state != of[INTERPRETER].state
    assert readers(sent[WITNESS]) == {JUDGE, CLERK, AUTHORITY, WITNESS}
    assert readers(sent[INTERPRETER]) == readers(answer) == {JUDGE, CLERK, INTERPRETER}
    assert readers(sent[AUTHORITY]) == {JUDGE, CLERK, AUTHORITY}
    assert readers(sent[CLERK]) == {JUDGE, CLERK}


@ASSEMBLED
async def test_nobody_else_answers_and_nothing_bad_is_kept(court: Any, now: datetime, everything: Any) -> None:
    await of_requesting_state(court, INTERPRETER)
    witness = await act(court, messages_to_court.write, WITNESS, now, text="A word")
    interpreter = await act(court, messages_to_court.write, INTERPRETER, now, text="A word")
    before = await everything(court.database)
    for by, entry in ((WITNESS, witness.seq), (INTERPRETER, witness.seq), (AUTHORITY, interpreter.seq)):
        with pytest.raises(NotAllowed):
            await act(court, messages_to_court.answer, by, now, entry=entry, text="No")
    with pytest.raises(NotReady, match="no such message"):
        await act(court, messages_to_court.answer, JUDGE, now, entry=1, text="No")
    for text in ("", " ", "x" * (LONGEST + 1), "\N{RIGHT-TO-LEFT OVERRIDE}evil", "a\u200bb", "\x00"):
        with pytest.raises(Invalid) as refused:
            await act(court, messages_to_court.write, WITNESS, now, text=text)
        assert refused.value.field == "text"
    assert await everything(court.database) == before


@ASSEMBLED
@pytest.mark.parametrize("presence", [PresenceStatus.left, PresenceStatus.identified, PresenceStatus.removed])
async def test_from_outside_lobby_and_room_nobody_writes(court: Any, now: datetime, presence: PresenceStatus) -> None:
    await place(court, WITNESS, presence)
    with pytest.raises(NotReady, match="no seat in this hearing now"):
        await act(court, messages_to_court.write, WITNESS, now, text="Let me in")


@pytest.mark.both_databases
@ASSEMBLED
async def test_one_person_cannot_flood_the_court_and_stops_nobody_else(court: Any, now: datetime) -> None:
    for number in range(MOST):
        await act(court, messages_to_court.write, WITNESS, now + timedelta(seconds=number), text="Please")
    soon = now + timedelta(seconds=59)
    with pytest.raises(NotReady, match="Too many messages"):
        await act(court, messages_to_court.write, WITNESS, soon, text="Please")
    await act(court, messages_to_court.write, INTERPRETER, soon, text="I too")
    later = now + timedelta(seconds=61)
    for _ in range(2):
        await act(court, messages_to_court.write, WITNESS, later, text="Please")
    with pytest.raises(NotReady):
        await act(court, messages_to_court.write, WITNESS, later, text="Please")
