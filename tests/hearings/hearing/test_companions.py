"""Several people at one device: named, noted, and never in the room without the device."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings.db import Database
from hearings.errors import IdentityMissing, Invalid, NotAllowed, NotReady
from hearings.hearing import companions, links, participants, seats
from hearings.models import Participant
from hearings.roles import Role
from hearings.status import IN_ROOM, PresenceStatus
from tests.support.court import seated

ASSEMBLED = pytest.mark.parametrize("stage", ["assembled"])
P = PresenceStatus


async def at_the_device(court: Any, db: Any, now: datetime, role: Role = Role.defence, of: Role = Role.witness) -> Any:
    return await participants.add(
        db,
        hearing=court.hearing,
        role=role,
        display_name="Beside them",
        state="TH",
        city="Bangkok",
        speaks="th",
        device_of=await court.seat(db, of),
        actor=court.staff("authority"),
        now=now,
    )


async def seat_of(db: Any, participant: Any) -> Any:
    return await db.get(Participant, participant.id, populate_existing=True)


@pytest.mark.parametrize(
    ("state", "role", "of", "person"),
    [
        ("RO", Role.defence, Role.witness, None),
        ("TH", Role.interpreter, Role.witness, None),
        ("RO", Role.clerk, Role.presiding_judge, "staff"),
    ],
)
def test_who_cannot_sit_at_a_device(court: Any, state: str, role: Role, of: Role, person: Any) -> None:
    device = Participant(
        hearing_id=court.hearing.id, role=of, state="RO" if of is Role.presiding_judge else "TH", display_name="-"
    )
    with pytest.raises(Invalid) as caught:
        companions.require_device(court.hearing, device, state=state, person=person, role=role)
    assert caught.value.field == "device_of"


async def test_nobody_sits_at_the_device_of_somebody_without_one(court: Any, database: Database, now: datetime) -> None:
    async with database.transaction() as db:
        companion = await at_the_device(court, db, now)
        with pytest.raises(Invalid, match="who has a device of their own"):
            companions.require_device(court.hearing, companion, state="TH", person=None, role=Role.observer)
        with pytest.raises(Invalid, match="needs no link"):
            await links.invite(db, participant=companion, actor=await court.actor(db, Role.clerk), now=now)


@ASSEMBLED
async def test_the_court_or_the_authority_of_the_site_notes_who_is_there(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        companion = await at_the_device(court, db, now)
    for role, fails in ((Role.witness, True), (Role.interpreter, True), (Role.requested_authority, False)):
        async with database.transaction() as db:
            row, actor = await seat_of(db, companion), seated(await court.seat(db, role))
            if fails:
                with pytest.raises(NotAllowed):
                    await companions.note(db, participant=row, here=True, actor=actor, now=now)
            else:
                for here in (True, False, True):
                    await companions.note(db, participant=row, here=here, actor=actor, now=now)
                    assert row.presence is (P.present if here else P.left)


@ASSEMBLED
async def test_a_person_whose_identity_counts_is_noted_only_when_it_is_confirmed(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        row = await at_the_device(court, db, now, role=Role.defendant)
        authority = seated(await court.seat(db, Role.requested_authority))
        with pytest.raises(IdentityMissing):
            await companions.note(db, participant=row, here=True, actor=authority, now=now)
        await participants.confirm_identity(db, participant=row, method="known_to_authority", actor=authority, now=now)
        await companions.note(db, participant=row, here=True, actor=authority, now=now)
        assert row.presence is P.present


@ASSEMBLED
@pytest.mark.parametrize("way", ["lost", "lost for good", "back", "leaves", "returned", "removed", "link replaced"])
async def test_nobody_is_in_the_room_whose_device_is_not(
    court: Any, database: Database, now: datetime, way: str
) -> None:
    async with database.transaction() as db:
        companion = await at_the_device(court, db, now)
        judge = seated(await court.seat(db, Role.presiding_judge))
        device = await court.seat(db, Role.witness)
        assert device.presence is P.present
        await companions.note(db, participant=companion, here=True, actor=judge, now=now)
    async with database.transaction() as db:
        device = await court.seat(db, Role.witness)
        judge = seated(await court.seat(db, Role.presiding_judge))
        match way:
            case "lost" | "lost for good" | "back":
                await seats.disconnected(db, participant=device, now=now)
            case "leaves":
                await seats.leave(db, participant=device, actor=seated(device), now=now)
            case "returned":
                await participants.return_to_lobby(db, participant=device, actor=judge, now=now)
            case "removed":
                await participants.remove(db, participant=device, reason="Not to be heard", actor=judge, now=now)
            case "link replaced":
                await links.replace_link(db, participant=device, actor=await court.actor(db, Role.clerk), now=now)
        if way == "back":
            await seats.connected(db, participant=device, now=now + timedelta(seconds=3))
    if way == "lost for good":
        async with database.transaction() as db:
            await seats.lapse(db, hearing_id=court.hearing.id, now=now + timedelta(seconds=61))
    async with database.reading() as db:
        device, row = await court.seat(db, Role.witness), await seat_of(db, companion)
    assert (row.presence in IN_ROOM) == (device.presence in IN_ROOM), way
    assert row.presence is {"lost": P.reconnecting, "back": P.present}.get(way, P.left)


async def test_while_the_device_is_not_in_the_room_nobody_at_it_is_there(
    court: Any, database: Database, now: datetime
) -> None:
    async with database.transaction() as db:
        row = await at_the_device(court, db, now)
        with pytest.raises(NotReady, match="is not in the room"):
            await companions.note(
                db, participant=row, here=True, actor=seated(await court.seat(db, Role.presiding_judge)), now=now
            )
