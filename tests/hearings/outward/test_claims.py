"""Claims: one owner for each key, on both databases, whoever comes at the same time."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings.db import Database
from hearings.errors import NaiveTime
from hearings.models import Claim
from hearings.models.outbox import ClaimOutcome
from hearings.outward import claims

NOW = datetime(2026, 12, 2, 6, 0, tzinfo=UTC)


async def take(database: Database, key: str, **more: object) -> bool:
    async with database.transaction() as db:
        return await claims.claim(db, key=key, kind="test", due_at=NOW, now=NOW, **more)


@pytest.mark.both_databases
async def test_of_many_who_claim_a_key_at_once_one_gets_it(database: Database) -> None:
    async def slowly() -> bool:
        async with database.transaction() as db:
            mine = await claims.claim(db, key="k", kind="test", due_at=NOW, now=NOW)
            await asyncio.sleep(0.02)
            return mine

    assert sorted(await asyncio.gather(*(slowly() for _ in range(6)))) == [False] * 5 + [True]


@pytest.mark.both_databases
async def test_a_claim_whose_transaction_fails_can_be_had_again(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with database.transaction() as db:
            assert await claims.claim(db, key="k", kind="test", due_at=NOW, now=NOW)
            raise ZeroDivisionError
    assert await take(database, "k")
    assert not await take(database, "k")


@pytest.mark.both_databases
async def test_claimed_tells_which_of_many_keys_are_taken(database: Database) -> None:
    for key in ("a", "c"):
        await take(database, key)
    async with database.reading() as db:
        assert await claims.claimed(db, ["a", "b", "c", *(f"x{n}" for n in range(1200))]) == {"a", "c"}


@pytest.mark.both_databases
async def test_what_was_missed_is_the_business_of_its_own_state(database: Database) -> None:
    await take(database, "ro", owner_state="RO", missed="too late")
    await take(database, "th", owner_state="TH", missed="too late")
    await take(database, "done", owner_state="RO")
    async with database.reading() as db:
        assert [row.key for row in await claims.missed(db, state="RO")] == ["ro"]
        row = (await db.exec(select(Claim).where(Claim.key == "done"))).one()
    assert (row.outcome, row.reason) == (ClaimOutcome.done, "")


@pytest.mark.both_databases
async def test_a_claim_without_a_time_zone_is_refused(database: Database, everything: Any) -> None:
    before = await everything(database)
    async with database.transaction() as db:
        with pytest.raises(NaiveTime):
            await claims.claim(db, key="k", kind="test", due_at=NOW, now=NOW.replace(tzinfo=None) + timedelta())
    assert await everything(database) == before
