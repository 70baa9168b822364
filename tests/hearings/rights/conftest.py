"""A court whose hearing has to keep the rights checklist."""

from typing import Any

import pytest

from hearings.models import Hearing
from hearings.queries import get
from hearings.rights.checklist import VERSION


@pytest.fixture
async def listed(court: Any) -> Any:
    """The court of a hearing that is ready, which has to keep the checklist from now on."""
    async with court.database.transaction() as db:
        hearing = await get(db, Hearing, court.hearing.id)
        hearing.rights_version = VERSION
        db.add(hearing)
    return court
