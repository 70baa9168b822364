"""Who answers a call for help, and who asks for a break. Nobody has asked for a break or been answered before."""

import sqlalchemy as sa
from alembic import op

revision = "0016_conducting"
down_revision = "0015_floor"
branch_labels = None
depends_on = None

TEXTS = {"participant": {"help_answered_by": 36, "break_reason": 200}}
INSTANTS = {"participant": ("break_asked_at",)}


def upgrade() -> None:
    for table, columns in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name, most in columns.items():
                batch.add_column(sa.Column(name, sa.String(most), nullable=False, server_default=""))
            for name in INSTANTS.get(table, ()):
                batch.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        with op.batch_alter_table(table) as batch:
            for name, most in columns.items():
                batch.alter_column(name, existing_type=sa.String(most), existing_nullable=False, server_default=None)


def downgrade() -> None:
    for table, columns in TEXTS.items():
        with op.batch_alter_table(table) as batch:
            for name in (*columns, *INSTANTS.get(table, ())):
                batch.drop_column(name)
