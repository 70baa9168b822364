"""Comparisons of the media worker's fingerprint, read aloud between the courts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

STATUSES = ("open", "matched", "differs", "stale")


def upgrade() -> None:
    op.create_table(
        "fingerprint_comparison",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("sitting_id", sa.String(36), nullable=False),
        sa.Column("certificate", sa.String(64), nullable=False),
        sa.Column(
            "status",
            sa.Enum(*STATUSES, name="status", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "said", sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql"), nullable=False
        ),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)",
            name=op.f("ck_fingerprint_comparison_owner_state"),
        ),
        sa.CheckConstraint("length(certificate) = 64", name=op.f("ck_fingerprint_comparison_certificate")),
        sa.ForeignKeyConstraint(["sitting_id"], ["sitting.id"], name=op.f("fk_fingerprint_comparison_sitting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fingerprint_comparison")),
    )
    op.create_index("ix_fingerprint_comparison_sitting_id", "fingerprint_comparison", ["sitting_id", "id"])


def downgrade() -> None:
    op.drop_table("fingerprint_comparison")
