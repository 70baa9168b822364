"""Who conducts: the lock of the run folder, the row that machines share, and the token that only grows."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from hearings import queries
from hearings.actors import SYSTEM
from hearings.db import Database
from hearings.errors import ConductedElsewhere
from hearings.events import EventKind, record
from media.bookmark import Bookmark
from tests.support.court import STAGES, Court
from tests.support.databases import UPGRADED, Postgres, Sqlite
from web.live import conducting as module
from web.live.conducting import Conducting
from web.live.room import Room
from web.settings import Settings


class Machine:
    """A run folder, and the processes that share it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.settings = Settings(data=folder)
        self.settings.run.mkdir(mode=0o700, parents=True)
        self.database = Database(url)

    @property
    def run(self) -> Path:
        return self.settings.run

    def process(self) -> Conducting:
        return Conducting(self.settings, self.database)

    async def token_of_the_next(self) -> int:
        """A process begins to conduct, and ends."""
        one = self.process()
        assert await one.take()
        token = one.token
        await one.let_go()
        return token


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> Any:
    server: Sqlite | Postgres = request.getfixturevalue(f"{request.param}_server")
    with server.at(UPGRADED) as found:
        yield found


@pytest.fixture
async def machine(url: str, tmp_path: Path) -> AsyncIterator[Machine]:
    made = Machine(tmp_path / "one", url)
    yield made
    await made.database.close()


async def set_row(machine: Machine, token: int) -> None:
    async with machine.database.engine.begin() as connection:
        await connection.execute(text("UPDATE conduct SET token = :token"), {"token": token})


async def test_one_process_of_a_folder_conducts_and_the_next_when_it_ends(machine: Machine) -> None:
    first, second = machine.process(), machine.process()
    assert (await first.take(), await second.take()) == (True, False)
    assert (first.conducts, second.conducts, second.stands_by) == (True, False, True)
    with pytest.raises(ConductedElsewhere):
        _ = second.mandate
    assert await first.holds()
    assert await first.holds()
    await first.let_go()
    assert await second.take()
    assert (first.token, second.token) == (0, 2)
    await second.let_go()


@pytest.mark.parametrize("older", ["row", "folder", "both, beside a worker that goes on"])
async def test_the_token_only_grows_whatever_is_restored_from_an_older_copy(
    machine: Machine, tmp_path: Path, older: str
) -> None:
    assert await machine.token_of_the_next() == 1
    shutil.copytree(machine.run, tmp_path / "copy")
    for wanted in (2, 3):
        assert await machine.token_of_the_next() == wanted
    if older != "folder":
        await set_row(machine, 1)
    if older != "row":
        shutil.rmtree(machine.run)
        shutil.copytree(tmp_path / "copy", machine.run)
    if older.startswith("both"):
        (machine.run / "92aa2137").mkdir()
        Bookmark(machine.run / "92aa2137" / "worker.token").write(3)
    assert await machine.token_of_the_next() == 4
    assert Bookmark(machine.run / "conduct.token").read() == 4


async def test_a_process_that_hangs_is_replaced_and_orders_nothing_more(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.3)
    first, second = machine.process(), machine.process()
    assert await first.take()
    mandate = first.mandate
    for _ in range(6):  # as long as it beats, nobody takes its place
        assert not await second.take()
        assert await first.holds()
        await asyncio.sleep(0.1)
    async with asyncio.timeout(20):
        while not await second.take():  # noqa: ASYNC110 time must pass
            await asyncio.sleep(0.1)
    assert (second.token, mandate.stands(), second.mandate.stands()) == (2, False, True)
    assert not await first.holds()
    await first.let_go()
    assert not await first.take()
    assert await second.holds()
    await second.let_go()


async def test_of_two_machines_on_one_database_the_row_decides(
    postgresql_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HUNG_SECONDS", 0.5)
    with postgresql_server.at(UPGRADED) as url:
        here, there = Machine(tmp_path / "here", url), Machine(tmp_path / "there", url)
        first, second = here.process(), there.process()
        assert (await first.take(), await second.take()) == (True, False)
        for _ in range(8):
            assert all([await first.holds() for _ in range(module.ROW_BEATS)])
            assert not await second.take()
            await asyncio.sleep(0.1)
        await first.let_go()
        assert await second.take()  # at once: it was let go
        assert (second.token, await first.take()) == (2, False)
        async with asyncio.timeout(20):  # it hangs, or its machine is gone
            while not await first.take():  # noqa: ASYNC110 time must pass
                await asyncio.sleep(0.1)
        assert first.token == 3
        beats = [await second.holds() for _ in range(module.ROW_BEATS)]
        assert beats == [True, False]
        for machine in (here, there):
            await machine.database.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_an_older_conductor_does_in_a_room_changes_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Sqlite | Postgres = request.getfixturevalue(f"{kind}_server")
    with server.at(STAGES["in_session"]) as url:
        machine = Machine(tmp_path / "one", url)
        court = await Court.load(machine.database)
        process = machine.process()
        assert await process.take()

        async def finish(_why: str) -> None:
            raise AssertionError

        room = Room(
            court.hearing.id,
            machine.database,
            show=lambda rows: None,
            drop=lambda seat: None,
            finish=finish,
            mandate=process.mandate,
        )

        async def act() -> None:
            async with room.acting() as (db, rows):
                await record(db, hearing=rows.hearing, kind=EventKind.hand, actor=SYSTEM, now=room.now(), up=True)

        async def count() -> int:
            async with machine.database.reading() as db:
                return len(await queries.events(db, court.hearing.id))

        before = await count()
        await act()
        assert await count() == before + 1
        await set_row(machine, process.token + 1)
        with pytest.raises(ConductedElsewhere):
            await act()
        assert await count() == before + 1
        await process.let_go()
        await machine.database.close()
