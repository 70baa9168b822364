"""The outbox: its moves, its waits, its repeats, and what a person may ask for."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from hearings.actors import Actor
from hearings.db import Database
from hearings.errors import IllegalMove, NotAllowed, NotFound
from hearings.models import OutboxMessage
from hearings.models.outbox import OutboxKind, OutboxStatus
from hearings.outward import outbox

O = OutboxStatus  # noqa: E741
NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)
CLERK = Actor(id="p", label="Ioana", state="RO", functions=frozenset({"clerk"}))

# Written down again, as words: the code must agree.
ROADS = {
    "waiting": {"sending", "not_delivered"},
    "sending": {"sent", "waiting", "unconfirmed", "not_delivered"},
    "unconfirmed": {"sending", "sent", "waiting", "not_delivered"},
    "not_delivered": {"waiting"},
    "sent": set(),
}


async def put(database: Database, key: str = "k", **more: object) -> OutboxMessage:
    given: dict[str, object] = {
        "kind": OutboxKind.mail,
        "to": "a@ro.example",
        "payload": {"subject": "s", "text": "t"},
        "about": "7F3K-22QD",
        "owner_state": "RO",
        "now": NOW,
        "key": key,
    }
    async with database.transaction() as db:
        return await outbox.put(db, **(given | more))


async def take(database: Database, at: datetime = NOW) -> list[OutboxMessage]:
    async with database.transaction() as db:
        return list(await outbox.take(db, kinds=list(OutboxKind), now=at))


async def settle(
    database: Database,
    message: OutboxMessage,
    outcome: OutboxStatus,
    at: datetime = NOW,
    attempt: int = 0,
    code: str = "",
) -> OutboxStatus:
    async with database.transaction() as db:
        return await outbox.settle(
            db, message_id=message.id, attempt=attempt or message.attempts, outcome=outcome, code=code, now=at
        )


async def again(database: Database, message: OutboxMessage) -> OutboxMessage:
    async with database.reading() as db:
        return await outbox.message_of(db, message.id, state="RO")


def test_the_table_of_moves_is_the_one_written_down() -> None:
    assert {one.value: {to.value for to in outbox.MOVES[one]} for one in O} == ROADS


@pytest.mark.parametrize(("before", "after"), list(itertools.product(O, O)))
def test_a_message_moves_by_its_table_only(before: OutboxStatus, after: OutboxStatus) -> None:
    message = OutboxMessage(status=before)
    if after.value in ROADS[before.value]:
        outbox._move(message, after)
        assert message.status is after
        return
    with pytest.raises(IllegalMove, match=f"{before} and cannot become {after}"):
        outbox._move(message, after)


async def test_the_same_key_is_the_same_message(database: Database) -> None:
    first, second = await put(database), await put(database, payload={"subject": "other", "text": ""})
    assert (first.id, second.payload["subject"]) == (second.id, "s")
    assert len(await take(database)) == 1


async def test_what_surely_did_not_arrive_is_tried_after_growing_waits_and_then_not_delivered(
    database: Database,
) -> None:
    await put(database)
    at, waits = NOW, []
    while taken := await take(database, at):
        (message,) = taken
        status = await settle(database, message, O.waiting, at, code="refused")
        row = await again(database, message)
        if status is O.waiting:
            assert await take(database, row.next_at - timedelta(seconds=1)) == []
            waits.append(row.next_at - at)
            at = row.next_at
    assert waits == list(outbox.BACKOFF)
    assert sum(waits, timedelta()) < timedelta(days=1)
    row = await again(database, message)
    assert (row.status, row.attempts, row.last_code) == (O.not_delivered, outbox.MOST_ATTEMPTS, "refused")
    assert await take(database, at + timedelta(days=400)) == []


async def test_what_may_once_have_arrived_is_never_called_not_delivered(database: Database) -> None:
    message = await put(database)
    at = NOW
    for number in range(1, outbox.MOST_ATTEMPTS + 1):
        (taken,) = await take(database, at)
        await settle(database, taken, O.unconfirmed if number == 2 else O.waiting, at, code="timeout")
        row = await again(database, message)
        assert row.status is (O.waiting if number == 1 else O.unconfirmed)
        at = row.next_at
    assert await take(database, at + timedelta(days=1)) == []


async def test_a_message_whose_process_ended_is_unconfirmed_and_goes_again_under_the_same_id(
    database: Database,
) -> None:
    message = await put(database)
    await take(database)
    async with database.transaction() as db:
        assert await outbox.interrupted(db, now=NOW + timedelta(minutes=1)) == 0  # its lease runs
        assert await outbox.interrupted(db, now=NOW + timedelta(minutes=1), everything=True) == 1
    row = await again(database, message)
    assert (row.status, row.last_code) == (O.unconfirmed, "interrupted")
    (taken,) = await take(database, row.next_at)
    assert (taken.id, taken.attempts) == (message.id, 2)
    await settle(database, taken, O.sent, row.next_at)
    async with database.reading() as db:
        log = await outbox.attempts(db, message.id)
    assert [(one.number, one.outcome, one.code) for one in log] == [
        (1, O.unconfirmed, "interrupted"),
        (2, O.sent, ""),
    ]


async def test_a_lease_that_has_run_out_counts_as_interrupted(database: Database) -> None:
    message = await put(database)
    await take(database)
    async with database.transaction() as db:
        assert await outbox.interrupted(db, now=NOW + outbox.LEASE) == 1
    assert (await again(database, message)).status is O.unconfirmed


async def test_a_process_that_was_only_slow_still_says_that_it_was_sent(database: Database) -> None:
    message = await put(database)
    (taken,) = await take(database)
    async with database.transaction() as db:
        await outbox.interrupted(db, now=NOW, everything=True)
    assert await settle(database, taken, O.sent) is O.sent
    async with database.reading() as db:
        assert [(attempt.number, attempt.outcome) for attempt in await outbox.attempts(db, message.id)] == [(1, O.sent)]


async def test_a_late_word_on_an_earlier_attempt_changes_nothing_but_the_log(database: Database) -> None:
    message = await put(database)
    await take(database)
    async with database.transaction() as db:
        await outbox.interrupted(db, now=NOW, everything=True)
    at = (await again(database, message)).next_at
    await take(database, at)
    assert await settle(database, message, O.not_delivered, at, attempt=1) is O.sending


async def test_what_is_of_no_use_any_more_is_not_sent(database: Database) -> None:
    message = await put(database, expires_at=NOW + timedelta(hours=1))
    assert await take(database, NOW + timedelta(hours=1)) == []
    row = await again(database, message)
    assert (row.status, row.last_code, row.attempts) == (O.not_delivered, "too_late", 0)


async def test_a_clock_that_was_wrong_by_a_year_does_not_hold_a_message_back(database: Database) -> None:
    message = await put(database, now=NOW + timedelta(days=365))
    assert [one.id for one in await take(database, NOW)] == [message.id]


async def test_a_person_may_send_again_what_was_not_delivered_and_it_gets_all_its_attempts(database: Database) -> None:
    message = await put(database, expires_at=NOW)
    await take(database)
    async with database.transaction() as db:
        row = await outbox.message_of(db, message.id, state="RO", lock=True)
        await outbox.send_again(db, message=row, actor=CLERK, now=NOW)
    at = NOW
    for _ in range(outbox.MOST_ATTEMPTS):
        (taken,) = await take(database, at)
        await settle(database, taken, O.waiting, at)
        at = (await again(database, message)).next_at
    assert (await again(database, message)).status is O.not_delivered
    with pytest.raises(NotAllowed):
        async with database.transaction() as db:
            row = await outbox.message_of(db, message.id, state="RO", lock=True)
            judge = Actor(id="j", label="Andrei", state="RO", functions=frozenset({"judge"}))
            await outbox.send_again(db, message=row, actor=judge, now=NOW)


async def test_a_sent_message_cannot_be_sent_again(database: Database) -> None:
    message = await put(database)
    (taken,) = await take(database)
    await settle(database, taken, O.sent)
    with pytest.raises(IllegalMove):
        async with database.transaction() as db:
            row = await outbox.message_of(db, message.id, state="RO", lock=True)
            await outbox.send_again(db, message=row, actor=CLERK, now=NOW)


async def test_another_states_messages_are_not_there(database: Database) -> None:
    message = await put(database)
    async with database.reading() as db:
        with pytest.raises(NotFound):
            await outbox.message_of(db, message.id, state="TH")
        assert (await outbox.messages(db, state="TH")).rows == []
        assert [row.id for row in (await outbox.messages(db, state="RO", status=O.waiting)).rows] == [message.id]


@pytest.mark.both_databases
async def test_two_who_take_at_once_get_different_messages(database: Database) -> None:
    import asyncio

    for number in range(30):
        await put(database, f"k{number}")
    found = await asyncio.gather(*(take(database) for _ in range(4)))
    ids = [message.id for taken in found for message in taken]
    assert len(ids) == len(set(ids))
    assert len(ids) >= 20
