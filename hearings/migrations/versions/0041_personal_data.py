"""Periods of States for personal data, and what was erased by them. The clock of drafts begins now; lines on who has
viewed what may be deleted once they are five years old, and not before."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from alembic import op

revision = "0041_personal_data"
down_revision = "0040_costs"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
VIEWS, LEAST_DAYS = "shared_view", 1825
GROWING = ("retention_period", "erasure", "data_report")


def upgrade() -> None:
    _table(
        "retention_period",
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("set_by", sa.String(36), nullable=False),
        sa.Column("set_label", sa.String(200), nullable=False),
        sa.Column("through", sa.String(36), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("days >= 1", name=op.f("ck_retention_period_days")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_retention_period_reason")),
    )
    op.create_index("ix_retention_period_rule", "retention_period", ["owner_state", "rule", "id"])
    _table(
        "erasure",
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("rows_erased", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint("rows_erased >= 1", name=op.f("ck_erasure_rows_erased")),
    )
    op.create_index("ix_erasure_state", "erasure", ["owner_state", "id"])
    _table(
        "data_report",
        sa.Column("about_sha256", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(300), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("rows_told", sa.Integer(), nullable=False),
        sa.Column("report_sha256", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(36), nullable=False),
        sa.Column("made_label", sa.String(200), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "length(about_sha256) = 64 AND length(report_sha256) = 64", name=op.f("ck_data_report_digests")
        ),
    )
    op.create_index("ix_data_report_state", "data_report", ["owner_state", "id"])
    for name in GROWING:
        _only_grows(name)
    again: Literal["always", "auto"] = "always" if op.get_bind().dialect.name == "sqlite" else "auto"  # word for word
    with op.batch_alter_table("outbox_message", recreate=again) as batch:
        batch.add_column(sa.Column("erased_at", INSTANT, nullable=True))
        batch.add_column(sa.Column("digest", sa.String(64), nullable=True))
    with op.batch_alter_table("hearing_request", recreate=again) as batch:
        batch.add_column(sa.Column("changed_at", INSTANT, nullable=True))
    drafts = sa.table("hearing_request", sa.column("status"), sa.column("changed_at", INSTANT))
    op.execute(drafts.update().where(drafts.c.status == "draft").values(changed_at=datetime.now(UTC)))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {VIEWS}_no_delete")
        op.execute(
            f"CREATE TRIGGER {VIEWS}_no_delete BEFORE DELETE ON {VIEWS} "
            f"WHEN OLD.at > datetime('now', '-{LEAST_DAYS} days') BEGIN SELECT RAISE(ABORT, '{VIEWS} only grows'); END"
        )
        return
    op.execute(f"DROP TRIGGER {VIEWS}_only_grows ON {VIEWS}")
    op.execute(
        f"CREATE TRIGGER {VIEWS}_only_grows BEFORE UPDATE OR TRUNCATE ON {VIEWS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )
    op.execute(
        f"CREATE TRIGGER {VIEWS}_no_delete BEFORE DELETE ON {VIEWS} FOR EACH ROW "
        f"WHEN (OLD.at > now() - interval '{LEAST_DAYS} days') EXECUTE FUNCTION only_grows()"
    )


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
    with op.batch_alter_table("hearing_request") as batch:
        batch.drop_column("changed_at")
    with op.batch_alter_table("outbox_message") as batch:
        batch.drop_column("digest")
        batch.drop_column("erased_at")
    for name in GROWING:
        op.drop_table(name)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {VIEWS}_no_delete")
        op.execute(
            f"CREATE TRIGGER {VIEWS}_no_delete BEFORE DELETE ON {VIEWS} "
            f"BEGIN SELECT RAISE(ABORT, '{VIEWS} only grows'); END"
        )
        return
    op.execute(f"DROP TRIGGER {VIEWS}_no_delete ON {VIEWS}")
    op.execute(f"DROP TRIGGER {VIEWS}_only_grows ON {VIEWS}")
    op.execute(
        f"CREATE TRIGGER {VIEWS}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {VIEWS} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )
