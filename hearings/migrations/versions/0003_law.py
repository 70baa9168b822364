"""An administrator's own rows of law, laid over the data files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KINDS = ("instrument", "party", "declaration", "overlay", "rule", "court_hours", "jurisdiction")


def upgrade() -> None:
    op.create_table(
        "law_row",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(*KINDS, name="kind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
        sa.Column("reason", sa.String(2000), nullable=False),
        sa.Column("edited_by", sa.String(36), nullable=False),
        sa.Column("edited_label", sa.String(200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f("ck_law_row_owner_state")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_law_row_version")),
        sa.CheckConstraint("serial >= 1", name=op.f("ck_law_row_serial")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_row")),
        sa.UniqueConstraint("serial", name=op.f("uq_law_row_serial")),
        sa.UniqueConstraint("kind", "key", "version", name=op.f("uq_law_row_kind_key_version")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER law_row_no_{act.lower()} BEFORE {act} ON law_row "
                "BEGIN SELECT RAISE(ABORT, 'law_row only grows'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER law_row_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON law_row "
        "FOR EACH STATEMENT EXECUTE FUNCTION only_grows()"
    )


def downgrade() -> None:
    op.drop_table("law_row")
