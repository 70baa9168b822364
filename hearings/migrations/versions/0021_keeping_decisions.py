"""Decisions about the keeping of recordings: retention classes, legal holds, destruction of keys."""

import sqlalchemy as sa
from alembic import op

revision = "0021_keeping_decisions"
down_revision = "0020_keys"
branch_labels = None
depends_on = None

TABLE = "keeping_decision"
KINDS = ("retention", "hold", "lift", "propose", "withdraw", "destroy")
ONCE = sa.text("refers_to <> ''")


def upgrade() -> None:
    op.create_table(
        "keeping_decision",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("recording_id", sa.String(36), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("refers_to", sa.String(36), nullable=False),
        sa.Column("person_id", sa.String(36), nullable=False),
        sa.Column("person_name", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keeping_decision"),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name="fk_keeping_decision_recording_id"),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name="fk_keeping_decision_hearing_id"),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_keeping_decision_owner_state")
        ),
        sa.CheckConstraint(sa.column("kind").in_(KINDS), name=op.f("ck_keeping_decision_kind")),
    )
    op.create_index("ix_keeping_decision_recording_id", "keeping_decision", ["recording_id", "id"])
    op.create_index(
        "uq_keeping_decision_ends",
        "keeping_decision",
        ["refers_to"],
        unique=True,
        sqlite_where=ONCE,
        postgresql_where=ONCE,
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {TABLE}_no_{act.lower()} BEFORE {act} ON {TABLE} "
                f"BEGIN SELECT RAISE(ABORT, '{TABLE} only grows'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {TABLE}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table("keeping_decision")
