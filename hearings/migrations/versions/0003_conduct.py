"""Who conducts the live hearings: one row, whose token only grows."""

import sqlalchemy as sa
from alembic import op

revision = "0003_conduct"
down_revision = "0002_minutes_answers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conduct",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("owner_state", sa.String(2), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conduct")),
        sa.CheckConstraint("id = 'conduct' AND owner_state = ''", name=op.f("ck_conduct_one")),
        sa.CheckConstraint("token >= 0", name=op.f("ck_conduct_token")),
    )
    op.execute("INSERT INTO conduct (id, owner_state, token, place, beats) VALUES ('conduct', '', 0, '', 0)")


def downgrade() -> None:
    op.drop_table("conduct")
