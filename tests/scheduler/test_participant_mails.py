"""Participants with an address of their own: what they are told, in whose language, and who sees the address."""

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import col, select, update

from hearings import queries
from hearings.db import Database
from hearings.errors import Invalid, NotAllowed, NotReady
from hearings.hearing import adjournments, hearing as diary, links, participant_contacts
from hearings.models import Hearing, OutboxMessage, Participant, metadata
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.models.participant import CodeWay
from hearings.outward import notices, outbox
from hearings.roles import Role
from hearings.status import HearingStatus
from hearings.times import queries as diary_queries
from hearings.times.wall_times import WallTime
from scheduler import following, jobs, tidying
from scheduler.environment import World
from tests.support.court import FIELDS, NOW, STAGES, Court
from tests.support.databases import Sqlite

EMAIL = "somchai.jaidee@post.example"
CODES = "codes.for.somchai@post.example"


@pytest.fixture
async def court(sqlite_server: Sqlite) -> AsyncIterator[Court]:
    with sqlite_server.at(STAGES["ready"]) as url:
        database = Database(url)
        yield await Court.load(database)
        await database.close()


async def put(court: Court, email: str, by: str = "clerk", role: Role = Role.witness) -> None:
    async with court.database.transaction() as db:
        await participant_contacts.put(
            db,
            hearing=await queries.get(db, Hearing, court.hearing.id),
            participant=await queries.get(db, Participant, court.ids[role], lock=True),
            email=email,
            language="th",
            actor=court.staff(by),
            now=NOW,
        )


async def mails(court: Court) -> list[OutboxMessage]:
    async with court.database.reading() as db:
        query = select(OutboxMessage).where(col(OutboxMessage.key).startswith("contact:"))
        return list((await db.exec(query.order_by(col(OutboxMessage.id)))).all())


def world(court: Court, at: datetime) -> World:
    return World(database=court.database, origin="https://court.example", clock=lambda: at)


async def change(court: Court, what: str, at: datetime) -> None:
    async with court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, court.hearing.id, lock=True)
        if what == "postponed":
            to = WallTime(
                wall_start=datetime(2026, 12, 9, 9, 0),  # noqa: DTZ001  a wall time
                wall_zone="Europe/Bucharest",
                duration=timedelta(hours=2),
                fold=None,
            )
            await adjournments.postpone(
                db, hearing=hearing, to=to, reason="Somchai is ill", actor=court.staff("clerk"), now=at
            )
        elif what == "cancelled":
            await diary.cancel(db, hearing=hearing, reason="Somchai is ill", actor=court.staff("clerk"), now=at)
        else:
            offers = await diary_queries.offers_of(db, hearing.id, open_only=True)
            await diary.sign(db, hearing=hearing, offer=offers[0] if offers else None, actor=court.staff(what), now=at)
    await following.follow(world(court, at))


async def test_a_witness_is_told_once_of_each_change_and_reminded_in_their_language_without_any_name(
    court: Court,
) -> None:
    await following.follow(world(court, NOW))
    assert await mails(court) == []
    await put(court, EMAIL)
    for minutes, what in enumerate(("postponed", "authority", "clerk"), start=1):
        await change(court, what, NOW + timedelta(minutes=minutes))
    async with court.database.reading() as db:
        starts_at = (await queries.get(db, Hearing, court.hearing.id)).starts_at
    await jobs.tick(world(court, starts_at - timedelta(hours=20)))
    await change(court, "cancelled", starts_at - timedelta(hours=10))
    made = await mails(court)
    assert [one.payload["subject"].partition(": ")[2] for one in made] == [
        "the time is being renegotiated",
        "the time has been agreed",
        "reminder: the hearing is about a day away",
        "the hearing has been cancelled",
    ]
    assert {(one.address, one.owner_state, one.payload["language"]) for one in made} == {(EMAIL, "RO", "th")}
    assert "2026-12-09 09:00 Bucharest (+02:00)\n2026-12-09 14:00 Bangkok (+07:00)" in made[1].payload["text"]
    planted = {str(FIELDS["case_number"]), str(FIELDS["person_name"]), "Somchai", "The witness", "https:", "PIN"}
    planted |= {person.name for person in court.people.values()}
    for message in made:
        assert [word for word in planted if word in str(message.payload)] == []


async def test_only_the_state_that_entered_an_address_sees_changes_and_removes_it(court: Court) -> None:
    await put(court, EMAIL)
    async with court.database.reading() as db:
        assert await participant_contacts.of_participant(db, court.ids[Role.witness], state="TH") is None
        own = await participant_contacts.of_participant(db, court.ids[Role.witness], state="RO")
    assert own is not None and own.email == EMAIL
    with pytest.raises(NotAllowed):
        await put(court, "other@post.example", by="authority")
    await put(court, "", by="authority")  # nothing of the other State's is seen, nor removed
    async with court.database.reading() as db:
        assert await participant_contacts.of_participant(db, court.ids[Role.witness], state="RO") == own
    with pytest.raises(Invalid):
        await put(court, "nowhere")
    with pytest.raises(NotReady):
        await put(court, EMAIL, role=Role.presiding_judge)
    await change(court, "postponed", NOW + timedelta(minutes=1))
    assert [one.address for one in await mails(court)] == [EMAIL]
    await put(court, "")
    assert [(one.address, one.expires_at) for one in await mails(court)] == [("", NOW)]
    await change(court, "authority", NOW + timedelta(minutes=2))
    await change(court, "clerk", NOW + timedelta(minutes=3))
    assert len(await mails(court)) == 1


async def columns_with(court: Court, *texts: str) -> set[str]:
    """The columns of the database in which one of these texts stands."""
    found = set()
    async with court.database.reading() as db:
        connection = await db.connection()
        for table in metadata.sorted_tables:
            for row in (await connection.execute(table.select())).mappings():
                found |= {
                    f"{table.name}.{name}" for name, value in row.items() if any(one in str(value) for one in texts)
                }
    return found


async def test_every_address_of_a_participant_goes_a_month_after_the_hearing_is_over(court: Court) -> None:
    """Where mails and codes go, where they went, and what mail servers said of them: of every column there is."""
    await put(court, EMAIL)
    await court.open_lobby()
    async with court.database.transaction() as db:
        witness, clerk = await court.seat(db, Role.witness), await court.actor(db, Role.clerk)
        await links.issue(db, participant=witness, actor=clerk, now=NOW, by=(CodeWay.mail, CODES))
        hearing = await queries.get(db, Hearing, court.hearing.id)
        for cause in ("sent", "waiting"):
            await notices.mail_participants(db, hearing=hearing, text="News", cause=cause, now=NOW)
        (message, *_others) = await outbox.take(db, kinds=[OutboxKind.mail], now=NOW)
        how = {"message_id": message.id, "attempt": 1, "outcome": OutboxStatus.sent, "now": NOW}
        await outbox.settle(db, text=f"250 {EMAIL} accepted", **how)
    columns = {"outbox_message.address", "outbox_message.last_text", "outbox_attempt.text"}
    columns |= {"participant_contact.email", "invitation.code_to"}
    assert await columns_with(court, EMAIL, CODES) == columns
    over = {"status": HearingStatus.aborted}
    async with court.database.transaction() as db:
        await db.exec(update(Hearing).where(col(Hearing.id) == court.hearing.id).values(over))
    for days, left in ((29, columns), (31, set[str]())):
        async with court.database.transaction() as db:
            await tidying.tidy(db, now=court.hearing.ends_at + timedelta(days=days))
        assert await columns_with(court, EMAIL, CODES) == left


def test_every_column_that_may_hold_an_address_is_known() -> None:
    """A new one is either of staff or forgotten by `participant_contacts.forget`."""
    pattern = re.compile("mail|address|(?<!micro)phone|code_to")
    columns = [column for table in metadata.sorted_tables for column in table.columns]
    found = {f"{column.table.name}.{column.name}" for column in columns if pattern.search(column.name)}
    assert found == {
        *("outbox_message.address", "participant_contact.email", "invitation.code_to"),
        *("person.email", "former_address.email", "authority.email", "authority.phone", "authority.address"),
        *("hearing_request.authority_mailbox", "hearing_request.authority_phone"),
        "hearing_request.person_address",  # part of the case, as the instrument asks for it
    }
