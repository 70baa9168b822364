"""A database for a test, and one hearing with its people, ready for the lobby."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime

import pytest

from hearings.db import Database
from hearings.hearing import pins
from hearings.models import HearingRequest, Person
from tests.support.court import FIELDS, NOW, STAGES, Court, add_accepted, add_staff
from tests.support.databases import Postgres, Server, Sqlite


@pytest.fixture(autouse=True)
def quick_pins(monkeypatch: pytest.MonkeyPatch) -> None:
    """PINs are slow to check on purpose; that they are is a test of its own (tests/hearings/hearing/test_links.py)."""
    monkeypatch.setattr(pins, "SCRYPT", {**pins.SCRYPT, "n": 2})


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def fields() -> dict[str, object]:
    return dict(FIELDS)


@pytest.fixture
def sqlite_url(sqlite_server: Sqlite) -> Iterator[str]:
    """A SQLite database that does not exist yet."""
    with sqlite_server.at() as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgresql_server.at() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> str:
    """How far the database is brought before the test; `@pytest.mark.parametrize("stage", [...])` says it."""
    return "ready" if "court" in request.fixturenames else "upgraded"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests run on SQLite; those marked `both_databases`, where the SQL differs, on PostgreSQL too."""
    if metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
async def database(request: pytest.FixtureRequest, stage: str) -> AsyncIterator[Database]:
    """A database for one test."""
    server: Server = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_server")
    with server.at(STAGES[stage]) as url:
        found = Database(url)
        yield found
        await found.close()


@pytest.fixture
async def staff(database: Database) -> dict[str, Person]:
    """A clerk and a judge of Romania, an authority of Thailand."""
    return await add_staff(database)


@pytest.fixture
async def accepted(database: Database, staff: dict[str, Person]) -> HearingRequest:
    """A request that Thailand has accepted."""
    return await add_accepted(database, staff)


@pytest.fixture
async def court(database: Database) -> Court:
    """A hearing that is ready, with judge, clerk, requested authority, interpreter and witness."""
    return await Court.load(database)
