"""The order in which tests begin, and what tests of several packages share."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

LONG = ("test_schemathesis.py", "test_in_browser.py", "test_transport.py")
"""Files that take minutes. They begin first, so that of two workers none is left alone with one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(scope="session")
def old_stack() -> Any:
    """The class of stacks without a profile that a media worker takes."""
    spec = importlib.util.spec_from_file_location("old_stack", Path(__file__).with_name("old_stack.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.OldStack
