"""A rehearsal over ASGI, without a port: made once, and copied for each test."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.rehearsal import Rehearsing, staged
from web.settings import Settings
from web.training.staging import Staged


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Staged]:
    """A run as the command makes it, to copy."""
    return staged(tmp_path_factory.mktemp("stage"), "protected_name")


@pytest.fixture
async def rehearsing(stage: tuple[Settings, Staged], tmp_path: Path) -> AsyncIterator[Rehearsing]:
    settings, made = stage
    data = Path(shutil.copytree(settings.data, tmp_path / settings.data.name))
    installation = Rehearsing(replace(settings, data=data, database_url="", sandbox_database_url=""))
    installation.made = made
    async with installation.in_process():
        yield installation
