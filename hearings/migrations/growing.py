"""For migrations: give a table more columns and constraints, on both databases, with the rows it has.

PostgreSQL adds them one by one. SQLite cannot add a constraint, so the table is made anew from its own text with the
new lines in it, the rows are copied, and the new table takes the old one's name and indexes.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from alembic import op


class New(NamedTuple):
    """A column to add: its type, and the SQL its existing rows get; None makes it nullable and empty."""

    kind: sa.types.TypeEngine[Any]
    fill: str | None = None


def grow(
    table: str, columns: Mapping[str, New], checks: Mapping[str, str], keys: Mapping[str, str] | None = None
) -> None:
    """Add columns, CHECK constraints by name, and foreign keys (column to table) named by the convention."""
    links = {f"fk_{table}_{column}": (column, target) for column, target in (keys or {}).items()}
    dialect = op.get_bind().dialect
    if dialect.name != "sqlite":
        for name, new in columns.items():
            default = None if new.fill is None else sa.text(new.fill)
            op.add_column(table, sa.Column(name, new.kind, nullable=new.fill is None, server_default=default))
            if default is not None:
                op.alter_column(table, name, server_default=None)
        for name, rule in checks.items():
            op.create_check_constraint(op.f(name), table, rule)
        for name, (column, target) in links.items():
            op.create_foreign_key(op.f(name), table, target, [column], ["id"])
        return
    added = [
        f"{name} {new.kind.compile(dialect=dialect)}{'' if new.fill is None else ' NOT NULL'}"
        for name, new in columns.items()
    ]
    rules = [f"CONSTRAINT {name} CHECK ({rule})" for name, rule in checks.items()]
    rules += [
        f"CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES {target} (id)" for name, (column, target) in links.items()
    ]
    old, lines = _lines(table)
    first = next((at for at, line in enumerate(lines) if line.startswith("CONSTRAINT ")), len(lines))
    fills = {name: new.fill or "NULL" for name, new in columns.items()}
    _rebuild(table, [*lines[:first], *added, *lines[first:], *rules], {name: name for name in old} | fills)


def shrink(table: str, columns: Collection[str], constraints: Collection[str]) -> None:
    """Take away what `grow` added. Indexes over the columns must be dropped before."""
    if op.get_bind().dialect.name != "sqlite":
        for name in constraints:
            op.drop_constraint(op.f(name), table)
        for name in columns:
            op.drop_column(table, name)
        return
    old, lines = _lines(table)
    gone = {*columns, *(f"CONSTRAINT {name}" for name in constraints)}
    kept = [line for line in lines if line.split(" ")[0] not in gone and " ".join(line.split(" ")[:2]) not in gone]
    _rebuild(table, kept, {name: name for name in old if name not in columns})


def _lines(table: str) -> tuple[list[str], list[str]]:
    """The names of a table's columns, and the lines of its text between the brackets."""
    bind = op.get_bind()
    query = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :name")
    written: str = bind.execute(query, {"name": table}).scalar_one()
    inside = written[written.index("(") + 1 : written.rindex(")")]
    names = [row[1] for row in bind.exec_driver_sql(f"PRAGMA table_info({table})")]
    return names, [line.strip().rstrip(",").strip() for line in inside.strip().split("\n")]


def _rebuild(table: str, lines: list[str], values: Mapping[str, str]) -> None:
    """Make the table anew with these lines and copy its rows; `values` are column and expression."""
    bind = op.get_bind()
    query = sa.text(
        "SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND tbl_name = :name AND sql IS NOT NULL"
    )
    kept = bind.execute(query, {"name": table}).scalars().all()
    body = ",\n\t".join(lines)
    bind.exec_driver_sql(f"CREATE TABLE {table}_new (\n\t{body}\n)")
    names, expressions = ", ".join(values), ", ".join(values.values())
    bind.exec_driver_sql(f"INSERT INTO {table}_new ({names}) SELECT {expressions} FROM {table}")
    bind.exec_driver_sql(f"DROP TABLE {table}")
    bind.exec_driver_sql(f"ALTER TABLE {table}_new RENAME TO {table}")
    for statement in kept:
        bind.exec_driver_sql(statement)
