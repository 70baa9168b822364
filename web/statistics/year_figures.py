"""The figures that others see, counted once: those of a year that is over never change again."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.db import Database
from hearings.statistics import counting
from hearings.statistics.counting import CountedFigure
from hearings.statistics.past import Past

MOST = 64
"""Sets kept; the one unused for longest goes first."""


class YearFigures:
    """Counts one set at a time, so that no number of readers costs more than one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[int, str], Sequence[CountedFigure]] = OrderedDict()
        self._one = asyncio.Lock()

    async def of(self, year: int, state: str, now: datetime) -> Sequence[CountedFigure]:
        """The figures of a year, of a State or (empty) of the installation. Raises `Invalid` for a year not over."""
        key = (counting.require_year(year, now), state)
        async with self._one:
            if key not in self._kept:
                past = await self._database.look(lambda db: self._past(db, year, state, now))
                self._kept[key] = await asyncio.to_thread(counting.for_others, past, year, state=state)
                if len(self._kept) > MOST:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    @staticmethod
    async def _past(db: AsyncSession, year: int, state: str, now: datetime) -> Past:
        return await counting.read_year(db, year=year, state=state, now=now)
