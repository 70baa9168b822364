"""The order in which tests begin, and what tests of several packages share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import databases

LONG = ("test_schemathesis.py", "test_every_page_in_browser.py", "test_transport.py")
"""Files that take minutes. They begin first, so that of two workers none is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


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
