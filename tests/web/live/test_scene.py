"""What is read of a hearing for the views of its room: the items of the rights checklist that are due."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from hearings import queries
from hearings.models import Hearing
from hearings.rights import answers
from hearings.status import SittingStatus
from tests.support.conducted import Conducted, Page
from tests.web.live.test_rows_untouched import live
from web.live import scene

__all__ = ["live"]


async def shows(page: Page, due: Any) -> None:
    """Wait until the last view of a page says so."""
    async with asyncio.timeout(20):
        while not due(page.wire.of("view")[-1]["rights_due"]):  # noqa: ASYNC110 the room brings it about
            await asyncio.sleep(0.02)


async def test_who_conducts_reads_what_is_due_until_it_is_answered_and_nobody_else_does(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, (judge, clerk, authority, interpreter) = live
    now = datetime.now(UTC)
    assert judge.wire.of("view")[-1]["rights_due"] == []
    async with web.court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, web.court.hearing.id)
        await answers.begin(db, hearing=hearing, actor=web.court.staff("clerk"), now=now)
    web.conductor.room.touch()
    for page in (judge, clerk, authority):
        await shows(page, lambda due: {"Summons in time", "Rights told, both laws"} <= set(due))
    assert interpreter.wire.of("view")[-1]["rights_due"] == []
    async with web.court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, web.court.hearing.id)
        who = web.court.staff("authority")
        await answers.answer(db, hearing=hearing, item="r07_summons", kind="kept", actor=who, now=now)
    web.conductor.room.touch()
    await shows(judge, lambda due: due and "Summons in time" not in due)


async def test_before_the_start_the_rights_told_are_not_due_and_at_the_close_nothing_is(
    live: tuple[Conducted, list[Page]],
) -> None:
    web, _pages = live
    async with web.court.database.reading() as db:
        rows = await scene.read_rows(db, web.court.hearing.id)
        rows.hearing.rights_version = 1
        found = {}
        for status in (SittingStatus.pre_record, SittingStatus.in_session, SittingStatus.closing):
            rows.sitting.status = status
            due = await scene.rights_due(db, rows, now=datetime.now(UTC))
            found[status] = {item.id for item in due}
        db.expire_all()
    assert "r07_summons" in found[SittingStatus.pre_record] <= found[SittingStatus.in_session]
    assert found[SittingStatus.in_session] - found[SittingStatus.pre_record] == {"r08_rights_notice"}
    assert found[SittingStatus.closing] == set()
