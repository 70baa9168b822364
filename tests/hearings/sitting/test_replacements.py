"""A place becomes free: who is replaced keeps what they did, the successor begins anew, the floor waits for them."""

from datetime import datetime
from typing import Any

import pytest

from hearings import queries
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.events import EventKind
from hearings.hearing import links, participants
from hearings.models import Participant
from hearings.models.sitting import HoldCause
from hearings.people import staff
from hearings.roles import Role
from hearings.sitting import replacements, sittings
from hearings.status import PresenceStatus
from tests.support.court import seated

IN_SESSION = pytest.mark.parametrize("stage", ["in_session"])
NEXT = {"display_name": "The next one", "city": "Bucharest", "speaks": "ro", "reason": "Taken ill"}


async def replaced(court: Any, db: Any, role: Role, now: datetime, by: str = "clerk", **words: Any) -> Participant:
    return await replacements.replace(
        db,
        hearing=court.hearing,
        participant=await court.seat(db, role),
        actor=court.staff(by),
        now=now,
        **(NEXT | words),
    )


@IN_SESSION
@pytest.mark.both_databases
async def test_a_judge_who_is_replaced_in_mid_sitting_gives_the_floor_to_the_next(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        person = await staff.add(
            db,
            state="RO",
            name="Second Judge",
            email="second@court.example",
            functions=["judge"],
            city="Bucharest",
            authority_name="Bucharest Tribunal",
            now=now,
        )
    async with database.transaction() as db:
        successor = await replaced(court, db, Role.presiding_judge, now, person=person)
    async with database.reading() as db:
        before = await court.seat(db, Role.presiding_judge)
        sitting, _recording = await court.sitting(db)
        log = await queries.events(db, court.hearing.id)
    assert (before.presence, before.essential, before.vacated_at is not None) == (PresenceStatus.released, False, True)
    assert (successor.role, successor.number, successor.essential) == (Role.presiding_judge, 2, True)
    assert (before.mic_track, successor.mic_track) == ("judge_1_mic", "judge_2_mic")
    assert (sitting.floor_open, sitting.hold_cause) == (False, HoldCause.fault)
    entry = next(event for event in log if event.kind == EventKind.replaced)
    assert entry.data == {"participant": before.id, "by": successor.id, "reason": "Taken ill"}
    async with database.transaction() as db:
        sitting, _recording = await court.sitting(db)
        with pytest.raises((NotAllowed, NotReady)):
            await sittings.resume(
                db, sitting=sitting, reason="I am back", actor=await court.actor(db, Role.presiding_judge), now=now
            )
        new = await db.get(Participant, successor.id)
        assert await sittings.resume(db, sitting=sitting, reason="I have read the record", actor=seated(new), now=now)


@IN_SESSION
async def test_an_interpreter_is_replaced_and_the_old_link_opens_nothing(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        successor = await replaced(court, db, Role.interpreter, now, by="authority", city="Bangkok")
        with pytest.raises(NotReady, match="no longer takes part"):
            await links.replace_link(
                db,
                participant=await court.seat(db, Role.interpreter),
                actor=await court.actor(db, Role.clerk),
                now=now,
            )
        await links.invite(db, participant=successor, actor=await court.actor(db, Role.clerk), now=now)
    async with database.reading() as db:
        old = await court.seat(db, Role.interpreter)
        assert (old.renders, old.microphone, await queries.live_invitation(db, old.id)) == ("", False, None)


async def test_whom_and_when_nobody_can_be_replaced(
    court: Any, database: Database, now: datetime, everything: Any
) -> None:
    before = await everything(database)
    for role, by, words, error in (
        (Role.witness, "authority", {}, Invalid),
        (Role.presiding_judge, "authority", {}, NotAllowed),
        (Role.presiding_judge, "judge", {}, NotAllowed),
        (Role.presiding_judge, "clerk", {}, Invalid),
        (Role.interpreter, "clerk", {}, NotAllowed),
        (Role.interpreter, "authority", {"reason": " "}, Invalid),
        (Role.interpreter, "authority", {"display_name": ""}, Invalid),
    ):
        with pytest.raises(error):
            async with database.transaction() as db:
                await replaced(court, db, role, now, by=by, **words)
    assert await everything(database) == before
    async with database.transaction() as db:
        await replaced(court, db, Role.interpreter, now, by="authority")
        with pytest.raises(NotReady, match="has this place already"):
            await replaced(court, db, Role.interpreter, now, by="authority")


async def test_who_was_named_by_mistake_is_taken_off_and_can_be_named_again(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        clerk = await court.seat(db, Role.clerk)
        await replacements.take_off(
            db, hearing=court.hearing, participant=clerk, reason="Another clerk", actor=court.staff("clerk"), now=now
        )
        again = await participants.add(
            db,
            hearing=court.hearing,
            role=Role.clerk,
            display_name=clerk.display_name,
            state="RO",
            city="",
            speaks="ro",
            person=await queries.get(db, type(court.people["clerk"]), court.people["clerk"].id),
            actor=court.staff("clerk"),
            now=now,
        )
        assert (
            await queries.seat_of(db, hearing_id=court.hearing.id, person_id=court.people["clerk"].id)
        ).id == again.id


@IN_SESSION
async def test_who_is_in_the_room_is_not_taken_off_the_list(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        with pytest.raises(NotReady, match="remove them there"):
            await replacements.take_off(
                db,
                hearing=court.hearing,
                participant=await court.seat(db, Role.interpreter),
                reason="A mistake",
                actor=court.staff("authority"),
                now=now,
            )
