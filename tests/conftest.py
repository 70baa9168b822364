"""The order in which tests begin."""

import pytest

LONG = ("test_schemathesis.py", "test_in_browser.py", "test_player.py", "test_transport.py")
"""Files that take minutes. They begin first, so that of two workers none is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
