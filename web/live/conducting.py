"""Which process conducts the live hearings: one at a time, by a lock of the run folder that it holds for its life.

The lock falls with the process (`flock`), and a process that stands by takes it within a second. One that hangs is
noticed because it no longer raises the number in the file; another file is then put in the place of its own. On
PostgreSQL, which other machines may share, the row has to be free as well, or not to have beaten for as long. Every new
conductor raises the token (`media.fence`) above the row's, the run folder's and those of every worker and recorder, and
makes it durable before it gives its first order: what an older one still says or writes is refused.
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
from hearings.sitting import conduct
from media.bookmark import DIGITS, Bookmark
from media.fence import Mandate
from media.messages import OrderRefused
from web.settings import Settings

logger = logging.getLogger("vivavoce.web.live.conducting")

BEAT_SECONDS = 1.0
HUNG_SECONDS = 10.0
"""Without a beat before another process may take the place of one that still runs."""
ROW_BEATS = 2
"""On PostgreSQL the row beats at every second beat of the lock."""
STANDS_BY = (
    "another process conducts the live hearings: this one serves pages, refuses live rooms, and takes over when the "
    "other ends"
)


class Conducting:
    """Owned by the event loop of the web process; `web.live.conductors` asks it once a second."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.token = 0
        """Of this process while it conducts; else 0."""
        self.stands_by = False
        """It was found that another process conducts."""
        self.refused = 0
        """Orders of older conductors that were refused since this one began."""
        self.refused_at: datetime | None = None
        self._run = settings.run
        self._database = database
        self._lock = RunLock(settings.run / "conduct.lock")
        self._file = settings.run / "conduct.token"
        self._seen = (conduct.Held(0, "", 0), 0.0)
        self._beats = 0

    @property
    def conducts(self) -> bool:
        """Whether this process is the conductor."""
        return self.token > 0

    @property
    def mandate(self) -> Mandate:
        """What it orders with. Raises `ConductedElsewhere` when it stands by."""
        self.require()
        token = self.token
        return Mandate(token, lambda: self._lock.is_ours() and Bookmark(self._file).read() <= token)

    def require(self) -> None:
        """Raise `ConductedElsewhere` when it stands by."""
        if self.stands_by:
            raise ConductedElsewhere

    async def take(self) -> bool:
        """Become the conductor if nobody is. Effects: the token is raised in row and run folder, durably."""
        self.stands_by = not await self._take()
        return not self.stands_by

    async def _take(self) -> bool:
        if not await asyncio.to_thread(self._lock.win):
            return False
        try:
            async with self._database.transaction() as db:
                seen = await conduct.read(db)
                if not self._is_free(seen):
                    return False
                above = await asyncio.to_thread(_highest, self._run)
                token = await conduct.take(db, place=self._lock.place, above=above, seen=seen)
                await asyncio.to_thread(_keep, self._file, token)
        except ConductedElsewhere:
            return False
        self.token = token
        return True

    def _is_free(self, row: conduct.Held) -> bool:
        """Of the row: whether nobody else's process can be at work. The lock says that for this run folder."""
        if self._database.sqlite or row.place in ("", self._lock.place):
            return True
        now = time.monotonic()
        if row != self._seen[0]:
            self._seen = (row, now)
        return now - self._seen[1] > HUNG_SECONDS

    async def holds(self) -> bool:
        """Whether this process still conducts. A database that does not answer decides nothing: what is written asks
        the row in the same transaction."""
        if not self._lock.beat():
            return False
        self._beats += 1
        if self._database.sqlite or self._beats % ROW_BEATS:
            return True
        try:
            async with asyncio.timeout(BEAT_SECONDS), self._database.transaction() as db:
                return await conduct.beat(db, token=self.token)
        except (SQLAlchemyError, OSError, TimeoutError):
            logger.warning("the row of the conductor could not be reached")
            return True

    async def let_go(self) -> None:
        """The process ends, or another has taken its place: the lock falls, and so does the row if it is still ours."""
        token, self.token = self.token, 0
        self.stands_by = self.stands_by or bool(token)
        if token:
            with contextlib.suppress(SQLAlchemyError, OSError, TimeoutError):
                async with asyncio.timeout(5), self._database.transaction() as db:
                    await conduct.let_go(db, token=token)
        self._lock.release()

    def note_refused(self, order: OrderRefused) -> None:
        """A worker or recorder has refused an order of an older conductor."""
        self.refused += 1
        self.refused_at = datetime.fromtimestamp(order.at / 1e9, UTC)
        logger.error("%s of an older conductor was refused: token %d, now %d", order.order, order.token, order.highest)


class RunLock:
    """`flock` on a file whose number its holder raises with each beat. A file that was put in its place counts instead:
    it is put there when the number has stood still for `HUNG_SECONDS`, by this process's own clock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._number = 0
        self._seen: tuple[int, bytes, float] = (0, b"", 0.0)

    @property
    def place(self) -> str:
        """This file on this machine since it was started; a copy elsewhere is another place."""
        there = self._path.parent.stat()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{there.st_dev}:{there.st_ino}"

    def win(self) -> bool:
        """Try to have it; never waits."""
        if self._descriptor is not None:
            return self.beat()
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        if not _locked(descriptor):
            hung = self._hangs(descriptor)
            os.close(descriptor)
            if not hung:
                return False
            descriptor = self._replacement()
        self._descriptor = descriptor
        if not self.beat():  # another has put its own file there meanwhile
            self.release()
            return False
        return True

    def is_ours(self) -> bool:
        """Whether this process has the lock, on the file that counts."""
        if self._descriptor is None:
            return False
        try:
            mine, there = os.fstat(self._descriptor), self._path.stat()
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (there.st_dev, there.st_ino)

    def beat(self) -> bool:
        """Raise the number; False when the lock is lost."""
        if not self.is_ours():
            return False
        assert self._descriptor is not None
        self._number += 1
        with contextlib.suppress(OSError):
            os.pwrite(self._descriptor, f"{os.getpid()} {self._number:0{DIGITS}}".encode(), 0)
        return True

    def release(self) -> None:
        """Closing lets go. The file stays; it is the lock that counts."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _hangs(self, descriptor: int) -> bool:
        now, inode, text = time.monotonic(), os.fstat(descriptor).st_ino, os.pread(descriptor, 100, 0)
        if (inode, text) != self._seen[:2]:
            self._seen = (inode, text, now)
        return now - self._seen[2] > HUNG_SECONDS

    def _replacement(self) -> int:
        """A file of our own, locked, in the place of that of a process that hangs."""
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
    """The highest token this run folder knows of: its own, and those of every worker and recorder."""
    return max((Bookmark(path).read() for path in (*run.glob("*.token"), *run.glob("*/*.token"))), default=0)


def _keep(path: Path, token: int) -> None:
    """Write it durably. OSError when that fails: who cannot keep a token does not conduct."""
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
