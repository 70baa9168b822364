"""What people ask for about their data, and the decisions on it."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042_data_requests"
down_revision = "0041_personal_data"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
GROWING = ("data_decision", "data_request")
"""What refers to another is dropped before it."""
ASKED = ("erasure", "rectification", "restriction")
OUTCOMES = ("granted", "partly", "refused")


def upgrade() -> None:
    _table(
        "data_request",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("participants", JSON, nullable=False),
        sa.Column("asked", sa.String(2000), nullable=False),
        sa.Column("identity", sa.String(300), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(36), nullable=False),
        sa.Column("recorded_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(sa.column("kind").in_(ASKED), name=op.f("ck_data_request_kind")),
    )
    op.create_index("ix_data_request_state", "data_request", ["owner_state", "id"])
    _table(
        "data_decision",
        sa.Column("request_id", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("erased", JSON, nullable=False),
        sa.Column("stays", JSON, nullable=False),
        sa.Column("decided_by", sa.String(36), nullable=False),
        sa.Column("decided_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["data_request.id"], name=op.f("fk_data_decision_request_id")),
        sa.UniqueConstraint("request_id", name=op.f("uq_data_decision_request_id")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_data_decision_reason")),
        sa.CheckConstraint(sa.column("outcome").in_(OUTCOMES), name=op.f("ck_data_decision_outcome")),
    )
    for name in GROWING:
        _only_grows(name)


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    columns: Sequence[Any] = (
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
    )
    op.create_table(
        name,
        *columns,
        *parts,
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{name}_owner_state")
        ),
    )


def _only_grows(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} only grows'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    for name in GROWING:
        op.drop_table(name)
