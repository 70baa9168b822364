"""No double booking, by the database itself: two writers at once against a brute-force oracle, on both databases."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.actors import SYSTEM, Actor
from hearings.db import Database
from hearings.errors import DoubleBooking, Invalid, NotAllowed, NotFound, NotReady
from hearings.models import Booking, Resource
from hearings.models.diary import ResourceKind
from hearings.times import bookings, queries as diary_queries, resources
from tests.support.databases import UPGRADED, Sqlite

CLERK = Actor(id="c", label="A clerk", state="RO", functions=frozenset({"clerk"}))
THAI = Actor(id="t", label="An authority", state="TH", functions=frozenset({"clerk", "authority"}))
HOUR = timedelta(hours=1)


async def rooms(database: Database, now: datetime, count: int = 2, actor: Actor = CLERK, **words: Any) -> list[int]:
    async with database.transaction() as db:
        made = [
            await resources.add(
                db,
                kind=ResourceKind.room,
                name=f"Room {number}",
                zone="Europe/Bucharest",
                actor=actor,
                now=now,
                **words,
            )
            for number in range(count)
        ]
    return [one.resource_no for one in made]


async def taken(database: Database) -> list[tuple[int, datetime, datetime]]:
    async with database.reading() as db:
        rows = (await db.exec(select(Booking).where(col(Booking.active)))).all()
    return [(row.resource_no, row.starts_at, row.ends_at) for row in rows]


def overlap(one: tuple[Any, datetime, datetime], other: tuple[Any, datetime, datetime]) -> bool:
    return one[0] == other[0] and one[1] < other[2] and other[1] < one[2]


wishes = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(1, 12), st.booleans()), min_size=2, max_size=8
)


@pytest.fixture(params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, now: datetime) -> Iterator[tuple[str, list[int]]]:
    """A database for every example of one test, and two rooms in it."""
    server = request.getfixturevalue(f"{request.param}_server")
    name = server.create(server.template(UPGRADED))

    async def make() -> list[int]:
        database = Database(server.url(name))
        numbers = await rooms(database, now)
        await database.close()
        return numbers

    yield server.url(name), asyncio.run(make())
    server.drop(name)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=wishes, second=wishes, past_our_functions=st.booleans())
def test_two_writers_at_once_never_book_the_same_time_twice_nor_refuse_a_free_one(
    shared_url: tuple[str, list[int]], now: datetime, first: list[Any], second: list[Any], past_our_functions: bool
) -> None:
    url, numbers = shared_url
    refused: list[tuple[list[int], datetime, datetime]] = []
    booked: list[tuple[int, datetime, datetime]] = []

    async def book(db: AsyncSession, wanted: list[int], begins: datetime, ends: datetime) -> None:
        if not past_our_functions:
            await bookings.book(db, numbers=wanted, times=[(begins, ends)], actor=CLERK, now=now)
            return
        for number in wanted:
            words = {"starts_at": begins, "ends_at": ends, "created_by": "x", "created_at": now}
            db.add(Booking(owner_state="RO", resource_no=number, **words))
            await db.flush()

    async def write(database: Database, plan: list[Any]) -> None:
        for room, start, length, both in plan:
            begins = now + start * timedelta(minutes=15)
            ends = begins + length * timedelta(minutes=15)
            wanted = numbers if both else [numbers[room]]
            try:
                async with database.transaction() as db:
                    await book(db, wanted, begins, ends)
            except DoubleBooking as error:
                assert {number for number, _name in error.resources} <= set(wanted)
                refused.append((wanted, begins, ends))
            except (IntegrityError, OperationalError) as error:
                # Two that insert at the same moment wait for one another: PostgreSQL ends one of them.
                assert past_our_functions
                assert "no_double_booking" in str(error) or "deadlock" in str(error)
                if "deadlock" not in str(error):
                    refused.append((wanted, begins, ends))
            else:
                booked.extend((number, begins, ends) for number in wanted)

    async def run() -> list[tuple[int, datetime, datetime]]:
        one, other = Database(url), Database(url)
        async with one.transaction() as db:
            await db.exec(delete(Booking))
        await asyncio.gather(write(one, first), write(other, second))
        found = await taken(one)
        await one.close()
        await other.close()
        return found

    found = asyncio.run(run())
    assert sorted(found) == sorted(booked)
    assert not [pair for at, pair in enumerate(found) for later in found[at + 1 :] if overlap(pair, later)]
    for wanted, begins, ends in refused:
        assert any(overlap((number, begins, ends), one) for number in wanted for one in found), "nothing was in the way"


@pytest.mark.both_databases
async def test_the_database_refuses_an_overlap_written_past_every_function(database: Database, now: datetime) -> None:
    number, other = await rooms(database, now)
    async with database.transaction() as db:
        await bookings.book(db, numbers=[number], times=[(now, now + HOUR)], actor=CLERK, now=now)

    def row(starts: datetime, ends: datetime, room: int = number, **words: Any) -> Booking:
        return Booking(
            owner_state="RO", resource_no=room, starts_at=starts, ends_at=ends, created_by="x", created_at=now, **words
        )

    for starts, ends in ((now, now + HOUR), (now - HOUR, now + HOUR / 2), (now + HOUR / 2, now + HOUR * 2)):
        with pytest.raises(IntegrityError, match="no_double_booking"):
            async with database.transaction() as db:
                db.add(row(starts, ends))
    # What touches, what is another room's, and what was released, is free; moving or reviving into it is refused.
    async with database.transaction() as db:
        db.add_all([row(now + HOUR, now + 2 * HOUR), row(now, now + HOUR, other), row(now, now + HOUR, active=False)])
    for change in (
        "UPDATE booking SET active = (1 = 1)",
        f"UPDATE booking SET resource_no = {number} WHERE resource_no = {other}",
    ):
        with pytest.raises(IntegrityError, match="no_double_booking"):
            async with database.transaction() as db:
                await (await db.connection()).exec_driver_sql(change)
    assert len(await taken(database)) == 3


@pytest.mark.both_databases
async def test_a_double_booking_is_named_only_as_far_as_the_caller_may_see_it(
    database: Database, now: datetime
) -> None:
    (own,) = await rooms(database, now, 1)
    (shared,) = await rooms(database, now, 1, THAI, shared=True)
    (hidden,) = await rooms(database, now, 1, THAI)
    async with database.transaction() as db:
        await bookings.book(db, numbers=[own, shared, hidden], times=[(now, now + HOUR)], actor=SYSTEM, now=now)
    with pytest.raises(DoubleBooking) as refusal:
        async with database.transaction() as db:
            await bookings.book(db, numbers=[own, shared], times=[(now, now + HOUR)], actor=CLERK, now=now)
    assert (refusal.value.resources, refusal.value.hidden) == (((own, "Room 0"), (shared, "Room 0")), 0)
    with pytest.raises(NotFound):
        async with database.transaction() as db:
            await bookings.book(db, numbers=[hidden], times=[(now, now + HOUR)], actor=CLERK, now=now)
    async with database.transaction() as db:
        clash = await bookings._clash(db, [own, shared, hidden], [(now, now + HOUR)], CLERK)
    assert (clash.resources, clash.hidden) == (((own, "Room 0"), (shared, "Room 0")), 1)
    assert "other State" in str(clash)
    assert len(await taken(database)) == 3


@pytest.mark.both_databases
async def test_what_fails_half_way_books_nothing(database: Database, now: datetime) -> None:
    one, other = await rooms(database, now)
    async with database.transaction() as db:
        await bookings.book(db, numbers=[other], times=[(now, now + HOUR)], actor=CLERK, now=now)
    with pytest.raises(DoubleBooking):
        async with database.transaction() as db:
            await bookings.book(db, numbers=[one, other], times=[(now, now + HOUR)], actor=CLERK, now=now)
    assert [number for number, _starts, _ends in await taken(database)] == [other]


@pytest.mark.both_databases
async def test_numbers_are_given_out_one_by_one_to_writers_at_once(database: Database, now: datetime) -> None:
    made = await asyncio.gather(*(rooms(database, now, 2) for _ in range(4)))
    assert sorted(number for numbers in made for number in numbers) == list(range(1, 9))


# --- on one database: rules of ours, not of its SQL --------------------------------------------------------------


@pytest.fixture
async def sqlite(sqlite_server: Sqlite) -> AsyncIterator[Database]:
    with sqlite_server.at(UPGRADED) as url:
        found = Database(url)
        yield found
        await found.close()


async def test_busy_times_are_those_of_the_stretch_asked_for(sqlite: Database, now: datetime) -> None:
    one, other = await rooms(sqlite, now)
    async with sqlite.transaction() as db:
        for start in (0, 5, 24 * 40):
            await bookings.book(
                db, numbers=[one], times=[(now + start * HOUR, now + (start + 1) * HOUR)], actor=CLERK, now=now
            )
    async with sqlite.reading() as db:
        found = await diary_queries.busy(db, [one, other], since=now + HOUR, until=now + 10 * HOUR)
    begin = int((now + 5 * HOUR).timestamp())
    assert found == {one: ((begin, begin + 3600),), other: ()}


async def test_a_block_has_a_reason_and_can_be_ended_a_hearings_booking_cannot(sqlite: Database, now: datetime) -> None:
    (one,) = await rooms(sqlite, now, 1)
    async with sqlite.transaction() as db:
        room = await diary_queries.resource(db, one, state="RO")
        with pytest.raises(Invalid, match="At least 3 characters are needed"):
            await bookings.block(db, resource=room, starts_at=now, ends_at=now + HOUR, reason="", actor=CLERK, now=now)
        made = await bookings.block(
            db, resource=room, starts_at=now, ends_at=now + HOUR, reason="New floor", actor=CLERK, now=now
        )
        made.hearing_id = "h"
        with pytest.raises(NotReady, match="This time is booked for a hearing: change the hearing"):
            await bookings.unblock(db, booking=made, resource=room, actor=CLERK, now=now)
        made.hearing_id = None
        await bookings.unblock(db, booking=made, resource=room, actor=CLERK, now=now)
        await bookings.block(db, resource=room, starts_at=now, ends_at=now + HOUR, reason="Again", actor=CLERK, now=now)
    assert len(await taken(sqlite)) == 1


@pytest.mark.parametrize("length", [timedelta(0), -HOUR, timedelta(days=32)])
async def test_a_booking_ends_after_it_begins_and_lasts_a_month_at_most(
    sqlite: Database, now: datetime, length: timedelta
) -> None:
    (one,) = await rooms(sqlite, now, 1)
    with pytest.raises(Invalid, match="A booking ends after it begins and lasts a month at most"):
        async with sqlite.transaction() as db:
            await bookings.book(db, numbers=[one], times=[(now, now + length)], actor=CLERK, now=now)


async def test_a_resource_is_its_states_own(sqlite: Database, now: datetime) -> None:
    (one,) = await rooms(sqlite, now, 1)
    (shared,) = await rooms(sqlite, now, 1, shared=True)
    judge = Actor(id="j", label="A judge", state="RO", functions=frozenset({"judge"}))
    async with sqlite.transaction() as db:
        for number in (one, 999, -1, 2**70):
            with pytest.raises(NotFound):
                await diary_queries.resource(db, number, state="TH")
        room = await diary_queries.resource(db, shared, state="TH")
        with pytest.raises(NotFound):
            await resources.change(db, resource=room, fields={"name": "Mine"}, actor=THAI, now=now)
        with pytest.raises(NotAllowed):
            await resources.change(db, resource=room, fields={"name": "Mine"}, actor=judge, now=now)
        with pytest.raises(Invalid, match="Not a field of a resource: owner_state"):
            await resources.change(db, resource=room, fields={"owner_state": "TH"}, actor=CLERK, now=now)
        await resources.deactivate(db, resource=room, actor=CLERK, now=now)
        with pytest.raises(NotReady, match="No longer in use: Room 0"):
            await bookings.book(db, numbers=[shared], times=[(now, now + HOUR)], actor=CLERK, now=now)


async def test_resources_come_page_by_page(sqlite: Database, now: datetime) -> None:
    await rooms(sqlite, now, 5)
    await rooms(sqlite, now, 2, THAI, shared=True)
    await rooms(sqlite, now, 2, THAI)
    names: list[str] = []
    after = ""
    async with sqlite.reading() as db:
        while True:
            page = await diary_queries.resources(db, state="RO", after=after, limit=3)
            names += [f"{row.owner_state} {row.name}" for row in page.rows]
            after = page.after
            if not after:
                break
        with pytest.raises(Invalid, match="Not a valid page token"):
            await diary_queries.resources(db, state="RO", after="nonsense")
    assert names == [*(f"RO Room {number}" for number in range(5)), "TH Room 0", "TH Room 1"]


async def test_an_interpreter_has_pairs_and_accreditation(sqlite: Database, now: datetime) -> None:
    async with sqlite.transaction() as db:
        made = await resources.add(
            db,
            kind=ResourceKind.interpreter,
            name="Ana Ionescu",
            zone="Europe/Bucharest",
            accreditation="Register 12",
            accredited_until=now.date(),
            pairs=[("th", "ro"), ("ro", "th"), ("ro", "th")],
            actor=CLERK,
            now=now,
        )
    async with sqlite.reading() as db:
        pairs = (await diary_queries.pairs(db, [made.id]))[made.id]
        found = await diary_queries.interpreters(db, state="RO", source="th", target="ro")
        none = await diary_queries.interpreters(db, state="RO", source="th", target="en")
    assert (pairs, [one.id for one in found], list(none)) == ([("ro", "th"), ("th", "ro")], [made.id], [])


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"pairs": [("en-x-<script>", "ro")]}, "language"),
        ({"pairs": [("ro", "ro")]}, "pairs"),
        ({"kind": ResourceKind.room, "pairs": [("ro", "th")]}, "pairs"),
        ({"kind": ResourceKind.judge, "accreditation": "x"}, "accreditation"),
        ({"zone": "GMT+3"}, "zone"),
        ({"name": ""}, "name"),
        ({"name": "a\u202eb"}, "name"),
    ],
)
async def test_a_resource_that_cannot_be_is_refused(
    sqlite: Database, now: datetime, words: dict[str, Any], field: str
) -> None:
    usual = {"kind": ResourceKind.interpreter, "name": "Ana", "zone": "Europe/Bucharest"}
    with pytest.raises(Invalid) as refusal:
        async with sqlite.transaction() as db:
            await resources.add(db, actor=CLERK, now=now, **{**usual, **words})
    assert refusal.value.field == field
    async with sqlite.reading() as db:
        assert (await db.exec(select(Resource))).all() == []
