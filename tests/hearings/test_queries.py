"""Reading: another State's things look like nothing at all, and lists go page by page without loss."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from hearings import queries
from hearings.actors import person_actor
from hearings.db import Database
from hearings.errors import Invalid, NotFound
from hearings.ids import new_id, new_ref
from hearings.models import Hearing, HearingRequest, Participant, Person
from hearings.requests import requests
from hearings.roles import Role
from hearings.status import HearingStatus


@pytest.mark.both_databases
async def test_a_third_state_gets_the_answer_for_what_does_not_exist(court: Any, database: Database) -> None:
    await court.open_lobby()
    async with database.reading() as db:
        _, recording = await court.sitting(db)
        lookups = [
            (queries.request, court.request.id, new_id()),
            (queries.request, court.request.reference, "RO-2026-9999"),
            (queries.hearing, court.hearing.ref, new_ref()),
            (queries.recording, recording.id, new_id()),
        ]
        for look, real, unknown in lookups:
            for state in ("RO", "TH"):
                assert await look(db, real, state=state)  # type: ignore[operator]
            refusals = []
            for key in (real, unknown):
                with pytest.raises(NotFound) as refusal:
                    await look(db, key, state="FR")  # type: ignore[operator]
                refusals.append((str(refusal.value), refusal.value.args, vars(refusal.value)))
            assert refusals[0] == refusals[1]


@pytest.mark.both_databases
async def test_a_third_state_has_an_empty_docket(court: Any, database: Database) -> None:
    async with database.reading() as db:
        for state, wanted in (("RO", 1), ("TH", 1), ("FR", 0)):
            assert len((await queries.docket(db, state=state)).rows) == wanted
            assert len((await queries.requests(db, state=state)).rows) == wanted


@pytest.mark.both_databases
@pytest.mark.parametrize("key", ["", "x", "' OR 1=1 --", "\x00", "\ud800", "é" * 300])
async def test_what_is_no_id_is_not_found(database: Database, key: str) -> None:
    async with database.reading() as db:
        for table in (Hearing, HearingRequest, Participant, Person):
            with pytest.raises(NotFound):
                await queries.get(db, table, key)
        with pytest.raises(NotFound):
            await queries.hearing(db, key, state="RO")
        with pytest.raises(NotFound):
            await queries.hearing_by_ref(db, key)
        with pytest.raises(NotFound):
            await queries.request(db, key, state="RO")
        with pytest.raises(NotFound):
            await queries.recording(db, key, state="RO")
        with pytest.raises(NotFound):
            await queries.person_by_email(db, key)


async def _book(database: Database, court: Any, number: int) -> list[str]:
    """Hearings at the same or rising times; returns their ids in the docket's order."""
    made = []
    async with database.transaction() as db:
        for index in range(number):
            words = court.hearing.model_dump(exclude={"id", "ref", "starts_at", "ends_at"})
            start = court.hearing.starts_at + timedelta(days=index // 3)
            words |= {"starts_at": start, "ends_at": start + timedelta(hours=1)}
            hearing = Hearing(ref=new_ref(), **words)
            db.add(hearing)
            made.append(hearing)
    rows = [court.hearing, *made]
    return [row.id for row in sorted(rows, key=lambda row: (row.starts_at, row.id))]


@pytest.mark.both_databases
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 50])
async def test_the_docket_goes_page_by_page_without_loss_or_double(court: Any, database: Database, limit: int) -> None:
    wanted = await _book(database, court, 8)
    found, after = [], ""
    async with database.reading() as db:
        while True:
            page = await queries.docket(db, state="TH", after=after, limit=limit)
            assert len(page.rows) <= limit
            found += [row.id for row in page.rows]
            after = page.after
            if not after:
                break
    assert found == wanted


@pytest.mark.both_databases
async def test_the_docket_is_filtered_by_time_and_status(court: Any, database: Database) -> None:
    await _book(database, court, 5)
    start = court.hearing.starts_at
    async with database.reading() as db:
        day = await queries.docket(db, state="RO", since=start, until=start + timedelta(days=1))
        later = await queries.docket(db, state="RO", since=start + timedelta(seconds=1))
        none = await queries.docket(db, state="RO", status=HearingStatus.cancelled)
    assert (len(day.rows), len(later.rows), len(none.rows)) == (4, 2, 0)


@pytest.mark.both_databases
async def test_requests_come_newest_first_and_by_direction(
    database: Database, staff: dict[str, Person], accepted: HearingRequest, now: datetime
) -> None:
    async with database.transaction() as db:
        for minutes in (1, 2, 2):
            await requests.draft(
                db,
                requested_state="TH",
                actor=person_actor(staff["clerk"]),
                now=now + timedelta(minutes=minutes),
            )
    async with database.reading() as db:
        first = await queries.requests(db, state="RO", limit=3)
        rest = await queries.requests(db, state="RO", limit=3, after=first.after)
        incoming = await queries.requests(db, state="TH", outgoing=False)
        outgoing = await queries.requests(db, state="TH", outgoing=True)
        none = await queries.requests(db, state="RO", outgoing=False)
    assert [row.reference[-4:] for row in (*first.rows, *rest.rows)] == ["0004", "0003", "0002", "0001"]
    assert rest.after == ""
    assert [row.id for row in incoming.rows] == [accepted.id]
    assert (outgoing.rows, none.rows) == ([], [])


BEFORE_TIME, NUL = "MDAwMS0wMS0wMVQwMDowMDowMCsyMzo1OSB4", "MjAyNi0xMi0wMlQwNjowMDowMCswMDowMCBhAGI="


@pytest.mark.both_databases
@pytest.mark.parametrize("mark", ["x", "!!!!", "MjAyNg==", "é", "MjAyNi0xMi0wMlQwNjowMDowMCB4", BEFORE_TIME, NUL])
async def test_a_mark_of_a_page_that_is_none_is_refused(database: Database, mark: str) -> None:
    async with database.reading() as db:
        with pytest.raises(Invalid):
            await queries.docket(db, state="RO", after=mark)


@pytest.mark.both_databases
async def test_a_member_of_staff_finds_their_seat(court: Any, database: Database) -> None:
    async with database.reading() as db:
        seat = await queries.seat_of(db, hearing_id=court.hearing.id, person_id=court.people["judge"].id)
        assert seat.id == court.ids[Role.presiding_judge]
        with pytest.raises(NotFound):
            await queries.seat_of(db, hearing_id=court.hearing.id, person_id=new_id())


@pytest.mark.both_databases
async def test_open_sittings_are_those_to_take_over(court: Any, database: Database) -> None:
    async with database.reading() as db:
        assert await queries.open_sittings(db) == []
    await court.open_lobby()
    async with database.reading() as db:
        assert [sitting.hearing_id for sitting in await queries.open_sittings(db)] == [court.hearing.id]


@pytest.mark.both_databases
async def test_events_are_read_after_a_number(court: Any, database: Database) -> None:
    await court.open_lobby()
    await court.come(Role.presiding_judge)
    async with database.reading() as db:
        everything = await queries.events(db, court.hearing.id)
        later = await queries.events(db, court.hearing.id, after=2, limit=2)
    assert [event.seq for event in everything] == list(range(1, len(everything) + 1))
    assert [event.seq for event in later] == [3, 4]


@pytest.mark.both_databases
async def test_staff_are_listed_by_state(database: Database, staff: dict[str, Person]) -> None:
    async with database.reading() as db:
        assert [person.name for person in await queries.people(db, state="RO")] == ["Andrei Popa", "Ioana Marin"]
        assert len(await queries.people(db)) == 3
        assert (await queries.person_by_email(db, "clerk@ro.example")).id == staff["clerk"].id
        with pytest.raises(NotFound):
            await queries.person_by_email(db, "nobody@ro.example")
