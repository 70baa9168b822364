"""A sealed recording of two States, and who releases and receives it."""

from datetime import datetime

import pytest

from hearings.db import Database
from tests.support.releases import Desk


@pytest.fixture
async def desk(database: Database, now: datetime) -> Desk:
    made = Desk(database, now)
    await made.keep()
    return made
