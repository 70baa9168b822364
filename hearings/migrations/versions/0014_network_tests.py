"""What people's browsers measure of their networks, before a hearing and in its lobby. Nobody has tested before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014_network_tests"
down_revision = "0013_folded_names"
branch_labels = None
depends_on = None

TABLE = "network_test"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("hearing_id", sa.String(36), nullable=False),
        sa.Column("participant_id", sa.String(36), nullable=True),
        sa.Column("measured", sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(36), nullable=False),
        sa.Column("actor_label", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.ForeignKeyConstraint(["hearing_id"], ["hearing.id"], name=op.f(f"fk_{TABLE}_hearing_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f(f"fk_{TABLE}_participant_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{TABLE}_owner_state")
        ),
    )
    op.create_index("ix_network_test_hearing", TABLE, ["hearing_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_network_test_hearing", TABLE)
    op.drop_table(TABLE)
