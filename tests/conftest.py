"""The order in which tests begin, and what tests of several packages share."""

import gc
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from hearings.db import Database
from hearings.models import metadata
from tests.support import databases, one_dialect
from tests.support.costs import Costs

LONG = ("test_player.py", "test_verify_page.py", "test_faults.py")
"""Files that take minutes. They begin first, so that of the workers none is left alone with one of them."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Costs(), "costs")
    one_dialect.share()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where only the tests of one mark are asked for, files in which it is not written need not be read."""
    mark = config.option.markexpr
    test = mark.isidentifier() and collection_path.match("test_*.py")
    return True if test and f"mark.{mark}" not in collection_path.read_text(encoding="utf-8") else None


MADE_UP = re.compile(r"\w\((id|owner_state)=| at 0x[0-9a-f]{6}|[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        """Of what runs beside the rest, browsers come last: then the most is left over for them."""
        if item.get_closest_marker("beside"):
            return len(LONG) + bool(item.get_closest_marker("e2e"))
        return LONG.index(item.path.name) if item.path.name in LONG else len(LONG)

    items.sort(key=turn)
    if made_up := [item.nodeid for item in items if MADE_UP.search(item.nodeid)]:
        # Processes that share a run would each collect tests of other names, and run none.
        raise pytest.UsageError(f"the name of a test holds an id that is made anew each time: {made_up[0]}")


def pytest_collection_finish() -> None:
    """What was collected stays until the end: nobody need look through it for what may go."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def sqlite_server() -> Iterator[databases.Sqlite]:
    """Makes SQLite databases."""
    with databases.sqlite_files() as found:
        yield found


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[databases.Postgres]:
    """One real server for the whole run, started by the first test that asks for it."""
    with databases.postgresql() as found:
        yield found


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `vivavoce init` makes it, to copy."""
    from tests.support.installation import prepare  # here: most tests need no web

    return prepare(tmp_path_factory.mktemp("prepared") / "data")


@pytest.fixture(scope="session")
def old_stack() -> Any:
    """The class of stacks without a profile that a media worker takes."""
    from tests.support.old_stack import OldStack  # here: most tests need no media

    return OldStack


BESIDE = {"shared_view", "claim", "outbox_message", "outbox_attempt", "calendar_entry", "unfollowed_change"}
BESIDE |= {"erasure", "request_reading", "transmission_evidence", "transmission_stamp"}
BESIDE |= {"api_token", "api_proof", "api_answer", "act_head", "sign_in_challenge"}
"""Tables that change by themselves: who has looked, what the clock follows, attests and sends, with what a program
proved itself, how far all acts have come (an entry of a refused signature counts), and what a browser was asked. (A
login's `seen_at` does so too.)"""


@pytest.fixture(scope="session")
def everything() -> Callable[[Database], Awaitable[dict[str, list[tuple[Any, ...]]]]]:
    """Reads every row of every table that only acts change: what was refused has changed none."""
    # When a login was last used is not for its rows to tell.
    tables = {
        table.name: [column for column in table.columns if column.name != "seen_at"] for table in metadata.sorted_tables
    }

    async def look(database: Database) -> dict[str, list[tuple[Any, ...]]]:
        async with database.reading() as db:
            connection = await db.connection()
            return {
                name: [tuple(row) for row in await connection.execute(select(*columns).order_by(columns[0]))]
                for name, columns in tables.items()
                if name not in BESIDE
            }

    return look
