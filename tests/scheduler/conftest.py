"""A database with staff of two States, a request and a hearing."""

from collections.abc import AsyncIterator

import pytest

from hearings.db import Database
from tests.support.databases import UPGRADED, Sqlite
from tests.support.rows import Setting


@pytest.fixture
async def database(sqlite_server: Sqlite) -> AsyncIterator[Database]:
    with sqlite_server.at(UPGRADED) as url:
        found = Database(url)
        yield found
        await found.close()


@pytest.fixture
async def setting(database: Database) -> Setting:
    made = Setting(database)
    await made.keep()
    return made
