"""A sealed recording, the people of two States who release and receive it, and their authorities' keys."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.evidence.archive import Archive
from tests.support.evidence.recordings import SealedRecording
from tests.support.installation import BASE
from tests.support.recording_clients import ApiCounter
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


@pytest.fixture
async def api(prepared: Path, built: SealedRecording, tmp_path: Path) -> AsyncIterator[ApiCounter]:
    """The same by clients of the API: their proofs name its public address."""
    (folder := tmp_path / "counter").mkdir()
    async with (await Archive.make(prepared, tmp_path, built, BASE)).in_process() as archive:
        rates = archive.app.state.parts.buckets.rates
        rates |= dict.fromkeys(("api_token", "api_refused", "api_description"), rates["api"])
        counter = Counter(archive, folder)
        await counter.fill()
        made = ApiCounter(counter)
        await made.fill()
        yield made
        for client in counter.clients.values():
            await client.aclose()
