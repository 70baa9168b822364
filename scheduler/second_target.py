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

CLOSED_EVERY = 60
"""Seconds after which closed recordings are looked at again: their custody log grows, and keys are wrapped anew."""
logger = logging.getLogger("vivavoce.scheduler.second_target")


class SecondTarget:
    """What is followed. Owned by the event loop of the clock; the next process finds the rest in the two folders."""

    def __init__(self, recordings: Path, target: Path) -> None:
        self.recordings, self.target = recordings, target
        self._followed: dict[str, SecondCopy] = {}
        self._done: dict[str, tuple[int, int]] = {}
        self._looked = 0
        self._lost: dict[str, int] = {}

    async def follow(self, world: World) -> int:
        """Copy what is new of every recording that is not closed, and once a minute what has changed of closed ones;
        returns how many files."""
        return await asyncio.to_thread(self._follow, int(world.clock().timestamp()))

    def _follow(self, now: int) -> int:
        count = 0
        for name in sorted(self._open(now)):
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
                del self._followed[name]
        write_status(self.recordings, SecondStatus(now, self._lost))
        return count

    def _open(self, now: int) -> set[str]:
        """Recordings with a head that are not closed, and those that were closed and are not copied as they are."""
        found, again = set(), abs(now - self._looked) >= CLOSED_EVERY
        if again:
            self._looked = now
        for entry in os.scandir(self.recordings):
            if entry.name.startswith(".") or not entry.is_dir():
                continue
            if (done := self._done.get(entry.name)) and not (again and done != self._stamp(entry.name)):
                continue
            folder, stamp = Path(entry.path), self._stamp(entry.name)
            if not (folder / custody.CHECKPOINT).exists():
                continue
            whole = custody.is_closed(folder) and custody.is_closed(self.target / entry.name)
            whole = whole and SecondCopy(folder, self.target / entry.name).is_current()
            never = not (self.target / entry.name).exists() and entry.name not in self._lost
            before = custody.is_closed(folder) and never
            if whole or before:  # what was closed before there was a second disk is for the archives
                self._done[entry.name] = stamp
            else:
                found.add(entry.name)
        return found

    def _stamp(self, name: str) -> tuple[int, int]:
        """When something in the two folders was put, renamed or removed last, ns since 1970; 0 without a folder."""
        return _changed_at(self.recordings / name), _changed_at(self.target / name)


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
