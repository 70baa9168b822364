"""Answers to corrections that were asked for when minutes were read back.

A correction is made, or somebody says in writing why it is not; such an answer only grows, as all history does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_minutes_answers"
down_revision = "0001_baseline"
branch_labels = None
depends_on = None

TABLE = "minutes_answer"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("minutes_id", sa.String(36), nullable=False),
        sa.Column("reading_id", sa.String(36), nullable=False),
        sa.Column("text", sa.String(4000), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_answer")),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_answer_minutes_id")),
        sa.ForeignKeyConstraint(["reading_id"], ["minutes_reading.id"], name=op.f("fk_minutes_answer_reading_id")),
        sa.UniqueConstraint("reading_id", name=op.f("uq_minutes_answer_reading_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_minutes_answer_owner_state")
        ),
        sa.CheckConstraint("text <> ''", name=op.f("ck_minutes_answer_text")),
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
    op.drop_table(TABLE)
