"""Makes a plan of the docket for pages and API: one at a time, because the solver occupies a whole processor."""

from datetime import datetime, timedelta

import anyio
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.times import docket_gathering, solver
from hearings.times.docket_gathering import Gathered
from hearings.times.solver import Comparison

SECONDS = 10.0
"""Time limit of the solver, in seconds."""
ONE = anyio.CapacityLimiter(1)


async def gather(
    db: AsyncSession, *, state: str, days: int, duration: timedelta, margin: timedelta, now: datetime
) -> Gathered:
    """The requests, rooms and interpreters to plan with, from tomorrow on. Raises `Invalid`."""
    since = now + timedelta(days=1)
    return await docket_gathering.gather(db, state=state, since=since, days=days, duration=duration, margin=margin)


async def compare(gathered: Gathered) -> Comparison:
    """The plan compared with first-come order. Waits for another plan that is being made. Raises `PlanningMissing`."""
    return await anyio.to_thread.run_sync(lambda: solver.compare(gathered.docket, seconds=SECONDS), limiter=ONE)


def under_way() -> bool:
    """Whether a plan is being made now."""
    return ONE.available_tokens == 0
