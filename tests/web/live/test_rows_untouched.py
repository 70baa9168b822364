"""What comes every few seconds from recorder and pages, and changes nothing, reads and writes no rows."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from hearings.db import Database
from hearings.hearing import seats
from hearings.roles import Role
from hearings.status import PresenceStatus
from media import messages
from media.evidence.seal.seal_key import make_seal_key
from media.processes import python
from tests.support.conducted import Conducted, Page, conducted
from tests.support.court import STAGES
from tests.support.databases import Sqlite
from tests.support.evidence.seals import LocalSeal, ServedSeal
from web.live import conductor as conductor_module, recording_side, view

EVENTS = 40
PRESENT = (Role.presiding_judge, Role.clerk, Role.requested_authority, Role.interpreter)
GOOD = messages.LineReport(rtt_ms=40, loss_percent=0, jitter_ms=3)
WEAK = messages.LineReport(rtt_ms=40, loss_percent=10, jitter_ms=3)
WRITE = ["BEGIN IMMEDIATE", "SELECT conduct", "SELECT recording", "UPDATE recording"]
"""The statements that write the latest seal, by their first word and the table."""


def said(statement: str) -> str:
    """The first word of a statement and the table it concerns."""
    words = statement.split()
    if words[0] == "BEGIN":
        return statement
    return f"{words[0]} {words[words.index('FROM') + 1] if words[0] == 'SELECT' else words[1]}"


@contextlib.contextmanager
def statements() -> Iterator[list[str]]:
    """Every statement that any database of this process gets."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(said(statement))

    event.listen(Engine, "before_cursor_execute", note)
    yield found
    event.remove(Engine, "before_cursor_execute", note)


def sealed(count: int) -> messages.Sealed:
    return messages.Sealed(seq=count, at=time.time_ns(), count=count, pending=0, t=0)


@pytest.fixture
async def live(
    sqlite_server: Sqlite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Conducted, list[Page]]]:
    """A hearing in session with a real recorder and the room's background work, and pages in their seats."""
    monkeypatch.setattr(recording_side, "REREAD_LOG_SECONDS", 600.0)  # what is read of the log is read when it is told
    for name in ("run", "recordings"):
        (tmp_path / name).mkdir(mode=0o700)
    served = ServedSeal(LocalSeal(tmp_path / "seal", make_seal_key(tmp_path / "seal.key")), tmp_path / "seal.sock")
    with sqlite_server.at(STAGES["in_session"]) as url:
        database = Database(url)
        async with conducted(database, tmp_path) as web:
            room, recording = web.conductor.room, web.conductor.recording
            room.folder = tmp_path / "run"
            async with room.reading() as (_db, rows):
                recording.read_facts(rows)
            argv = ["--folder", str(room.folder), "--recordings", str(tmp_path / "recordings")]
            argv += ["--seal", str(tmp_path / "seal.sock"), "--court", "court.example"]
            await recording.start_process(python("media.evidence.recording.recorder", *argv))
            work = (web.conductor._follow, web.conductor._tick, recording.keep_log, recording.keep_rows)
            for task in work:
                room.spawn(task())
            pages = [web.open(role, await web.login(role)) for role in PRESENT]
            for page in pages:
                await page.wire.until("view")
                page.wire.say(GOOD)
            await recording._heard(sealed(1))
            yield web, pages
            await recording.recorder.stop()
        await database.close()
    served.close()


async def quiet(web: Conducted) -> None:
    """Wait until the room has taken in everything, and the seal before was written."""
    async with asyncio.timeout(20):
        while web.conductor.recording._unwritten is not None or web.conductor.room.changed.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)


async def test_seals_and_line_reports_read_and_write_no_rows_and_make_no_view(
    live: tuple[Conducted, list[Page]], monkeypatch: pytest.MonkeyPatch
) -> None:
    web, pages = live
    monkeypatch.setattr(recording_side, "ROWS_SECONDS", 1.0)
    await quiet(web)
    made: list[str] = []

    def counted(viewer: Any, *arguments: Any, **named: Any) -> messages.View:
        made.append(viewer.id)
        return view.view_for(viewer, *arguments, **named)

    monkeypatch.setattr(conductor_module, "view_for", counted)
    views = [len(page.wire.of("view")) for page in pages]
    began = time.monotonic()
    with statements() as found:
        for number in range(EVENTS):
            await web.conductor.recording._heard(sealed(2 + number))
            for page in pages:
                page.wire.say(messages.LineReport(rtt_ms=40 + number, loss_percent=number % 3, jitter_ms=number % 30))
            await asyncio.sleep(0.06)
        took = time.monotonic() - began
        await quiet(web)
    assert found == WRITE * (len(found) // len(WRITE))
    assert 1 <= len(found) / len(WRITE) <= took + 1
    assert (made, [len(page.wire.of("view")) for page in pages]) == ([], views)
    assert all(page.wire.of("tick")[-1]["recording"]["sealed"] == 1 + EVENTS for page in pages)
    async with web.court.database.reading() as db:
        _sitting, recording = await web.court.sitting(db)
    assert recording.sealed_count == 1 + EVENTS


async def test_a_line_that_becomes_weak_is_shown_without_reading_rows(live: tuple[Conducted, list[Page]]) -> None:
    web, (judge, clerk, *_others) = live
    await quiet(web)
    with statements() as found:
        clerk.wire.say(WEAK)
        seat = web.court.ids[Role.clerk]

        def lines() -> dict[str, str]:
            return {one["participant"]: one["line"] for one in judge.wire.of("view")[-1]["people"]}

        async with asyncio.timeout(10):
            while lines()[seat] != "weak":  # noqa: ASYNC110 the room brings it about
                await asyncio.sleep(0.01)
    assert set(found) <= set(WRITE)


async def test_a_process_that_conducts_no_more_writes_no_seal(
    live: tuple[Conducted, list[Page]], monkeypatch: pytest.MonkeyPatch
) -> None:
    web, _pages = live
    monkeypatch.setattr(recording_side, "ROWS_SECONDS", 0.2)
    await quiet(web)
    async with web.court.database.transaction() as db:
        before = (await web.court.sitting(db))[1].sealed_count
        await (await db.connection()).exec_driver_sql("UPDATE conduct SET token = token + 1")
    await web.conductor.recording._heard(sealed(before + 5))
    await asyncio.sleep(1)
    async with web.court.database.reading() as db:
        assert (await web.court.sitting(db))[1].sealed_count == before


async def test_who_waits_for_a_line_costs_nothing_until_the_minute_is_over(live: tuple[Conducted, list[Page]]) -> None:
    web, _pages = live
    now = datetime.now(UTC)

    async def away(since: datetime) -> None:
        async with web.court.database.transaction() as db:
            witness = await web.court.seat(db, Role.witness)
            witness.presence, witness.presence_since = PresenceStatus.reconnecting, since
            db.add(witness)
        web.conductor.room.touch()

    await away(now)
    web.conductor._returning_until = 0
    await quiet(web)
    with statements() as found:
        await asyncio.sleep(2.5)
    assert set(found) <= set(WRITE)
    await away(now - seats.RETURN_WITHIN - timedelta(seconds=1))
    async with asyncio.timeout(10):
        presence = PresenceStatus.reconnecting
        while presence is not PresenceStatus.left:
            await asyncio.sleep(0.1)
            async with web.court.database.reading() as db:
                presence = (await web.court.seat(db, Role.witness)).presence
