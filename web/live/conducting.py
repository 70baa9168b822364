"""Election of the conductor: the one process that conducts the live hearings, by a lock of the run folder.

The kernel releases the lock when the process ends (`flock`), and a standby process takes it within a second. A hanging
conductor is detected because it no longer raises the number in the file; the file is then replaced. On PostgreSQL,
which other machines may share, the row has to be free as well, or without a heartbeat for as long. Every new conductor
raises the fencing token (`media.link`) above the row's, the run folder's and those of every worker and recorder, and
makes it durable before its first order: orders and writes of an older one are refused.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from hearings.db import Database
from hearings.errors import ConductedElsewhere
from hearings.sitting import conductor_lease
from media.bookmark import DIGITS, Bookmark
from media.link import Mandate
from media.messages import OrderRefused
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.conducting")

BEAT_SECONDS = 1.0
HUNG_SECONDS = 10.0
"""Seconds without a heartbeat before another process may replace one that still runs."""
ROW_BEATS = 2
"""On PostgreSQL the row's heartbeat is written at every second heartbeat of the lock."""
STANDS_BY = (
    "another process conducts the live hearings: this one serves pages, refuses live rooms, and takes over when the "
    "other ends"
)


class Conducting:
    """State of this process in the election. Owned by the event loop; `web.live.conductors` calls it once a second."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.token = 0
        """Fencing token of this process while it conducts; else 0."""
        self.stands_by = False
        """Whether another process is known to conduct."""
        self.refused = 0
        """Number of orders of older conductors that were refused since this one began."""
        self.refused_at: datetime | None = None
        self._run = settings.run
        self._database = database
        self._lock = RunLock(settings.run / "conduct.lock")
        self._file = settings.run / "conduct.token"
        self._seen = (conductor_lease.Lease(0, "", 0), 0.0)
        self._beats = 0

    @property
    def conducts(self) -> bool:
        """Whether this process is the conductor."""
        return self.token > 0

    @property
    def mandate(self) -> Mandate:
        """The mandate for its orders. Raises `ConductedElsewhere` when it stands by."""
        self.require()
        token = self.token
        return Mandate(token, lambda: self._lock.is_ours() and Bookmark(self._file).read() <= token)

    def require(self) -> None:
        """Raise `ConductedElsewhere` when it stands by."""
        if self.stands_by:
            raise ConductedElsewhere

    async def take(self) -> bool:
        """Become the conductor if there is none. Effects: the token is raised in row and run folder, durably."""
        self.stands_by = not await self._take()
        return not self.stands_by

    async def _take(self) -> bool:
        if not await asyncio.to_thread(self._lock.win):
            return False
        try:
            async with self._database.transaction() as db:
                seen = await conductor_lease.read(db)
                if not self._is_free(seen):
                    return False
                above = await asyncio.to_thread(_highest, self._run)
                token = await conductor_lease.take(db, place=self._lock.place, above=above, seen=seen)
                await asyncio.to_thread(_keep, self._file, token)
        except ConductedElsewhere:
            return False
        self.token = token
        return True

    def _is_free(self, row: conductor_lease.Lease) -> bool:
        """Whether by the row no other process can be conducting. For this run folder the lock decides."""
        if self._database.sqlite or row.place in ("", self._lock.place):
            return True
        now = time.monotonic()
        if row != self._seen[0]:
            self._seen = (row, now)
        return now - self._seen[1] > HUNG_SECONDS

    async def holds(self) -> bool:
        """Whether this process still conducts. A database that is silent changes nothing: each write checks the row
        in its own transaction."""
        if not self._lock.renew():
            return False
        self._beats += 1
        if self._database.sqlite or self._beats % ROW_BEATS:
            return True
        try:
            async with asyncio.timeout(BEAT_SECONDS), self._database.transaction() as db:
                return await conductor_lease.extend(db, token=self.token)
        except (SQLAlchemyError, OSError, TimeoutError):
            logger.warning("the row of the conductor could not be reached")
            return True

    async def let_go(self) -> None:
        """Release the lock, and the row if it is still this process's: the process ends, or another has replaced it."""
        token, self.token = self.token, 0
        self.stands_by = self.stands_by or bool(token)
        if token:
            with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
                async with asyncio.timeout(5), self._database.transaction() as db:
                    await conductor_lease.let_go(db, token=token)
        self._lock.release()

    def note_refused(self, order: OrderRefused) -> None:
        """Count an order of an older conductor that a worker or recorder has refused."""
        self.refused += 1
        self.refused_at = datetime.fromtimestamp(order.at / 1e9, UTC)
        logger.error("%s of an older conductor was refused: token %d, now %d", order.order, order.token, order.highest)


class RunLock:
    """`flock` on a file whose number its holder raises with each heartbeat. When the number has not changed for
    `HUNG_SECONDS`, by this process's own clock, the file is replaced, and the new file's lock counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._number = 0
        self._seen: tuple[int, bytes, float] = (0, b"", 0.0)

    @property
    def place(self) -> str:
        """Identifies this folder on this machine since its boot; a copy elsewhere has another value."""
        folder = self._path.parent.stat()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{folder.st_dev}:{folder.st_ino}"

    def win(self) -> bool:
        """Try to take the lock, without waiting."""
        if self._descriptor is not None:
            return self.renew()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not _locked(descriptor):
            hung = self._hangs(descriptor)
            os.close(descriptor)
            if not hung:
                return False
            descriptor = self._replacement()
        self._descriptor = descriptor
        if not self.renew():  # another process has replaced the file meanwhile
            self.release()
            return False
        return True

    def is_ours(self) -> bool:
        """Whether this process has the lock on the file now at the path."""
        if self._descriptor is None:
            return False
        try:
            mine, current = os.fstat(self._descriptor), self._path.stat()
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (current.st_dev, current.st_ino)

    def renew(self) -> bool:
        """Raise the number; False when the lock is lost."""
        if not self.is_ours():
            return False
        assert self._descriptor is not None
        self._number += 1
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid()} {self._number:0{DIGITS}}".encode(), 0)
        return True

    def release(self) -> None:
        """Release the lock by closing the file, which stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _hangs(self, descriptor: int) -> bool:
        now, inode, text = time.monotonic(), os.fstat(descriptor).st_ino, os.pread(descriptor, 100, 0)
        if (inode, text) != self._seen[:2]:
            self._seen = (inode, text, now)
        return now - self._seen[2] > HUNG_SECONDS

    def _replacement(self) -> int:
        """Replace the file of a hanging process by a new one, locked; returns its descriptor."""
        logger.error("the process that conducts has not been heard for %d s: taking its place", HUNG_SECONDS)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        _locked(descriptor)
        draft.replace(self._path)
        return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _highest(run: Path) -> int:
    """The highest token stored in this run folder: its own, and those of every worker and recorder."""
    return max((Bookmark(path).read() for path in (*run.glob("*.token"), *run.glob("*/*.token"))), default=0)


def _keep(path: Path, token: int) -> None:
    """Write the token durably. OSError when that fails: then this process does not conduct."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, f"{token:0{DIGITS}}".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
