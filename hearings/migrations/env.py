"""Alembic's entry: runs the scripts on the connection `hearings.db.Database` hands over, inside its transaction.

Released scripts are kept as they are; a change of the tables is a new one, which keeps the rows that are there. On
SQLite `op.batch_alter_table` copies a table with its rows, constraints and indexes, but not its triggers, which are
then to be made again.
"""

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON
from sqlmodel.sql.sqltypes import AutoString

from hearings.models import metadata
from hearings.models.columns import UtcDateTime


def render_item(kind: str, item: Any, autogen_context: Any) -> str | Literal[False]:
    """Write new migrations in plain SQLAlchemy, so that old ones do not change when our column types do."""
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String({item.length or ''})"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, JSON):
        autogen_context.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    render_item=render_item,
    compare_type=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
