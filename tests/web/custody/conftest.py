"""A sealed recording, the people of two States who release and receive it, and their authorities' keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.evidence.archive import Archive
from tests.support.release_counter import Counter


@pytest.fixture
async def counter(archive: Archive, tmp_path: Path) -> AsyncIterator[Counter]:
    folder = tmp_path / "counter"
    folder.mkdir()
    made = Counter(archive, folder)
    await made.fill()
    yield made
    for client in made.clients.values():
        await client.aclose()
