"""Booths in a running hearing: what the pages of interpreters are told, and what the worker's plan and the log get."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.websockets import WebSocket

from hearings import queries
from hearings.db import Database
from hearings.events import EventKind
from hearings.hearing import participants
from hearings.interpreting.figures import EVERY
from hearings.models import Hearing, Participant
from hearings.people import logins
from hearings.roles import Role
from hearings.status import PresenceStatus
from media import messages
from tests.support.conducted import Conducted, Page, Wire, conducted
from tests.support.court import STAGES
from tests.support.databases import Sqlite
from web.live import plan

WAITS = 20
"""Seconds for what comes within four."""


@pytest.fixture
async def database(sqlite_server: Sqlite) -> AsyncIterator[Database]:
    """Of a sitting in session."""
    with sqlite_server.at(STAGES["in_session"]) as url:
        found = Database(url)
        yield found
        await found.close()


async def second(web: Conducted) -> tuple[str, Page]:
    """Another interpreter, in the room, with a page."""
    async with web.court.database.transaction() as db:
        hearing = await queries.get(db, Hearing, web.court.hearing.id, lock=True)
        row = await participants.add(
            db, hearing=hearing, role=Role.interpreter, display_name="Luis", state="RO", city="", speaks="ro",
            actor=web.court.staff("clerk"), now=datetime.now(UTC),
        )  # fmt: skip
        row.presence = PresenceStatus.present
        await db.flush()
        login = (await logins.create_login(db, participant=row, now=datetime.now(UTC)))[0]
    wire = Wire()
    joins = web.conductor.join(cast(WebSocket, wire), row.id, login.id, "en", messages.Hello(ticket=""))
    web.pages.append(Page(wire, asyncio.create_task(joins)))
    await wire.until("view")
    return row.id, web.pages[-1]


async def did(page: Page, command: messages.Command) -> dict[str, Any]:
    """The server's answer to a command."""
    page.wire.say(command)
    async with asyncio.timeout(WAITS):
        while not (found := [one for one in page.wire.of("result") if one["re"] == command.id]):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return found[0]


async def booth(page: Page, **wanted: Any) -> dict[str, Any]:
    """The booth as the page is shown it, once it is as wanted."""
    async with asyncio.timeout(WAITS):
        while True:
            views = page.wire.of("view")
            found: dict[str, Any] = views[-1]["booth"] or {}
            if all(found.get(name) == value for name, value in wanted.items()):
                return found
            await asyncio.sleep(0.02)


async def test_pages_of_a_booth_hand_the_turn_over_and_take_it_over(database: Database, tmp_path: Path) -> None:
    async with conducted(database, tmp_path) as web:
        room = web.conductor.room
        room.spawn(web.conductor._follow())
        login = await web.login(Role.interpreter)
        ana, ana_id = web.open(Role.interpreter, login), web.court.ids[Role.interpreter]
        await ana.wire.until("view")
        luis_id, luis = await second(web)
        for state in room.liveness.values():
            state.media = "connected"
        async with room.acting() as (db, rows):  # both have been in the room for long
            for row in rows.participants:
                if row.role is Role.interpreter:
                    row.presence = PresenceStatus.present
                    db.add(row)
        assert (await booth(ana, mine=False))["partners"] == ["Luis"]
        for command in (messages.Render(id="1", lang="ro"), messages.Microphone(id="2", on=True)):
            assert (await did(ana, command))["ok"], command
        judge = web.open(Role.presiding_judge, await web.login(Role.presiding_judge))
        await judge.wire.until("view")
        assert (await did(luis, messages.NotePartner(id="n1", text="tenure = usucapio")))["ok"]
        assert not (await did(luis, messages.NotePartner(id="n2", text=" ")))["ok"]
        assert [one["text"] for one in ana.wire.of("notice")] == ["Luis writes: tenure = usucapio"]
        assert [page.wire.of("notice") for page in (luis, judge)] == [[], []]
        async with database.reading() as db:
            events = await queries.events(db, web.court.hearing.id)
        assert "usucapio" not in str((judge.wire.said, [event.data for event in events]))
        refused = await did(luis, messages.Microphone(id="1", on=True))
        assert (refused["ok"], refused["code"]) == (False, "not_ready")
        assert (await booth(luis, asked=""))["live"]
        assert (await did(luis, messages.HandOver(id="2")))["ok"]
        assert [one["code"] for one in ana.wire.of("notice")] == ["partner_note", "handover"]
        assert (await did(ana, messages.HandOver(id="3")))["ok"]
        counted = await booth(luis, asked="both")
        assert counted["change_at"] and not counted["mine"]
        passed = await booth(luis, mine=True)
        assert passed["since"] >= counted["change_at"]
        assert (await did(luis, messages.Microphone(id="3", on=True)))["ok"]
        async with database.reading() as db:
            old, new = await queries.get(db, Participant, ana_id), await queries.get(db, Participant, luis_id)
        assert (old.microphone, old.renders, new.microphone, new.renders) == (False, "", True, "ro")
        assert room.scene is not None
        planned = {one.seat: one.microphone for one in plan.grants(room.scene.rows).plan.seats if one.interpreter}
        assert not planned[ana_id]
        room.liveness[luis_id].lost_since = 1  # his line is lost
        room.touch()
        until = (await booth(ana, live=""))["take_over_until"]
        assert until is not None
        assert "take_over" in [one["code"] for one in ana.wire.of("notice")]
        assert (await did(ana, messages.TakeOver(id="4")))["ok"]
        assert (await did(ana, messages.Microphone(id="5", on=True)))["ok"]
        assert await booth(ana, mine=True, take_over_until=None)
        assert (await did(ana, messages.Signal(id="6", what="slower")))["ok"]


async def test_what_an_interpreters_page_measures_is_kept_every_ten_minutes(database: Database, tmp_path: Path) -> None:
    figures = messages.ListeningFigures(
        concealed=45, jitter=7, latency=None, freezes=1, fps=25, level=-14, limits=0, howls=0, early=None, late=None
    )
    async with conducted(database, tmp_path) as web:
        room, conductor = web.conductor.room, web.conductor
        room.spawn(conductor._follow())
        pages = {role: web.open(role, await web.login(role)) for role in (Role.interpreter, Role.witness)}
        for page in pages.values():
            await page.wire.until("view")
            page.wire.say(figures)
        async with asyncio.timeout(WAITS):
            while not conductor._figures:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        ana = web.court.ids[Role.interpreter]
        assert set(conductor._figures) == {ana}
        conductor._figures[ana].since -= EVERY
        room.touch()
        async with asyncio.timeout(WAITS):
            while conductor._figures:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        async with database.reading() as db:
            log = await queries.events(db, web.court.hearing.id)
    (kept,) = [event.data for event in log if event.kind == EventKind.interpreting_figures]
    assert kept["participant"] == ana
    assert kept["measures"]["concealed"] == {"mean": 45, "worst": 45, "missed": 1, "of": 1}
    assert "latency" not in kept["measures"]


async def test_a_line_that_is_too_poor_three_times_ends_simultaneous_interpreting_and_then_holds(
    database: Database, tmp_path: Path
) -> None:
    poor = messages.ListeningFigures(
        concealed=45, jitter=7, latency=None, freezes=0, fps=25, level=-14, limits=0, howls=0, early=None, late=None
    )
    async with conducted(database, tmp_path) as web:
        room, conductor = web.conductor.room, web.conductor
        room.spawn(conductor._follow())
        page = web.open(Role.interpreter, await web.login(Role.interpreter))
        await page.wire.until("view")
        for command in (messages.Render(id="1", lang="ro"), messages.Microphone(id="2", on=True)):
            assert (await did(page, command))["ok"], command
        for code in ("interpreter_line_poor", "hold"):
            page.wire.say(poor)
            if code == "interpreter_line_poor":
                page.wire.say(poor)
            async with asyncio.timeout(WAITS):
                while code not in [one["code"] for one in page.wire.of("notice")]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        async with database.reading() as db:
            (sitting, _recording) = await web.court.sitting(db)
    ana = web.court.ids[Role.interpreter]
    assert (sitting.floor_mode, sitting.hold_reason) == ("consecutive", f"interpreter_line_poor:{ana}")
