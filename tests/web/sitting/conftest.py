"""The demonstration's hearing in session, for the pages of a sitting."""

from datetime import UTC, datetime

import pytest

from hearings import queries
from hearings.actors import SYSTEM
from hearings.models import Hearing, HearingRequest, Participant
from hearings.moves import move
from hearings.people import logins
from hearings.requests import attachments
from hearings.roles import Role
from hearings.sitting import recordings, sittings
from hearings.status import PresenceStatus, RecordingStatus, SittingStatus
from tests.support.court import seated
from web.server.sign_in import COOKIE

WAY_IN = (*(PresenceStatus.identified, PresenceStatus.tested, PresenceStatus.waiting), PresenceStatus.called)


@pytest.fixture(scope="module")
def room(running):
    """The demonstration's hearing in session, everybody in the room; ids by role."""

    async def fill(database):
        now = datetime.now(UTC)
        async with database.transaction() as db:
            hearing = await queries.get(db, Hearing, running.made.hearing.id)
            hearing.rights_version = 0  # nothing of what would keep the checklist was done on the way here
            request = await queries.get(db, HearingRequest, hearing.request_id)
            await attachments.add(
                db, request=request, kind="exhibit", name="map.txt", data=b"A map.", actor=SYSTEM, now=now
            )
            people = await queries.participants(db, hearing.id)
            judge = seated(next(person for person in people if person.role is Role.presiding_judge))
            sitting, recording = await sittings.open_lobby(
                db, hearing=hearing, court_name="demo.example", actor=judge, now=now
            )
            for person in people:
                for status in (*WAY_IN, PresenceStatus.present):
                    move(db, person, status, actor=SYSTEM, now=now)
            await sittings.roll_call(db, sitting=sitting, actor=judge, now=now)
            move(db, sitting, SittingStatus.pre_record, actor=SYSTEM, now=now)
            move(db, recording, RecordingStatus.starting, actor=SYSTEM, now=now)
            await recordings.opened(db, sitting=sitting, recording=recording, now=now)
            return {person.role: person.id for person in people}

    return running.run(fill)


@pytest.fixture
def guest(service):
    """A client of somebody of the hearing who came by a link, by the id of the participant."""

    def enter(participant: str):
        async def make(database):
            async with database.transaction() as db:
                found = await queries.get(db, Participant, participant)
                return (await logins.create_login(db, participant=found, now=datetime.now(UTC)))[1]

        client = service.client()
        client.cookies[COOKIE] = service.run(make)
        return client

    return enter
