"""Election of the process that runs the clock: one at a time, by a lock that ends with the process.

PostgreSQL: a session's advisory lock on a connection of its own (not through a pooler that shares sessions). SQLite: an
`flock` on a file beside the database. The election saves work and keeps the order; claims, not the
election, ensure that nothing happens twice.
"""

import asyncio
import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from hearings.db import Database

LOCK_NUMBER = 0x76_69_76_61_76_6F_63_65
"""`vivavoce` in ASCII: PostgreSQL's advisory locks are numbers, one space for each database."""
ANSWER = 5.0
"""Seconds in which the lock's connection must answer; else it counts as lost."""


class Election(Protocol):
    """One candidate."""

    async def win(self) -> bool:
        """Try to be elected; False when another process is. Does not wait."""
        ...

    async def holds(self) -> bool:
        """Whether this process is still the elected one; once False, it must stop and try to win again."""
        ...

    async def resign(self) -> None:
        """Let another process be elected."""
        ...


def election(database: Database) -> Election:
    """A candidate for this database."""
    if database.sqlite:
        path = Path(str(database.url.database))
        return FileElection(path.with_name(f"{path.name}.clock"))
    return AdvisoryElection(database)


class FileElection:
    """By a lock on a file. The file stays; it is the lock that counts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    async def win(self) -> bool:
        """Not inherited by workers and recorders: Python opens files close-on-exec."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    async def holds(self) -> bool:
        """The lock is on the file: if somebody has put another one in its place, the other one counts."""
        if self._descriptor is None:
            return False
        try:
            mine, on_disk = os.fstat(self._descriptor), self.path.stat()
        except OSError:
            return False
        return (mine.st_dev, mine.st_ino) == (on_disk.st_dev, on_disk.st_ino)

    async def resign(self) -> None:
        """Closing lets go of the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class AdvisoryElection:
    """By an advisory lock of the database's session, which ends with its connection."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: AsyncConnection | None = None

    async def win(self) -> bool:
        """Without a connection the election is not won."""
        if self._connection is not None:
            return await self.holds()
        connection: AsyncConnection | None = None
        try:
            async with asyncio.timeout(ANSWER):
                connection = await self.database.engine.connect()
                connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
                answer = await connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": LOCK_NUMBER})
                won = bool(answer.scalar())
        except (SQLAlchemyError, OSError, TimeoutError):
            won = False
        if not won:
            await _drop(connection)
            return False
        self._connection = connection
        return True

    async def holds(self) -> bool:
        """Asks the session whether it has the lock."""
        if self._connection is None:
            return False
        query = text(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted "
            "AND (classid::bigint << 32) | objid::bigint = :number)"
        )
        try:
            async with asyncio.timeout(ANSWER):
                return bool((await self._connection.execute(query, {"number": LOCK_NUMBER})).scalar())
        except (SQLAlchemyError, OSError, TimeoutError):
            return False

    async def resign(self) -> None:
        """The connection is closed, not given back: the lock would go back into the pool with it."""
        connection, self._connection = self._connection, None
        await _drop(connection)


async def _drop(connection: AsyncConnection | None) -> None:
    if connection is None:
        return
    try:
        async with asyncio.timeout(ANSWER):
            await connection.invalidate()
            await connection.close()
    except (SQLAlchemyError, OSError, TimeoutError):
        pass
