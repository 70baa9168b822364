"""Logs in pages: everything once and in order, whatever the size of a page, and no mark that is not one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from hearings import pages, queries
from hearings.db import Database
from hearings.errors import Invalid
from hearings.models import HearingRequest, StatusChange

AGAIN = ("00000000-0000-7000-8000-000000000000", "\x00", "é", "x" * 37)


@pytest.mark.both_databases
@pytest.mark.parametrize("stage", ["in_session"])
@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_a_history_and_a_log_come_whole_in_pages_of_any_size(
    court: Any, database: Database, now: datetime, limit: int
) -> None:
    async with database.transaction() as db:  # two at one instant, and one of an earlier one that was written later
        request = await queries.get(db, HearingRequest, court.request.id)
        for at in (now + timedelta(hours=1), now + timedelta(hours=1), now - timedelta(hours=1)):
            db.add(
                StatusChange(
                    owner_state="RO", subject="hearing_request", subject_id=request.id, before="executing",
                    after="executing", at=at, actor="-", actor_label="-", reason="again",
                )
            )  # fmt: skip
    async with database.reading() as db:
        whole = [one.id for one in await queries.hearing_history(db, court.hearing)]
        rows = await pages.hearing_rows(db, court.hearing)
        assert await history(db, rows, limit) == whole
        mine = [one.id for one in await queries.history(db, request)]
        assert await history(db, [request], limit) == mine and len(mine) > 6
        lately = [one.id for one in await queries.history(db, request) if one.at >= now + timedelta(hours=1)]
        assert await history(db, [request], limit, since=now + timedelta(hours=1)) == lately and len(lately) == 2
        query = select(StatusChange).where(StatusChange.subject_id == request.id)
        for newest in (False, True):
            found, after = list[str](), ""
            while not found or after:
                page = await pages.by_id(db, query, StatusChange, after=after, limit=limit, newest=newest)
                found += [one.id for one in page.rows]
                after = page.after
            assert found == sorted(mine, reverse=newest)


async def history(db: Any, rows: Any, limit: int, **words: Any) -> list[str]:
    found, after = list[str](), ""
    while not found or after:
        page = await pages.changes(db, *rows, after=after, limit=limit, **words)
        assert 0 < len(page.rows) <= limit
        found += [one.id for one in page.rows]
        after = page.after
    return found


@pytest.mark.parametrize("stage", ["ready"])
async def test_a_mark_that_is_none_of_this_list_is_refused(court: Any, database: Database) -> None:
    async with database.reading() as db:
        other = (await queries.history(db, court.hearing))[0].id
        for after in (other, *AGAIN):
            with pytest.raises(Invalid) as refusal:
                await pages.changes(db, court.request, after=after)
            assert refusal.value.field == "after"
        for after in AGAIN[1:]:
            with pytest.raises(Invalid) as refusal:
                await pages.by_id(db, select(StatusChange), StatusChange, after=after, limit=2)
            assert refusal.value.field == "after"
