"""Where participants who join by link get mail, kept apart from who they are. Nobody has an address before."""

import sqlalchemy as sa
from alembic import op

revision = "0010_participant_contacts"
down_revision = "0009_doors"
branch_labels = None
depends_on = None

TABLE = "participant_contact"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("participant_id", sa.String(36), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("created_by", sa.String(36), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("participant_id", name=op.f(f"uq_{TABLE}_participant_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f(f"fk_{TABLE}_participant_id")),
        sa.CheckConstraint(
            "length(owner_state) = 2 AND owner_state = upper(owner_state)", name=op.f(f"ck_{TABLE}_owner_state")
        ),
    )


def downgrade() -> None:
    op.drop_table(TABLE)
