"""Making a plan of the docket, for pages and systems alike: one at a time, since the solver takes a whole processor."""

from datetime import datetime, timedelta

import anyio
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.times import docket_gathering, solver
from hearings.times.docket_gathering import Gathered
from hearings.times.solver import Comparison

SECONDS = 10.0
"""How long the solver may think."""
ONE = anyio.CapacityLimiter(1)


async def gather(
    db: AsyncSession, *, state: str, days: int, duration: timedelta, margin: timedelta, now: datetime
) -> Gathered:
    """What is to be planned, from tomorrow on. Raises `Invalid`."""
    since = now + timedelta(days=1)
    return await docket_gathering.gather(db, state=state, since=since, days=days, duration=duration, margin=margin)


async def compare(found: Gathered) -> Comparison:
    """The plan beside first-come order; waits for another that is being made. Raises `PlanningMissing`."""
    return await anyio.to_thread.run_sync(lambda: solver.compare(found.docket, seconds=SECONDS), limiter=ONE)


def under_way() -> bool:
    """Whether a plan is being made."""
    return ONE.available_tokens == 0
