"""Corrections of minutes that both authorities have signed: records of their own, which only grow."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0024_minutes_corrections"
down_revision = "0023_lost_keys"
branch_labels = None
depends_on = None

TABLE = "minutes_correction"
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("minutes_id", sa.String(36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.String(2), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("reasons", JSON, nullable=False),
        sa.Column("text_sha256", sa.String(64), nullable=False),
        sa.Column("heads", JSON, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("author", sa.String(36), nullable=False),
        sa.Column("author_label", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_minutes_correction")),
        sa.ForeignKeyConstraint(["minutes_id"], ["minutes.id"], name=op.f("fk_minutes_correction_minutes_id")),
        sa.UniqueConstraint("minutes_id", "number", name=op.f("uq_minutes_correction_minutes_id_number")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)",
            name=op.f("ck_minutes_correction_owner_state"),
        ),
        sa.CheckConstraint(
            "length(asked_by) = 2 AND asked_by = upper(asked_by)", name=op.f("ck_minutes_correction_asked_by")
        ),
        sa.CheckConstraint(
            "length(text_sha256) = 64 AND length(sha256) = 64", name=op.f("ck_minutes_correction_hashes")
        ),
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
