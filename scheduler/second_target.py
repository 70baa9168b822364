"""Recordings that go on are copied to a second disk, a second or two behind the recorder (docs/archive.md).

Done by the elected clock alone. Whoever conducts the room reads what is written here, and tells it when a copy cannot
be written.
"""

import asyncio
import logging
import os
from pathlib import Path

from media.evidence.archive.second_copy import SecondCopy, SecondStatus, write_status
from media.evidence.log import custody
from scheduler.environment import World

logger = logging.getLogger("vivavoce.scheduler.second_target")


class SecondTarget:
    """What is followed. Owned by the event loop of the clock; the next process finds the rest in the two folders."""

    def __init__(self, recordings: Path, target: Path) -> None:
        self.recordings, self.target = recordings, target
        self._followed: dict[str, SecondCopy] = {}
        self._done: set[str] = set()
        self._lost: dict[str, int] = {}

    async def follow(self, world: World) -> int:
        """Copy what is new of every recording that is not closed; returns how many files."""
        return await asyncio.to_thread(self._follow, int(world.clock().timestamp()))

    def _follow(self, now: int) -> int:
        count = 0
        for name in sorted(self._open()):
            copy = self._followed.setdefault(name, SecondCopy(self.recordings / name, self.target / name))
            closed = custody.is_closed(copy.folder)
            try:
                count += copy.follow()
            except (OSError, ValueError) as error:
                if name not in self._lost:
                    logger.error("THE SECOND COPY OF A RECORDING CANNOT BE WRITTEN (%s), id %s", error, name)
                self._lost.setdefault(name, now)
                self._followed.pop(name)
                continue
            if self._lost.pop(name, None) is not None:
                logger.warning("the second copy of a recording is written again, id %s", name)
            if closed:
                self._done.add(name)
                del self._followed[name]
        write_status(self.recordings, SecondStatus(now, self._lost))
        return count

    def _open(self) -> set[str]:
        """Recordings with a head that are not closed, and those that were closed and are not copied whole."""
        found = set()
        for entry in os.scandir(self.recordings):
            if entry.name.startswith(".") or entry.name in self._done or not entry.is_dir():
                continue
            folder = Path(entry.path)
            if not (folder / custody.CHECKPOINT).exists():
                continue
            whole = custody.is_closed(folder) and custody.is_closed(self.target / entry.name)
            never = not (self.target / entry.name).exists() and entry.name not in self._lost
            before = custody.is_closed(folder) and never
            if whole or before:  # what was closed before there was a second disk is for the archives
                self._done.add(entry.name)
            else:
                found.add(entry.name)
        return found
