"""Post-quantum recipients of authorities, which have 1,959 characters; keys of recordings encrypted to others."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020_keys"
down_revision = "0019_views_by_owner"
branch_labels = None
depends_on = None

REWRAP = "rewrap"
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("authority_key") as batch:
        batch.alter_column("recipient", existing_type=sa.String(200), type_=sa.String(2000), existing_nullable=False)
    op.create_table(
        REWRAP,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("recording_id", sa.String(36), nullable=False),
        sa.Column("recipients", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("proposed_by", sa.String(36), nullable=False),
        sa.Column("proposed_by_label", sa.String(200), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(36), nullable=False),
        sa.Column("confirmed_by_label", sa.String(200), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_label", sa.String(200), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{REWRAP}")),
        sa.ForeignKeyConstraint(["recording_id"], ["recording.id"], name=op.f(f"fk_{REWRAP}_recording_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{REWRAP}_owner_state")
        ),
        sa.CheckConstraint("confirmed_by <> proposed_by", name=op.f(f"ck_{REWRAP}_two_persons")),
    )
    op.create_index(op.f(f"ix_{REWRAP}_recording_id"), REWRAP, ["recording_id"])
    op.create_index("uq_rewrap_open", REWRAP, ["recording_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table(REWRAP)
    with op.batch_alter_table("authority_key") as batch:
        batch.alter_column("recipient", existing_type=sa.String(2000), type_=sa.String(200), existing_nullable=False)
