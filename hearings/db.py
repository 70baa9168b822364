"""The one way to the database: `Database(url)`, with `transaction()` to write, `trial()` to try and take back, and
`reading()` and `look()` to read.

Every transaction with an act raises one number and chains one hash (`act_head`), so that an older copy of the
database can be recognised.

SQLite runs in WAL with foreign keys, full synchronisation and a busy time-out; writers take the lock at BEGIN
IMMEDIATE, so two of them wait for one another instead of failing half-way. PostgreSQL runs at READ COMMITTED and
rows that must not change under us are locked (`FOR UPDATE`, which SQLite neither has nor needs).
"""

import asyncio
import contextlib
import contextvars
import hashlib
import json
import os
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Session as OrmSession
from sqlmodel import Session, SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from hearings.errors import (
    DatabaseAway,
    DatabaseFull,
    DatabaseMissing,
    DatabaseRefused,
    SchemaBehind,
    SignatureRefused,
)
from hearings.ids import new_id

BUSY_MS = 15_000
"""How long a SQLite connection waits for another writer, in milliseconds."""
CACHE_KIB = 32_768
"""Page cache of each SQLite connection in KiB; it keeps reads fast while the database grows."""
_WRITES = "vivavoce_writes"
READERS = 2
"""Threads in which `look` reads a SQLite database."""

_SQLITE_FULL = 13
_SQLITE_AWAY = frozenset({5, 6, 8, 10, 14})
"""Primary result codes: busy, locked, read-only, input/output error, cannot be opened."""
_POSTGRESQL_FULL = frozenset({"53100"})
_POSTGRESQL_AWAY = ("08", "53", "57P", "58")
"""First letters of SQLSTATEs: connections, resources, operator intervention, system errors."""

_CLOSING, _CLOSING_SECONDS = "_terminate_graceful_close", 0.2

T = TypeVar("T")


def trouble(error: BaseException) -> DatabaseRefused | None:
    """The refusal for an exception that the state of the database caused, not the statement; None for other
    exceptions."""
    if isinstance(error, NoConnection):
        return DatabaseAway()
    if not isinstance(error, DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None)
    code = getattr(error.orig, "sqlite_errorcode", None)
    if state in _POSTGRESQL_FULL or (code is not None and code & 0xFF == _SQLITE_FULL):
        return DatabaseFull()
    if code is not None:
        return DatabaseAway() if code & 0xFF in _SQLITE_AWAY else None
    unsaid = state is None and isinstance(error, OperationalError)  # the driver failed before any server answered
    gone = error.connection_invalidated or unsaid or str(state or "").startswith(_POSTGRESQL_AWAY)
    return DatabaseAway() if gone else None


@contextlib.contextmanager
def database_errors() -> Iterator[None]:
    """Context manager that turns exceptions of a database that is away or full into `DatabaseRefused`, whatever the
    driver."""
    try:
        yield
    except SQLAlchemyError as error:
        if (refused := trouble(error)) is not None:
            raise refused from error
        raise


# --- acts --------------------------------------------------------------------------------------------------------


class Weight(IntEnum):
    """How an act is copied to the anchor, a file outside database and data folder (`web.anchor`)."""

    plain = 0
    """Copied within a second."""
    at_once = 1
    """Copied before the answer is sent."""
    binds = 2
    """As `at_once`, and refused while the anchor cannot be written."""


class LoggedAct(NamedTuple):
    """What somebody did: table, row and number of the row if it has one, the instant, and its weight."""

    subject: str
    subject_id: str
    number: int
    at: datetime
    weight: Weight


@dataclass(frozen=True)
class Head:
    """The latest act of a database: its number, which only grows, and a hash chained over all earlier acts."""

    number: int
    hash: str


class Anchor(Protocol):
    """Keeps the head outside the database. Both methods are awaited by the transaction of the act."""

    async def require(self) -> None:
        """Raises `AnchorAway` if the head could not be kept now."""
        ...

    async def keep(self) -> None:
        """Keeps the newest head; never raises for a failing disk."""
        ...


class _Writing(Session):
    """A session that collects the rows that are acts."""


@event.listens_for(_Writing, "after_flush")
def _remember(db: Session, _context: object) -> None:
    new_acts = [row for row in db.new if hasattr(row, "as_act")]
    if new_acts:
        db.info.setdefault("acts", []).extend(new_acts)


def _acts(db: OrmSession) -> list[tuple[LoggedAct, str, str]]:
    """The acts that this session will commit: the act, the table of its row, and the row."""
    rows = [row for row in db.info.get("acts", ()) if inspect(row).persistent]
    return [(row.as_act(), row.__tablename__, row.id) for row in rows]


def _weight(db: OrmSession) -> Weight | None:
    return max((act.weight for act, _table, _row in _acts(db)), default=None)


def _raise_head(db: OrmSession) -> Head | None:
    """Computes the next head, last in a transaction: on PostgreSQL other acts wait from here until its commit."""
    if not (acts := _acts(db)):
        return None
    table = SQLModel.metadata.tables["act_head"]
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(hashtext('act_head'))"))
    before = db.execute(table.select().order_by(table.c.number.desc()).limit(1)).mappings().one()
    number, at = max(before["number"], db.info.get("above", 0)) + 1, acts[-1][0].at
    database_errors = [[act.subject, act.subject_id, act.number, name, row] for act, name, row in acts]
    linked = json.dumps([before["hash"], number, database_errors], separators=(",", ":"))
    digest = hashlib.sha256(linked.encode()).hexdigest()
    about: dict[tuple[str, str], int] = {}
    for act, _name, _row in acts:
        about[act[:2]] = max(act.number, about.get(act[:2], 0))
    values = {"number": number, "hash": digest, "at": at, "about": [[*key, most] for key, most in about.items()]}
    db.execute(table.insert().values(id=new_id(), owner_state="", **values))
    return Head(number, digest)


def go_on_above(db: AsyncSession, number: int) -> None:
    """Raises the head of this transaction above `number`, so that the numbers of lost acts are not used again."""
    db.sync_session.info["above"] = max(number, db.sync_session.info.get("above", 0))


# --- the database ------------------------------------------------------------------------------------------------


class Database:
    """Owner of the engine; one instance a process. `close()` is awaited at the end."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite and not self.url.database:
            raise ValueError("A SQLite database needs a file")
        self.engine = create_async_engine(self.url, hide_parameters=True)
        self.anchor: Anchor | None = None
        """Keeps the head outside the database; None without an anchor file."""
        self._looks: ThreadPoolExecutor | None = None
        if self.sqlite:
            here = self.url.set(drivername="sqlite")
            self._looking = create_engine(here, hide_parameters=True, pool_size=READERS + 1)
            self._looks = ThreadPoolExecutor(READERS, "look")
            for engine in (self.engine.sync_engine, self._looking):
                event.listen(engine, "connect", _configure_sqlite)
                event.listen(engine, "begin", _begin_sqlite)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        self._appends: list[tuple[Sequence[SQLModel], asyncio.Future[None]]] = []
        self._appending: asyncio.Task[None] | None = None
        self._reader = self.engine if self.sqlite else self.engine.execution_options(postgresql_readonly=True)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end of the block and rolled back on any exception.

        A refused signature leaves an entry, written after the rollback in a transaction of its own. What binds a State
        is refused (`AnchorAway`) where it could not be kept in the anchor, and is there when the block has been left.
        """
        with database_errors():
            try:
                async with self._counted() as db:
                    yield db
            except SignatureRefused as refused:
                if refused.entry is not None:
                    async with self._counted() as db:
                        db.add(refused.entry)
                    refused.entry = None
                raise

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self._writer, expire_on_commit=False, sync_session_class=_Writing) as db:
            async with db.begin():
                yield db
                await db.flush()
                weight = _weight(db.sync_session)
                if weight is Weight.binds and self.anchor is not None:
                    await self.anchor.require()
                if weight is not None:
                    await db.run_sync(_raise_head)
        if weight and self.anchor is not None:
            await self.anchor.keep()

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[AsyncSession]:
        """A session that is always rolled back; raises what the same work would raise in `transaction`."""
        with database_errors():
            async with AsyncSession(self._writer, expire_on_commit=False) as db:
                yield db
                await db.flush()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session over one consistent snapshot that writes nothing."""
        with database_errors():
            async with AsyncSession(self._reader, expire_on_commit=False, autoflush=False) as db:
                yield db  # closing releases the rows without expiring them; a rollback would expire them

    async def look(self, work: Callable[[AsyncSession], Coroutine[Any, Any, T]]) -> T:
        """What `work` finds in a session like that of `reading`, as cheaply as the database lets us.

        On SQLite, where each statement would otherwise go to a thread and back several times, all of `work` runs in
        one thread, in which it can wait for nothing but its session: RuntimeError if it does. It shares what it uses
        beside its session with the event loop's thread.
        """
        if self._looks is None:
            async with self.reading() as db:
                return await work(db)
        run = contextvars.copy_context().run
        with database_errors():
            return await asyncio.get_running_loop().run_in_executor(self._looks, run, self._look, work)

    def _look(self, work: Callable[[AsyncSession], Coroutine[Any, Any, T]]) -> T:
        """Runs `work` to its end in this thread: no await of a session with a synchronous engine suspends it."""
        db = _Look(expire_on_commit=False, autoflush=False)
        db.sync_session.bind = self._looking
        coroutine = work(db)
        try:
            coroutine.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            coroutine.close()
            db.sync_session.close()
        raise RuntimeError("A look waits for nothing but its session")

    async def append(self, rows: Sequence[SQLModel]) -> None:
        """Add rows and commit them. Whoever calls while others are being committed shares the next transaction.

        What fails for several is tried for each alone, so that nobody fails for another's rows. The rows are committed
        even when the caller is cancelled meanwhile.
        """
        if not rows:
            return
        done = asyncio.get_running_loop().create_future()
        self._appends.append((rows, done))
        if self._appending is None or self._appending.done():
            self._appending = asyncio.create_task(self._append_all())
        await done

    async def _append_all(self) -> None:
        while self._appends:
            waiting, self._appends = self._appends, []
            if len(waiting) > 1 and await self._append(waiting) is None:
                continue
            for commit in waiting:
                await self._append([commit])

    async def _append(self, waiting: Sequence[tuple[Sequence[SQLModel], asyncio.Future[None]]]) -> Exception | None:
        """Commits all of these in one transaction. Returns its error; only a single caller is given it."""
        rows = [row for given, _done in waiting for row in given]
        try:
            if self.sqlite:
                with database_errors():
                    await asyncio.to_thread(self._append_here, rows)
            else:
                async with self.transaction() as db:
                    db.add_all(rows)
        except Exception as error:
            if len(waiting) == 1 and not waiting[0][1].done():
                waiting[0][1].set_exception(error)
            return error
        for _rows, done in waiting:
            if not done.done():
                done.set_result(None)
        return None

    def _append_here(self, rows: Sequence[SQLModel]) -> None:
        with _Writing(self._looking.execution_options(**{_WRITES: True}), expire_on_commit=False) as db, db.begin():
            db.add_all(rows)
            db.flush()
            _raise_head(db)

    async def try_write(self) -> None:
        """Commits a write that changes nothing. Raises `DatabaseRefused` if the database cannot be written."""
        async with self.transaction() as db:
            await (await db.connection()).exec_driver_sql("UPDATE alembic_version SET version_num = version_num")

    async def upgrade(self, revision: str = "head") -> None:
        """Bring the schema to `revision`. A SQLite file is made (0600) if missing: only `init` calls this.

        Refuses (`DatabaseRefused`) a schema that none of its migrations made, and leaves it as it is.
        SQLite changes a table by copying it and dropping the old one, whose rows others point at: keys to other tables
        are switched off meanwhile, which it takes outside a transaction only, and checked before the commit.
        """
        if self.sqlite:
            path = Path(str(self.url.database))
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        async with self._writer.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            if self.sqlite:
                await driver.execute("PRAGMA foreign_keys = OFF")
            try:
                async with connection.begin():
                    await connection.run_sync(_upgrade, revision)
            finally:
                if self.sqlite:
                    await driver.execute("PRAGMA foreign_keys = ON")

    async def check(self) -> None:
        """Raises `DatabaseRefused`, or a subclass, for a database that this program cannot use."""
        if self.sqlite and not Path(str(self.url.database)).is_file():
            raise DatabaseMissing
        try:
            async with self.engine.connect() as connection:
                revision = await connection.run_sync(_current)
        except (SQLAlchemyError, OSError) as error:
            raise DatabaseMissing(f"The database does not answer: {type(error).__name__}") from error
        wanted = head()
        if revision != wanted:
            raise SchemaBehind(revision, wanted)

    async def close(self) -> None:
        """Closes all connections, after committing what is being appended."""
        if self._appending is not None and not self._appending.done():
            await self._appending
        await self.engine.dispose()
        await _end_closings()
        if self._looks is not None:
            await asyncio.to_thread(self._looks.shutdown)
            self._looking.dispose()


async def _end_closings() -> None:
    """End what SQLAlchemy leaves behind of a connection whose work was cancelled: a task that closes it and waits for
    ever when the connection has been closed by force meanwhile, and is destroyed with the loop.
    """
    left = [task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__name__", "") == _CLOSING]
    if left:
        await asyncio.wait(left, timeout=_CLOSING_SECONDS)
        for closing in left:
            closing.cancel()
        await asyncio.gather(*left, return_exceptions=True)


class _Look(AsyncSession):
    """A session over a synchronous engine: each call completes without suspending."""

    async def exec(self, *statement: Any, **options: Any) -> Any:
        """As `AsyncSession.exec`."""
        return self.sync_session.exec(*statement, **options)

    async def get(self, *key: Any, **options: Any) -> Any:
        """As `AsyncSession.get`."""
        return self.sync_session.get(*key, **options)


def _configure_sqlite(connection: Any, _record: object) -> None:
    # SQLAlchemy's driver would begin transactions by itself, and late; we say BEGIN ourselves (`_begin_sqlite`).
    connection.isolation_level = None
    cursor = connection.cursor()
    pragmas = ("journal_mode = WAL", "foreign_keys = ON", f"busy_timeout = {BUSY_MS}", "synchronous = FULL")
    for pragma in (*pragmas, f"cache_size = -{CACHE_KIB}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def alembic_config() -> Config:
    """Alembic's settings, without a file: the scripts lie in this package."""
    config = Config()
    config.set_main_option("script_location", str(files("hearings") / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest schema revision that this program knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def _upgrade(connection: Connection, revision: str) -> None:
    _current(connection)
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if connection.dialect.name == "sqlite" and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise DatabaseRefused(f"After the change, rows of {lost[0][0]} point at nothing")


def _current(connection: Connection) -> str | None:
    """The schema revision of a database. It is compared in full, because Alembic also accepts the beginning of a
    name."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = {revision.revision for revision in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if current is not None and current not in known:
        raise DatabaseRefused(
            f"This version does not know the database schema {current}. If it was made before 0.1.0, export what you "
            "need with the version that made it, then start a new data folder; if by a newer version, run that one"
        )
    return current
