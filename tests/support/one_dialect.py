"""One dialect for all databases of a kind.

SQLAlchemy keeps what it has compiled by dialect, and each engine has one of its own: with a database for each test
every statement would be compiled for every test anew.
"""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg, PGDialectAsync_psycopg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

STATEMENTS = 5_000
"""Compiled statements that are kept, of each kind of database."""


MADE: dict[type, tuple[Any, LRUCache[Any, Any]]] = {}
"""By its class: the dialect, and what was compiled for it."""


class One:
    """Of a class that begins with this one there is one object, whose engines share what was compiled."""

    def __new__(cls, **_settings: Any) -> Any:
        if cls not in MADE:
            MADE[cls] = super().__new__(cls), LRUCache(STATEMENTS)
        return MADE[cls][0]

    def __init__(self, **settings: Any) -> None:
        if "dbapi" not in self.__dict__:
            super().__init__(**settings)

    @classmethod
    def engine_created(cls, engine: Engine) -> None:
        """Called by SQLAlchemy with each engine of this dialect."""
        engine._compiled_cache = MADE[cls][1]


class AsyncSqlite(One, SQLiteDialect_aiosqlite):
    """As hearings/db.py writes and reads SQLite."""

    supports_statement_cache = True


class Sqlite(One, SQLiteDialect_pysqlite):
    """As it looks into SQLite from a thread."""

    supports_statement_cache = True


class AsyncPostgres(One, PGDialectAsync_psycopg):
    """As it writes and reads PostgreSQL."""

    supports_statement_cache = True


class Postgres(PGDialect_psycopg):
    """Leads to the one above."""

    supports_statement_cache = True

    @classmethod
    def get_async_dialect_cls(cls, url: object) -> type[AsyncPostgres]:
        return AsyncPostgres


def share() -> None:
    """From now on, in this process, all engines of a kind have one dialect."""
    for name, kind in {"sqlite.aiosqlite": AsyncSqlite, "sqlite": Sqlite, "postgresql.psycopg": Postgres}.items():
        registry.register(name, kind.__module__, kind.__name__)
